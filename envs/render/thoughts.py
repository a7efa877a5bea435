"""What an agent thought of a position: data alone, made by agents that can tell, drawn by analysis.py."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, eq=False)
class Thoughts:
    """Of whoever is to move in a game with turns. A: the game's actions."""

    state: "np.void"  # a copy of the position
    action: int  # that it chose
    policy: "np.ndarray"  # [A] float, 0 where illegal, sum 1
    value: float  # the return expected for the seat to move
    visits: "np.ndarray | None" = None  # [A] int, how often a search went there; None without one
    line: tuple[int, ...] = ()  # the principal variation: `action` and what should follow; empty without a search
    simulations: int = 0
    seconds: float = 0.0  # that it took, by the clock
