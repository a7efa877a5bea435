"""Training end to end: this project against stock RLlib, the default run, and how it scales with runners.

Each side is a process of its own (selfplay_rllib.py, stock_rllib.py) with one math thread, and they take turns. What
counts is environment steps per CPU-second, summed over all processes of a side: driver, runners and Ray's own daemons,
alike for both (process_tree.py).
"""

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

from experiments.benchmarks.windows import summary
from experiments.benchmarks.worker import Worker, core_to_keep, module, own_environment

Say = Callable[[str], None]

COUNTED = "CPU-seconds of the driver, its runners and Ray's own daemons; one math thread each"
# The task that both sides learn: 256 games x 16 steps are a train batch of 4096, latest against latest.
CONNECT_FOUR: dict[str, Any] = {
    "name": "benchmark",
    "game": {"id": "connect_four"},
    "network": {"hidden": [128, 128]},
    "algorithm": {"rollout_length": 16, "epochs": 4, "minibatch_size": 512},
    "training": {"num_games": 256},
    "opponents": {"latest": 1.0, "pool": 0.0},
}

SEARCH: dict[str, Any] = {
    "name": "benchmark",
    "game": {"id": "connect_four"},
    "network": {"hidden": [128, 128], "activation": "relu"},
    "algorithm": {"name": "alphazero", "simulations": 32, "cache_megabytes": 0.0},
    "training": {"num_games": 256},
    "opponents": {"latest": 1.0, "pool": 0.0},
}


def against_stock(
    environment: Mapping[str, str], core: int | None, seconds: float, pairs: int, say: Say
) -> dict[str, Any]:
    """Connect Four, no remote runners: windows of stock RLlib and of ours in turns, and the ratio of each pair.

    Both drivers keep to the same core.
    """
    environment = {**own_environment(environment), **core_to_keep(core)}
    with ExitStack() as stack:
        say("training: starting stock RLlib (about 15 s)")
        stock = stack.enter_context(Worker("stock RLlib", module("stock_rllib"), environment))
        say("training: starting ours (about 15 s)")
        command = module("selfplay_rllib", "0", json.dumps(CONNECT_FOUR))
        ours = stack.enter_context(Worker("our training", command, environment))
        windows: dict[str, list[dict[str, Any]]] = {"stock": [], "ours": []}
        for pair in range(pairs):
            for name, worker in (("stock", stock), ("ours", ours)):
                windows[name].append(worker.window(seconds))
            rates = {name: _per_cpu_second(of[-1]) for name, of in windows.items()}
            say(
                f"training connect_four, pair {pair + 1} of {pairs}: stock {rates['stock']:,.0f}, "
                f"ours {rates['ours']:,.0f} env steps per CPU-second, {rates['ours'] / rates['stock']:.1f}x"
            )
    by_side = {name: [_per_cpu_second(one) for one in of] for name, of in windows.items()}
    return {
        "game": "connect_four",
        "counted": COUNTED,
        "unit": "env steps per CPU-second",
        "ours": summary(by_side["ours"]),
        "stock": summary(by_side["stock"]),
        "ratio": summary([mine / theirs for mine, theirs in zip(by_side["ours"], by_side["stock"], strict=True)]),
        "daemon_share": {
            name: sum(one["daemon_cpu_seconds"] for one in of) / sum(one["cpu_seconds"] for one in of)
            for name, of in windows.items()
        },
        "settings": CONNECT_FOUR,
    }


def default_run(
    game_id: str, runners: int, environment: Mapping[str, str], seconds: float, count: int, say: Say
) -> dict[str, Any]:
    """The default config with this game and so many runners: agent steps a second of wall-clock, and the learner's idle
    share, the part of an update that it waits for samples."""
    config = {"name": "benchmark", "game": {"id": game_id}}
    say(f"training {game_id} with {runners} runner{'' if runners == 1 else 's'} (about 15 s to start)")
    command = module("selfplay_rllib", str(runners), json.dumps(config))
    with Worker(f"training {game_id}", command, own_environment(environment)) as worker:
        windows = [worker.window(seconds) for _ in range(count)]
    wall = [one["wall_seconds"] for one in windows]
    return {
        "game": game_id,
        "runners": runners,
        "counted": COUNTED,
        "env_steps_per_second": summary([one["steps"] / t for one, t in zip(windows, wall, strict=True)]),
        "agent_steps_per_second": summary([one["agent_steps"] / t for one, t in zip(windows, wall, strict=True)]),
        "agent_steps_per_cpu_second": summary([one["agent_steps"] / one["cpu_seconds"] for one in windows]),
        "learner_idle_share": summary(
            [one["wait_seconds"] / (one["wait_seconds"] + one["learn_seconds"]) for one in windows]
        ),
    }


def search_run(runners: int, environment: Mapping[str, str], seconds: float, count: int, say: Say) -> dict[str, Any]:
    """AlphaZero at Connect Four, as SEARCH says: simulations a second of wall-clock while the driver learns."""
    say(f"training connect_four by search with {runners} runner{'' if runners == 1 else 's'} (about 15 s to start)")
    command = module("selfplay_rllib", str(runners), json.dumps(SEARCH))
    with Worker("training by search", command, own_environment(environment)) as worker:
        windows = [worker.window(seconds) for _ in range(count)]
    return {
        "game": "connect_four",
        "runners": runners,
        "counted": COUNTED,
        "simulations_per_second": summary([one["simulations"] / one["wall_seconds"] for one in windows]),
        "env_steps_per_second": summary([one["steps"] / one["wall_seconds"] for one in windows]),
        "learner_idle_share": summary(
            [one["wait_seconds"] / (one["wait_seconds"] + one["learn_seconds"]) for one in windows]
        ),
        "settings": SEARCH,
    }


def scaling_steps(most: int) -> list[int]:
    """1, 2, 4, ... and the most itself."""
    steps = [1]
    while 2 * steps[-1] < most:
        steps.append(2 * steps[-1])
    return steps if steps[-1] == most else [*steps, most]


def _per_cpu_second(window: Mapping[str, Any]) -> float:
    return window["steps"] / window["cpu_seconds"]
