"""The one thread that owns a device: it loads, opens, takes turns and closes.

Decides whose turn it is (by `turn.pick`) and in which order commands and chunks happen.
Knows nothing of threads, processes or event loops: commands come through an `Inbox`, what
happens goes out through `report` and the streams' outlets.
"""

import gc
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from scope.clock import Clock
from scope.control import PromptItem, PromptMix, PromptSchedule
from scope.engine.control import Control, Judge, anything, checked_params
from scope.engine.failures import error_info, is_out_of_memory
from scope.engine.inbox import Inbox
from scope.engine.loader import Loader, checked_load
from scope.engine.messages import (
    Busy,
    Check,
    Checked,
    Close,
    Command,
    Dump,
    Dumped,
    Idle,
    Load,
    Loaded,
    Loading,
    NotLoaded,
    Open,
    Play,
    Ready,
    Report,
    Send,
    Stop,
    Told,
    TurnBegan,
    TurnEnded,
    Unload,
    Wake,
)
from scope.engine.outlet import Outlet
from scope.engine.script import Script, check_script
from scope.engine.stream_loop import StreamLoop
from scope.engine.texts_ahead import Ahead, NothingAhead, TextsAhead
from scope.engine.turn import leads_s, pick
from scope.errors import (
    LoadFailed,
    OutOfMemory,
    PipelineNotLoaded,
    ScopeError,
    StateError,
    UnknownPipeline,
)
from scope.events import ErrorInfo, StopReason, StreamStopped
from scope.pipelines.contract import Pipeline
from scope.pipelines.registry import Listed

Catalog = Mapping[str, Listed]

_FOREIGN: Mapping[type[Command], str] = {
    Open: "the start of a stream",
    Dump: "the dump of a stream",
    Send: "an update",
}
"""Commands that run code of a pipeline, which may hang, in words. A load may take any time."""


class _Superseded(Exception):
    """A newer load waits; the one in progress is given up."""


class Worker:
    """Turns commands into chunks, on the thread that calls `run`."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        inbox: Inbox,
        loader: Loader,
        report: Callable[[Report], None],
        clock: Clock,
    ) -> None:
        self._catalog = catalog
        self._inbox = inbox
        self._loader = loader
        self._report = report
        self._clock = clock
        self._pipeline: Pipeline[Any, Any] | None = None
        self._nominal_chunk_s = 0.0
        self._texts: Ahead = NothingAhead()
        self._streams: dict[str, StreamLoop] = {}
        self._stopping = False

    def check(self, question: Check) -> Checked:
        """Judge values by the pipeline's own models. Callable from any thread. A judge that fails
        itself is told as that: it must not take the asking thread with it."""
        listed = self._catalog.get(question.pipeline_id)
        kind = None if listed is None else listed.kind
        try:
            if listed is None:
                raise UnknownPipeline(f"There is no pipeline {question.pipeline_id!r}.")
            if kind is not None and question.load is not None:
                checked_load(kind, question.load)
            if kind is not None and question.changes is not None:
                judge = self._judge_of(kind)
                checked_params(kind.Params, question.changes, judge=judge)
                check_script(kind.Params, question.changes, question.script, judge=judge)
        except Exception as error:  # noqa: BLE001 - a pipeline's judge may raise anything
            if not isinstance(error, ScopeError):
                traceback.print_exception(error)
            return Checked(question.ticket, error_info(error))
        return Checked(question.ticket, None)

    def _judge_of(self, kind: type[Pipeline[Any, Any]]) -> Judge:
        """What is loaded, if it is of that kind."""
        pipeline = self._pipeline
        return pipeline.check if type(pipeline) is kind else anything

    def run(self) -> None:
        """Work until told to stop."""
        self._report(Ready({name: listed.spec for name, listed in self._catalog.items()}))
        try:
            while self._obey():
                self._take_turn()
        finally:
            self._forget_pipeline()

    def _obey(self) -> bool:
        while not self._stopping and (item := self._inbox.take()) is not None:
            self._do(*item)
        return not self._stopping

    def _do(self, command: Command, outlet: Outlet | None) -> None:
        """Between two turns. Says so where it may take a while."""
        what = _FOREIGN.get(type(command))
        if what is not None:
            self._report(Busy(what, self._nominal_chunk_s))
        self._handle(command, outlet)
        if what is not None:
            self._report(Idle())

    def _take_turn(self) -> None:
        bids = [bid for stream in self._streams.values() if (bid := stream.contender())]
        turn = pick(bids, now_s=self._clock.now())
        if turn.stream_id is None:
            wake_s = turn.wake_s
            self._inbox.wait(None if wake_s is None else max(0.0, wake_s - self._clock.now()))
            return
        stream = self._streams[turn.stream_id]
        self._report(TurnBegan(stream.id, stream.times.median_s))
        stream.run_once(self._look_between)
        self._report(TurnEnded(stream.id, stream.figures(leads_s(bids)[stream.id])))
        if stream.stopped:
            self._streams.pop(stream.id, None)

    def _look_between(self) -> None:
        """Between two pieces: what is quick and can not wait for the end of a slow chunk."""
        while (item := self._inbox.take(self._is_quick)) is not None:
            self._handle(*item)

    def _is_quick(self, command: Command) -> bool:
        return isinstance(command, Send | Play | Wake | Close)

    def _handle(self, command: Command, outlet: Outlet | None) -> None:
        match command:
            case Send(stream_id, update, drop_from) if stream_id in self._streams:
                self._streams[stream_id].receive(update, drop_from=drop_from)
            case Play(stream_id, playhead) if stream_id in self._streams:
                self._streams[stream_id].play(playhead)
            case Close(stream_id) if stream_id in self._streams:
                self._streams.pop(stream_id).stop()
            case Dump():
                self._dump(command)
            case Open() if outlet is not None:
                self._open(command, outlet)
            case Load():
                self._load(command)
            case Unload(ticket):
                self._forget_pipeline()
                self._report(NotLoaded(ticket))
            case Check():
                self._report(self.check(command))
            case Stop():
                self._stopping = True

    def _open(self, command: Open, outlet: Outlet) -> None:
        pipeline = self._pipeline
        try:
            if pipeline is None:
                raise PipelineNotLoaded("The pipeline was unloaded.")
            control = _control(pipeline, command)
        except Exception as error:  # noqa: BLE001 - a pipeline's judge may raise anything
            outlet.close()
            stopped = StreamStopped(
                command.stream_id, StopReason.GENERATION_FAILED, error_info(error)
            )
            self._report(Told(stopped))
            return
        stream = StreamLoop(
            stream_id=command.stream_id,
            pipeline=pipeline,
            control=control,
            outlet=outlet,
            tell=lambda event: self._report(Told(event)),
            clock=self._clock,
            nominal_chunk_s=self._nominal_chunk_s,
            texts=self._texts,
        )
        stream.follow(Script(command.script))
        if command.snapshot is not None:
            stream.go_on(command.snapshot)
        self._streams[stream.id] = stream

    def _dump(self, command: Dump) -> None:
        stream, ticket = self._streams.get(command.stream_id), command.ticket
        if stream is None:
            gone = ErrorInfo(StateError.code, "The stream has ended.")
            self._report(Dumped(ticket, command.stream_id, error=gone))
            return
        try:
            snapshot = stream.dump()
        except Exception as error:  # noqa: BLE001 - a pipeline may raise anything; told as a value
            self._report(Dumped(ticket, stream.id, error=error_info(error)))
            return
        fits = command.max_bytes is None or snapshot.size_bytes <= command.max_bytes
        self._report(Dumped(ticket, stream.id, snapshot if fits else None))

    def _load(self, command: Load) -> None:
        self._forget_pipeline()
        if self._is_superseded():
            return
        listed = self._catalog[command.pipeline_id]
        try:
            if listed.kind is None:
                raise LoadFailed(listed.spec.unavailable or "This pipeline can not run here.")
            self._pipeline, loaded = self._loader.load(
                listed.kind, command.params, lambda *at: self._progress(command.ticket, *at)
            )
        except _Superseded:
            gc.collect()
        except Exception as error:  # noqa: BLE001 - a pipeline may raise anything; told as a value
            out = OutOfMemory if is_out_of_memory(error) else LoadFailed
            self._report(NotLoaded(command.ticket, error_info(error, kind=out)))
            gc.collect()
        else:
            self._nominal_chunk_s = loaded.nominal_chunk_s
            if self._pipeline.texts is not None:
                self._texts = TextsAhead(self._pipeline.texts, news=self._inbox.wake)
            self._report(Loaded(command.ticket, loaded))

    def _progress(self, ticket: int, stage: str, progress: float) -> None:
        if self._is_superseded():
            raise _Superseded
        self._report(Loading(ticket, stage, progress))

    def _is_superseded(self) -> bool:
        return self._inbox.any(lambda command: isinstance(command, Load | Unload | Stop))

    def _forget_pipeline(self) -> None:
        for stream in self._streams.values():
            stream.stop()
        self._streams.clear()
        self._texts.close()
        self._texts = NothingAhead()
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            try:
                pipeline.close()
            except Exception as error:  # noqa: BLE001 - it is gone all the same
                traceback.print_exception(error)
            del pipeline
            gc.collect()


def _control(pipeline: Pipeline[Any, Any], command: Open) -> Control:
    """What is in force in a new stream before its first chunk. Raises InvalidParameters."""
    kind = type(pipeline).Params
    if command.snapshot is not None:
        return command.snapshot.control(kind, judge=pipeline.check)
    params = checked_params(kind, command.initial.changes, judge=pipeline.check)
    check_script(kind, command.initial.changes, command.script, judge=pipeline.check)
    schedule = PromptSchedule()
    if pipeline.default_prompt:
        schedule = schedule.with_prompts(PromptMix((PromptItem(pipeline.default_prompt),)))
    return Control(params, seed=command.seed, schedule=schedule).apply(command.initial)
