"""The list of all routes."""

from fastapi import APIRouter

from scope.server.routes import (
    access,
    control,
    health,
    loras,
    models,
    pages,
    performance,
    pipeline,
    preview,
    recordings,
    session,
    system,
    webrtc,
    whep,
)


def all_routers() -> tuple[APIRouter, ...]:
    """Every group of routes, in the order the documentation lists them."""
    return (
        health.router,
        access.router,
        webrtc.router,
        whep.router,
        pipeline.router,
        models.router,
        loras.router,
        session.router,
        performance.router,
        control.router,
        preview.router,
        recordings.router,
        system.router,
        pages.router,
    )
