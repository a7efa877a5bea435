"""A measurement in a process of its own: the parent's end of the pipe (serving.py is the child's)."""

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 300.0  # Ray, JAX and a first compilation are slow on a busy machine
ANSWER_SECONDS = 300.0
LEAVE_SECONDS = 20.0  # Ray takes a few to stop


class WorkerFailed(RuntimeError):
    """The process ended, or did not answer; the message is one line, with the last that it said."""


class Worker:
    """Runs `command`; `about` is what it said of itself once it was ready.

    with Worker("stock RLlib", [sys.executable, "-m", "experiments.benchmarks.stock_rllib"]) as worker:
        window = worker.window(seconds=5)
    """

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None):
        self.name = name
        self.about: dict[str, Any] = {}
        self._log = tempfile.TemporaryFile(mode="w+", errors="replace")  # noqa: SIM115  closed by close()
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                text=True,
                env=dict(environment) if environment is not None else None,
                start_new_session=True,  # Ctrl-C reaches the parent alone, which ends the children in order
            )
        except OSError as error:
            self._log.close()
            raise WorkerFailed(f"{name}: {command[0]} cannot be run ({error.strerror})") from None
        try:
            self.about = self._answer(READY_SECONDS)
        except BaseException:
            self.close(at_once=True)
            raise

    def window(self, seconds: float) -> dict[str, Any]:
        """What the process measured in about so many seconds."""
        assert self._process.stdin
        with suppress(OSError):  # it may have died: reading says so
            self._process.stdin.write(f"{seconds}\n")
            self._process.stdin.flush()
        return self._answer(ANSWER_SECONDS + 20 * seconds)

    def _answer(self, seconds: float) -> dict[str, Any]:
        assert self._process.stdout
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        line = self._process.stdout.readline() if ready else ""
        if not line:
            raise WorkerFailed(f"{self.name}: {self._last_words() if ready else f'no answer in {seconds:.0f} s'}")
        return json.loads(line)

    def _last_words(self) -> str:
        self._process.wait(LEAVE_SECONDS)
        self._log.seek(0)
        lines = [line.strip() for line in self._log.read().splitlines() if line.strip()]
        return lines[-1][:300] if lines else f"ended with exit code {self._process.returncode}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        self.close(at_once=kind is not None)

    def close(self, at_once: bool = False) -> None:
        """End the process and all that it started. It leaves by itself when its stdin ends, once it has answered."""
        import psutil

        process, family = self._process, []
        if process.poll() is None:
            family = psutil.Process(process.pid).children(recursive=True)
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):  # it may have died with something unread
                if stream:
                    stream.close()
        for end in (process.terminate, process.kill) if at_once else (process.poll, process.terminate, process.kill):
            end()
            try:
                process.wait(LEAVE_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue
        _, alive = psutil.wait_procs(family, LEAVE_SECONDS)  # Ray's processes follow their driver by themselves
        for relative in alive:
            with suppress(psutil.NoSuchProcess):
                relative.kill()
        self._log.close()


def own_environment(base: Mapping[str, str]) -> dict[str, str]:
    """For a child that runs this project: one math thread, and the project importable."""
    path = os.pathsep.join(filter(None, [str(ROOT), base.get("PYTHONPATH", "")]))
    return {**base, **ONE_THREAD, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore"}


def core_to_keep(core: int | None) -> dict[str, str]:
    """Environment variables that tell a child its core (serving.py)."""
    return {} if core is None else {"BENCHMARK_CORE": str(core)}


def module(name: str, *arguments: str, python: str = sys.executable) -> list[str]:
    """The command line of one of these modules."""
    return [python, "-m", f"experiments.benchmarks.{name}", *arguments]


ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
