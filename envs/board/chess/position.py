"""A position of chess: the State, and the hash by which positions are told apart.

Squares are numbered a1 = 0, b1 = 1, ..., h1 = 7, a2 = 8, ..., h8 = 63, whoever is to move; sets of squares are uint64.
"""

import numpy as np
from numba import njit

from envs.bits import reversed_bytes
from envs.board.chess.actions import PAWN
from envs.board.chess.tables import ONE
from envs.game import Setting, settings_dtype

WHITE, BLACK = 0, 1
WHITE_KINGSIDE, WHITE_QUEENSIDE, BLACK_KINGSIDE, BLACK_QUEENSIDE = 1, 2, 4, 8  # bits of `castling`
MOST_MOVES = 222  # no position has more than 218
CLAIMED_CLOCK, LAST_CLOCK = 100, 150  # plies without a pawn move or capture at which a draw may be claimed, and is one
MOST_KEYS = LAST_CLOCK + 1

# how a game ended: `ending`
ON, CHECKMATE, STALEMATE, INSUFFICIENT_MATERIAL, REPETITION, FIFTY_MOVES = range(6)
ENDINGS = ("on", "checkmate", "stalemate", "insufficient material", "repetition", "fifty moves")

SETTINGS = (
    Setting("claims", True, description="draws are claimed at once: at the third repetition and after fifty moves; "
            "without, a game ends at the fifth and after seventy-five, as it must"),
)  # fmt: skip

STATE = np.dtype([  # without gaps: each field begins at a multiple of its size
    ("rng", np.uint64),                 # unused by the rules; openings draw from it
    ("key", np.uint64),                 # the position's hash: pieces, castling, en passant, side to move
    ("pieces", np.uint64, 6),           # where pawns, knights, bishops, rooks, queens, kings of both sides stand
    ("sides", np.uint64, 2),            # where White's pieces stand, and Black's
    ("former_pieces", np.uint64, 6),    # the same a ply earlier, 0 in the first position
    ("former_sides", np.uint64, 2),
    ("settings", settings_dtype(SETTINGS)),
    ("current_player", np.int8),        # 0 White, 1 Black
    ("winner", np.int8),                # -1 while nobody has won
    ("ending", np.int8),                # why the game ended, of ENDINGS; 0 while it is on
    ("castling", np.int8),              # bits 1, 2: White may castle kingside, queenside; 4, 8: Black
    ("en_passant", np.int8),            # the square on which a pawn may be captured in passing, legally; -1 if none
    ("in_check", np.int8),              # whether the side to move is
    ("earlier", np.int8),               # how often the position occurred before
    ("last_from", np.int8),             # the squares of the last move, -1 if there was none
    ("last_to", np.int8),
    ("clock", np.int16),                # plies since the last capture or pawn move
    ("num_moves", np.int16),            # plies since `init` or since the position was read
    ("move_number", np.int16),          # the number of White's move, as in FEN
    ("num_legal", np.int16),
    ("num_keys", np.int16),
    ("moves", np.uint16, MOST_MOVES),   # the legal actions, the first `num_legal` count
    ("keys", np.uint64, MOST_KEYS),     # `num_keys` hashes since a move that cannot be undone, the present one last
    ("chess", np.uint64),               # the game's name makes the dtype its own
])  # fmt: skip

# Zobrist hashing: a random number for each fact, those that hold xored together
_RANDOM = np.random.SeedSequence(1970).generate_state(12 * 64 + 16 + 8 + 1, np.uint64)
PIECE_KEYS = _RANDOM[: 12 * 64]  # at 64 * (6 * side + piece) + square
CASTLING_KEYS = _RANDOM[768:784]
EN_PASSANT_KEYS = _RANDOM[784:792]  # by file
BLACK_KEY = _RANDOM[792]

# [64]: the castling rights that a move from or to the square leaves
RIGHTS_KEPT = np.full(64, 15, np.int8)
RIGHTS_KEPT[[0, 4, 7]] &= np.array([~WHITE_QUEENSIDE, ~(WHITE_QUEENSIDE | WHITE_KINGSIDE), ~WHITE_KINGSIDE], np.int8)
RIGHTS_KEPT[[56, 60, 63]] &= np.array([~BLACK_QUEENSIDE, ~(BLACK_QUEENSIDE | BLACK_KINGSIDE), ~BLACK_KINGSIDE], np.int8)

START = np.array([0x00FF00000000FF00, 0x4200000000000042, 0x2400000000000024, 0x8100000000000081, 0x0800000000000008,
                  0x1000000000000010], np.uint64)  # fmt: skip
START_SIDES = np.array([0xFFFF, 0xFFFF << 48], np.uint64)


@njit(cache=True, inline="always")
def seen_by(player, squares):
    """The set as that side sees the board, its own first rank lowest."""
    return reversed_bytes(squares) if player == BLACK else squares


@njit(cache=True)
def piece_on(pieces, square):
    """0 pawn to 5 king; 0 also where nothing stands. Without branches, since no processor could guess them."""
    piece = np.int64(0)
    for candidate in range(PAWN + 1, 6):
        piece += candidate * np.int64((pieces[candidate] >> square) & ONE)
    return piece


@njit(cache=True)
def compute_key(state):
    """The hash of a position from scratch."""
    key = CASTLING_KEYS[state.castling]
    for side in range(2):
        for piece in range(6):
            for square in range(64):
                if (state.pieces[piece] & state.sides[side]) >> square & ONE:
                    key ^= PIECE_KEYS[64 * (6 * side + piece) + square]
    if state.en_passant >= 0:
        key ^= EN_PASSANT_KEYS[state.en_passant & 7]
    if state.current_player == BLACK:
        key ^= BLACK_KEY
    return key


def pieces(state: np.void) -> np.ndarray:
    """[8, 8] int8, row 0 = rank 1, column 0 = file a: 0 empty, 1..6 White's P N B R Q K, -1..-6 Black's."""
    shifts = np.arange(64, dtype=np.uint64)
    of_piece = (state["pieces"][:, None] >> shifts & ONE).astype(np.int8)  # [6, 64]
    of_side = (state["sides"][:, None] >> shifts & ONE).astype(np.int8)  # [2, 64]
    codes = np.arange(1, 7, dtype=np.int8) @ of_piece
    return (codes * (of_side[WHITE] - of_side[BLACK])).reshape(8, 8)
