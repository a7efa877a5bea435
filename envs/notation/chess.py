"""Chess: positions as FEN, moves as SAN, games as PGN, with python-chess; moves as UCI are read by moves.py.

states = read_fen(game, "8/8/8/4k3/8/8/4P3/4K3 w - - 0 1")      [1]
write_fen(states[0])                                            the same text
read_san(states[0], "e4"), write_san(states[0], action)
for headers, states, actions in read_pgn(game, file): ...
"""

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, TextIO

import numpy as np

from envs.board.chess.actions import action_of_move, action_to_string, square_name
from envs.board.chess.game import begin
from envs.board.chess.position import BLACK, pieces
from envs.game import Game
from envs.notation import NotationError
from envs.notation.moves import first_state

if TYPE_CHECKING:
    import chess

FIELDS = ("board", "side to move", "castling", "en passant", "clock", "move number")
PATTERNS = (r".+", "[wb]", "-|(?=.)K?Q?k?q?", "-|[a-h][36]", r"\d{1,3}", r"[1-9]\d{0,3}")
WANTED = ("", "w or b", "- or letters of KQkq in this order", "- or a square like e3", "0 to 999", "1 to 9999")
LETTERS = ".PNBRQKkqrbnp"  # by the codes of `pieces`, where -1 is the last

# python-chess's names for what makes a position none of chess, as sentences
FAULTS = {
    "NO_WHITE_KING": "White has no king",
    "NO_BLACK_KING": "Black has no king",
    "TOO_MANY_KINGS": "there are more than two kings",
    "TOO_MANY_WHITE_PAWNS": "White has more than 8 pawns",
    "TOO_MANY_BLACK_PAWNS": "Black has more than 8 pawns",
    "TOO_MANY_WHITE_PIECES": "White has more than 16 pieces",
    "TOO_MANY_BLACK_PIECES": "Black has more than 16 pieces",
    "PAWNS_ON_BACKRANK": "a pawn stands on rank 1 or 8",
    "BAD_CASTLING_RIGHTS": "the castling field names a right whose king or rook is not at home",
    "INVALID_EP_SQUARE": "no pawn has just passed the en passant square",
    "OPPOSITE_CHECK": "the king of the side that has moved is in check",
}
UNREACHABLE = {"TOO_MANY_CHECKERS", "IMPOSSIBLE_CHECK"}  # by no move, but the rules can go on from there


class ReadGame(NamedTuple):
    """A game from a file."""

    headers: dict[str, str]
    states: np.ndarray  # [1]: the first position
    actions: np.ndarray  # [T] int32: the main line


def read_fen(game: Game, text: str) -> np.ndarray:
    """States [1]: the position as the first of a game; the last two fields may be left out.

    Raises NotationError that names the field, and the rank of the board, or says why chess cannot be played from there.
    """
    import chess

    fields = text.split()
    if len(fields) not in (4, 6):
        raise NotationError(f"'{text}' has {len(fields)} fields; a FEN has 6: {', '.join(FIELDS)}")
    fields += ["0", "1"][len(fields) - 4 :]
    for name, pattern, wanted, field in zip(FIELDS, PATTERNS, WANTED, fields, strict=True):
        if not re.fullmatch(pattern, field, re.ASCII):
            raise NotationError(f"FEN, {name}: '{field}' is not {wanted}")
    _check_ranks(fields[0])
    board = chess.Board(" ".join(fields))
    for flag in board.status():
        if flag.name not in UNREACHABLE:
            raise NotationError(f"FEN: {FAULTS.get(flag.name or '', flag.name)}: '{text}'")
    for side, name in ((chess.WHITE, "White"), (chess.BLACK, "Black")):
        own = [len(board.pieces(kind, side)) for kind in range(chess.PAWN, chess.KING)]
        if sum(max(0, number - most) for number, most in zip(own[1:], (2, 2, 2, 1), strict=True)) > 8 - own[0]:
            raise NotationError(f"FEN: {name} has more promoted pieces than missing pawns: '{text}'")

    states = first_state(game)
    state = states[0]
    state["pieces"] = (board.pawns, board.knights, board.bishops, board.rooks, board.queens, board.kings)
    state["sides"] = board.occupied_co[chess.WHITE], board.occupied_co[chess.BLACK]
    state["castling"] = sum(1 << bit for bit, right in enumerate("KQkq") if right in fields[2])
    state["en_passant"] = -1 if board.ep_square is None else board.ep_square
    state["current_player"] = "wb".index(fields[1])
    state["clock"], state["move_number"] = int(fields[4]), int(fields[5])
    begin(state)
    return states


def _check_ranks(board: str) -> None:
    ranks = board.split("/")
    if len(ranks) != 8:
        raise NotationError(f"FEN, board: {len(ranks)} ranks instead of 8 in '{board}'")
    for number, rank in zip(range(8, 0, -1), ranks, strict=True):
        for letter in rank:
            if letter not in "PNBRQKpnbrqk12345678":
                raise NotationError(f"FEN, board, rank {number}: '{letter}' in '{rank}' is no piece and no number")
        squares = sum(int(letter) if letter.isdigit() else 1 for letter in rank)
        if squares != 8:
            raise NotationError(f"FEN, board, rank {number}: '{rank}' has {squares} squares instead of 8")
        if re.search(r"\d\d", rank):
            raise NotationError(f"FEN, board, rank {number}: two numbers side by side in '{rank}'")


def write_fen(state: np.void) -> str:
    """The en passant field is set only where such a capture is legal."""
    rows = ["".join(LETTERS[code] for code in row) for row in pieces(state)[::-1]]
    board = "/".join(re.sub(r"\.+", lambda gap: str(len(gap[0])), row) for row in rows)
    rights = "".join(right for bit, right in enumerate("KQkq") if state["castling"] >> bit & 1) or "-"
    passing = square_name(int(state["en_passant"])) if state["en_passant"] >= 0 else "-"
    return f"{board} {'wb'[state['current_player']]} {rights} {passing} {state['clock']} {state['move_number']}"


def write_san(state: np.void, action: int) -> str:
    """Raises NotationError if the action is illegal."""
    import chess

    board = chess.Board(write_fen(state))
    uci = action_to_string(state, action)
    if action not in state["moves"][: state["num_legal"]]:
        raise NotationError(f"{uci} is illegal in {board.fen()}")
    return board.san(chess.Move.from_uci(uci))


def read_san(state: np.void, text: str) -> int:
    """The action. Raises NotationError that says whether the text is no move, an illegal or an ambiguous one."""
    import chess

    board = chess.Board(write_fen(state))
    try:
        move = board.parse_san(text)
    except ValueError as error:
        raise NotationError(_explain(board, text, error)) from None
    return _action(board, move, text)


def _action(board: "chess.Board", move: "chess.Move", text: str) -> int:
    if not move:
        raise NotationError(f"'{text}' passes, which chess does not know")
    player = 0 if board.turn else BLACK
    return action_of_move(player, move.from_square, move.to_square, (move.promotion or 1) - 1)


def _explain(board: "chess.Board", text: str, error: ValueError) -> str:
    import chess

    kinds = {chess.IllegalMoveError: "illegal", chess.AmbiguousMoveError: "ambiguous"}
    legal = ", ".join(sorted(board.san(move) for move in board.legal_moves)) or "none"
    return f"'{text}' is {kinds.get(type(error), 'no move')} in {board.fen()}; legal: {legal}"


# A game in a file


_MOVE = re.compile(
    r"""(\d+\.*|\.+)?                                                       # its number
    ([NBRQK]?[a-h]?[1-8]?[-x]?[a-h][1-8](=?[NBRQnbrq])? | [O0]-[O0](-[O0])? | --)?
    [+\#]* [!?]*""",
    re.VERBOSE | re.ASCII,
)
_OTHER = re.compile(r"1-0|0-1|1/2-1/2|\*|\$\d+|e\.p\.|[+=\-/N!?~]+", re.ASCII)  # results and remarks


def read_pgn(game: Game, file: TextIO) -> Iterator[ReadGame]:
    """The games of a file, their main lines.

    Raises NotationError with the line of a word that is no move, or with the line at which the game begins, the players
    and the move that is illegal.
    """
    for line, text in _games(file):
        yield _read_game(game, text, line)


def _games(file: TextIO) -> Iterator[tuple[int, str]]:
    """(number of its first line, text) of each game: a tag at the start of a line, after moves, begins another."""
    lines: list[str] = []
    first, moves, comment = 1, False, False
    for number, line in enumerate(file, start=1):
        tag = not comment and line.startswith("[")
        if tag and moves:
            yield first, "".join(lines)
            first, lines, moves = number, [], False
        if not tag and line.strip():
            moves = True
            comment = line.rfind("{") > line.rfind("}") or (comment and "}" not in line)
        if lines or line.strip():
            first = first if lines else number
            lines.append(line)
    if lines:
        yield first, "".join(lines)


def _read_game(game: Game, text: str, line: int) -> ReadGame:
    import chess.pgn

    headers: dict[str, str] = {}
    actions: list[int] = []

    def where() -> str:
        return f"PGN, line {line}, {headers.get('White', '?')} - {headers.get('Black', '?')}"

    class MainLine(chess.pgn.BaseVisitor[None]):
        def visit_header(self, tagname, tagvalue):
            headers[tagname] = tagvalue

        def begin_variation(self):
            return chess.pgn.SKIP

        def parse_san(self, board, san):
            try:
                move = super().parse_san(board, san)
                actions.append(_action(board, move, san))
            except ValueError as error:
                fault = str(error) if isinstance(error, NotationError) else _explain(board, san, error)
                number = f"{board.fullmove_number}{'.' if board.turn else '...'}"
                raise NotationError(f"{where()}, move {number}: {fault}") from None
            return move

        def handle_error(self, error):
            raise error if isinstance(error, NotationError) else NotationError(f"{where()}: {error}")

        def result(self):
            return None

    _check_words(text, line)
    chess.pgn.read_game(io.StringIO(text), Visitor=MainLine)
    if headers.get("Variant", "Standard").lower() not in ("standard", "chess", "normal"):
        raise NotationError(f"{where()}: the variant '{headers['Variant']}' is another game")
    states = read_fen(game, headers["FEN"]) if "FEN" in headers else first_state(game)
    return ReadGame(headers, states, np.array(actions, np.int32))


def _check_words(text: str, line: int) -> None:
    """python-chess passes by what it does not know, so that a misspelt move would be a missing one."""
    remarks = r"^\[.*\][ \t]*$|^%.*$|\{[^}]*\}|;.*$|[()]"
    text = re.sub(remarks, lambda remark: " " + "\n" * remark[0].count("\n"), text, flags=re.MULTILINE)
    for number, row in enumerate(text.splitlines(), start=line):
        for word in row.split():
            if not _MOVE.fullmatch(word) and not _OTHER.fullmatch(word):
                raise NotationError(f"PGN, line {number}: '{word}' is no move")
