"""A running `python -m experiments.run`, its folder as it was left, and whether anything else was."""

import fcntl
import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

from agents.rllib.cluster import PREFIX
from envs import compile_cache


class Command:
    """A running `python -m experiments.run ...`; its lines are read as they come."""

    def __init__(self, folder: Path, *arguments: str):
        (folder / "home").mkdir(exist_ok=True)
        # a home of its own shows what is written there; the compiled rules are found where they are
        environment = {**os.environ, "HOME": str(folder / "home"), "NUMBA_CACHE_DIR": str(compile_cache.FOLDER.parent)}
        self.began = time.time()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "experiments.run", *arguments], cwd=folder, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self.out: list[tuple[float, str]] = []
        self.err: list[tuple[float, str]] = []
        self.seen: list[psutil.Process] = []  # the run's processes, as far as `family` was asked
        streams = ((self.process.stdout, self.out), (self.process.stderr, self.err))
        self._readers = [threading.Thread(target=self._read, args=pair, daemon=True) for pair in streams]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream, lines: list[tuple[float, str]]) -> None:
        for line in stream:
            lines.append((time.time(), line))

    def wait_for(self, pattern: str, seconds: float = 120.0) -> str:
        """The first line of stdout in which it is found."""
        deadline = time.monotonic() + seconds
        while True:
            for _, line in list(self.out):
                if re.search(pattern, line):
                    return line
            assert self.process.poll() is None, f"ended before {pattern!r}: {self.text(self.out)}{self.text(self.err)}"
            assert time.monotonic() < deadline, f"no {pattern!r} in {self.text(self.out)}"
            time.sleep(0.02)

    def family(self) -> list[psutil.Process]:
        """All of the run's processes seen so far."""
        me = psutil.Process(self.process.pid)
        self.seen += [process for process in (me, *me.children(recursive=True)) if process not in self.seen]
        return self.seen

    def finish(self, seconds: float = 120.0) -> tuple[int, str, str]:
        """(exit code, stdout, stderr)."""
        code = self.process.wait(seconds)
        for reader in self._readers:
            reader.join(10)
        return code, self.text(self.out), self.text(self.err)

    @staticmethod
    def text(lines: list[tuple[float, str]]) -> str:
        return "".join(line for _, line in lines)


def run_folders(folder: Path) -> list[Path]:
    return sorted((folder / "runs" / "tiny").iterdir())


def steps_of(run: Path) -> list[int]:
    return [json.loads(line)["step"] for line in (run / "metrics.jsonl").read_text().splitlines()]


def event_steps(run: Path, tag: str) -> list[int]:
    """As TensorBoard shows them."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run / "events"))
    events.Reload()
    return [event.step for event in events.Scalars(tag)]


def assert_nothing_is_left(command: Command, home: Path) -> None:
    """No process, nothing in the home folder but Ray's token, no folder of Ray's that nobody holds."""
    _, alive = psutil.wait_procs(command.seen, timeout=5)
    assert [process.name() for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    assert [str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()] == [".ray/auth_token"]
    for folder in Path("/tmp").glob(f"{PREFIX}*"):
        try:
            lock = os.open(folder, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue  # of a run that is on, or gone just now
        created = folder.stat().st_ctime
        os.close(lock)
        assert created < command.began, f"{folder} was left"


def told_once(run: Path) -> bool:
    """No tag stands twice at a step; a measurement is a row of its own beside the training's."""
    seen: set[tuple[int, str]] = set()
    for line in (run / "metrics.jsonl").read_text().splitlines():
        row = json.loads(line)
        for tag in row.keys() - {"step", "time", "training_seconds"}:
            if (row["step"], tag) in seen:
                return False
            seen.add((row["step"], tag))
    return True
