"""Go: whose area each point would be if it were whoever's is nearer, stones about to be taken, liberties, eyes.

Source    The nearer side holds a point: Voronoi regions of the board's distance, as in many early programs (Bouzy and
          Cazenave, "Computer Go: an AI oriented survey", 2001). The weights, in hundredths of a point, are ours
"""

import numpy as np
from numba import njit

from agents.alphabeta.heuristics import register
from envs.bits import size as count_bits
from envs.board.go import GO
from envs.board.go_groups import spread

POINT, LIBERTY, EYE = 100, 8, 30
TAKEN, IN_DANGER = 110, 40  # a stone in atari of the side that is not to move, and of the side that is


@njit(cache=True)
def evaluate_go(state):
    width, words, mover = state.board.shape[0] + 1, state.empty.shape[0], np.int64(state.current_player)
    mine, theirs = state.stones[mover], state.stones[1 - mover]
    value = POINT * _area(state, mine, theirs)
    occupied = np.empty((2, words), np.uint64)
    for k in range(words):
        occupied[0, k], occupied[1, k] = state.empty[k] | theirs[k], state.empty[k] | mine[k]
    for k in range(words):
        empty, atari = state.empty[k], state.atari[k]
        value += LIBERTY * (count_bits(spread(mine, k, width) & empty) - count_bits(spread(theirs, k, width) & empty))
        value += EYE * count_bits(empty & spread(mine, k, width) & ~spread(occupied[0], k, width))
        value -= EYE * count_bits(empty & spread(theirs, k, width) & ~spread(occupied[1], k, width))
        value += TAKEN * count_bits(theirs[k] & atari) - IN_DANGER * count_bits(mine[k] & atari)
    return value


@njit(cache=True)
def _area(state, mine, theirs):
    """Points nearer to stones of the first side less those nearer to the second's, stones included."""
    width, words = state.board.shape[0] + 1, state.empty.shape[0]
    reached, ring = np.empty((2, words), np.uint64), np.empty((2, words), np.uint64)
    free = np.empty(words, np.uint64)
    for k in range(words):
        reached[0, k], reached[1, k], free[k] = mine[k], theirs[k], state.empty[k]
    grown = True
    while grown:
        grown = False
        for k in range(words):
            ring[0, k], ring[1, k] = spread(reached[0], k, width) & free[k], spread(reached[1], k, width) & free[k]
        for k in range(words):
            both = ring[0, k] & ring[1, k]
            reached[0, k] |= ring[0, k] ^ both
            reached[1, k] |= ring[1, k] ^ both
            free[k] ^= ring[0, k] | ring[1, k]
            grown |= ring[0, k] | ring[1, k] != 0
    area = 0
    for k in range(words):
        area += count_bits(reached[0, k]) - count_bits(reached[1, k])
    return area


for _game in GO.values():
    register(_game, evaluate_go)
