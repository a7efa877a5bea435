"""Self-play training of ours, measured from outside: python -m experiments.benchmarks.selfplay_rllib RUNNERS CONFIG

CONFIG is a config (experiments/config.py) as JSON. The algorithm is the one that `experiments.run` trains; an iteration
is one `train()`. Speaks the protocol of serving.py.
"""

import json
import sys
import time
from typing import Any

from agents.cpu import tune_environment

WARM_UP_SECONDS, WARM_UP_ITERATIONS = 2.0, 3


def main(runners: int, settings: dict[str, Any]) -> None:
    tune_environment()  # before numpy and torch
    from experiments.benchmarks.serving import Channel

    channel = Channel()
    from agents.rllib.cluster import ray_session
    from envs import make
    from experiments.assembly import build
    from experiments.config import Config

    config = Config(**settings)
    game = make(config.game.id, **config.game.settings)
    with ray_session(num_cpus=runners + 1):
        algorithm = build(config, game, runners)
        try:
            measure(channel, algorithm, game.id)
        finally:
            algorithm.stop()


def measure(channel: Any, algorithm: Any, game_id: str) -> None:
    from experiments.benchmarks import process_tree
    from experiments.benchmarks.serving import pin_as_told

    def iterate(seconds: float) -> dict[str, Any]:
        """Whole iterations, for as long as that."""
        totals = dict.fromkeys(
            ("steps", "agent_steps", "simulations", "wait_seconds", "learn_seconds", "iterations"), 0.0
        )
        before, begin = process_tree.read(), time.perf_counter()
        while (wall := time.perf_counter() - begin) < seconds:
            algorithm.train()
            report = algorithm.report
            totals["steps"] += report.env_steps
            totals["agent_steps"] += report.agent_steps
            totals["simulations"] += report.sums.get("simulations", 0.0)
            totals["wait_seconds"] += report.seconds["wait"]
            totals["learn_seconds"] += report.seconds["learn"]
            totals["iterations"] += 1
        workers, daemons = process_tree.spent(before, process_tree.read())
        return {**totals, "cpu_seconds": workers + daemons, "daemon_cpu_seconds": daemons, "wall_seconds": wall}

    pin_as_told()  # the driver; Ray's daemons run where they like
    warm_up(algorithm)
    channel.serve(iterate, game=game_id)


def warm_up(algorithm: Any) -> None:
    """Iterations that are not measured: what compiles or allocates once is over after them."""
    begin, done = time.perf_counter(), 0
    while done < WARM_UP_ITERATIONS or time.perf_counter() - begin < WARM_UP_SECONDS:
        algorithm.train()
        done += 1


if __name__ == "__main__":
    main(int(sys.argv[1]), json.loads(sys.argv[2]))
