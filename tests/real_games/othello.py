"""python -m tests.real_games.othello FOLDER      replay the WTHOR files (*.wtb) of a folder by our rules

Passes are not written in these files: whoever cannot move passes. A game that breaks the rules, or whose record
contradicts the discs that lie there in the end, is a mismatch; it is printed with the reason, and the command fails.
Some records stop before the end, as where somebody gave up or lost on time; their results cannot be compared.
"""

import sys
from collections import Counter
from pathlib import Path

from envs.notation.wthor import PASS, Replay, WthorGame, read_wthor, replay


def mismatch(game: WthorGame, replayed: Replay, row: int) -> tuple[str, str] | None:
    """(the kind, what differs) of a game that is not as it is recorded."""
    if fault := replayed.faults[row]:
        return f"not allowed: {fault.partition(': ')[2]}", fault
    score = replayed.score(row)
    if score is None or score == game.score:
        return None
    alike = (score > 32) == (game.score > 32) and (score < 32) == (game.score < 32)
    kind = "another score, the same winner" if alike else "another winner"
    return kind, f"{score} discs for Black by our rules, {game.score} in the record"


def main(arguments: list[str]) -> int:
    counts, reasons = Counter[str](), Counter[str]()
    for path in sorted(Path(arguments[0]).glob("*.wtb")):
        games = read_wthor(path.read_bytes())
        replayed = replay(games)
        for row, (game, actions) in enumerate(zip(games, replayed.actions, strict=True)):
            counts["games"] += 1
            counts["moves"] += len(actions)
            counts["passes"] += int((actions == PASS).sum())
            counts["over"] += bool(replayed.states[row]["over"])
            if found := mismatch(game, replayed, row):
                print(f"{path.name}, game {row + 1}: {found[1]}")
                reasons[found[0]] += 1
    print(
        f"{counts['games']} games, {counts['moves']} moves, {counts['passes']} of them passes; "
        f"{counts['over']} to the end, {counts['games'] - counts['over']} stop before it; {reasons.total()} mismatches"
    )
    for reason, number in reasons.most_common():
        print(f"    {number}: {reason}")
    return min(reasons.total(), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
