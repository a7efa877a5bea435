"""Legal moves of chess, without trying any: from checks, pins and attacked squares, seen by the side to move.

The board is mirrored for Black, so that the mover's pawns always go up, and its king's own rank is the first.
"""

import numpy as np
from numba import njit

from envs.bits import lowest
from envs.board.chess.actions import (
    ACTION_OF,
    AHEAD,
    AHEAD_LEFT,
    AHEAD_RIGHT,
    AHEAD_TWO,
    BISHOP,
    CASTLE_KINGSIDE,
    CASTLE_QUEENSIDE,
    KING,
    KNIGHT,
    PAWN,
    PLANES,
    QUEEN,
    ROOK,
    UNDERPROMOTIONS,
)
from envs.board.chess.position import seen_by
from envs.board.chess.tables import (
    ALL,
    ANTIDIAGONAL,
    BETWEEN,
    DIAGONAL,
    DIAGONALS,
    FILE,
    LINES,
    NOT_A,
    NOT_H,
    ONE,
    ORTHOGONALS,
    RANK_3,
    RANK_8,
    THROUGH,
    ZERO,
    all_downward_pawn_attacks,
    all_knight_attacks,
    all_slides,
    bishop_attacks,
    rook_attacks,
)
from envs.board.chess.tables import KING as KING_ATTACKS
from envs.board.chess.tables import KNIGHT as KNIGHT_ATTACKS
from envs.board.chess.tables import PAWN as PAWN_ATTACKS

_7, _8, _9 = np.uint64(7), np.uint64(8), np.uint64(9)
_KINGSIDE_WAY = np.uint64(0x60)  # f1, g1: empty and not attacked
_QUEENSIDE_WAY, _QUEENSIDE_WALK = np.uint64(0x0E), np.uint64(0x0C)  # b1, c1, d1 empty; c1, d1 not attacked


@njit(cache=True, inline="always")
def _add(moves, count, square, targets):
    """The moves of one piece. Returns how many moves there are now."""
    while targets:
        moves[count] = ACTION_OF[64 * square + lowest(targets)]
        targets &= targets - ONE
        count += 1
    return count


@njit(cache=True, inline="always")
def _add_pawns(moves, count, targets, step, plane, way):
    """The moves of all pawns that arrive at `targets` from `step` squares below."""
    promoting = targets & RANK_8
    targets &= ~RANK_8
    while targets:
        moves[count] = PLANES * (lowest(targets) - step) + plane
        targets &= targets - ONE
        count += 1
    while promoting:
        first = PLANES * (lowest(promoting) - step)
        promoting &= promoting - ONE
        moves[count] = first + plane
        for piece in range(3):
            moves[count + 1 + piece] = first + UNDERPROMOTIONS + 3 * piece + way
        count += 4
    return count


@njit(cache=True)
def find_moves(state):
    """Fill in `moves`, `num_legal` and `in_check`; `en_passant` becomes -1 unless such a capture is legal."""
    player = state.current_player
    mine, theirs = seen_by(player, state.sides[player]), seen_by(player, state.sides[1 - player])
    pawns, knights = seen_by(player, state.pieces[PAWN]), seen_by(player, state.pieces[KNIGHT])
    queens = seen_by(player, state.pieces[QUEEN])
    oblique, straight = seen_by(player, state.pieces[BISHOP]) | queens, seen_by(player, state.pieces[ROOK]) | queens
    kings = seen_by(player, state.pieces[KING])
    occupied = mine | theirs
    king = lowest(kings & mine)
    moves, count = state.moves, 0

    attacked = (
        all_slides(straight & theirs, oblique & theirs, ~(occupied ^ (ONE << king)))  # a king cannot hide behind itself
        | all_knight_attacks(knights & theirs)
        | all_downward_pawn_attacks(pawns & theirs)
        | KING_ATTACKS[lowest(kings & theirs)]
    )
    checkers = (KNIGHT_ATTACKS[king] & knights & theirs) | (PAWN_ATTACKS[king] & pawns & theirs)
    pinned = ZERO
    snipers = ((ORTHOGONALS[king] & straight) | (DIAGONALS[king] & oblique)) & theirs
    while snipers:
        sniper = lowest(snipers)
        snipers &= snipers - ONE
        shield = BETWEEN[king, sniper] & occupied
        if shield == ZERO:
            checkers |= ONE << sniper
        elif shield & (shield - ONE) == ZERO:
            pinned |= shield & mine
    state.in_check = checkers != ZERO

    count = _add(moves, count, king, KING_ATTACKS[king] & ~mine & ~attacked)
    ep_legal = False
    if checkers & (checkers - ONE) == ZERO:  # in double check only the king moves
        targets = ~mine
        if checkers:
            targets = checkers | BETWEEN[king, lowest(checkers)]
        elif state.castling:
            rights = state.castling >> (2 * player)
            if rights & 1 and (occupied | attacked) & _KINGSIDE_WAY == ZERO:
                moves[count] = CASTLE_KINGSIDE
                count += 1
            if rights & 2 and (occupied & _QUEENSIDE_WAY) | (attacked & _QUEENSIDE_WALK) == ZERO:
                moves[count] = CASTLE_QUEENSIDE
                count += 1

        own = knights & mine & ~pinned
        while own:
            square = lowest(own)
            own &= own - ONE
            count = _add(moves, count, square, KNIGHT_ATTACKS[square] & targets)
        own = oblique & mine
        while own:
            square = lowest(own)
            along = THROUGH[king, square] if pinned >> square & ONE else ALL
            own &= own - ONE
            count = _add(moves, count, square, bishop_attacks(square, occupied) & targets & along)
        own = straight & mine
        while own:
            square = lowest(own)
            along = THROUGH[king, square] if pinned >> square & ONE else ALL
            own &= own - ONE
            count = _add(moves, count, square, rook_attacks(square, occupied) & targets & along)

        # A pinned pawn may go along the line to the king. That line is told by the pawn's place alone.
        own = pawns & mine
        ahead = ((own & (~pinned | LINES[king, FILE])) << _8) & ~occupied
        two = ((ahead & RANK_3) << _8) & ~occupied & targets
        left = ((own & (~pinned | LINES[king, ANTIDIAGONAL]) & NOT_A) << _7) & theirs & targets
        right = ((own & (~pinned | LINES[king, DIAGONAL]) & NOT_H) << _9) & theirs & targets
        count = _add_pawns(moves, count, ahead & targets, 8, AHEAD, 1)
        count = _add_pawns(moves, count, two, 16, AHEAD_TWO, 1)
        count = _add_pawns(moves, count, left, 7, AHEAD_LEFT, 0)
        count = _add_pawns(moves, count, right, 9, AHEAD_RIGHT, 2)

        if state.en_passant >= 0:
            target = np.int64(state.en_passant) ^ (56 * player)
            captured = ONE << (target - 8)
            own &= all_downward_pawn_attacks(ONE << target)
            while own:
                square = lowest(own)
                own &= own - ONE
                after = (occupied ^ (ONE << square) ^ captured) | (ONE << target)  # two pawns leave at once
                safe = (
                    checkers & ~captured & ~(straight | oblique) == ZERO
                    and rook_attacks(king, after) & straight & theirs == ZERO
                    and bishop_attacks(king, after) & oblique & theirs == ZERO
                )
                if safe:
                    moves[count] = ACTION_OF[64 * square + target]
                    count += 1
                    ep_legal = True
    if not ep_legal:
        state.en_passant = -1
    state.num_legal = count
