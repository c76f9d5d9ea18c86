"""The worker process: `python -m scope.engine.child FD FD`.

Decides how the worker and the pipe share the process: the worker has the main thread, a
second one takes commands in, so that a question is answered and a new command is seen also
in the middle of a chunk or a load. Imports no server. It ends with its parent, whatever
happens to either.
"""

import ctypes
import os
import signal
import socket
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from typing import Any

from scope.clock import MonotonicClock
from scope.engine.inbox import Inbox
from scope.engine.loader import Loader
from scope.engine.messages import Check, Command, Hail, Hello, Here, Made, Open, Report, Rewound
from scope.engine.pixel_ring import PixelRing, RingShape
from scope.engine.worker import Worker
from scope.frames import Chunk, VideoFormat
from scope.pipelines.registry import PipelineRef, catalog

PR_SET_PDEATHSIG = 1


class Voice:
    """Sends reports; both threads of the child speak."""

    def __init__(self, pipe: "Connection[Report, Any]") -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def report(self, report: Report) -> None:
        """Send one. A parent that is gone ends this process: nobody is left to work for."""
        try:
            with self._lock:
                self._pipe.send(report)
        except OSError:
            os._exit(0)


class RingOutlet:
    """The way out for frames through shared memory."""

    def __init__(self, *, stream_id: str, ring: PixelRing, voice: Voice) -> None:
        self._stream_id = stream_id
        self._ring: PixelRing | None = ring
        self._voice = voice

    def has_room(self, next_index: int, frames: int) -> bool:
        """See `Outlet`."""
        return self._ring is not None and self._ring.has_room(next_index, frames)

    def put(self, chunk: Chunk) -> None:
        """See `Outlet`."""
        if self._ring is None:
            return
        self._ring.write(chunk.first_index, chunk.pixels)
        self._voice.report(
            Made(
                stream_id=self._stream_id,
                first_index=chunk.first_index,
                frames=len(chunk),
                revision=chunk.revision,
                seconds=chunk.seconds,
                chunk=chunk.chunk,
                last_piece=chunk.last_piece,
                produced_s=chunk.produced_s,
            )
        )

    def rewind(self, from_index: int) -> None:
        """See `Outlet`."""
        self._voice.report(Rewound(self._stream_id, from_index))

    def close(self) -> None:
        """See `Outlet`."""
        self._ring = None


def main() -> None:
    """Serve the parent that started this process."""
    pipe_fd, memory_fd = int(sys.argv[1]), int(sys.argv[2])
    _outlive_signals_but_not_the_parent()
    pipe: Connection[Any, Any] = Connection(pipe_fd)
    hello = pipe.recv()
    if not isinstance(hello, Hello):
        raise SystemExit(f"expected a Hello, got {type(hello).__name__}")
    sys.path[:] = hello.import_path
    voice, inbox, clock = Voice(pipe), Inbox(), MonotonicClock()
    worker = Worker(
        catalog=catalog([PipelineRef(target=target, name=name) for target, name in hello.refs]),
        inbox=inbox,
        loader=Loader(device=hello.device, clock=clock, warm_up=hello.warm_up),
        report=voice.report,
        clock=clock,
    )
    ear = Ear(pipe=pipe, memory=socket.socket(fileno=memory_fd), inbox=inbox, voice=voice)
    threading.Thread(target=ear.listen, args=(worker,), name="scope-ear", daemon=True).start()
    status = 1
    try:
        worker.run()
        status = 0
    except SystemExit as end:  # a pipeline's own
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - whatever it is, it is told and the process ends
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # foreign threads of a pipeline's libraries must not hold the process back


class Ear:
    """Takes commands off the pipe."""

    def __init__(
        self, *, pipe: "Connection[Any, Any]", memory: socket.socket, inbox: Inbox, voice: Voice
    ) -> None:
        self._pipe = pipe
        self._memory = memory
        self._inbox = inbox
        self._voice = voice

    def listen(self, worker: Worker) -> None:
        """Until the parent is gone, and then the process with it. One that hears no more would
        look alive for ever, so whatever else ends this ends the process too."""
        while True:
            try:
                command = self._pipe.recv()
            except (EOFError, OSError):
                os._exit(0)
            try:
                self._hear(command, worker)
            except Exception:  # noqa: BLE001 - whatever it is, it is told and the process ends
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(1)

    def _hear(self, command: Command, worker: Worker) -> None:
        match command:
            case Check():
                self._voice.report(worker.check(command))
            case Hail():
                self._voice.report(Here())
            case Open(stream_id=stream_id, slots=slots, size=size):
                outlet = self._outlet(stream_id, slots, size)
                self._inbox.post(command, outlet)
            case _:
                self._inbox.post(command)

    def _outlet(self, stream_id: str, slots: int, size: VideoFormat) -> RingOutlet:
        _, (descriptor,), _, _ = socket.recv_fds(self._memory, 1, 1)
        ring = PixelRing(descriptor, RingShape.of(size, slots))
        os.close(descriptor)
        return RingOutlet(stream_id=stream_id, ring=ring, voice=self._voice)


def _outlive_signals_but_not_the_parent() -> None:
    """Ctrl-C and SIGTERM reach the whole group; the parent decides what they mean."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
