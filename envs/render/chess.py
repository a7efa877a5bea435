"""Chess on a board of maple and walnut, seen from White's side or from Black's: the last move tinted, a king in check
glowing red, what was captured above the board, and where a person points as moves.

    picture = draw(game, state, size, selected=(1, 4), legal=True)      # e2 and where its pawn may go
    action = action_at(game, state, size, start, end)                   # pixels that a drag leads from and to

Squares are (row, column): row 0 is rank 1, column 0 is file a, whichever side the board is seen from.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from envs.board.chess.actions import DECODED
from envs.board.chess.position import CHECKMATE, ENDINGS, FIFTY_MOVES, WHITE, pieces
from envs.game import Game, is_terminal, is_truncated, legal_action_mask, step
from envs.render.boards import Place, banner, paper, strip, wins
from envs.render.canvas import Canvas, Point
from envs.render.chess_board import BORDER, MAPLE, SIDE, TRAY, Grid, Square, board_picture
from envs.render.chess_pieces import EBONY, IVORY, KINDS, figure
from envs.render.palette import BLUE, CARD, INK, MUTED, RED, Colour, darker, mix

SIZE = (720, 830)
SEAT_NAMES = ("White", "Black")
COLOURS: tuple[Colour, ...] = (IVORY.body, EBONY.body)
LAST: Colour = (240, 190, 50)  # tint of the squares of the last move
CHOSEN: Colour = (70, 150, 110)  # of the selected square; a darker one marks where its piece may go
HINT: Colour = BLUE

SMALL = 0.5  # size of a captured figure, in squares
WORTH = (1, 3, 3, 5, 9, 0)  # by the usual count
ARMY = (8, 2, 2, 2, 1)  # each side's at the start
PROMOTIONS = "qrbn"  # in the order in which they are offered, from the last rank inwards
GLIDE_SECONDS, LOOK_SECONDS = 0.3, 0.45


# Moves as people make them.


def move_of(state: np.void, action: int) -> tuple[Square, Square, str]:
    """(from, to, letter of what a pawn becomes or "") of an action that is legal here."""
    code, flip = int(DECODED[action]), 0 if state["current_player"] == WHITE else SIDE * (SIDE - 1)
    start, end = divmod(code & 63 ^ flip, SIDE), divmod(code >> 6 & 63 ^ flip, SIDE)
    pawn_arrives = end[0] in (0, SIDE - 1) and abs(int(pieces(state)[start])) == 1
    return start, end, (KINDS[code >> 12] if code >> 12 else "q") if pawn_arrives else ""


def legal_moves(game: Game, state: np.void) -> dict[int, tuple[Square, Square, str]]:
    """`move_of` every legal action; none once the game is over."""
    mask = np.zeros(game.num_actions, np.bool_)
    if not (is_terminal(state) or is_truncated(state)):
        legal_action_mask(state, state["current_player"], mask)
    return {int(action): move_of(state, int(action)) for action in np.flatnonzero(mask)}


def cell_at(game: Game, size: tuple[int, int], point: Point, flipped: bool = False) -> Square | None:
    """The (row, column) that a pixel of the picture shows; None beside the board."""
    return Grid(size, flipped).square(point)


def _moves_between(
    game: Game, state: np.void, size: tuple[int, int], start: Point, end: Point, flipped: bool
) -> dict[str, int]:
    """The legal actions between two pixels, by what a pawn becomes."""
    grid = Grid(size, flipped)
    wanted = (grid.square(start), grid.square(end))
    return {letter: a for a, (origin, target, letter) in legal_moves(game, state).items() if (origin, target) == wanted}


def promotions_at(
    game: Game, state: np.void, size: tuple[int, int], start: Point, end: Point, flipped: bool = False
) -> dict[str, int]:
    """The actions by letter, in the order of the panel, where the way from `start` to `end` leaves a choice."""
    found = _moves_between(game, state, size, start, end, flipped)
    return {letter: found[letter] for letter in PROMOTIONS if letter in found}


def action_at(
    game: Game, state: np.void, size: tuple[int, int], start: Point, end: Point, promotion: str | None = None,
    flipped: bool = False,
) -> int | None:  # fmt: skip
    """The legal action that a drag from pixel `start` to pixel `end` means, or two clicks there. None if there is none,
    and where `promotion`, one of q r b n, is needed to tell it from others (see `promotions_at`)."""
    found = _moves_between(game, state, size, start, end, flipped)
    return found.get("", found.get(promotion or ""))


def place_of(game: Game, state: np.void, size: tuple[int, int], action: int, flipped: bool = False) -> Place:
    grid, (start, end, _) = Grid(size, flipped), move_of(state, action)
    return Place(grid.centre(*end), 0.4 * grid.cell, grid.centre(*start))


def choice_at(
    game: Game, state: np.void, size: tuple[int, int], choosing: dict[str, int], point: Point, flipped: bool = False
) -> str | None:
    """The letter on the panel of `draw(..., choosing=choosing)` that a pixel shows."""
    grid = Grid(size, flipped)
    at = grid.square(point)
    return next((letter for letter, square in _panel(state, choosing).items() if square == at), None)


def _panel(state: np.void, choosing: dict[str, int]) -> dict[str, Square]:
    """Over which square each letter stands: from the one where the pawn arrives towards the middle."""
    if not choosing:
        return {}
    row, column = move_of(state, next(iter(choosing.values())))[1]
    inwards = -1 if row else 1
    return {letter: (row + inwards * place, column) for place, letter in enumerate(choosing)}


# The picture.


def draw(
    game: Game, state: np.void, size: tuple[int, int], *, names: tuple[str, ...] = SEAT_NAMES,
    score: tuple[int, ...] | None = None, legal: bool = False, selected: Square | None = None,
    hint: int | None = None, choosing: dict[str, int] | None = None, flipped: bool = False,
    held: tuple[Square, Point] | None = None, gliding: tuple[tuple[int, Point], ...] = (),
    board: np.ndarray | None = None, **_: Any,
) -> np.ndarray:  # fmt: skip
    """`selected` a square; `hint` an action to show as an arrow; `choosing` what `promotions_at` gave, to be offered;
    `held` = (square, pixel) a piece in somebody's hand; `gliding` pieces on their way, each (code, (row, column)), over
    `board` [8, 8], the pieces that stand, both in the codes of `pieces(state)`."""
    canvas, grid = paper(size), Grid(size, flipped)
    cell, still = grid.cell, board is None
    standing = pieces(state) if board is None else board
    over = _result(state, names) if still else None
    canvas.lay(board_picture(size, flipped))
    for number in (int(state["last_from"]), int(state["last_to"])):
        if number >= 0:
            _tint(canvas, grid, divmod(number, SIDE), LAST, 0.5)
    if selected is not None:
        _tint(canvas, grid, selected, CHOSEN, 0.6)
    if still and state["in_check"]:
        king = 6 if state["current_player"] == WHITE else -6
        canvas.shadow(grid.centre(*np.argwhere(standing == king)[0]), (0.43 * cell, 0.43 * cell), 0.95, RED)
    marks = legal_moves(game, state) if legal and still else {}
    if selected is None:
        for row, column in sorted({start for start, _, _ in marks.values()}):
            x, y = grid.corner(row, column)
            edge = (x + 0.035 * cell, y + 0.035 * cell, 0.93 * cell, 0.93 * cell)
            canvas.box(*edge, darker(CHOSEN, 0.15), 0.1 * cell, 0.75, 0.04 * cell)
    for row, column in np.argwhere(standing):
        if held is None or held[0] != (row, column):
            _lay_figure(canvas, int(standing[row, column]), grid.corner(row, column), cell)
    if selected is not None:
        for row, column in sorted({end for start, end, _ in marks.values() if start == selected}):
            if standing[row, column]:
                canvas.circle(grid.centre(row, column), 0.48 * cell, darker(CHOSEN, 0.35), 0.7, 0.07 * cell)
            else:
                canvas.circle(grid.centre(row, column), 0.15 * cell, darker(CHOSEN, 0.35), 0.6)
    for code, place in gliding:
        _lay_figure(canvas, code, grid.corner(*place), cell)
    if hint is not None:
        start, end, letter = move_of(state, hint)
        _arrow(canvas, grid.centre(*start), grid.centre(*end), cell)
        if letter:
            x, y = grid.centre(*end)
            canvas.circle((x + 0.27 * cell, y - 0.27 * cell), 0.25 * cell, HINT)
            small, white = 0.42 * cell, state["current_player"] == WHITE
            canvas.lay(
                figure(letter, white, round(small, 2)), (x + 0.27 * cell - small / 2, y - 0.27 * cell - small / 2)
            )
    if choosing:
        _offer(canvas, grid, _panel(state, choosing), state["current_player"] == WHITE)
    if held is not None:
        code = int(standing[held[0]])
        if code:
            large = 1.12 * cell
            _lay_figure(canvas, code, (held[1][0] - large / 2, held[1][1] - large / 2), large)
    middle = grid.top - (BORDER + TRAY / 2) * cell
    if over:
        colour = MUTED if over[1] is None else COLOURS[over[1]]
        banner(canvas, (size[0] / 2, middle), over[0], colour, 0.3 * cell)
    else:
        _tray(canvas, grid, middle, pieces(state))
    to_move = None if over else int(state["current_player"])
    # the move that ended the game is not followed by another
    moves = f"move {int(state['move_number']) - (over is not None and state['current_player'] == WHITE)}"
    strip(canvas, names, COLOURS, f"{score[0]} : {score[1]}" if score else moves, moves if score else "", to_move)
    return canvas.picture()


def _result(state: np.void, names: tuple[str, ...]) -> tuple[str, int | None] | None:
    """(words, winning seat or None) of a game that is over."""
    if not (is_terminal(state) or is_truncated(state)):
        return None
    ending, winner = int(state["ending"]), int(state["winner"])
    if winner >= 0:
        return f"{wins(names[winner])} by {ENDINGS[CHECKMATE]}", winner
    if not is_terminal(state):
        return f"Stopped after {int(state['num_moves'])} plies", None
    if ending == FIFTY_MOVES:
        return f"Draw by the {'fifty' if state['settings']['claims'] else 'seventy-five'}-move rule", None
    return f"Draw by {ENDINGS[ending]}", None


def _lay_figure(canvas: Canvas, code: int, corner: Point, cell: float) -> None:
    canvas.lay(figure(KINDS[abs(code) - 1], code > 0, round(cell, 2)), corner)


def _tint(canvas: Canvas, grid: Grid, square: Square, colour: Colour, alpha: float) -> None:
    canvas.box(*grid.corner(*square), grid.cell, grid.cell, colour, alpha=alpha)


def _arrow(canvas: Canvas, start: Point, end: Point, cell: float) -> None:
    (ax, ay), (bx, by) = start, end
    length = math.dist(start, end)
    ahead, across = ((bx - ax) / length, (by - ay) / length), (-(by - ay) / length, (bx - ax) / length)
    neck, tip, half, wing = length - 0.38 * cell, length - 0.02 * cell, 0.075 * cell, 0.21 * cell
    shape = [
        (0.3 * cell, half),
        (neck, half),
        (neck, wing),
        (tip, 0),
        (neck, -wing),
        (neck, -half),
        (0.3 * cell, -half),
    ]
    points = [(ax + a * ahead[0] + c * across[0], ay + a * ahead[1] + c * across[1]) for a, c in shape]
    canvas.polygon(points, HINT, 0.8)


def _offer(canvas: Canvas, grid: Grid, panel: dict[str, Square], white: bool) -> None:
    """The board steps back behind what a pawn may become."""
    cell = grid.cell
    canvas.box(grid.left, grid.top, SIDE * cell, SIDE * cell, INK, alpha=0.42)
    corners = [grid.corner(*square) for square in panel.values()]
    x, y = corners[0][0], min(corner[1] for corner in corners)
    height = len(corners) * cell
    canvas.shadow((x + cell / 2, y + height / 2 + 0.06 * cell), (0.5 * cell, 0.5 * height), 0.4)
    canvas.box(x, y, cell, height, mix(CARD, MAPLE, 0.35), 0.12 * cell)
    canvas.box(x, y, cell, height, CHOSEN, 0.12 * cell, line=max(1.0, 0.035 * cell))
    for letter, corner in zip(panel, corners, strict=True):
        canvas.circle((corner[0] + cell / 2, corner[1] + cell / 2), 0.44 * cell, mix(CARD, MAPLE, 0.8))
        small = 0.86 * cell
        canvas.lay(figure(letter, white, round(small, 2)), (corner[0] + 0.07 * cell, corner[1] + 0.06 * cell))


def captured(standing: np.ndarray) -> np.ndarray:
    """[2, 5]: how many pawns, knights, bishops, rooks and queens of White and of Black are no longer there."""
    left = np.array([[np.count_nonzero(standing == sign * kind) for kind in range(1, 6)] for sign in (1, -1)])
    missing = np.maximum(np.array(ARMY) - left, 0)
    promoted = np.maximum(left - ARMY, 0).sum(axis=1)  # those pawns were not taken
    missing[:, 0] = np.maximum(missing[:, 0] - promoted, 0)
    return missing


def ahead(standing: np.ndarray) -> int:
    """By how many pawns' worth of material White is ahead of Black."""
    return sum(WORTH[abs(code) - 1] * (1 if code > 0 else -1) for code in standing[standing != 0].tolist())


def _tray(canvas: Canvas, grid: Grid, middle: float, standing: np.ndarray) -> None:
    """What White has taken, on the left, and Black on the right, with who is ahead by how much."""
    small, lead, missing = SMALL * grid.cell, ahead(standing), captured(standing)
    for seat, way in ((0, 1), (1, -1)):
        x = grid.left - 0.12 * small if seat == 0 else grid.left + SIDE * grid.cell + 0.12 * small
        for kind in (4, 3, 2, 1, 0):
            for _ in range(missing[1 - seat, kind]):
                corner = (x if way > 0 else x - small, middle - 0.56 * small)
                canvas.lay(figure(KINDS[kind], seat == 1, round(small, 2)), corner)
                x += way * (0.4 if kind == 0 else 0.5) * small
            x += way * 0.12 * small * bool(missing[1 - seat, kind])
        if lead * way > 0:
            x += way * (0.35 if missing[1 - seat].any() else 0.12) * small
            canvas.text(f"+{abs(lead)}", (x, middle + 0.05 * small), 0.6 * small, MUTED, "left" if way > 0 else "right")


class Animation:
    """Plays one move as pictures, 50 a second: pieces glide to their squares, castling moves two, and lie still."""

    def __init__(self, game: Game, frames_per_second: int):
        self.frames_per_second = frames_per_second
        self.still: dict[str, Any] = {}

    def begin(self, state: np.void) -> None:
        self.still = {}

    def play(self, state: np.void, actions: Any) -> Iterator[dict[str, Any]]:
        start, end, _ = move_of(state, int(actions))
        before = pieces(state)
        step(state, actions)
        ways = [(start, end)]
        if abs(int(before[start])) == 6 and abs(start[1] - end[1]) == 2:
            row, between = start[0], (start[1] + end[1]) // 2
            corner = 7 if end[1] > start[1] else 0
            ways.append(((row, corner), (row, between)))
        codes = [int(before[a]) for a, _ in ways]
        board = before.copy()
        for a, _ in ways:
            board[a] = 0
        frames = round(GLIDE_SECONDS * self.frames_per_second)
        for frame in range(1, frames):
            share = frame / frames
            share = share * share * (3 - 2 * share)
            places = [tuple(p + (q - p) * share for p, q in zip(a, b, strict=True)) for a, b in ways]
            yield {"board": board, "gliding": tuple(zip(codes, places, strict=True))}
        self.still = {}
        for _ in range(round(LOOK_SECONDS * self.frames_per_second)):
            yield self.still
