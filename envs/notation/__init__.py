"""Positions and games from and to the formats of each field; libraries are imported on first use.

    moves.py    a game as a line of its moves, for every game with turns

Others are named after the game or the format. What cannot be read raises NotationError, which says where.
"""


class NotationError(ValueError):
    """A text that is no position, move or game; the message says where it is wrong and what would be right."""
