"""Which engine the settings ask for. The only place that knows both homes."""

from scope.engine.api import Engine
from scope.pipelines.registry import discover
from scope.settings import Settings


def engine_of(settings: Settings) -> Engine:
    """An engine with the installed pipelines and the one named by its file, if one is."""
    refs = discover([settings.pipeline] if settings.pipeline else [])
    if settings.engine == "inline":
        from scope.engine.inline_engine import InlineEngine

        return InlineEngine(refs, device=settings.device)
    from scope.engine.process_engine import ProcessEngine

    return ProcessEngine(refs, device=settings.device)
