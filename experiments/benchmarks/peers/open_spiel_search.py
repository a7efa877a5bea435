"""OpenSpiel's tree search from the start: python -m experiments.benchmarks.peers.open_spiel_search GAME SIMULATIONS

All in C++: its MCTSBot, by one game played at random to its end a simulation, and without a solver, which would stop
before all are made.
"""

import sys

from experiments.benchmarks.serving import Channel, serve_play
from experiments.benchmarks.windows import Play

EXPLORATION, MEGABYTES, SEED = 2.0, 1000, 1


def searches(game, simulations: int) -> Play:
    import pyspiel

    evaluator = pyspiel.RandomRolloutEvaluator(1, SEED)
    bot = pyspiel.MCTSBot(game, evaluator, EXPLORATION, simulations, MEGABYTES, False, SEED, False)
    start = game.new_initial_state()
    return lambda repetitions: sum(bot.mcts_search(start).explore_count for _ in range(repetitions))


def main(name: str, simulations: str) -> None:
    channel = Channel()
    import pyspiel

    serve_play(channel, searches(pyspiel.load_game(name), int(simulations)), ["open_spiel"])


if __name__ == "__main__":
    main(*sys.argv[1:])
