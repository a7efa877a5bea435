"""python -m tests.envs.board.chess_perft FILE [--depth N]     counts games from each position of a file

The file, plain or .gz, has lines `epd POSITION` and after each `perft DEPTH COUNT` for some depths; those of up to N
(default 4) are compared. Exits 1 if a count differs. Positions of other games than chess, as those with castling of
Chess960, are named and left out.
"""

import argparse
import gzip
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numba import njit

from envs import make
from envs.game import step
from envs.notation import NotationError
from envs.notation.chess import read_fen

GAME = make("chess")


def perft(position: np.ndarray, depth: int) -> int:
    """Games of `depth` legal moves from there, states [1]; draws by rule do not end them."""
    return _count(position.repeat(depth + 1), np.zeros(depth + 1, np.int64), depth)


@njit(cache=True)
def _count(states, tried, depth):
    """The positions of one game lie in states [depth + 1]; those before the last move are counted, not played."""
    total = level = 0
    tried[0] = 0
    while level >= 0:
        if level + 1 == depth:
            total += states[level].num_legal
            level -= 1
        elif tried[level] == states[level].num_legal:
            level -= 1
        else:
            action = states[level].moves[tried[level]]
            tried[level] += 1
            level += 1
            states[level] = states[level - 1]
            step(states[level], np.int32(action))
            tried[level] = 0
    return total


def positions(lines: Iterable[str]) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """(position, [(depth, count), ...]) of each entry."""
    position, counts = "", []
    for line in lines:
        kind, _, rest = line.strip().partition(" ")
        if kind == "epd":
            if position:
                yield position, counts
            position, counts = rest.strip(), []
        elif kind == "perft":
            depth, count = map(int, rest.split())
            counts.append((depth, count))
    if position:
        yield position, counts


def main() -> int:
    parse = argparse.ArgumentParser(prog="python -m tests.envs.board.chess_perft", description=__doc__.split("\n")[0])
    parse.add_argument("file", type=Path)
    parse.add_argument("--depth", type=int, default=4)
    arguments = parse.parse_args()
    open_text = gzip.open if arguments.file.suffix == ".gz" else open
    read = compared = differing = nodes = 0
    left_out = []
    started = time.process_time()
    with open_text(arguments.file, "rt") as file:
        for position, counts in positions(file):
            try:
                state = read_fen(GAME, position)
            except NotationError as error:
                left_out.append(str(error))
                continue
            read += 1
            for depth, count in counts:
                if depth <= arguments.depth:
                    found = perft(state, depth)
                    compared, nodes = compared + 1, nodes + found
                    if found != count:
                        differing += 1
                        print(f"depth {depth}: {found} instead of {count}: {position}")
    seconds = time.process_time() - started
    for reason in left_out:
        print(f"left out: {reason}")
    print(f"{read} positions, {compared} counts, {differing} differ; {nodes} games in {seconds:.1f} CPU-seconds")
    return 1 if differing or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
