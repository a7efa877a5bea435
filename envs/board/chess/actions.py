"""The 8 x 8 x 73 = 4672 actions of chess, as the side to move sees the board.

Action a = 73 * square + plane. `square` is where the piece stands, 8 * rank + file, counted from the mover's own first
rank: for White a1 = 0, h1 = 7, a8 = 56; for Black the ranks are mirrored, a8 = 0, h8 = 7, a1 = 56, files stay.

plane    0..55   7 * direction + distance - 1: as a queen goes. Directions are clockwise from straight ahead: 0 ahead,
                 1 ahead right, 2 right, 3 back right, 4 back, 5 back left, 6 left, 7 ahead left; distance 1..7.
                 Castling is the king going two squares; a pawn that reaches the last rank becomes a queen
        56..63   a knight's jumps, clockwise from two ahead and one right
        64..72   64 + 3 * piece + way: a pawn becomes a knight (0), bishop (1) or rook (2), going ahead left (0),
                 ahead (1) or ahead right (2)

Written as UCI (e2e4, e7e8q, e1g1). Actions that leave the board exist only as numbers, and are written as the square
and the step in files and ranks, a1(-1,+1).

Source: Silver et al., "Mastering chess and shogi by self-play with a general reinforcement learning algorithm" (2017),
table S2
"""

import numpy as np

from envs.board.chess.tables import DIRECTIONS, KNIGHT_JUMPS, moved

PLANES = 73
NUM_ACTIONS = 64 * PLANES
PAWN, KNIGHT, BISHOP, ROOK, QUEEN, KING = range(6)
KNIGHT_PLANES, UNDERPROMOTIONS = 56, 64  # the first plane of each kind
AHEAD, AHEAD_TWO, AHEAD_RIGHT, AHEAD_LEFT = 7 * 0, 7 * 0 + 1, 7 * 1, 7 * 7
CASTLE_KINGSIDE, CASTLE_QUEENSIDE = 4 * PLANES + 7 * 2 + 1, 4 * PLANES + 7 * 6 + 1  # the king from e1 by two

# [73]: (files to the right, ranks up, what a pawn becomes or 0 if the plane does not say)
STEPS = (
    *((right * distance, up * distance, 0) for right, up in DIRECTIONS for distance in range(1, 8)),
    *((right, up, 0) for right, up in KNIGHT_JUMPS),
    *((way, 1, piece) for piece in (KNIGHT, BISHOP, ROOK) for way in (-1, 0, 1)),
)


def _tables() -> tuple[np.ndarray, np.ndarray]:
    decoded, action_of = np.zeros(NUM_ACTIONS, np.uint16), np.zeros(64 * 64, np.uint16)
    for square in range(64):
        for plane, (right, up, piece) in enumerate(STEPS):
            target = moved(square, right, up)
            if target >= 0:
                decoded[square * PLANES + plane] = square | target << 6 | piece << 12
                if not piece:
                    action_of[square * 64 + target] = square * PLANES + plane
    return decoded, action_of


# DECODED [4672]: from | to << 6 | what a pawn becomes << 12; ACTION_OF [64 * 64]: the action that goes from one square
# to another as queens and knights do, at 64 * from + to. Both as the side to move sees the board.
DECODED, ACTION_OF = _tables()


def action_of_move(player: int, origin: int, target: int, promoted: int = 0) -> int:
    """The action by which that seat goes from square to square (a1 = 0); `promoted` is KNIGHT, ..., QUEEN or 0."""
    flip = 56 if player else 0
    if KNIGHT <= promoted <= ROOK:
        return PLANES * (origin ^ flip) + UNDERPROMOTIONS + 3 * (promoted - KNIGHT) + target % 8 - origin % 8 + 1
    return int(ACTION_OF[64 * (origin ^ flip) + (target ^ flip)])


def square_name(square: int) -> str:
    return "abcdefgh"[square % 8] + str(square // 8 + 1)


def action_to_string(state: np.void, action: int) -> str:
    """UCI, distinct for every action; what leaves the board is written as a step, a1(-1,+1)."""
    flip = 56 if state["current_player"] else 0
    square, plane = divmod(int(action), PLANES)
    right, up, piece = STEPS[plane]
    target, origin = moved(square, right, up), square ^ flip
    if piece:
        becomes = " nbr"[piece]
    else:
        is_pawn = int(state["pieces"][PAWN]) >> origin & 1
        becomes = "q" if is_pawn and target >= 56 else ""
    if target < 0:
        return f"{square_name(origin)}({right:+d},{-up if flip else up:+d}){becomes}"
    return square_name(origin) + square_name(target ^ flip) + becomes
