"""The runs of a study, some at a time, each a process on a core of its own; what was finished is never run again.

work = Work(folder, jobs, parallel=2, tell=print)
failed = work.run(stop)             # {job path: message}; returns early, everything saved, when `stop` is true
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from experiments.compare.one import SCORES
from experiments.compare.plan import Job
from experiments.errors import ExitCode

POLL_SECONDS = 0.5
ERROR_LINES = 12  # of a failed run's log, shown


@dataclass
class _Running:
    job: Job
    process: subprocess.Popen
    log: IO[bytes]
    core: int
    begun: float


class Work:
    def __init__(
        self, folder: Path, jobs: Sequence[Job], parallel: int, instruments: dict[str, Any], positions: Path | None,
        tell: Callable[[str], None],
    ):  # fmt: skip
        self.folder, self.jobs, self.parallel, self.tell = folder, list(jobs), parallel, tell
        self._instruments, self._positions = instruments, positions
        self.failed: dict[str, str] = {}

    def done(self, job: Job) -> bool:
        return (self.folder / job.path / SCORES).exists()

    def run(self, stop: Any) -> dict[str, str]:
        """Raises nothing for a run that fails: the others go on."""
        waiting = [job for job in self.jobs if not self.done(job)]
        finished, running = len(self.jobs) - len(waiting), list[_Running]()
        if finished:
            self.tell(f"{finished} of {len(self.jobs)} runs were finished before")
        try:
            while (waiting and not stop) or running:
                running = [one for one in running if not self._ended(one)]
                while waiting and not stop and len(running) < self.parallel:
                    job = next((job for job in waiting if self._ready(job)), None)
                    if job is None:
                        break
                    waiting.remove(job)
                    running.append(self._start(job, {one.core for one in running}))
                if waiting and not running and not stop:
                    for job in waiting:  # what they were to begin with failed
                        self.failed[job.path] = "the run that it was to begin with failed"
                    break
                time.sleep(POLL_SECONDS)
        finally:
            for one in running:
                one.process.terminate()
        return self.failed

    def _ready(self, job: Job) -> bool:
        return job.after is None or self.done(job.after)

    def _start(self, job: Job, taken: set[int]) -> _Running:
        folder = self.folder / job.path
        folder.mkdir(parents=True, exist_ok=True)
        config = job.config.model_dump(mode="json")
        if job.after:
            config["training"]["start_from"] = last_agent(self.folder / job.after.path)
        described = {
            "folder": str(folder), "config": config, "instruments": self._instruments,
            "positions": str(self._positions) if self._positions else None,
        }  # fmt: skip
        file = folder / "job.json"
        file.write_text(json.dumps(described, indent=1))
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        core = next((core for core in cores if core not in taken), -1)
        log = open(folder / "log.txt", "ab")  # noqa: SIM115 - closed when the process has ended
        process = subprocess.Popen(
            [sys.executable, "-m", "experiments.compare.one", str(file)],
            stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        if core >= 0:
            os.sched_setaffinity(process.pid, {core})
        return _Running(job, process, log, core, time.monotonic())

    def _ended(self, one: _Running) -> bool:
        code = one.process.poll()
        if code is None:
            return False
        one.log.close()
        minutes = (time.monotonic() - one.begun) / 60
        finished = sum(map(self.done, self.jobs))
        if code == ExitCode.DONE and self.done(one.job):
            scores = json.loads((self.folder / one.job.path / SCORES).read_text())["points"]
            shown = ", ".join(f"{name} {value:.3g}" for name, value in list(scores[-1]["scores"].items())[:2])
            self.tell(f"{finished}/{len(self.jobs)}  {one.job.path}: {shown}  ({minutes:.1f} min)")
        elif code not in (ExitCode.INTERRUPTED, ExitCode.TERMINATED, -2, -15):
            text = (self.folder / one.job.path / "log.txt").read_text(errors="replace").splitlines()
            self.failed[one.job.path] = "\n".join(text[-ERROR_LINES:])
            self.tell(f"FAILED  {one.job.path}: {text[-1] if text else f'exit code {code}'}")
        return True

    def interrupt(self) -> None:
        """What runs saves and stops; `run` sees it end."""


def last_agent(folder: Path) -> str:
    """Of a finished run in that folder of a study."""
    return str(json.loads((folder / SCORES).read_text())["points"][-1]["agent"])
