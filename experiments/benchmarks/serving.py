"""A measurement in a process of its own, that measures when asked: the child's end of the pipe.

    channel = Channel()                      # first of all, before a library can print
    channel.serve(window, versions={...})    # then a window for each line of stdin

Each line is a number of seconds; the answer is a line of JSON. So two programs can take turns, window by window, on a
machine whose speed changes from minute to minute. Standard library only, since the peers' interpreters run it too.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Any

from experiments.benchmarks.windows import Play, calibrate, pin, window


class Channel:
    """Answers go to what was stdout; whatever else is printed goes to stderr. SIGTERM ends it in good order."""

    def __init__(self) -> None:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that Ray is stopped too
        self._out = os.fdopen(os.dup(sys.stdout.fileno()), "w")
        sys.stdout.flush()
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def say(self, message: dict[str, Any]) -> None:
        self._out.write(json.dumps(message) + "\n")
        self._out.flush()

    def serve(self, measure: Callable[[float], dict[str, Any]], **about: Any) -> None:
        """Say that all is ready, then answer `measure(seconds)` to each line, until stdin ends."""
        self.say({"ready": True, **about})
        for line in sys.stdin:
            self.say(measure(float(line)))


def pin_as_told() -> None:
    """Keep to the core that the parent named in BENCHMARK_CORE, if any."""
    core = os.environ.get("BENCHMARK_CORE")
    pin(int(core) if core else None)


def serve_play(channel: Channel, play: Play, packages: Sequence[str], **about: Any) -> None:
    """Serve windows of a play in this process."""
    pin_as_told()
    repetitions: dict[float, int] = {}

    def measure(seconds: float) -> dict[str, Any]:
        if seconds not in repetitions:
            repetitions[seconds] = calibrate(play, seconds)
        return window(play, repetitions[seconds])._asdict()

    versions = {package: metadata.version(package) for package in packages}
    channel.serve(measure, versions={"python": sys.version.split()[0], **versions}, **about)
