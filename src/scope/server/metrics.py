"""Figures of sessions, as JSON values and for Prometheus. Nothing is kept here.

Every scrape reads the sessions anew, so no counter can drift from what it counts.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from scope.clock import Clock
from scope.protocol.http import PeerMetrics, SessionMetrics
from scope.server.loop_lag import LoopLag
from scope.sessions.session import Session

SESSION_GAUGES = {
    "queue": "Frames made and not yet shown",
    "fps": "Frames a second sent",
    "chunk_ms": "Time a chunk takes to make, p95",
    "delay_ms": "From a prompt to its first frame, median",
    "wire_ms": "From the pipeline to the wire, median",
    "bitrate_kbps": "What the encoders aim at",
}
SESSION_COUNTERS = {
    "frames_made": "Frames made",
    "frames_sent": "Frames sent",
    "frames_dropped": "Frames a peer was too slow for",
}
PEER_GAUGES = {
    "rtt_ms": "Round trip to the peer",
    "loss": "Fraction of packets lost on the way to the peer",
}


class Metrics:
    """A registry of its own for one app."""

    def __init__(
        self, sessions: Callable[[], Iterable[Session]], *, lag: LoopLag, clock: Clock
    ) -> None:
        self._sessions = sessions
        self._lag = lag
        self._clock = clock
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)

    def by_session(self) -> dict[str, SessionMetrics]:
        """The same figures as values."""
        return {
            session.id: session_metrics(session, clock=self._clock) for session in self._sessions()
        }

    def describe(self) -> Iterable[Metric]:
        """Registering does not scrape."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Called by the registry on a scrape."""
        figures = self.by_session()
        yield GaugeMetricFamily("scope_sessions", "Live sessions", value=len(figures))
        yield GaugeMetricFamily(
            "scope_event_loop_lag_p99_seconds", "Lag of the event loop", value=self._lag.p99_s()
        )
        yield GaugeMetricFamily(
            "scope_event_loop_lag_max_seconds", "Worst of a minute", value=self._lag.max_s()
        )
        for name, words in SESSION_COUNTERS.items():
            counter = CounterMetricFamily(f"scope_session_{name}", words, labels=["session"])
            _fill(counter, figures, name)
            yield counter
        for name, words in SESSION_GAUGES.items():
            gauge = GaugeMetricFamily(f"scope_session_{name}", words, labels=["session"])
            _fill(gauge, figures, name)
            yield gauge
        for name, words in PEER_GAUGES.items():
            gauge = GaugeMetricFamily(f"scope_peer_{name}", words, labels=["session", "peer"])
            for session_id, session in figures.items():
                for peer in session.peers:
                    if (value := getattr(peer, name)) is not None:
                        gauge.add_metric([session_id, peer.id], value)
            yield gauge


def session_metrics(session: Session, *, clock: Clock) -> SessionMetrics:
    """Figures of one session now."""
    made = session.handle.figures()
    peers = []
    for viewer in session.audience:
        figures = viewer.peer.stats()
        peers.append(
            PeerMetrics(
                id=viewer.peer.id,
                codec=viewer.peer.codec,
                connected=viewer.connected,
                frames_sent=figures.sent_frames,
                frames_dropped=figures.dropped_frames,
                bitrate_kbps=figures.bitrate_kbps,
                rtt_ms=figures.rtt_ms,
                loss=figures.loss,
            )
        )
    return SessionMetrics(
        session_id=session.id,
        pipeline_id=session.handle.pipeline_id,
        frames_made=made.frames_made,
        frames_sent=session.tally.frames_sent,
        frames_dropped=session.frames_dropped + sum(peer.frames_dropped for peer in peers),
        queue=len(session.handle.frames),
        fps=round(session.tally.fps(now_s=clock.now()), 2),
        chunk_ms=round(1000 * made.chunk_s, 1),
        delay_ms=session.tally.prompt_delay_ms(),
        wire_ms=session.tally.wire_delay_ms(),
        bitrate_kbps=session.player.bitrate_kbps,
        paused=session.pausing.now,
        peers=peers,
    )


def _fill(family: Any, figures: dict[str, SessionMetrics], name: str) -> None:
    for session_id, session in figures.items():
        if (value := getattr(session, name)) is not None:
            family.add_metric([session_id], value)
