"""Dealing: every ordered draw from a deck has a number, so that a solver can go through all deals of a game."""

import math

from numba import njit


def num_draws(deck: int, drawn: int) -> int:
    """In how many orders `drawn` cards can come from a deck of so many."""
    return math.perm(deck, drawn)


@njit(cache=True)
def draw(index, deck, out):
    """Draw number `index` of `num_draws(deck, len(out))`: out [n] gets cards 0 to deck - 1, each once at most.

    Draws are numbered in the order of their cards: 0 1 2, 0 1 3, ..., 0 2 1, ..."""
    ways, taken, rest = 1, 0, index
    for place in range(out.shape[0]):
        ways *= deck - place
    for place in range(out.shape[0]):
        ways //= deck - place
        skip = rest // ways  # of the cards that are left, so many come before it
        rest -= skip * ways
        card = 0
        while skip > 0 or taken >> card & 1:
            skip -= not taken >> card & 1
            card += 1
        out[place] = card
        taken |= 1 << card
