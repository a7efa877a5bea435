"""Chess: material, and where the pieces stand; places change their worth as pieces leave the board.

Worth     material and places in hundredths of a pawn, the sum in 24ths of them
Source    Shannon, "Programming a computer for playing chess" (1950), for the plan. The tables are ours, by rules: pawns
          forwards and in the middle, what jumps or slides in the middle, the king at home until the end
"""

import numpy as np
from numba import njit

from agents.alphabeta.heuristics import register
from envs.bits import lowest, size
from envs.board.chess.actions import BISHOP, KING, KNIGHT, PAWN, QUEEN, ROOK
from envs.board.chess.game import CHESS
from envs.board.chess.position import seen_by

MATERIAL = np.array([100, 320, 335, 500, 950, 0])
PAIR = 30  # both bishops
FORCE = np.array([0, 1, 1, 2, 4, 0])  # pieces that make attacks: 24 in the beginning
ALL_FORCE = 24

# [2, 6, 64]: worth of a piece on a square of its own view, a1 = 0, with all pieces on the board and with none left
PLACES = np.zeros((2, 6, 64), np.int64)
for _square in range(64):
    _rank, _file = divmod(_square, 8)
    _from_middle = max(abs(2 * _rank - 7), abs(2 * _file - 7)) // 2  # 0 the four squares in the middle, 3 the edge
    _sideways = abs(2 * _file - 7) // 2
    for _phase in range(2):
        _places = PLACES[_phase]
        _places[PAWN, _square] = (2 + 4 * _phase) * (_rank - 1) + (2 - _sideways) * 6 * (_rank in (2, 3, 4))
        _places[PAWN, _square] += 12 * (_rank - 4) * (_rank > 4)
        _places[KNIGHT, _square] = 20 - 16 * _from_middle
        _places[BISHOP, _square] = 8 - 6 * _from_middle
        _places[ROOK, _square] = 15 * (_rank == 6) + 3 - 2 * _sideways
        _places[QUEEN, _square] = 3 - 2 * _from_middle
    PLACES[0, KING, _square] = -15 * _rank + 12 * (_sideways >= 2) * (_rank == 0)
    PLACES[1, KING, _square] = 30 - 15 * _from_middle


@njit(cache=True)
def evaluate_chess(state):
    force = 0
    for piece in range(KNIGHT, KING):
        force += FORCE[piece] * size(state.pieces[piece])
    force = min(force, ALL_FORCE)  # there may be more queens than in the beginning
    mover = np.int64(state.current_player)
    early, late = _own(state, mover)
    their_early, their_late = _own(state, 1 - mover)
    return (early - their_early) * force + (late - their_late) * (ALL_FORCE - force)


@njit(cache=True)
def _own(state, seat):
    """What the pieces of one side are worth, with all pieces on the board and with none left."""
    early = late = PAIR * (size(state.pieces[BISHOP] & state.sides[seat]) >= 2)
    for piece in range(6):
        squares = seen_by(seat, state.pieces[piece] & state.sides[seat])
        while squares:
            square = lowest(squares)
            early += MATERIAL[piece] + PLACES[0, piece, square]
            late += MATERIAL[piece] + PLACES[1, piece, square]
            squares &= squares - np.uint64(1)
    return early, late


register(CHESS, evaluate_chess)
