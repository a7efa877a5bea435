"""Breakthrough: pawns, how far they have come, and who still guards the home row. The weights are ours."""

from numba import njit

from agents.alphabeta.heuristics import register
from envs import make

PAWN, ADVANCE, GUARD = 100, 4, 15  # ADVANCE times the square of the row: the last steps are worth most


@njit(cache=True)
def evaluate_breakthrough(state):
    mover = state.current_player
    return _own(state, mover) - _own(state, 1 - mover)


@njit(cache=True)
def _own(state, seat):
    """What the pawns of one side are worth."""
    _, rows, columns = state.board.shape
    value = PAWN * state.pawns[seat]
    for row in range(rows):
        worth = ADVANCE * row * row if row else GUARD
        for column in range(columns):
            value += worth * (state.board[seat, row, column] == 1)
    return value


for _side in (6, 8):
    register(make(f"breakthrough_{_side}"), evaluate_breakthrough)
