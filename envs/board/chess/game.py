"""Chess by FIDE's laws, as far as a program can decide them.

Squares      a1 = 0, b1 = 1, ..., h1 = 7, a2 = 8, ..., h8 = 63; seat 0 is White
Action a     8 x 8 x 73 of them, as the side to move sees the board: actions.py; written as UCI, e2e4, e7e8q
Draws        stalemate; a dead position by material: nothing but kings and one knight, or kings and bishops that all
             stand on squares of one colour; by default also the third occurrence of a position and fifty moves without
             pawn move or capture, as if claimed at once; with the setting `claims` false the fifth and seventy-five.
             A position is the same if pieces, side to move, castling rights and the legal captures in passing are.
             Mate comes before all of them. After 1024 plies a game is truncated
Observation  [33, 8, 8] uint8, 0 or 1, as the player sees the board, its own first rank first (mirrored for Black):
              0..5   my pawns, knights, bishops, rooks, queens, king      6..11  theirs
             12..23  the same a ply earlier; nothing in the first position
             24      all 1 if the position occurred before                25      if it did so twice or more often
             26, 27  all 1 if I may still castle kingside, queenside      28, 29  if they may
             30      the square on which a pawn may be captured in passing
             31      how near the draw by fifty moves is, as a board that fills: the first 64 * clock // limit squares
             32      the same of the 1024 plies
             One earlier position, not seven as in AlphaZero: the rules need none beyond planes 24 and 25, the last move
             can be seen from it, and every further one would add 768 bytes to what is written each ply
Rewards      +1 winner, -1 loser, 0 draw, 0 before the end
Source       FIDE Laws of Chess (2023), articles 3, 5.1, 5.2, 9.2, 9.3, 9.6; rules that need an arbiter are left out
"""

import numpy as np
from numba import njit

from envs.bits import size, unpack
from envs.board.chess.actions import DECODED, KING, NUM_ACTIONS, PAWN, QUEEN, ROOK, action_to_string, square_name
from envs.board.chess.moves import find_moves
from envs.board.chess.position import (
    BLACK_KEY,
    CASTLING_KEYS,
    CHECKMATE,
    CLAIMED_CLOCK,
    EN_PASSANT_KEYS,
    FIFTY_MOVES,
    INSUFFICIENT_MATERIAL,
    LAST_CLOCK,
    MOST_KEYS,
    ON,
    PIECE_KEYS,
    REPETITION,
    RIGHTS_KEPT,
    SETTINGS,
    STALEMATE,
    START,
    START_SIDES,
    STATE,
    WHITE,
    compute_key,
    piece_on,
    pieces,
    seen_by,
)
from envs.board.chess.tables import ALL, DARK, ONE, ZERO
from envs.game import Dynamics, Game, register
from envs.random_stream import randint

MAX_PLIES = 1024
PLANES = 33


@njit(cache=True)
def init(state):
    state.pieces[:] = START
    state.sides[:] = START_SIDES
    state.castling = 15
    state.en_passant = -1
    state.current_player = WHITE
    state.clock = 0
    state.move_number = 1
    begin(state)


@njit(cache=True)
def begin(state):
    """Make the rest of the State fit the position in it, as the first of a game."""
    state.former_pieces[:] = 0
    state.former_sides[:] = 0
    state.moves[:] = 0
    state.keys[:] = 0
    state.num_moves = 0
    state.last_from = state.last_to = -1
    find_moves(state)
    state.num_keys = 0
    state.key = compute_key(state)
    _judge(state)


@njit(cache=True, inline="always")
def _toggle(state, side, piece, square):
    """Put a piece there, or take it away."""
    state.pieces[piece] ^= ONE << square
    state.sides[side] ^= ONE << square
    state.key ^= PIECE_KEYS[64 * (6 * side + piece) + square]


@njit(cache=True)
def step(state, action):
    player = np.int64(state.current_player)
    other = 1 - player
    move = np.int64(DECODED[action])
    origin, target = (move & 63) ^ (56 * player), (move >> 6 & 63) ^ (56 * player)
    for i in range(6):
        state.former_pieces[i] = state.pieces[i]
    state.former_sides[0], state.former_sides[1] = state.sides[0], state.sides[1]

    piece = piece_on(state.pieces, origin)
    old_castling = state.castling
    state.castling &= RIGHTS_KEPT[origin] & RIGHTS_KEPT[target]
    old_en_passant = np.int64(state.en_passant)
    state.en_passant = -1
    quiet = piece != PAWN
    if state.sides[other] >> target & ONE:
        _toggle(state, other, piece_on(state.pieces, target), target)
        quiet = False
    _toggle(state, player, piece, origin)
    if piece == PAWN:
        if target == old_en_passant:
            _toggle(state, other, PAWN, target ^ 8)  # the pawn that passed stands beside, one rank back
        elif target - origin == 16 or origin - target == 16:
            state.en_passant = (origin + target) >> 1  # find_moves takes it back if nothing can capture
        elif target >= 56 or target < 8:
            piece = move >> 12 if move >> 12 else QUEEN
    elif piece == KING and (target - origin == 2 or origin - target == 2):
        kingside = target > origin
        _toggle(state, player, ROOK, target + 1 if kingside else target - 2)
        _toggle(state, player, ROOK, target - 1 if kingside else target + 1)
    _toggle(state, player, piece, target)

    state.last_from, state.last_to = origin, target
    state.current_player = other
    state.num_moves += 1
    state.move_number += player
    state.clock = state.clock + 1 if quiet else 0
    find_moves(state)
    key = state.key ^ BLACK_KEY ^ CASTLING_KEYS[old_castling] ^ CASTLING_KEYS[state.castling]
    if old_en_passant >= 0:
        key ^= EN_PASSANT_KEYS[old_en_passant & 7]
    if state.en_passant >= 0:
        key ^= EN_PASSANT_KEYS[state.en_passant & 7]
    state.key = key
    if not quiet or old_castling != state.castling:  # nothing earlier can come again
        state.num_keys = 0
    _judge(state)


@njit(cache=True)
def _judge(state):
    """Count the position, and say whether the game is over and why."""
    newest, key = state.num_keys, state.key
    earlier = 0
    for i in range(newest - 4, -1, -2):
        earlier += state.keys[i] == key
    state.earlier = earlier
    if newest < MOST_KEYS:  # else the game was over long ago
        state.keys[newest] = key
        state.num_keys = newest + 1

    claims = state.settings.claims
    state.winner = -1
    state.ending = ON
    if state.num_legal == 0 and state.in_check:
        state.ending = CHECKMATE
        state.winner = 1 - state.current_player
    elif _is_dead(state):
        state.ending = INSUFFICIENT_MATERIAL
    elif state.num_legal == 0:
        state.ending = STALEMATE
    elif state.clock >= (CLAIMED_CLOCK if claims else LAST_CLOCK):
        state.ending = FIFTY_MOVES
    elif earlier >= (2 if claims else 4):
        state.ending = REPETITION


@njit(cache=True)
def _is_dead(state):
    """Whether no moves at all could mate, by material."""
    pawns, knights, bishops, rooks, queens = (
        state.pieces[0], state.pieces[1], state.pieces[2], state.pieces[3], state.pieces[4]
    )  # fmt: skip
    if pawns | rooks | queens:
        return False
    if knights:
        return bishops == ZERO and size(knights) == 1
    return bishops & DARK == ZERO or bishops & ~DARK == ZERO


@njit(cache=True)
def legal_action_mask(state, player, out):
    out[:] = False
    for i in range(state.num_legal):
        out[state.moves[i]] = True


@njit(cache=True)
def random_legal_action(state):
    return np.int64(state.moves[randint(state, state.num_legal)])


@njit(cache=True)
def observe(state, player, out):
    other = 1 - player
    mine, theirs = state.sides[player], state.sides[other]
    mine_before, theirs_before = state.former_sides[player], state.former_sides[other]
    for piece in range(6):
        now, before = state.pieces[piece], state.former_pieces[piece]
        unpack(seen_by(player, now & mine), out[piece])
        unpack(seen_by(player, now & theirs), out[6 + piece])
        unpack(seen_by(player, before & mine_before), out[12 + piece])
        unpack(seen_by(player, before & theirs_before), out[18 + piece])
    unpack(ALL if state.earlier >= 1 else ZERO, out[24])
    unpack(ALL if state.earlier >= 2 else ZERO, out[25])
    castling = state.castling | state.castling << 4  # the bits of `player` first
    for right in range(4):
        unpack(ALL if castling >> (2 * player + right) & 1 else ZERO, out[26 + right])
    unpack(seen_by(player, ONE << np.int64(state.en_passant)) if state.en_passant >= 0 else ZERO, out[30])
    limit = CLAIMED_CLOCK if state.settings.claims else LAST_CLOCK
    unpack(_first(64 * np.int64(state.clock) // limit), out[31])
    unpack(_first(64 * np.int64(state.num_moves) // MAX_PLIES), out[32])


@njit(cache=True, inline="always")
def _first(squares):
    """The set of the first so many squares."""
    return ALL if squares >= 64 else (ONE << squares) - ONE


@njit(cache=True)
def is_terminal(state):
    return state.ending != ON


@njit(cache=True)
def is_truncated(state):
    return state.num_moves >= MAX_PLIES


@njit(cache=True)
def rewards(state, out):
    out[0] = out[1] = 0
    if state.winner >= 0:
        out[state.winner] = 1
        out[1 - state.winner] = -1


def state_to_string(state: np.void) -> str:
    """The board, White below, then what it does not show."""
    rows = ["".join(".PNBRQKkqrbnp"[code] for code in row) for row in pieces(state)[::-1]]
    rights = "".join(name for bit, name in enumerate("KQkq") if state["castling"] >> bit & 1)
    passing = square_name(int(state["en_passant"])) if state["en_passant"] >= 0 else "-"
    mover = "black" if state["current_player"] else "white"
    return "\n".join([*rows, f"{mover} {rights or '-'} {passing} {state['clock']} {state['move_number']}"])


CHESS = register(
    Game("chess", STATE, Dynamics.SEQUENTIAL, num_players=2, teams=(0, 1), num_actions=NUM_ACTIONS,
         observation_shape=(PLANES, 8, 8), observation_dtype=np.dtype(np.uint8), max_steps=MAX_PLIES,
         action_to_string=action_to_string, state_to_string=state_to_string, schema=SETTINGS),
    init=init, step=step, legal_action_mask=legal_action_mask, observe=observe,
    is_terminal=is_terminal, is_truncated=is_truncated, rewards=rewards,
    random_legal_action=random_legal_action)  # fmt: skip
