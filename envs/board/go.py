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

from envs.board.go_groups import EMPTY, KEYS, clear, fields, hash_without, lowest, place, spread
from envs.board.grid import DIHEDRAL, symmetries
from envs.game import Dynamics, Game, Setting, register, settings_dtype

SIZES = (5, 7, 9, 13, 19)
RECENT = 3  # earlier boards that are seen
PLANES = 2 * (RECENT + 1) + 3
COLUMNS = "ABCDEFGHJKLMNOPQRST"


def komi_setting(size: int) -> tuple[Setting, ...]:
    """On 5 x 5 the first move at the centre takes the whole board, 25 points."""
    komi = 24.5 if size == 5 else 7.5
    return (Setting("komi", komi, -size * size, size * size, description="points that white gets for moving second"),)


def state_dtype(size: int) -> np.dtype:
    points = size * size
    words = -(-size * (size + 1) // 64)
    slots = 1 << (3 * points - 1).bit_length()  # at most two thirds full: 2 * points positions and the first
    return np.dtype([
        ("rng", np.uint64),            # unused by the rules; openings draw from it
        ("settings", settings_dtype(komi_setting(size))),
        *fields(size),
        ("positions", np.uint64, slots),   # hash table of every position there has been, 0 where free
        ("legal", np.uint64, words),       # bitboards: where the seat to move may play
        ("repeating", np.uint64, words),   # where superko alone forbids it
        ("scratch", np.uint64, (2, words)),
        ("recent", np.int8, (RECENT, size, size)),  # earlier boards, that before move m in m % RECENT
        ("num_moves", np.int16),
        ("last_move", np.int16),       # -1 before the first
        ("current_player", np.int8),   # 0, black, moves first
        ("passes", np.int8),           # in a row
        ("winner", np.int8),           # -1 while nobody has won
        (f"go_{size}x{size}", np.int8),  # the game's name makes the dtype its own
    ])  # fmt: skip


@njit(cache=True)
def init(state):
    clear(state)
    state.positions[:] = 0
    _remember(state)
    state.recent[:] = EMPTY
    state.num_moves = 0
    state.last_move = -1
    state.current_player = 0
    state.passes = 0
    state.winner = -1
    _find_legal(state)


@njit(cache=True)
def set_up(state, board, player):
    """A game that begins with these stones, int8 [N, N] as in `board`, every group with a liberty, `player` to move."""
    init(state)
    size = board.shape[0]
    for point in range(size * size):
        if board[point // size, point % size] != EMPTY:
            place(state, point, board[point // size, point % size] - 1)
    state.captured[:] = 0
    state.positions[:] = 0
    _remember(state)
    for before in range(RECENT):
        state.recent[before] = state.board
    state.current_player = player
    _find_legal(state)


@njit(cache=True)
def step(state, action):
    size = state.board.shape[0]
    state.recent[state.num_moves % RECENT] = state.board
    state.num_moves += 1
    state.last_move = action
    seat = np.int64(state.current_player)
    state.current_player = 1 - seat
    if action == size * size:
        state.passes += 1
        if state.passes == 2:
            _count(state)
    else:
        state.passes = 0
        place(state, np.int64(action), seat)
        _remember(state)
    _find_legal(state)


@njit(cache=True)
def _slot(state, hashed):
    """Where in `positions` the position is, or would go."""
    last = np.uint64(state.positions.shape[0] - 1)
    slot = hashed & last
    while state.positions[slot] != 0 and state.positions[slot] != hashed:
        slot = (slot + np.uint64(1)) & last
    return slot


@njit(cache=True)
def _remember(state):
    state.positions[_slot(state, state.hash)] = state.hash


@njit(cache=True)
def _find_legal(state):
    """Fill `legal` and `repeating` for the seat to move."""
    size, words = state.board.shape[0], state.empty.shape[0]
    width = size + 1
    seat = np.int64(state.current_player)
    helpful, capturable = state.scratch[0], state.scratch[1]
    for k in range(words):
        mine, atari = state.stones[seat, k], state.atari[k]
        helpful[k] = state.empty[k] | (mine ^ atari)  # a liberty, mine with one to spare, theirs about to go
        capturable[k] = atari & ~mine
    for k in range(words):
        legal = state.empty[k] & spread(helpful, k, width)
        repeating = np.uint64(0)
        # Only where a stone of this colour was captured before can one come to make an old position again.
        doubtful = legal & state.captured[seat, k]
        takes = spread(capturable, k, width)
        while doubtful != 0:
            bit = doubtful & (~doubtful + np.uint64(1))
            doubtful ^= bit
            spot = 64 * k + np.int64(lowest(bit)) + width
            if _repeats(state, spot, seat, takes & bit):
                repeating |= bit
        state.legal[k] = legal & ~repeating
        state.repeating[k] = repeating


@njit(cache=True)
def _repeats(state, spot, seat, takes):
    """Whether a stone on this spot, which captures if `takes` is not 0, makes a position again."""
    width = state.board.shape[0] + 1
    bit = spot - width
    hashed = state.hash ^ KEYS[seat, bit - bit // width]
    if takes != 0:
        first = second = third = -1  # groups that were counted
        for side in (-width, -1, 1, width):
            beside = spot + side
            if state.colours[beside] == 2 - seat:
                head = np.int64(state.links[beside, 0])
                if head == first or head == second or head == third:
                    continue
                first, second, third = head, first, second
                at = head - width
                if state.atari[at >> 6] >> np.uint64(at & 63) & np.uint64(1):
                    hashed = hash_without(state, hashed, head, 1 - seat)
    return state.positions[_slot(state, hashed)] != 0


@njit(cache=True)
def area_score(state):
    """(black's points, white's points), komi apart: stones, and empty points that reach that colour only."""
    black, white = state.scratch[0], state.scratch[1]
    _flood(state, 0, black)
    _flood(state, 1, white)
    points = np.zeros(2, np.int64)
    for k in range(black.shape[0]):
        both = black[k] & white[k]
        for seat, reached in ((0, black[k] & ~both), (1, white[k] & ~both)):
            while reached != 0:
                reached &= reached - np.uint64(1)
                points[seat] += 1
    return points[0], points[1]


@njit(cache=True)
def area_owners(state, out):
    """Whose every point is when it is counted: out [N, N] int8, 0 nobody's, 1 black's, 2 white's."""
    black, white = state.scratch[0], state.scratch[1]
    _flood(state, 0, black)
    _flood(state, 1, white)
    size = out.shape[0]
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
def _count(state):
    black, white = area_score(state)
    lead = black - white - state.settings.komi
    if lead > 0:
        state.winner = 0
    elif lead < 0:
        state.winner = 1


@njit(cache=True)
def legal_action_mask(state, player, out):
    _write_bits(state.legal, state.board.shape[0], out)
    out[out.shape[0] - 1] = True


@njit(cache=True)
def _write_bits(words, size, out):
    """Each point's bit into out [N * N, or more]."""
    width = size + 1
    for row in range(size):
        first = row * width
        word, shift = first >> 6, np.uint64(first & 63)
        bits = words[word] >> shift
        if (first & 63) + size > 64:
            bits |= words[word + 1] << (np.uint64(64) - shift)
        for column in range(size):
            out[row * size + column] = bits >> np.uint64(column) & np.uint64(1)


@njit(cache=True)
def _write_stones(board, mine, theirs, out, before):
    for row in range(board.shape[0]):
        for column in range(board.shape[1]):
            colour = board[row, column]
            out[before, row, column] = colour == mine
            out[RECENT + 1 + before, row, column] = colour == theirs


@njit(cache=True)
def observe(state, player, out):
    size = state.board.shape[0]
    mine, theirs = player + 1, 2 - player
    _write_stones(state.board, mine, theirs, out, 0)
    for before in range(1, RECENT + 1):
        _write_stones(state.recent[(state.num_moves + RECENT - before) % RECENT], mine, theirs, out, before)
    out[PLANES - 3] = state.current_player == 0
    out[PLANES - 2] = state.passes == 1
    _write_bits(state.repeating, size, out[PLANES - 1].reshape(size * size))


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
        is_terminal=is_terminal, is_truncated=is_truncated, rewards=rewards)
    for size in SIZES
}  # fmt: skip
