"""Othello on 8 x 8 and 6 x 6: a disc turns over the others it encloses in straight lines; most discs win.

Board        cells as bits, row by row: cell = side * row + column, a1 in the top left corner
                   a b c d e f g h
                 1 . . . . . . . .     row 0
                 2 . . . . . . . .
                 3 . . . * . . . .     * may be played, d3 is cell 19
                 4 . . * o x . . .
                 5 . . . x o * . .
                 6 . . . . * . . .
                 7 . . . . . . . .
                 8 . . . . . . . .     row 7
Action a     put a disc on cell a, if that turns one disc at least; written a1..h8
Action side^2  pass, if there is no such cell and the game is not over
Observation  [3, side, side] uint8: mine, theirs, where I may put a disc now (nowhere if it is the other's turn)
Rewards      +1 whoever has more discs when neither can move, -1 the other, 0 as many, 0 before the end
Source       World Othello Federation, "World Othello Championship Rules": Black, seat 0, moves first
"""

import numpy as np
from numba import njit

from envs.bits import lowest, size
from envs.board.grid import TURNS, cell_name, symmetries
from envs.game import Dynamics, Game, register
from envs.random_stream import randint

SIDES = (6, 8)
ONE, LOW_BYTE = np.uint64(1), np.uint64(255)
UNPACKED = ((np.arange(256)[:, None] >> np.arange(8)) & 1).astype(np.uint8)  # [bits of a row, column]

# By side; compiled code reads them as constants. Runs of discs that go sideways go through columns within the edge.
BOARD = np.zeros(9, np.uint64)  # all cells
WITHIN = np.zeros(9, np.uint64)  # all but the first and last column
START = np.zeros((9, 2), np.uint64)  # the discs of each seat in the beginning
for _side in SIDES:
    for _cell in range(_side * _side):
        BOARD[_side] |= ONE << np.uint64(_cell)
        if 0 < _cell % _side < _side - 1:
            WITHIN[_side] |= ONE << np.uint64(_cell)
    for _row, _column, _seat in ((0, 1, 0), (1, 0, 0), (0, 0, 1), (1, 1, 1)):
        _cell = _side * (_side // 2 - 1 + _row) + _side // 2 - 1 + _column
        START[_side, _seat] |= ONE << np.uint64(_cell)


def state_dtype(name: str, side: int) -> np.dtype:
    return np.dtype([
        ("rng", np.uint64),           # unused by the rules; openings draw from it
        ("discs", np.uint64, 2),      # cells of seat 0, who is Black, and of seat 1
        ("moves", np.uint64),         # cells on which the player to move may put a disc
        ("current_player", np.int8),  # 0 moves first
        ("over", np.bool_),           # neither can move
        ("winner", np.int8),          # -1 while nobody has won
        ("side", np.int8, side),      # holds nothing: its length is the board's side, known when rules are compiled
        (name, np.int8),              # the game's name makes the dtype its own
    ])  # fmt: skip


@njit(cache=True)
def init(state):
    side = state.side.shape[0]
    state.discs[0], state.discs[1] = START[side, 0], START[side, 1]
    give_turn(state, 0)


@njit(cache=True)
def step(state, action):
    player = state.current_player
    other = 1 - player
    side = state.side.shape[0]
    if action < side * side:
        disc = ONE << np.uint64(action)
        turned = _turned(state.discs[player], state.discs[other], disc, side)
        state.discs[player] |= disc | turned
        state.discs[other] ^= turned
    give_turn(state, other)


@njit(cache=True)
def give_turn(state, player):
    """Completes a State whose discs lie as they should: `player` is to move."""
    side = state.side.shape[0]
    mine, theirs = state.discs[player], state.discs[1 - player]
    state.current_player = player
    state.moves = placements(mine, theirs, side)
    state.over = False
    state.winner = -1
    if state.moves == 0 and placements(theirs, mine, side) == 0:
        state.over = True
        black, white = count_discs(state.discs[0]), count_discs(state.discs[1])
        if black != white:
            state.winner = 0 if black > white else 1


@njit(cache=True)
def placements(mine, theirs, side):
    """The empty cells from which a run of `theirs` leads to one of `mine`, along any of the eight directions."""
    within = theirs & WITHIN[side]
    by = np.uint64(side)
    ends = _ends(mine, within, ONE) | _ends(mine, theirs, by)
    ends |= _ends(mine, within, by - ONE) | _ends(mine, within, by + ONE)
    return ends & ~(mine | theirs) & BOARD[side]


@njit(cache=True)
def _runs(start, through, by):
    """The runs of `through` that begin beside `start`, cells `by` apart: (upwards, downwards).

    A run has six discs at most: one, then twice two more at a time (Kogge and Stone's parallel prefix).
    """
    two = by + by
    up, down = through & (start << by), through & (start >> by)
    up |= through & (up << by)
    down |= through & (down >> by)
    pairs = through & (through << by)
    up |= pairs & (up << two)
    up |= pairs & (up << two)
    pairs >>= by
    down |= pairs & (down >> two)
    down |= pairs & (down >> two)
    return up, down


@njit(cache=True)
def _ends(mine, through, by):
    """Cells just behind the runs of `through` that begin beside `mine`."""
    up, down = _runs(mine, through, by)
    return (up << by) | (down >> by)


@njit(cache=True)
def _turned(mine, theirs, disc, side):
    """The discs of `theirs` that lie between `disc` and one of `mine`."""
    within = theirs & WITHIN[side]
    by = np.uint64(side)
    turned = _enclosed(mine, within, disc, ONE) | _enclosed(mine, theirs, disc, by)
    return turned | _enclosed(mine, within, disc, by - ONE) | _enclosed(mine, within, disc, by + ONE)


@njit(cache=True)
def _enclosed(mine, through, disc, by):
    """The runs of `through` beside `disc`, cells `by` apart, that end at one of `mine`."""
    up, down = _runs(disc, through, by)
    if (up << by) & mine == 0:
        up = np.uint64(0)
    if (down >> by) & mine == 0:
        down = np.uint64(0)
    return up | down


@njit(cache=True)
def count_discs(discs):
    """How many bits are set."""
    count = 0
    while discs:
        discs &= discs - ONE
        count += 1
    return count


@njit(cache=True)
def legal_action_mask(state, player, out):
    side, moves = state.side.shape[0], state.moves
    for cell in range(side * side):
        out[cell] = (moves >> np.uint64(cell)) & ONE
    out[side * side] = moves == 0 and not state.over


@njit(cache=True)
def random_legal_action(state):
    moves = state.moves
    if moves == 0:
        side = state.side.shape[0]
        return side * side
    for _ in range(randint(state, size(moves))):
        moves &= moves - ONE
    return lowest(moves)


@njit(cache=True)
def observe(state, player, out):
    side = state.side.shape[0]
    _unpack(state.discs[player], out[0], side)
    _unpack(state.discs[1 - player], out[1], side)
    _unpack(state.moves if player == state.current_player else np.uint64(0), out[2], side)


@njit(cache=True)
def _unpack(cells, out, side):
    """Bits to a plane [side, side] of 0 and 1, a row at a time from the table: four times as fast as bit by bit."""
    for row in range(side):
        bits = (cells >> np.uint64(side * row)) & LOW_BYTE
        for column in range(side):
            out[row, column] = UNPACKED[bits, column]


@njit(cache=True)
def is_terminal(state):
    return state.over


@njit(cache=True)
def is_truncated(state):
    return False


@njit(cache=True)
def rewards(state, out):
    out[0] = out[1] = 0
    if state.winner >= 0:
        out[state.winner] = 1
        out[1 - state.winner] = -1


def owners(state: np.void) -> np.ndarray:
    """[side, side] int8: 0 empty, else 1 + the seat that owns the disc."""
    side = len(state["side"])
    cells = np.arange(side * side, dtype=np.uint64)
    black, white = ((discs >> cells) & ONE for discs in state["discs"])
    return (black + np.uint64(2) * white).astype(np.int8).reshape(side, side)


def action_to_string(state: np.void, action: int) -> str:
    side = len(state["side"])
    return "pass" if action == side * side else cell_name(action // side, action % side)


def state_to_string(state: np.void) -> str:
    rows = ["".join(".xo"[owner] for owner in row) for row in owners(state)]
    return "\n".join([*rows, f"{'xo'[state['current_player']]} to move"])


def _register(name: str, side: int) -> Game:
    cells = side * side
    turns = {turn: TURNS[turn] for turn in ("half turn", "main diagonal", "other diagonal")}  # keep the first position
    return register(
        Game(name, state_dtype(name, side), Dynamics.SEQUENTIAL, num_players=2, teams=(0, 1), num_actions=cells + 1,
             observation_shape=(3, side, side), observation_dtype=np.dtype(np.uint8),
             max_steps=2 * (cells - 4),  # a disc each time, and a pass before it at most
             action_to_string=action_to_string, state_to_string=state_to_string,
             symmetries=symmetries(3, side, side, turns, passes=1)),
        init=init, step=step, legal_action_mask=legal_action_mask, observe=observe,
        is_terminal=is_terminal, is_truncated=is_truncated, rewards=rewards,
        random_legal_action=random_legal_action)  # fmt: skip


OTHELLO_6X6 = _register("othello_6x6", 6)
OTHELLO = _register("othello", 8)
