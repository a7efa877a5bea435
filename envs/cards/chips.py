"""What poker games share: whoever has put in fewer chips must answer, and the loser's chips are the winner's.

The State has `chips` [2], what each seat has put in, and `winner`, -1 while the game is on and where chips are shared.
"""

from numba import njit


@njit(cache=True)
def behind(state, player):
    """Whether the seat has a bet to answer."""
    return state.chips[player] < state.chips[1 - player]


@njit(cache=True)
def rewards(state, out):
    out[0] = out[1] = 0
    if state.winner >= 0:
        loser = 1 - state.winner
        out[state.winner] = state.chips[loser]
        out[loser] = -state.chips[loser]
