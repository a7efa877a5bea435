"""What a position that is not over is worth to the seat to move: `evaluate`, a verb for the search.

    evaluate(state) -> int        larger is better for state.current_player; less than 10^8 either way

Bound to a State's dtype as the rules are (envs/game.py): `register(game, function)`. Both sides' parts are summed and
subtracted, so that swapping the sides turns the sign, but for what the move itself is worth. A game without a rule of
its own is worth 0 everywhere: the search then sees wins and losses alone.
"""

from collections.abc import Callable

import numba
import numpy as np
from numba import types
from numba.extending import overload

from envs import compile_cache
from envs.game import Game

_rules: dict[types.Record, Callable] = {}
_rules_of_dtype: dict[np.dtype, Callable] = {}


def register(game: Game, rule: Callable) -> None:
    """Bind a compiled function of one State, which returns a whole number, to the game's State."""
    _rules[numba.from_dtype(game.state_dtype)] = _rules_of_dtype[game.state_dtype] = rule


def ply_dtype(game: Game) -> np.dtype:
    """What the search remembers at one ply: the action that last refuted a line there, or -1.

    A second field is named after the hash of the sources of the game's rule. Being part of a type that compiled code is
    looked up by, it keeps a search compiled before an edit of the rule from being used after it.
    """
    rule = _rules_of_dtype.get(game.state_dtype)
    sources = compile_cache.sources_outside([getattr(rule, "py_func", rule).__module__]) if rule else []
    return np.dtype([("killer", np.int32), (f"evaluation_{compile_cache.fingerprint(sources)}", np.int8)])


def evaluate(state) -> int:
    """From Python, for one record; compiled code gets the overload below."""
    rule = _rules_of_dtype.get(state.dtype)
    return int(rule(state)) if rule else 0


@overload(evaluate, inline="always")
def _(state):
    if not isinstance(state, types.Record):
        return None
    rule = _rules.get(state)
    return (lambda state: rule(state)) if rule else (lambda state: 0)
