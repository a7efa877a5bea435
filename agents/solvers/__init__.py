"""Exact players: the value of every move where a game, or its end, can be solved."""

ILLEGAL = -32768  # in place of the value of an illegal move; no value is as low
