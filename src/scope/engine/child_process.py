"""A worker process as the parent holds it: two threads, so that the loop never waits.

One thread starts the process, reads what it says and sees it die; it lives as long as the
process, because Linux ties the process to the thread that started it. The other writes.
Whatever goes wrong in them, the process is dead and reaped in the end and `ended` is called.
Decides nothing about what is said.
"""

import asyncio
import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import Any

from scope.engine.failures import error_info
from scope.engine.messages import Command, Hello, Report

Message = Command | Hello


class ChildProcess:
    """One life of the worker process. `heard` and `ended` are called on the loop."""

    def __init__(
        self,
        *,
        hello: Hello,
        heard: Callable[["ChildProcess", Report], None],
        ended: Callable[["ChildProcess", str], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._hello = hello
        self._heard = heard
        self._ended = ended
        self._outbox: queue.SimpleQueue[tuple[Message, int | None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._death: _Death | None = None
        self._killed = False
        self.gone = asyncio.Event()
        try:
            threading.Thread(target=self._live, name="scope-child", daemon=True).start()
        except RuntimeError as error:  # no more threads
            self._loop.call_soon(self._end, _not_started(error))

    @property
    def pid(self) -> int | None:
        """Of the process, once it has been started."""
        return None if self._process is None else self._process.pid

    def post(self, command: Command, descriptor: int | None = None) -> None:
        """Send a command; with it a descriptor, which is closed here afterwards."""
        self._outbox.put((command, descriptor))
        if self.gone.is_set():
            self._drain()

    def kill(self) -> None:
        """End it at once; `ended` follows."""
        with self._lock:
            self._killed = True
            if self._process is not None and self._process.returncode is None:
                self._process.kill()

    # The thread that lives as long as the process.

    def _live(self) -> None:
        reason = "The worker process could not be listened to"
        try:
            ours, theirs = socket.socketpair()
            with ours, theirs:
                memory, their_memory = socket.socketpair()
                with memory, their_memory:
                    reason = self._start(theirs, their_memory) or self._attend(ours, memory)
        except BaseException as error:  # noqa: BLE001 - what is said may be of a class that fails
            traceback.print_exc()
            reason = f"{reason}: {error_info(error).detail}"
        finally:
            self._reap()
            self._on_loop(self._end, reason)

    def _start(self, theirs: socket.socket, their_memory: socket.socket) -> str | None:
        with self._lock, theirs, their_memory:
            if self._killed:
                return "The worker process was not wanted any more."
            numbers = (theirs.fileno(), their_memory.fileno())
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "scope.engine.child", *map(str, numbers)],
                    pass_fds=numbers,
                    stdin=subprocess.DEVNULL,
                )
            except OSError as error:
                return _not_started(error)
            # Before `kill` may look whether it is dead: then its number would be free again.
            self._death = _Death(self._process)
        return None

    def _attend(self, ours: socket.socket, memory: socket.socket) -> str:
        death = self._death
        assert death is not None  # noqa: S101 - `_start` made it
        pipe: Connection[Any, Any] = Connection(os.dup(ours.fileno()))
        writer = threading.Thread(
            target=self._write, args=(pipe, memory), name="scope-child-writer", daemon=True
        )
        self._outbox.put((self._hello, None))
        with pipe, death:
            writer.start()
            try:
                self._read(pipe, death)
            finally:
                code = self._reap()
                self._outbox.put(None)
                for end in (ours, memory):  # a process forked by it may hold the other open
                    with contextlib.suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)
                writer.join()
        return _cause(code)

    def _reap(self) -> int:
        """End it if it lives; its exit status."""
        process = self._process
        if process is None:
            return 0
        if process.poll() is None:
            process.kill()
        return process.wait()

    def _read(self, pipe: "Connection[Any, Any]", death: "_Death") -> None:
        """Until the process is dead and everything it said has been heard."""
        while True:
            ready = wait([pipe, *death.waitable()])
            if pipe not in ready:
                return
            try:
                report = pipe.recv()
            except (EOFError, OSError):
                return
            self._on_loop(self._heard, self, report)

    def _write(self, pipe: "Connection[Any, Any]", memory: socket.socket) -> None:
        while (item := self._outbox.get()) is not None:
            message, descriptor = item
            try:
                if descriptor is not None:
                    socket.send_fds(memory, [b"f"], [descriptor])
                pipe.send(message)
            except OSError:
                pass  # it is dead or dying, and the reader is about to see that
            except Exception:  # noqa: BLE001 - one that is told only a part is not to be trusted
                traceback.print_exc()
                self.kill()
            finally:
                if descriptor is not None:
                    os.close(descriptor)

    def _on_loop(self, call: Callable[..., None], *args: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(call, *args)
        except RuntimeError:
            self.kill()  # the loop is closed: there is nobody to tell

    def _drain(self) -> None:
        """Nobody sends any more: let go of what was to be sent."""
        with contextlib.suppress(queue.Empty):
            while True:
                item = self._outbox.get_nowait()
                if item is not None and item[1] is not None:
                    os.close(item[1])

    def _end(self, reason: str) -> None:
        self.gone.set()
        self._drain()
        self._ended(self, reason)


class _Death:
    """Something to wait on that is ready once the process is dead, where there is one.

    The end of the pipe alone would not do: a process forked by the worker may hold it open.
    It has to, where a kernel or a sandbox knows no such thing.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._descriptor: int | None = None
        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):
                self._descriptor = os.pidfd_open(process.pid)

    def waitable(self) -> list[int]:
        return [] if self._descriptor is None else [self._descriptor]

    def __enter__(self) -> "_Death":
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)


def _not_started(error: Exception) -> str:
    return f"The worker process could not be started: {error}."


def _cause(code: int) -> str:
    if code >= 0:
        return f"The worker process ended with exit status {code}."
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"The worker process was ended by {name}."
