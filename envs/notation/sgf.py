"""Games of Go from and to SGF, the format of Go's collections and viewers; sgfmill reads and writes the text.

    read = read_sgf(Path("game.sgf").read_bytes())       the main line of the first game in the file
    read.game, read.states, read.actions                 go_19x19 with the file's komi; [T + 1]; [T] int32
    write_sgf(game, actions, ("Ada", "Bo"))              the text; the result is counted where the game is over

Handicap and other setup stones of the first node are set up in states[0]. The rules are ours, whatever the file names
as its own (RU): area scoring, positional superko, no suicide; where they forbid a move of the file, the error says why.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from envs import make
from envs.board.go import PLANES, SIZES, area_score, set_up
from envs.game import Game, InvalidSetting, is_terminal, is_truncated, legal_action_mask, observe, step
from envs.notation import NotationError
from envs.notation.moves import first_state

if TYPE_CHECKING:
    from sgfmill.sgf import Sgf_game

COLOURS = "BW"  # of seats 0 and 1
COLOUR_NAMES = ("black", "white")


class SgfGame(NamedTuple):
    game: Game
    states: np.ndarray  # [T + 1]: the first position, and that after each action
    actions: np.ndarray  # [T] int32
    names: tuple[str, str]  # of black and white; "" where the file has none
    result: str  # as recorded: B+3.5, W+R, 0 for a draw, ...; "" where the file has none


def read_sgf(text: str | bytes) -> SgfGame:
    """Bytes are read as the file says (CA), else as Latin-1. Without KM, komi is the game's own.

    Raises NotationError where the text is no SGF, the game is none of ours or a move is not legal."""
    sgf = _parse(text)
    game = _game(sgf)
    moves = _moves(sgf, game)
    states, actions = _play(game, _first(sgf, game, moves), moves)
    return SgfGame(game, states, actions, (_words(sgf, "PB"), _words(sgf, "PW")), _words(sgf, "RE"))


def write_sgf(
    game: Game, actions: Iterable[int], names: tuple[str, str] = ("", ""), result: str | None = None,
    start: np.void | None = None,
) -> str:  # fmt: skip
    """The text of a game from its first position, or from `start`, one without moves (states[0] of a game that was
    read). Without a result it has the score where the game is over. Raises NotationError for an illegal action."""
    from sgfmill.sgf import Sgf_game

    size = game.observation_shape[-1]
    first = first_state(game) if start is None else np.array([start])
    seat = int(first[0]["current_player"])
    moves = [(COLOURS[(seat + i) % 2], int(action)) for i, action in enumerate(actions)]
    states, _ = _play(game, first, moves)
    sgf = Sgf_game(size)
    root = sgf.get_root()
    root.set("AP", ("Bitterball", ""))
    root.set("KM", float(game.settings["komi"]))
    root.set("RU", "Chinese")  # of the names that viewers know, the one with area scoring and no suicide
    for key, words in zip(("PB", "PW"), names, strict=True):
        if words:
            root.set(key, words)
    if first[0]["board"].any() or seat:
        black, white = ([(int(r), int(c)) for r, c in np.argwhere(first[0]["board"] == colour)] for colour in (1, 2))
        root.set_setup_stones(black, white)
        root.set("PL", COLOURS[seat].lower())
        if len(black) > 1 and not white and seat:
            root.set("HA", len(black))
    words = result if result is not None else counted(states[-1])
    if words:
        root.set("RE", words)
    node = root
    for colour, action in moves:
        node = node.new_child()
        node.set_move(colour.lower(), divmod(action, size) if action < size * size else None)
    return sgf.serialise().decode("utf-8")


def counted(state: np.void) -> str:
    """The result as SGF writes it: B+3.5, W+0.5, 0 for a draw, Void after the last move that the clock allows.

    "" while the game goes on."""
    if is_terminal(state):
        return area_result(state)
    return "Void" if is_truncated(state) else ""


def area_result(state: np.void) -> str:
    """What would be counted if the game were over: B+3.5, W+0.5, 0 for a draw."""
    black, white = area_score(state)
    lead = black - white - float(state["settings"]["komi"])
    return f"{'B' if lead > 0 else 'W'}+{abs(lead):g}" if lead else "0"


Move = tuple[str, int]  # the colour's letter, the action


def _play(game: Game, state: np.ndarray, moves: Sequence[Move]) -> tuple[np.ndarray, np.ndarray]:
    """(states [T + 1], actions [T]) from `state` [1] on."""
    states, mask = np.repeat(state, len(moves) + 1), np.zeros(game.num_actions, np.bool_)
    for number, (colour, action) in enumerate(moves, start=1):
        before = states[number - 1]
        wrong = ""
        if is_terminal(before) or is_truncated(before):
            ending = "two passes" if is_terminal(before) else f"{game.max_steps} moves"
            wrong = f"the game is over after {ending}"
        elif colour != COLOURS[before["current_player"]]:
            wrong = f"{COLOUR_NAMES[before['current_player']]} is to move"
        else:
            legal_action_mask(before, before["current_player"], mask)
            if not (0 <= action < game.num_actions and mask[action]):
                wrong = _reason(game, states[:number], action)
        if wrong:
            inside = 0 <= action < game.num_actions
            name = game.action_to_string(before, action) if inside else f"action {action}"
            raise NotationError(f"move {number}, {colour} {name}: {wrong}")
        states[number] = before
        step(states[number], action)
    return states, np.array([action for _, action in moves], np.int32)


def _reason(game: Game, states: np.ndarray, action: int) -> str:
    """Why the action is illegal after these positions."""
    if not 0 <= action < game.num_actions:
        return f"the game has the actions 0 to {game.num_actions - 1}"
    state, size = states[-1], game.observation_shape[-1]
    spot = divmod(action, size)
    if state["board"][spot]:
        return f"a {COLOUR_NAMES[state['board'][spot] - 1]} stone lies there"
    seen = np.zeros(game.observation_shape, np.uint8)
    observe(state, state["current_player"], seen)
    if not seen[PLANES - 1][spot]:
        return "the stone would have no liberty (suicide)"
    after = np.array([state])
    step(after[0], action)
    same = np.flatnonzero((states["board"] == after[0]["board"]).all(axis=(1, 2)))
    rule = "ko" if same[-1] == len(states) - 2 else "superko"  # ko: as it was before the last move
    return f"the position after move {same[-1]} would come again ({rule})"


def _parse(text: str | bytes) -> "Sgf_game":
    from sgfmill import sgf_grammar
    from sgfmill.sgf import Sgf_game

    data = text.encode() if isinstance(text, str) else bytes(text)
    try:
        tree = sgf_grammar.parse_sgf_game(data)
    except ValueError as error:
        raise NotationError(_where(data, str(error))) from None
    root = tree.sequence[0]
    if root.get("GM", [b"1"])[0].strip() != b"1":
        raise NotationError(f"GM[{_shown(root['GM'][0])}] is not Go, which is GM[1]")
    if root.get("SZ", [b"19"])[0].strip() not in [str(size).encode() for size in SIZES]:
        sizes = ", ".join(f"{size} x {size}" for size in SIZES)
        raise NotationError(f"SZ[{_shown(root['SZ'][0])}]: boards have {sizes} points")
    try:
        return Sgf_game.from_coarse_game_tree(tree, "utf-8" if isinstance(text, str) else None)
    except (LookupError, ValueError):
        raise NotationError(f"CA[{_shown(root['CA'][0])}] is no encoding known here, such as UTF-8") from None


def _where(data: bytes, problem: str) -> str:
    """The problem with its line and character: the shortest beginning of the data that has more wrong than its end."""
    from sgfmill import sgf_grammar

    tokens, end = sgf_grammar.tokenise(data)
    if not tokens:
        return "no SGF: a game begins with (;"
    if "unexpected end" in problem:
        rest = data[end:].strip()
        problem = "a value is not closed with ]" if rest.startswith(b"[") else "the game is not closed with )"
        if rest and not rest.startswith(b"["):
            problem = f"'{_shown(rest[:12])}' is no property, value or node"
        end = len(data) - len(data[end:].lstrip())
    else:
        low, high = 0, len(data)  # too short to be wrong, and wrong
        while high - low > 1:
            middle = (low + high) // 2
            try:
                sgf_grammar.parse_sgf_game(data[:middle])
            except ValueError as error:
                unfinished = "unexpected end" in str(error) or "no SGF data" in str(error)
                low, high = (middle, high) if unfinished else (low, middle)
            else:
                low = middle
        end = high - 1
    line, before = data.count(b"\n", 0, end) + 1, data.rfind(b"\n", 0, end)
    return f"line {line}, character {end - before}: {problem}"


def _shown(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _game(sgf: "Sgf_game") -> Game:
    game_id = f"go_{sgf.get_size()}x{sgf.get_size()}"
    root = sgf.get_root()
    if not root.has_property("KM"):
        return make(game_id)
    try:
        return make(game_id, komi=sgf.get_komi())
    except InvalidSetting as error:
        raise NotationError(f"KM[{_shown(root.get_raw('KM'))}]: {error}") from None
    except ValueError:
        raise NotationError(f"KM[{_shown(root.get_raw('KM'))}]: komi is a number, as 7.5") from None


def _moves(sgf: "Sgf_game", game: Game) -> list[Move]:
    """Of the main line, legal or not."""
    moves: list[Move] = []
    size = sgf.get_size()
    for number, node in enumerate(sgf.get_main_sequence()):
        if number and node.has_setup_stones():
            raise NotationError(f"after move {len(moves)}: setup stones (AB, AW, AE); only the first node may set up")
        written = [(key, raw) for key in COLOURS if node.has_property(key) for raw in node.get_raw_list(key)]
        if not written:
            continue
        shown = "".join(f"{key}[{_shown(raw)}]" for key, raw in written)
        if len(written) > 1:
            raise NotationError(f"move {len(moves) + 1}, {shown}: a node has one move")
        try:
            _, point = node.get_move()
        except ValueError:
            problem = f"no point of a {size} x {size} board, on which aa is at the upper left; [] passes"
            raise NotationError(f"move {len(moves) + 1}, {shown}: {problem}") from None
        moves.append((written[0][0], game.num_actions - 1 if point is None else point[0] * size + point[1]))
    return moves


def _first(sgf: "Sgf_game", game: Game, moves: Sequence[Move]) -> np.ndarray:
    """[1]: the empty board, or the setup of the first node."""
    from sgfmill.boards import Board

    root, size = sgf.get_root(), sgf.get_size()
    try:
        black, white, _ = root.get_setup_stones()
    except ValueError:
        raise NotationError(f"setup stones (AB, AW): each is a point of a {size} x {size} board, as AB[dd]") from None
    try:
        to_move = root.get("PL").upper()
    except ValueError:
        raise NotationError(f"PL[{_shown(root.get_raw('PL'))}]: the colour to move is B or W") from None
    except KeyError:
        handicap = bool(black) and not white
        to_move = moves[0][0] if moves else "W" if handicap else "B"
    state = first_state(game)
    board = np.zeros((size, size), np.int8)
    for colour, points in ((1, black), (2, white)):
        for point in points:
            board[point] = colour
    if black & white or not Board(size).apply_setup(black, white, ()):
        raise NotationError("setup stones (AB, AW): two on one point, or a group without a liberty")
    if board.any() or to_move != "B":
        set_up(state[0], board, COLOURS.index(to_move))
    return state


def _words(sgf: "Sgf_game", key: str) -> str:
    root = sgf.get_root()
    try:
        return root.get(key) if root.has_property(key) else ""
    except ValueError:  # bytes that are none of the encoding's
        raise NotationError(f"{key}[{_shown(root.get_raw(key))}] is not written in {root.get_encoding()}") from None
