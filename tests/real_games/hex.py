"""python -m tests.real_games.hex FILE      replay LittleGolem's games of Hex 13x13, one JSON object a line

A game is {"id": ..., "moves": ["b10", "swap", "d6", ..., "resign"], "result": 1 if seat 0 won, else 0}. The last word
is "resign", of whoever was to move, or "end": joined, or the clock of whoever was to move ran out. What the rules say
must be what the record says: every move is legal, no move follows a joined chain, and who won is who is recorded to
have won. Every mismatch is printed with its reason; the command fails if there is one.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from envs import make
from envs.batch import Batch
from envs.game import Game, IllegalAction

ENDINGS = ("resign", "end")


def actions_by_name(game: Game) -> list[dict[str, int]]:
    """For each seat, what it calls its moves."""
    named = []
    for seat in (0, 1):
        state = game.new_states(1, np.zeros(1, np.uint64))[0]
        state["current_player"] = seat
        named.append({game.action_to_string(state, action): action for action in range(game.num_actions)})
    return named


def mismatch(game: Game, named: list[dict[str, int]], record: dict[str, Any], counts: Counter[str]) -> str | None:
    """Why the rules contradict the record, or None. Counts what was seen."""
    *moves, ending = record["moves"]
    if ending not in ENDINGS:
        return f"ends with '{ending}'"
    batch = Batch(game, 1, autoreset=False)
    for number, move in enumerate(moves, start=1):
        seat = int(batch.states["current_player"][0])
        if batch.terminated[0]:
            return f"move {number}, {move}: the game is over, won by seat {batch.states['winner'][0]}"
        if move not in named[seat]:
            return f"move {number}, {move}: no such move"
        try:
            batch.step(np.array([named[seat][move]]))
        except IllegalAction as error:
            return f"move {number}, {move}: {str(error).partition(';')[0]}"
        counts["moves"] += 1
        counts["swaps"] += move == "swap"
    joined = bool(batch.terminated[0])
    counts["joined" if joined else "resigned" if ending == "resign" else "on time"] += 1
    winner = int(batch.states["winner"][0]) if joined else 1 - int(batch.states["current_player"][0])
    recorded = 1 - record["result"]
    how = "joined the edges" if joined else f"won, as seat {1 - winner} was to move"
    return None if winner == recorded else f"seat {winner} {how}; recorded as won by seat {recorded}"


def replay(path: Path) -> tuple[Counter[str], list[str]]:
    """(counts of games, moves, swaps and how games ended; the mismatches as lines)."""
    game = make("hex_13", swap=True)
    named, counts, mismatches = actions_by_name(game), Counter[str](), []
    for line in path.read_text().splitlines():
        record = json.loads(line)
        counts["games"] += 1
        if reason := mismatch(game, named, record, counts):
            mismatches.append(f"game {record['id']}: {reason}")
    return counts, mismatches


def main() -> int:
    counts, mismatches = replay(Path(sys.argv[1]))
    for line in mismatches:
        print(line)
    print(
        f"{counts['games']} games, {counts['moves']} moves, {counts['swaps']} swaps; {counts['joined']} games joined, "
        f"{counts['resigned']} resigned, {counts['on time']} on time; {len(mismatches)} mismatches"
    )
    return min(len(mismatches), 1)


if __name__ == "__main__":
    sys.exit(main())
