"""Go on five sizes of board: groups without liberties are captured; who holds more points at the end wins.

Board        board[row, column], row 0 at the bottom; 0 empty, 1 black (seat 0, moves first), 2 white
                 5 . . . . .
                 4 . . x . .    x at C4 is row 3, column 2: point 17 of 5 x 5
                 ...
                   A B C D E    the letter I is left out
Action a     a stone on point a = row * N + column, written as in the Go Text Protocol, C4; N * N passes, "pass"
Legal        an empty point where the stone, after captures, has a liberty (no suicide), and where the whole board
             becomes one that has not been in this game before (positional superko, the empty board included)
End          two passes in a row; then stones and points that reach stones of one colour only count for that colour,
             komi for white. Nothing is taken off: what is dead must be captured.
Clock        2 N N moves; the game is then truncated and pays nothing
Observation  [11, N, N] uint8; boards are from the view of the seat that looks
             0..3   mine now and one, two, three moves ago
             4..7   theirs likewise: a stone that came or went shows the last moves, a ko and the fight around it
             8      ones where black is to move
             9      ones where the last move was a pass, so that another ends the game
             10     empty points that superko alone closes to the seat to move
Rewards      +1 winner, -1 loser, 0 draw (with a whole komi), 0 before the end
Source       Tromp and Taylor, "The game of Go" (1995), https://tromp.github.io/go.html, but suicide forbidden
"""

import numpy as np
from numba import njit

from envs.bits import lowest
from envs.bits import size as count_bits
from envs.board.go_groups import (
    COLOUR,
    EMPTY,
    GROUP,
    KEYS,
    NEXT,
    clear,
    fields,
    has,
    place,
    spread,
    words_of,
)
from envs.board.grid import DIHEDRAL, symmetries
from envs.game import Dynamics, Game, Setting, register, settings_dtype
from envs.random_stream import randint

SIZES = (5, 7, 9, 13, 19)
RECENT = 3  # earlier boards that are seen
PLANES = 2 * (RECENT + 1) + 3
COLUMNS = "ABCDEFGHJKLMNOPQRST"


def komi_setting(size: int) -> tuple[Setting, ...]:
    """On 5 x 5 the first move at the centre takes the whole board, 25 points."""
    komi = 24.5 if size == 5 else 7.5
    return (Setting("komi", komi, -size * size, size * size, description="points that white gets for moving second"),)


def state_dtype(size: int) -> np.dtype:
    points, words = size * size, words_of(size)
    return np.dtype([
        ("rng", np.uint64),                # unused by the rules; openings draw from it
        ("settings", settings_dtype(komi_setting(size))),
        ("current_player", np.int8),       # 0, black, moves first
        ("winner", np.int8),               # -1 while nobody has won
        ("passes", np.int8),               # in a row
        ("last_move", np.int16),           # -1 before the first
        ("num_moves", np.int16),
        ("num_positions", np.int16),
        *fields(size),
        ("recent", np.int8, (RECENT, size, size)),  # the boards before each of the last moves, the last move's first
        ("legal", np.uint64, words),       # bitboards: where the seat to move may play
        ("repeating", np.uint64, words),   # where superko alone forbids it
        ("scratch", np.uint64, (2, words)),
        # All positions that there have been, as hashes: two alike by chance once in 10^13 games, at 19 x 19. A filter
        # in front of them: by the number of stones, a bit for black's less white's, modulo 16.
        ("positions", np.uint64, 2 * points + 1),
        ("balances", np.uint16, points + 1),
        (f"go_{size}x{size}", np.int8),    # the game's name makes the dtype its own
    ])  # fmt: skip


@njit(cache=True)
def init(state):
    clear(state)
    state.num_moves = 0
    state.last_move = -1
    state.current_player = 0
    state.passes = 0
    state.winner = -1
    state.positions[:] = 0  # also what no rule reads, so that equal games are equal bytes
    _begin_history(state)
    _find_legal(state)


@njit(cache=True)
def set_up(state, board, player):
    """A game that begins with these stones, int8 [N, N] as in `board`, every group with a liberty, `player` to move."""
    init(state)
    size = board.shape[0]
    for row in range(size):
        for column in range(size):
            if board[row, column] != EMPTY:
                place(state, row * size + column, np.int64(board[row, column] - 1))
    state.current_player = player
    _begin_history(state)
    _find_legal(state)


@njit(cache=True)
def _begin_history(state):
    """This position is the first."""
    state.num_positions = 0
    for number in range(state.positions.shape[0]):
        state.positions[number] = 0
    for stones in range(state.balances.shape[0]):
        state.balances[stones] = 0
    _remember(state)
    for _ in range(RECENT):
        _shift(state)


@njit(cache=True)
def _shift(state):
    """The board becomes the first of `recent`."""
    recent, board = state.recent.flat, state.board.flat  # not reshape, which costs as much as all the copying
    points = state.board.size
    for at in range(RECENT * points - 1, points - 1, -1):
        recent[at] = recent[at - points]
    for point in range(points):
        recent[point] = board[point]


@njit(cache=True)
def step(state, action):
    size = state.board.shape[0]
    _shift(state)
    seat = np.int64(state.current_player)
    state.current_player = 1 - seat
    state.num_moves += 1
    state.last_move = action
    if action == size * size:
        state.passes += 1
        if state.passes == 2:
            _decide(state)
    else:
        state.passes = 0
        place(state, np.int64(action), seat)
        _remember(state)
    _find_legal(state)


@njit(cache=True)
def _remember(state):
    black, white = np.int64(state.num_stones[0]), np.int64(state.num_stones[1])
    state.balances[black + white] |= 1 << (black - white & 15)
    state.positions[state.num_positions] = state.hash
    state.num_positions += 1


@njit(cache=True)
def _find_legal(state):
    """Fill `legal` and `repeating` for the seat to move."""
    width, words = state.board.shape[0] + 1, state.empty.shape[0]
    seat = np.int64(state.current_player)
    helpful, capturable = state.scratch[0], state.scratch[1]
    for k in range(words):
        mine, atari = state.stones[seat, k], state.atari[k]
        helpful[k] = state.empty[k] | (mine ^ atari)  # a liberty, mine with one to spare, theirs about to go
        capturable[k] = atari & ~mine
    for k in range(words):
        legal, repeating = state.empty[k] & spread(helpful, k, width), np.uint64(0)
        # Only where a stone of this colour was captured before can one come to make an old position again.
        doubtful = legal & state.captured[seat, k]
        if doubtful != 0:
            capturing = spread(capturable, k, width)
            while doubtful != 0:
                bit = doubtful & (~doubtful + np.uint64(1))
                doubtful ^= bit
                if _repeats(state, 64 * k + lowest(bit), seat, capturing & bit != 0):
                    repeating |= bit
        state.legal[k] = legal ^ repeating
        state.repeating[k] = repeating


@njit(cache=True)
def _repeats(state, bit, seat, capturing):
    """Whether a stone there makes a position again."""
    width = state.board.shape[0] + 1
    spot, spots = bit + width, state.spots
    hashed = state.hash ^ KEYS[seat, bit - bit // width]
    mine, theirs = np.int64(state.num_stones[seat]) + 1, np.int64(state.num_stones[1 - seat])
    if capturing:
        first = second = third = np.int64(-1)  # groups that were taken away
        for side in (-width, -1, 1, width):
            start = spot + side
            if spots[start, COLOUR] == 2 - seat and has(state.atari, start - width):
                group = np.int64(spots[start, GROUP])
                if group in (first, second, third):
                    continue
                first, second, third = group, first, second
                stone = np.int64(start)
                while True:
                    at = stone - width
                    hashed ^= KEYS[1 - seat, at - at // width]
                    theirs -= 1
                    stone = np.int64(spots[stone, NEXT])
                    if stone == start:
                        break
    balance = mine - theirs if seat == 0 else theirs - mine
    if not state.balances[mine + theirs] >> (balance & 15) & 1:  # 99 times in 100 that settles it
        return False
    known = False
    for number in range(state.num_positions):
        known |= state.positions[number] == hashed
    return known


@njit(cache=True)
def area_score(state):
    """(black's points, white's points), komi apart: stones, and empty points that reach that colour only."""
    words = state.empty.shape[0]
    black, white = np.empty(words, np.uint64), np.empty(words, np.uint64)
    _flood(state, 0, black)
    _flood(state, 1, white)
    blacks = whites = 0
    for k in range(words):
        both = black[k] & white[k]
        blacks += count_bits(black[k] ^ both)
        whites += count_bits(white[k] ^ both)
    return blacks, whites


@njit(cache=True)
def area_owners(state, out):
    """Whose every point is when it is counted: out [N, N] int8, 0 nobody's, 1 black's, 2 white's."""
    words, size = state.empty.shape[0], out.shape[0]
    black, white = np.empty(words, np.uint64), np.empty(words, np.uint64)
    _flood(state, 0, black)
    _flood(state, 1, white)
    for row in range(size):
        for column in range(size):
            bit = row * (size + 1) + column
            word, shift = bit >> 6, np.uint64(bit & 63)
            reached_black, reached_white = black[word] >> shift & np.uint64(1), white[word] >> shift & np.uint64(1)
            out[row, column] = 0 if reached_black == reached_white else 1 + np.int64(reached_white)


@njit(cache=True)
def _flood(state, seat, reached):
    """Stones of the seat and the empty points that they reach."""
    width, words = state.board.shape[0] + 1, reached.shape[0]
    for k in range(words):
        reached[k] = state.stones[seat, k]
    grown = True
    while grown:
        grown = False
        for k in range(words):
            more = reached[k] | (spread(reached, k, width) & state.empty[k])
            grown |= more != reached[k]
            reached[k] = more


@njit(cache=True)
def _decide(state):
    black, white = area_score(state)
    lead = black - white - state.settings.komi
    if lead > 0:
        state.winner = 0
    elif lead < 0:
        state.winner = 1


@njit(cache=True)
def legal_action_mask(state, player, out):
    _write_bits(state.legal, state.board.shape[0], out, 0)
    out[out.shape[0] - 1] = True


@njit(cache=True)
def random_legal_action(state):
    size, words = state.board.shape[0], state.legal.shape[0]
    count = 1  # to pass
    for k in range(words):
        count += count_bits(state.legal[k])
    left = randint(state, count)
    for k in range(words):
        legal = state.legal[k]
        here = count_bits(legal)
        if left < here:
            for _ in range(left):
                legal &= legal - np.uint64(1)
            bit = 64 * k + lowest(legal)
            return bit - bit // (size + 1)
        left -= here
    return size * size


@njit(cache=True)
def _write_bits(words, size, out, start):
    """A number for each point's bit, from `start` on."""
    width = size + 1
    for row in range(size):
        first = row * width
        word, shift = first >> 6, np.uint64(first & 63)
        bits = words[word] >> shift
        if (first & 63) + size > 64:
            bits |= words[word + 1] << (np.uint64(64) - shift)
        for column in range(size):
            out[start + row * size + column] = bits >> np.uint64(column) & np.uint64(1)


@njit(cache=True)
def _write_stones(boards, colour, out, start, count):
    for at in range(count):
        out[start + at] = boards[at] == colour


@njit(cache=True)
def _fill(out, start, count, value):
    for at in range(start, start + count):
        out[at] = value


@njit(cache=True)
def observe(state, player, out):
    size, points = state.board.shape[0], state.board.size
    seen = (RECENT + 1) * points
    planes, board, recent = out.flat, state.board.flat, state.recent.flat
    for seat in range(2):
        colour = np.int8(seat + 1)
        first = 0 if seat == player else seen
        _write_stones(board, colour, planes, first, points)
        _write_stones(recent, colour, planes, first + points, seen - points)
    _fill(planes, 2 * seen, points, np.uint8(state.current_player == 0))
    _fill(planes, 2 * seen + points, points, np.uint8(state.passes == 1))
    _write_bits(state.repeating, size, planes, 2 * seen + 2 * points)


@njit(cache=True)
def is_terminal(state):
    return state.passes == 2


@njit(cache=True)
def is_truncated(state):
    size = state.board.shape[0]
    return state.num_moves >= 2 * size * size


@njit(cache=True)
def rewards(state, out):
    out[0] = out[1] = 0
    if state.winner >= 0:
        out[state.winner] = 1
        out[1 - state.winner] = -1


def action_to_string(state: np.void, action: int) -> str:
    size = state["board"].shape[0]
    row, column = divmod(action, size)
    return "pass" if row == size else f"{COLUMNS[column]}{row + 1}"


def state_to_string(state: np.void) -> str:
    size = state["board"].shape[0]
    rows = [f"{row + 1:2} " + " ".join(".xo"[colour] for colour in state["board"][row]) for row in range(size)]
    return "\n".join([*rows[::-1], "   " + " ".join(COLUMNS[:size])])


GO = {
    size: register(
        Game(f"go_{size}x{size}", state_dtype(size), Dynamics.SEQUENTIAL, num_players=2, teams=(0, 1),
             num_actions=size * size + 1, observation_shape=(PLANES, size, size), observation_dtype=np.dtype(np.uint8),
             max_steps=2 * size * size, action_to_string=action_to_string, state_to_string=state_to_string,
             schema=komi_setting(size), symmetries=symmetries(PLANES, size, size, DIHEDRAL, passes=1)),
        init=init, step=step, legal_action_mask=legal_action_mask, observe=observe,
        is_terminal=is_terminal, is_truncated=is_truncated, rewards=rewards,
        random_legal_action=random_legal_action)
    for size in SIZES
}  # fmt: skip
