"""Progress: the same eight columns as plain lines and as a live table."""

import io

import pytest

from experiments.config import Config
from experiments.progress import Progress, _clock, _count

CONFIG = Config(name="x", training={"minutes": 10, "env_steps": 1_000_000})
RESULTS = {
    "rating": 210.4, "rating_low": 180.0, "rating_high": 250.0, "win_rates": {"scripted:L2": 0.8, "scripted:L5": 0.425},
    "seconds": 3.14,
}  # fmt: skip


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_plain_lines():
    out = io.StringIO()
    with Progress(CONFIG, out) as progress:
        progress.say("starting Ray (about 5 s)")
        progress.update({"training_seconds": 0.0, "env_steps": 0, "steps_per_second": 0.0, "entropy": 1.95})
        progress.update({"training_seconds": 60.0, "env_steps": 200_000, "steps_per_second": 3.2e4, "game_length": 88})
        progress.evaluation(RESULTS)
        progress.settle()
    assert out.getvalue().splitlines() == [
        "starting Ray (about 5 s)",
        "0:00  0 steps  0 steps/s  length -  rating -  vs L5 -  entropy 1.95  left 10:00",
        "measured in 3.1 s (not counted as training): rating +210 ±35; wins against scripted:L2 80%, scripted:L5 42%",
        "1:00  200 k steps  32.0 k steps/s  length 88.0  rating +210 ±35  vs L5 42%  entropy 1.95  left 4:00",
    ]


def test_lines_come_at_most_every_ten_seconds(monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    monkeypatch.setattr("experiments.progress.time.monotonic", lambda: now[0])
    out = io.StringIO()
    progress = Progress(CONFIG, out)
    for second in range(31):
        now[0] = float(second)
        progress.update({"training_seconds": float(second)})
    assert [line.split()[0] for line in out.getvalue().splitlines()] == ["0:00", "0:10", "0:20", "0:30"]


def test_at_most_eight_columns_and_the_strongest_opponent():
    progress = Progress(CONFIG, io.StringIO())
    assert list(progress.cells()) == ["time", "steps", "steps/s", "length", "rating", "vs L5", "entropy", "left"]
    assert set(progress.cells().values()) == {"-"}
    progress.update({"goals_per_game": 2.25})
    progress.evaluation({"win_rates": {"scripted:L2": 1.0}})
    cells = progress.cells()
    assert len(cells) == 8
    assert (cells["goals"], cells["vs L2"]) == ("2.2", "100%")


def test_the_time_left_counts_to_the_nearer_bound():
    progress = Progress(CONFIG, io.StringIO())
    progress.update({"training_seconds": 300.0, "env_steps": 500_000})  # as after a resume: its speed is not known yet
    assert progress.cells()["left"] == "5:00"
    progress.update({"training_seconds": 310.0, "env_steps": 600_000})
    assert progress.cells()["left"] == "0:40"  # 400 k steps at 10 k/s
    progress.update({"training_seconds": 900.0})
    assert progress.cells()["left"] == "0:00"


def test_a_terminal_shows_a_table_that_stays(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = Terminal()
    with Progress(CONFIG, out) as progress:
        progress.say("compiling the rules [first time only]")
        progress.update({"training_seconds": 60.0, "env_steps": 200_000, "steps_per_second": 3.2e4})
        progress.evaluation(RESULTS)
        progress.update({"training_seconds": 70.0})
    text = out.getvalue()
    assert "compiling the rules [first time only]\n" in text
    last = text[text.rindex("time") :]
    for part in ("steps/s", "+210 ±35", "42%", "200 k", "1:10"):
        assert part in last
    assert text.endswith("\x1b[?25h")  # the cursor is back


def test_no_color(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()
    with Progress(CONFIG, out) as progress:
        progress.update({"training_seconds": 60.0})
    colours = [
        part for part in out.getvalue().split("\x1b[")[1:] if part.partition("m")[0].split(";")[0] in ("3", "38")
    ]
    assert not colours
    assert "1:00" in out.getvalue()


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "dumb")
    out = Terminal()
    with Progress(CONFIG, out) as progress:
        progress.update({"training_seconds": 60.0})
    assert "\x1b" not in out.getvalue()
    assert "1:00" in out.getvalue()


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (999.7, "1.0 k"), (1000, "1.0 k"), (99_949, "99.9 k"), (150_000, "150 k"),
     (999_700, "1.0 M"), (15_600_000, "15.6 M"), (2e9, "2.0 G"), (None, "-"), (float("nan"), "-")],
)  # fmt: skip
def test_counts(number: float | None, text: str):
    assert _count(number) == text


def test_clock():
    assert [_clock(seconds) for seconds in (0, 59.9, 61, 3600, None)] == ["0:00", "0:59", "1:01", "1:00:00", "-"]
