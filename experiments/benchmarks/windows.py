"""Timed windows: how many steps a CPU-second buys. Standard library only, since the peers' interpreters run it too.

A window plays a fixed number of repetitions between two readings of the clock, so that reading it costs nothing.
CPU-seconds are `time.process_time`: user and system time of all threads of this process. On a shared machine they say
what the wall clock cannot.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

Play = Callable[[int], int]  # so many repetitions -> the steps that they were


class Window(NamedTuple):
    steps: int
    cpu_seconds: float
    wall_seconds: float

    @property
    def rate(self) -> float:
        """Steps per CPU-second."""
        return self.steps / self.cpu_seconds


def window(play: Play, repetitions: int) -> Window:
    cpu, wall = time.process_time(), time.perf_counter()
    steps = play(repetitions)
    return Window(steps, time.process_time() - cpu, time.perf_counter() - wall)


def calibrate(play: Play, seconds: float) -> int:
    """The repetitions that take about so many CPU-seconds. Trying them out is the warm-up."""
    repetitions = 1
    play(1)  # what happens only once, happens here
    while (spent := window(play, repetitions).cpu_seconds) < seconds / 4:
        # fourfold at most, for a reading below the clock's resolution says little
        repetitions = min(4 * repetitions, int(repetitions * seconds / max(spent, 1e-9)) + 1)
    return max(1, round(repetitions * seconds / spent))


def measure(play: Play, seconds: float, count: int) -> list[Window]:
    """`count` windows of about so many CPU-seconds each, after a warm-up."""
    repetitions = calibrate(play, seconds)
    return [window(play, repetitions) for _ in range(count)]


def summary(values: list[float]) -> dict[str, Any]:
    """Median, lowest and highest, and the values themselves in the order of their measurement."""
    return {"median": statistics.median(values), "low": min(values), "high": max(values), "windows": values}


def pin(core: int | None) -> None:
    """Keep the calling thread, and the threads and processes that it starts from now on, on one core.

    Nothing happens without a core, or where the system cannot (macOS).
    """
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Pinned while the block runs."""
    if core is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
