"""python -m tests.real_games.chess FILE      plays every game of a PGN file (plain or .gz) with the rules of chess

Counts illegal moves, games whose recorded result is not that of the mate or draw on the board, and games that went on
after an end that needs no claim. Each is printed with its reason. Exits 1 if a move was illegal.
"""

import argparse
import gzip
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np

from envs import make
from envs.board.chess.position import ENDINGS
from envs.game import step
from envs.notation import NotationError
from envs.notation.chess import ReadGame, read_pgn, write_san

# The laws since 2014 end a game at the fifth repetition and after 75 moves; what a player may claim ends none by itself
GAME = make("chess", claims=False)
RESULTS = {"1-0": 0, "0-1": 1, "1/2-1/2": -1}


class Replay(NamedTuple):
    """What became of a recorded game."""

    ending: str  # of ENDINGS, in the last position
    illegal: str  # the move, or nothing
    mismatch: str  # what the record says otherwise, or nothing
    went_on: str  # after which end there were more moves, or nothing


def replay(game: ReadGame) -> Replay:
    state, went_on = game.states[0].copy(), ""
    for number, action in enumerate(game.actions):
        if action not in state["moves"][: state["num_legal"]]:
            return Replay("", f"ply {number + 1}, {GAME.action_to_string(state, int(action))}", "", went_on)
        if state["ending"] and not went_on:
            went_on = f"{ENDINGS[state['ending']]} before ply {number + 1}, {write_san(state, int(action))}"
        step(state, np.int32(action))
    ending, result = ENDINGS[state["ending"]], game.headers.get("Result", "*")
    mismatch = ""
    if state["ending"] and RESULTS.get(result) != state["winner"]:
        mismatch = f"{ending}, winner {state['winner']}, is recorded as {result}"
    return Replay(ending, "", mismatch, went_on)


def replays(file: TextIO) -> Iterator[tuple[ReadGame, Replay]]:
    for game in read_pgn(GAME, file):
        yield game, replay(game)


def main() -> int:
    parse = argparse.ArgumentParser(prog="python -m tests.real_games.chess", description=(__doc__ or "").split("\n")[0])
    parse.add_argument("file", type=Path)
    path = parse.parse_args().file
    open_text = gzip.open if path.suffix == ".gz" else open
    counts: Counter[str] = Counter()
    plies = 0
    with open_text(path, "rt", encoding="utf-8", errors="replace") as file:
        try:
            for game, found in replays(file):
                plies += len(game.actions)
                counts["games"] += 1
                counts[f"ended by {found.ending}" if found.ending != "on" else "ended by agreement or resignation"] += 1
                for kind in ("illegal", "mismatch", "went_on"):
                    if fault := getattr(found, kind):
                        counts[kind] += 1
                        white, black = game.headers.get("White"), game.headers.get("Black")
                        print(f"{kind}: {white} - {black}, {game.headers.get('Date')}: {fault}")
        except NotationError as error:
            counts["illegal"] += 1
            print(f"illegal, and the file is not read on: {error}")
    print(f"{counts['games']} games, {plies} plies, {counts['illegal']} illegal moves, {counts['mismatch']} mismatches")
    for kind in sorted(kind for kind in counts if kind.startswith("ended")):
        print(f"{counts[kind]:6d} {kind}")
    return 1 if counts["illegal"] or not counts["games"] else 0


if __name__ == "__main__":
    sys.exit(main())
