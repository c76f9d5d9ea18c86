"""The rules of turn and pacing together, on a clock that is moved by hand."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from scope.clock import ManualClock
from scope.engine.api import Playhead
from scope.engine.figures import ChunkTimes
from scope.engine.pacer import Due, Pacer
from scope.engine.turn import Contender, buffer_bound_s, leads_s, pick

TICK_S = 0.001


@dataclass
class Stream:
    """A stream and its player. chunk_s: generation time of the chunk begun at a time."""

    name: str
    fps: float
    chunk_frames: int
    chunk_s: Callable[[float], float]
    watched_from_s: float = 0.0
    slots: int = 10_000
    away: tuple[float, float] = (1e9, 1e9)
    times: ChunkTimes = field(init=False)
    pacer: Pacer = field(init=False)
    playhead: Playhead | None = None
    was_played: bool = False
    made: int = 0
    chunks: int = 0
    buffer: list[tuple[int, int, float]] = field(default_factory=list)
    shown: list[tuple[float, Due]] = field(default_factory=list)
    ahead_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.times = ChunkTimes(self.chunk_s(0.0))
        self.pacer = Pacer(fps=self.fps, chunk_frames=self.chunk_frames)

    @property
    def duration_s(self) -> float:
        return self.chunk_frames / self.fps

    def contender(self) -> Contender | None:
        room = self.made + self.chunk_frames - len(self.shown) <= self.slots
        if self.playhead is not None:
            dry_at_s = self.playhead.dry_at_s(self.made)
            return Contender(self.name, self.times.p95_s, dry_at_s, room)
        if not self.was_played and not self.chunks:
            return Contender(self.name, self.times.p95_s, None, room)
        return None

    def play(self, now: float) -> None:
        if self.away[0] <= now < self.away[1]:
            self.playhead = None
            return
        if now < self.watched_from_s:
            return
        if self.playhead is None:
            self.pacer.restart(chunk_s=self.times.p95_s)
            self.playhead = self.pacer.playhead(now)
            self.was_played = True
        while self.buffer and (not self.shown or self.shown[-1][1].due_s <= now):
            index, chunk, arrived_s = self.buffer.pop(0)
            due = self.pacer.due(index=index, chunk=chunk, arrived_s=arrived_s, now=now)
            self.shown.append((now, due))
            if due.moved:
                self.playhead = self.pacer.playhead(now)

    def gaps_s(self, after_s: float = 0.0) -> list[float]:
        dues = [due.due_s for _, due in self.shown if due.due_s >= after_s]
        return [b - a for a, b in itertools.pairwise(dues)]


def simulate(streams: list[Stream], until_s: float) -> None:
    clock = ManualClock()
    busy: tuple[Stream, float, float] | None = None
    while clock.now() < until_s:
        now = clock.now()
        if busy is not None and now >= busy[1]:
            stream, _, began_s = busy
            stream.times.add(now - began_s)
            stream.buffer += [
                (stream.made + n, stream.chunks, now) for n in range(stream.chunk_frames)
            ]
            stream.made += stream.chunk_frames
            stream.chunks += 1
            busy = None
            if stream.playhead is not None:
                stream.ahead_s.append(stream.playhead.dry_at_s(stream.made) - now)
        for stream in streams:
            stream.play(now)
        if busy is None:
            bids = [bid for stream in streams if (bid := stream.contender())]
            turn = pick(bids, now_s=now)
            if turn.stream_id is not None:
                chosen = next(s for s in streams if s.name == turn.stream_id)
                busy = (chosen, now + chosen.chunk_s(now), now)
        clock.advance(TICK_S)


def steady(seconds: float) -> Callable[[float], float]:
    return lambda _: seconds


def test_two_streams_of_different_chunk_lengths_never_run_dry_and_stay_bounded() -> None:
    quick = Stream("quick", 16, 4, steady(0.05))
    long = Stream("long", 16, 12, steady(0.3), watched_from_s=0.1)
    simulate([quick, long], 60)
    leads = leads_s([Contender("quick", 0.05, 0.0), Contender("long", 0.3, 0.0)])
    for stream in (quick, long):
        assert max(stream.gaps_s()) == pytest.approx(1 / 16, abs=2e-3)
        bound = buffer_bound_s(leads[stream.name], stream.duration_s)
        assert max(stream.ahead_s) <= bound + 2 * TICK_S
        assert len(stream.shown) / 16 == pytest.approx(60, abs=1)


def test_the_delay_of_a_stream_does_not_grow() -> None:
    stream = Stream("a", 30, 12, steady(0.3))
    simulate([stream], 120)
    early, late = stream.ahead_s[5:20], stream.ahead_s[-20:]
    assert max(late) <= max(early) + 2 * TICK_S


def test_a_lone_stream_slower_than_playback_plays_evenly_at_what_is_sustained() -> None:
    stream = Stream("slow", 16, 12, steady(1.5))
    simulate([stream], 60)
    gaps = stream.gaps_s(after_s=10)
    assert max(gaps) <= 1.1 * 1.5 / 12
    assert min(gaps) >= 0.9 * 1.5 / 12


def test_a_slow_stream_with_uneven_chunks_does_not_stutter_at_their_seams() -> None:
    stream = Stream("slow", 16, 12, lambda now: 1.4 + 0.2 * ((now * 7.3) % 1.0))
    simulate([stream], 120)
    gaps = sorted(stream.gaps_s(after_s=15))
    assert gaps[int(0.99 * len(gaps))] <= 1.4 * 1.5 / 12


def test_playback_recovers_to_nominal_when_generation_does() -> None:
    stream = Stream("a", 16, 12, lambda now: 1.5 if now < 30 else 0.3)
    simulate([stream], 60)
    assert stream.gaps_s(after_s=45)[-1] == pytest.approx(1 / 16, abs=1e-4)
    assert max(stream.gaps_s(after_s=45)) <= 1.4 / 16


def test_playback_recovers_to_nominal_when_generation_only_just_does() -> None:
    stream = Stream("a", 16, 12, lambda now: 1.0 if now < 30 else 0.7)
    simulate([stream], 75)
    assert max(stream.gaps_s(after_s=60)) <= 1.01 / 16


def test_one_hiccup_costs_one_gap() -> None:
    stream = Stream("a", 16, 12, lambda now: 1.2 if 10 <= now < 10.7 else 0.3)
    simulate([stream], 30)
    wide = [gap for gap in stream.gaps_s() if gap > 1.4 / 16]
    assert len(wide) == 1


def test_jitter_within_the_margin_leaves_every_gap_nominal() -> None:
    stream = Stream("a", 16, 4, lambda now: 0.08 + 0.04 * ((now * 13.7) % 1.0))
    simulate([stream], 60)
    assert max(stream.gaps_s(after_s=2)) == pytest.approx(1 / 16, abs=1e-6)


def test_start_up_plays_after_one_chunk_and_does_not_run_dry_at_once() -> None:
    stream = Stream("a", 30, 12, steady(0.3))
    simulate([stream], 3)
    assert stream.shown[0][1].due_s == pytest.approx(0.3, abs=0.005)
    assert max(stream.gaps_s()) == pytest.approx(1 / 30, abs=2e-3)


def test_start_up_of_a_slow_stream_holds_back_as_long_as_the_next_chunk_needs() -> None:
    stream = Stream("a", 16, 12, steady(1.0))
    simulate([stream], 10)
    assert stream.shown[0][1].due_s == pytest.approx(1.0 + 0.25, abs=0.005)
    assert max(stream.gaps_s()) <= 1.4 * 1.0 / 12


def test_one_chunk_is_made_ahead_of_a_viewer_and_no_more() -> None:
    stream = Stream("a", 16, 4, steady(0.1), watched_from_s=5)
    simulate([stream], 4.9)
    assert stream.chunks == 1


def test_a_first_chunk_ahead_of_its_viewer_costs_the_others_nothing() -> None:
    playing = Stream("playing", 16, 12, steady(0.3))
    coming = Stream("coming", 16, 12, steady(0.3), watched_from_s=1e9)
    simulate([playing], 20)
    playing_gap = max(playing.gaps_s())
    both = [Stream("playing", 16, 12, steady(0.3)), coming]
    simulate(both, 20)
    assert coming.chunks == 1
    assert max(both[0].gaps_s()) <= playing_gap + 2e-3


def test_a_viewer_who_stalls_costs_nothing_and_goes_on_where_it_was() -> None:
    stalled = Stream("stalled", 16, 4, steady(0.1), away=(5.0, 15.0))
    other = Stream("other", 16, 4, steady(0.1))
    simulate([stalled, other], 30)
    made_while_away = [at for at, _ in stalled.shown if 5.1 < at < 15.0]
    assert not made_while_away
    assert stalled.made <= 16 * 20 + 16
    assert max(other.gaps_s()) == pytest.approx(1 / 16, abs=2e-3)
    pts = [due.pts for _, due in stalled.shown]
    assert all(a < b for a, b in itertools.pairwise(pts))
    gaps = stalled.gaps_s()
    assert sum(gap > 2 / 16 for gap in gaps) == 1
    assert max(gaps) == pytest.approx(10, abs=0.3)


def test_a_reader_who_releases_nothing_stops_its_own_stream_only() -> None:
    stuck = Stream("stuck", 16, 4, steady(0.1), slots=12, watched_from_s=1e9)
    stuck.playhead, stuck.was_played = Playhead(0, 0.0, 1 / 16), True
    other = Stream("other", 16, 4, steady(0.1))
    simulate([stuck, other], 10)
    assert stuck.made == 12
    assert max(other.gaps_s(after_s=1)) == pytest.approx(1 / 16, abs=2e-3)
