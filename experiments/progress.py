"""What a run shows while it works: a live table on a terminal, plain lines elsewhere (pipes, logs, dumb terminals).

    with Progress(config) as progress:
        progress.say("starting Ray (about 5 s)")
        progress.update({"training_seconds": 12.0, "env_steps": 40_000, "steps_per_second": 3.2e4, "entropy": 1.9})
        progress.evaluation({"rating": 210.0, "rating_low": 180.0, "rating_high": 240.0,
                             "win_rates": {"scripted:L2": 0.8, "scripted:L3": 0.4}, "seconds": 3.0})

Keys that are left out show as a dash; `goals_per_game` may come instead of `game_length`. Win rates are shares of 1.
Colours follow NO_COLOR.
"""

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Self

from experiments.config import Config

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table

_LINE_SECONDS = 10.0  # between two plain lines
_REDRAW_SECONDS = 0.25
_HISTORY = 12  # measurements kept above the live row


@contextmanager
def bytes_read() -> Iterator[Callable[[int, int, int], None]]:
    """How far a file has been read: a bar on a terminal, plain lines elsewhere. What is yielded is called with bytes
    read, bytes in all, games."""
    if not sys.stdout.isatty():
        yield lambda read, total, games: print(f"{read / max(1, total):.0%} read, {games:,} games", flush=True)
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    with Bar(BarColumn(), DownloadColumn(), TextColumn("{task.fields[games]} games"), TimeRemainingColumn()) as bar:
        task = bar.add_task("", games="0")
        yield lambda read, total, games: bar.update(task, completed=read, total=total, games=f"{games:,}")


class Progress:
    """Shows at most eight columns: time, steps, speed, length or goals, rating, wins, entropy, time left."""

    def __init__(self, config: Config, file: IO[str] | None = None):
        self._training, self._ladder = config.training, config.ladder
        self._file = file or sys.stdout
        self._values: dict[str, Any] = {}
        self._measured: dict[str, Any] = {}
        self._history: list[dict[str, str]] = []
        self._first_steps: tuple[float, float] | None = None  # training seconds and steps at the first update
        self._shown = -math.inf
        self._console: Console | None = None
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._file.isatty():
            from rich.console import Console
            from rich.live import Live

            self._console = Console(file=self._file)
            if self._console.is_terminal and not self._console.is_dumb_terminal:
                self._live = Live(console=self._console, auto_refresh=False)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._live is not None and self._live.is_started:
            self._live.update(self._table(), refresh=True)
            self._live.stop()

    def say(self, text: str) -> None:
        """A line that stays."""
        if self._live is not None and self._console is not None:
            self._console.print(text, markup=False, highlight=False)
        else:
            print(text, file=self._file, flush=True)

    def update(self, values: Mapping[str, Any]) -> None:
        """After an update of the network: training_seconds, env_steps, steps_per_second, entropy, ..."""
        self._values.update(values)
        if self._first_steps is None:
            self._first_steps = self._values.get("training_seconds", 0.0), self._values.get("env_steps", 0)
        self._draw(_LINE_SECONDS if self._live is None else _REDRAW_SECONDS)

    def settle(self) -> None:
        """Show the state as it is now: the last before a run says goodbye."""
        if self._values:
            self._draw(0)

    def evaluation(self, results: Mapping[str, Any]) -> None:
        """After a measurement: rating, rating_low, rating_high, win_rates {opponent: share}, seconds."""
        self._measured = dict(results)
        if self._live is not None:
            self._history = [*self._history, self.cells()][-_HISTORY:]
            self._draw(0)
            return
        wins = ", ".join(f"{name} {share:.0%}" for name, share in results.get("win_rates", {}).items())
        took = f" in {results['seconds']:.1f} s (not counted as training)" if "seconds" in results else ""
        self.say(f"measured{took}: rating {self.cells()['rating']}; wins against {wins or 'nobody'}")

    def cells(self) -> dict[str, str]:
        """Column -> text, in order; eight at most."""
        values, measured = self._values, self._measured
        played = "goals" if "goals_per_game" in values else "length"
        wins = measured.get("win_rates", {})
        strongest = next((name for name in reversed(self._ladder) if name in wins), None)
        named = strongest or (self._ladder[-1] if self._ladder else "nobody")
        return {
            "time": _clock(values.get("training_seconds")),
            "steps": _count(values.get("env_steps")),
            "steps/s": _count(values.get("steps_per_second")),
            played: _number(values.get("goals_per_game", values.get("game_length")), 1),
            "rating": _interval(measured),
            f"vs {named.rpartition(':')[2]}": "-" if strongest is None else f"{wins[strongest]:.0%}",
            "entropy": _number(values.get("entropy"), 2),
            "left": _clock(self._seconds_left()),
        }

    def _seconds_left(self) -> float | None:
        """Until the first bound is reached, at the average speed since the first update."""
        seconds, steps = self._values.get("training_seconds"), self._values.get("env_steps")
        if seconds is None or steps is None or self._first_steps is None:
            return None
        left = []
        if self._training.minutes is not None:
            left.append(self._training.minutes * 60 - seconds)
        first_seconds, first_steps = self._first_steps
        if self._training.env_steps is not None and seconds > first_seconds and steps > first_steps:
            speed = (steps - first_steps) / (seconds - first_seconds)
            left.append((self._training.env_steps - steps) / speed)
        share = self._values.get("share", 0.0)
        if share > 0 and (self._training.flops or self._training.gradient_steps):
            left.append(seconds * (1 - share) / share)
        return max(min(left), 0.0) if left else None

    def _draw(self, interval: float) -> None:
        now = time.monotonic()
        if now - self._shown < interval:
            return
        self._shown = now
        if self._live is None:
            self._line()
        else:
            if not self._live.is_started:
                self._live.start()
            self._live.update(self._table(), refresh=True)

    def _line(self) -> None:
        cells = self.cells()
        time_, steps, speed, *others = cells.items()
        pairs = "  ".join(f"{name} {text}" for name, text in others)
        print(f"{time_[1]}  {steps[1]} steps  {speed[1]} steps/s  {pairs}", file=self._file, flush=True)

    def _table(self) -> "Table":
        from rich.table import Table

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        now = self.cells()
        for name in now:
            table.add_column(name, justify="right", header_style="dim", no_wrap=True)
        for row in self._history:
            table.add_row(*row.values(), style="dim")
        table.add_row(*now.values(), style="bold")
        return table


def _interval(measured: Mapping[str, Any]) -> str:
    if "rating" not in measured:
        return "-"
    low, high = measured.get("rating_low"), measured.get("rating_high")
    spread = "" if low is None or high is None else f" ±{(high - low) / 2:.0f}"
    return f"{measured['rating']:+.0f}{spread}"


def _clock(seconds: float | None) -> str:
    if seconds is None or not math.isfinite(seconds):
        return "-"
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _count(number: float | None) -> str:
    """12, 3.4 k, 150 k, 1.2 M"""
    if number is None or not math.isfinite(number):
        return "-"
    for unit in ("", " k", " M", " G"):
        if number < 999.5 or unit == " G":
            return f"{number:.0f}{unit}" if not unit or number >= 99.95 else f"{number:.1f}{unit}"
        number /= 1000
    raise AssertionError


def _number(number: float | None, digits: int) -> str:
    return "-" if number is None or not math.isfinite(number) else f"{number:.{digits}f}"
