"""WTHOR: tournament games of Othello since 1977, the .wtb files that the Fédération Française d'Othello gives away.

    games = read_wthor(Path("WTH_2001.wtb").read_bytes())      what is written, [G]
    replayed = replay(games)                                   by our rules, all games at once, passes put in

File    16 bytes of head, then 68 a game; numbers of several bytes have their lowest first
Head    4..7 number of games; 10..11 year; 12 side of the board, 0 is 8; 14 the empties from which perfect play counts
Game    0..1 tournament, 2..3 Black, 4..5 White, numbers in lists of names that are files of their own
        6 Black's discs in the end, cells left empty being the winner's; 7 what perfect play would have brought instead
        8..67 the moves, 10 * row + column, both from 1; 0 after the last; a pass is not written
Source  "Format des fichiers de la base WTHOR", Fédération Française d'Othello
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from envs.batch import Batch
from envs.board.grid import cell_name
from envs.board.othello import OTHELLO, count_discs
from envs.notation import NotationError

HEAD, GAME, MOVES = 16, 68, 60
SIDE = 8
PASS = SIDE * SIDE


@dataclass(frozen=True)
class WthorGame:
    """One game as it is written."""

    year: int
    tournament: int
    black: int
    white: int
    score: int  # Black's discs of 64 in the end
    best_score: int  # the same, had both played perfectly from `best_empties` empty cells on
    best_empties: int
    cells: tuple[int, ...]  # the moves as actions, without passes


@dataclass(frozen=True)
class Replay:
    """Games [G] by our rules.

    states   [G] after the last move
    actions  of each game int32 [T], passes among them
    faults   of each game what the rules do not allow, before which its replay ended, or None
    """

    states: np.ndarray
    actions: list[np.ndarray]
    faults: list[str | None]

    def score(self, row: int) -> int | None:
        """Black's discs of 64, as WTHOR counts them; None where the record stops before the end of the game."""
        state = self.states[row]
        if not state["over"]:
            return None
        black, white = (int(count_discs(discs)) for discs in state["discs"])
        empty = SIDE * SIDE - black - white
        return black + {0: empty, 1: 0, -1: empty // 2}[int(state["winner"])]


def read_wthor(data: bytes) -> list[WthorGame]:
    """The games of a file. Raises NotationError with the number of the byte that is wrong."""
    if len(data) < HEAD:
        raise NotationError(f"the file has {len(data)} bytes; a WTHOR file begins with a head of {HEAD}")
    count, year = int.from_bytes(data[4:8], "little"), int.from_bytes(data[10:12], "little")
    if data[12] not in (0, SIDE):
        raise NotationError(f"byte 12: the games are on a board of {data[12]} x {data[12]}; only 8 x 8 is read")
    if len(data) != HEAD + GAME * count:
        length = HEAD + GAME * count
        raise NotationError(f"byte 4: {count} games take {length} bytes, but the file has {len(data)}")
    games = []
    for number in range(count):
        start = HEAD + GAME * number
        record = data[start : start + GAME]
        cells = _cells(record, number + 1, start)
        tournament, black, white = (int.from_bytes(record[i : i + 2], "little") for i in (0, 2, 4))
        games.append(WthorGame(year, tournament, black, white, record[6], record[7], data[14], cells))
    return games


def _cells(record: bytes, number: int, start: int) -> tuple[int, ...]:
    written = record[GAME - MOVES :].rstrip(b"\0")
    for place, move in enumerate(written):
        row, column = divmod(move, 10)
        if not (1 <= row <= SIDE and 1 <= column <= SIDE):
            where = f"game {number}, move {place + 1}, byte {start + GAME - MOVES + place}"
            raise NotationError(f"{where}: {move} is no cell; a cell is 10 * row + column, both 1 to {SIDE}")
    return tuple(SIDE * (move // 10 - 1) + move % 10 - 1 for move in written)


def replay(games: Sequence[WthorGame]) -> Replay:
    """Plays them all at once; whoever cannot move passes. A move that is not allowed ends the replay of its game."""
    if not games:
        return Replay(OTHELLO.new_states(0, np.zeros(0, np.uint64)), [], [])
    count = len(games)
    batch, rows = Batch(OTHELLO, count, autoreset=False), np.arange(count)
    cells = np.full((count, MOVES + 1), -1, np.int32)  # one more, so that there is always a next one
    for row, game in enumerate(games):
        cells[row, : len(game.cells)] = game.cells
    following = np.zeros(count, np.int64)  # the number of the move that comes next
    faults: list[str | None] = [None] * count
    played: list[np.ndarray] = []
    while True:
        wanted = cells[rows, following]
        passing = batch.masks[:, PASS] & (wanted >= 0)
        going_on = passing | ((wanted >= 0) & batch.masks[rows, wanted])
        for stopped in np.flatnonzero((wanted >= 0) & ~going_on).tolist():
            if faults[stopped] is None:
                faults[stopped] = _fault(batch.states[stopped], int(following[stopped]) + 1, int(wanted[stopped]))
        if not going_on.any():
            break
        actions = np.where(passing, PASS, wanted)
        batch.terminated |= ~going_on  # passed by from now on
        batch.step(actions)
        played.append(np.where(going_on, actions, -1))
        following += going_on & ~passing
    table = np.stack(played) if played else np.zeros((0, count), np.int32)
    return Replay(batch.states, [column[column >= 0].astype(np.int32) for column in table.T], faults)


def _fault(state: np.void, number: int, cell: int) -> str:
    name = cell_name(*divmod(cell, SIDE))
    if state["over"]:
        return f"move {number}, {name}: the game is over"
    mover = ("Black", "White")[state["current_player"]]
    taken = bool((int(state["discs"][0]) | int(state["discs"][1])) >> cell & 1)
    return f"move {number}, {name}: {'a disc lies there' if taken else f'{mover} turns no disc there'}"
