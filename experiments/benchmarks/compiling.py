"""How long a game's first step takes, compiled anew and from the cache: python -m experiments.benchmarks.compiling GAME

As a command: makes the game, steps a batch once, and prints the seconds since the process began. `cold_and_warm` runs
that command twice, with an empty cache and with the one that the first has filled.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

from experiments.benchmarks.worker import WorkerFailed, module, own_environment

SECONDS = 900.0  # after which a compilation is given up


def cold_and_warm(game_id: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """Seconds of wall-clock and of CPU, from the start of a process to the end of its first step."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {**own_environment(environment), "NUMBA_CACHE_DIR": folder}
        return {"game": game_id, "cold": _first_step(game_id, variables), "warm": _first_step(game_id, variables)}


def _first_step(game_id: str, variables: Mapping[str, str]) -> dict[str, float]:
    command = module("compiling", game_id)
    try:
        done = subprocess.run(command, env=dict(variables), capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise WorkerFailed(f"{game_id}: not compiled after {SECONDS:.0f} s") from None
    if done.returncode:
        raise WorkerFailed(f"{game_id}: {(done.stderr.strip().splitlines() or ['ended without a word'])[-1]}")
    return json.loads(done.stdout)


def main(game_id: str) -> None:
    import time

    import psutil

    from envs import make
    from envs.batch import Batch

    batch = Batch(make(game_id), 2)
    batch.step(batch.random_actions())
    process = psutil.Process(os.getpid())
    times = process.cpu_times()
    print(json.dumps({"seconds": time.time() - process.create_time(), "cpu_seconds": times.user + times.system}))


if __name__ == "__main__":
    main(*sys.argv[1:])
