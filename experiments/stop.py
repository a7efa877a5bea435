"""Ctrl-C and SIGTERM: the first asks a run to finish its update and save, the second ends it at once.

with StopRequest() as stop:
    while not stop:
        update()
    save()
sys.exit(stop.exit_code)                 # 0, 130 or 143
"""

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

from experiments.errors import ExitCode

_EXIT_CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


class StopRequest:
    """True once a signal came. `tell` shows the user what happens next. Use it in the main thread."""

    def __init__(self, tell: Callable[[str], Any] | None = None):
        self.exit_code = ExitCode.DONE
        self._tell = tell or (lambda text: print(text, file=sys.stderr, flush=True))
        self._before: dict[signal.Signals, Any] = {}

    def __bool__(self) -> bool:
        return self.exit_code != ExitCode.DONE

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._received) for number in _EXIT_CODES}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _received(self, number: int, frame: FrameType | None) -> None:
        again = bool(self)
        self.exit_code = _EXIT_CODES[signal.Signals(number)]
        if again:
            for other in _EXIT_CODES:  # a third one kills, whatever hangs
                signal.signal(other, signal.SIG_DFL)
            raise SystemExit(int(self.exit_code))
        self._tell("stopping: finishing this update and saving; once more to quit at once")
