"""PettingZoo's own games, random legal play: python -m experiments.benchmarks.peers.pettingzoo_games connect_four_v3"""

import importlib
import random
import sys
import warnings
from typing import Any

from experiments.benchmarks.serving import Channel, serve_play
from experiments.benchmarks.windows import Play


def aec_play(env: Any) -> Play:
    """The loop of PettingZoo's manual, whole games of any AEC environment; the last calls, with None, are no moves."""
    draw = random.Random(0).random

    def play(games: int) -> int:
        moves = 0
        for _ in range(games):
            env.reset()
            for _ in env.agent_iter():
                observation, _, terminated, truncated, _ = env.last()
                if terminated or truncated:
                    env.step(None)
                    continue
                legal = observation["action_mask"].nonzero()[0]
                env.step(int(legal[int(draw() * len(legal))]))
                moves += 1
        return moves

    return play


def classic(name: str) -> Any:
    """The module of one of PettingZoo's board games."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a newer way to make environments
        return importlib.import_module(f"pettingzoo.classic.{name}")


def main(name: str) -> None:
    channel = Channel()
    warnings.simplefilter("ignore")
    serve_play(channel, aec_play(classic(name).env()), ["pettingzoo"])


if __name__ == "__main__":
    main(sys.argv[1])
