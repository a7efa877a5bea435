"""A match that tests let the command play, and what it left in its folder."""

import json
from pathlib import Path

THREE = ["random", "one_ply", "--game", "tic_tac_toe", "--games", "40"]


def folder(place: Path) -> Path:
    (found,) = (place / "runs" / "match").iterdir()
    return found


def results(of: Path) -> list[dict]:
    return [json.loads(line) for line in (of / "results.jsonl").read_text().splitlines()]
