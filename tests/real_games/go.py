"""python -m tests.real_games.go FILE [SIZE]      replay games of Go, one a line (.gz or plain), on a board of SIZE (19)

A line is a name, a tab and the moves as SGF writes them, ;B[pd];W[dp]... Every game is read as an SGF file is, move by
move by our rules. A move that they do not allow ends the replay of its game; it is printed with the reason, and the
command fails. Whoever played these games may have had another rule for repetition than positional superko. The last
position is compared with that of sgfmill's own board, on which the same moves are played.
"""

import gzip
import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from sgfmill.boards import Board

from envs.notation import NotationError
from envs.notation.sgf import SgfGame, read_sgf


def on_another_board(read: SgfGame, size: int) -> np.ndarray:
    """[size, size] int8, as in the State: the position after these moves by sgfmill, captures and all."""
    board = Board(size)
    for number, action in enumerate(read.actions.tolist()):
        if action < size * size:
            board.play(*divmod(action, size), "bw"[number % 2])
    return np.array([[" bw".index(board.get(r, c) or " ") for c in range(size)] for r in range(size)], np.int8)


def replay(path: Path, size: int) -> tuple[Counter[str], Counter[str], list[str]]:
    """(counts of games, moves, passes and captures; of reasons; the games with a move that is not allowed as lines)."""
    counts, reasons, mismatches = Counter[str](), Counter[str](), []
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for line in text.decode().splitlines():
        name, _, moves = line.partition("\t")
        counts["games"] += 1
        try:
            read = read_sgf(f"(;GM[1]SZ[{size}]{moves})")
        except NotationError as error:
            mismatches.append(f"game {name}: {error}")
            found = re.fullmatch(r"move (\d+), .*: (.*)", str(error))
            counts["moves"] += int(found[1]) - 1 if found else 0
            reasons[re.sub(r"\d+", "N", found[2]) if found else str(error)] += 1
            continue
        if (on_another_board(read, size) != read.states[-1]["board"]).any():
            mismatches.append(f"game {name}: sgfmill has other stones on the board at the end")
            reasons["another position at the end"] += 1
        stones = (read.states["board"] != 0).sum(axis=(1, 2))
        passes = int((read.actions == size * size).sum())
        counts["moves"] += len(read.actions)
        counts["passes"] += passes
        counts["captured"] += len(read.actions) - passes + int(stones[0]) - int(stones[-1])
        counts["to the end"] += bool(read.states[-1]["passes"] == 2)
    return counts, reasons, mismatches


def main(arguments: list[str]) -> int:
    counts, reasons, mismatches = replay(Path(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 19)
    for line in mismatches:
        print(line)
    print(
        f"{counts['games']} games, {counts['moves']} moves, {counts['passes']} passes, {counts['captured']} stones "
        f"captured; {counts['to the end']} games end with two passes; {len(mismatches)} mismatches"
    )
    for reason, number in reasons.most_common():
        print(f"    {number}: {reason}")
    return min(len(mismatches), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
