"""Processes of outside engines: one event loop in the background asks them all, and none outlives its owner."""

import asyncio
import contextlib
import functools
import os
import signal
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

LONGEST_LINE = 200  # of what is kept of an engine's words


class EngineFailure(Exception):
    """An engine crashed, hung, or answered what it must not; the message says what it did."""


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    """Runs in a daemon thread, so that an engine that hangs keeps nobody from leaving."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="engines", daemon=True).start()
    return loop


def run(work: Coroutine[Any, Any, T], seconds: float) -> T:
    """The result. Raises EngineFailure if it takes longer."""
    future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, seconds), _loop())
    try:
        return future.result()
    except TimeoutError:
        raise EngineFailure(f"gave no answer within {seconds:g} s") from None
    finally:
        future.cancel()  # nothing where it is done; Ctrl-C may have come in between


def kill(leader: int) -> None:
    """End the process group of an engine, which has its own, at once: engines have nothing to save."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def ended(code: int | None, last_words: str) -> EngineFailure:
    """That it ended by itself; `last_words` is what it wrote to stderr last."""
    return EngineFailure(f"ended with exit code {code}" + (f": {last_words}" if last_words else ""))
