"""The anchors of each game: players that never change, with ratings from a round robin, one JSON file a game.

`python -m experiments.anchors GAME` plays the round robin and writes the file, which says how it was made. Ratings are
in Elo, random = 0; they hold for the game's default settings.
"""

import json
from importlib.resources import files
from typing import Any

from agents.ratings import REFERENCE

FORMAT = 1


def load_anchors(game_id: str) -> dict[str, float]:
    """Elo by agent's name. A game without a file (one of your own) has the random player, which is 0 by definition."""
    found = load_round_robin(game_id)
    return {name: float(elo) for name, elo in found["ratings"].items()} if found else {REFERENCE: 0.0}


def load_round_robin(game_id: str) -> dict[str, Any] | None:
    """Everything in the game's file: ratings, results of each two, how it was made; None without a file."""
    file = files(__name__) / f"{game_id}.json"
    if not file.is_file():
        return None
    found = json.loads(file.read_text())
    if found["format"] != FORMAT or found["game"] != game_id:
        raise ValueError(f"{file}: not the anchors of {game_id} in format {FORMAT}; make them anew")
    return found
