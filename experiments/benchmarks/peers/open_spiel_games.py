"""OpenSpiel, random legal play: python -m experiments.benchmarks.peers.open_spiel_games GAME cpp|python

cpp     its uniform random bots play whole games inside C++; nobody asks for observations or masks
python  a Python loop over legal_actions(), observation_tensor() and apply_action(), as most users drive it
"""

import random
import sys

from experiments.benchmarks.serving import Channel, serve_play
from experiments.benchmarks.windows import Play


def cpp(game) -> Play:
    import pyspiel

    bots = [pyspiel.make_uniform_random_bot(seat, seat) for seat in range(game.num_players())]
    seeds = iter(range(1, sys.maxsize))

    def play(games: int) -> int:
        moves = 0
        for _ in range(games):
            state = game.new_initial_state()
            pyspiel.evaluate_bots(state, bots, next(seeds) & 0x7FFFFFFF)
            moves += state.move_number()
        return moves

    return play


def python(game) -> Play:
    draw = random.Random(0).random

    def play(games: int) -> int:
        moves = 0
        for _ in range(games):
            state = game.new_initial_state()
            while not state.is_terminal():
                state.observation_tensor()
                legal = state.legal_actions()
                state.apply_action(legal[int(draw() * len(legal))])
                moves += 1
        return moves

    return play


def main(name: str, mode: str) -> None:
    channel = Channel()
    import pyspiel

    game = pyspiel.load_game(name)
    serve_play(channel, {"cpp": cpp, "python": python}[mode](game), ["open_spiel"])


if __name__ == "__main__":
    main(*sys.argv[1:])
