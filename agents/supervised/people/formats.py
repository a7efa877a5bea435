"""Files of games: which kind one is, and what was played.

kind      told by                              games
wthor     a head of 16 bytes and 68 a game     Othello (Fédération Française d'Othello)
record    JSON, "format": "bitterball game"    any game, the people's decisions alone (agents/records.py)
hex       a JSON object a line, "moves"        Hex, as LittleGolem's are passed on: {"moves": [...], "result": 1}
sgf       begins with "(;"                     Go
pgn       begins with a tag, "[Event ..."      chess
sgfline   "id ;B[..];W[..]" a line             Go
moves     a game a line, in a game's own words any game with turns (envs/notation/moves.py)

Any of them may be gzipped. What is no game of the wanted kind, or breaks the rules, is passed on as a Fault: nobody
learns from half a game by chance.
"""

import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from envs.game import Game, is_terminal, is_truncated, legal_action_mask, rewards, step
from envs.notation import NotationError

KINDS = ("wthor", "record", "hex", "sgf", "pgn", "sgfline", "moves")
OVER = "the game is over"
WTHOR_AT_ONCE = 20_000  # games replayed side by side


class Played(NamedTuple):
    """A game by the rules. `outcome`: what it brought seat 0, 1, 0 or -1; None where it is not known. `labelled` [T]
    bool: the moves that people made; None: all."""

    start: np.ndarray  # [1] State
    actions: np.ndarray  # [T] int32, or [T, P]
    outcome: float | None
    labelled: np.ndarray | None = None  # [T], or [T, P]
    elo: tuple[int, int] | None = None


class Fault(NamedTuple):
    """Why a game was left out, and where it stands."""

    reason: str
    where: str


class WrongFile(ValueError):
    """Not a file of games of this game; the message says why."""


def read_file(path: Path, game: Game) -> Iterator[tuple[Played | Fault, int]]:
    """The games in a file, and of how many bytes the file has been read. Raises WrongFile, OSError."""
    data = path.read_bytes()
    size = len(data)
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as error:
            raise WrongFile(f"{path}: is cut off or damaged ({error})") from None
    kind = kind_of(data, path)
    read = {
        "wthor": _wthor, "record": _record, "hex": _hex, "sgf": _sgf, "pgn": _pgn, "sgfline": _sgf_lines,
        "moves": _move_lines,
    }[kind]  # fmt: skip
    for found, share in read(data, path, game):
        yield found, round(share * size)


def kind_of(data: bytes, path: Path) -> str:
    """One of KINDS. Raises WrongFile."""
    from envs.notation.wthor import GAME, HEAD

    if path.suffix.lower() == ".wtb" or (
        len(data) >= HEAD and len(data) == HEAD + GAME * int.from_bytes(data[4:8], "little") and data[4:8] != b"\0" * 4
    ):
        return "wthor"
    text = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"(") and b";" in text[:20]:
        return "sgf"
    if text.startswith(b"{"):
        first = data.partition(b"\n")[0]
        return "hex" if b'"moves"' in first and first.rstrip().endswith(b"}") else "record"
    if text.startswith(b"["):
        return "pgn"
    if b";B[" in text or b";W[" in text:
        return "sgfline"
    if not text:
        raise WrongFile(f"{path}: is empty")
    if b"\0" in text:
        raise WrongFile(f"{path}: is no kind of file of games that is known here ({', '.join(KINDS)})")
    return "moves"


def replayed(game: Game, start: np.ndarray, actions: np.ndarray) -> tuple[float | None, str, int]:
    """What the game brought seat 0 by the rules, or None if it is not over; what is against the rules, if anything; and
    how many moves were made before that. Of games with turns."""
    state, total = start[0].copy(), 0.0
    mask, paid = np.zeros(game.num_actions, np.bool_), np.zeros(game.num_players, np.float32)
    for number, action in enumerate(actions, 1):
        if is_terminal(state) or is_truncated(state):
            return (float(np.sign(total)) if is_terminal(state) else None), f"move {number}: {OVER}", number - 1
        legal_action_mask(state, state["current_player"], mask)
        if not mask[action]:
            return None, f"move {number}: {game.action_to_string(state, int(action))} is not legal", number - 1
        step(state, np.int32(action))
        rewards(state, paid)
        total += float(paid[0])
    return (float(np.sign(total)) if is_terminal(state) else None), "", len(actions)


Games = Iterator[tuple[Played | Fault, float]]  # and the share of the file that has been read


def _wthor(data: bytes, path: Path, game: Game) -> Games:
    from envs.notation.wthor import read_wthor, replay

    if game.id != "othello":
        raise WrongFile(f"{path}: holds games of Othello (WTHOR), not of {game.id}")
    try:
        games = read_wthor(data)
    except NotationError as error:
        raise WrongFile(f"{path}: {error}") from None
    for begin in range(0, len(games), WTHOR_AT_ONCE):
        block = games[begin : begin + WTHOR_AT_ONCE]
        done = replay(block)
        first = _first(game)
        share = min(1.0, (begin + len(block)) / len(games))
        for row, written in enumerate(block):
            where = f"{path.name}, game {begin + row + 1}"
            if fault := done.faults[row]:
                yield Fault("a move is not legal", f"{where}: {fault}"), share
                continue
            score = done.score(row)
            if score is not None and score != written.score:
                yield Fault("the recorded score is another", f"{where}: {written.score}, by the rules {score}"), share
                continue
            yield Played(first, done.actions[row], float(np.sign(written.score - 32))), share


def _first(game: Game) -> np.ndarray:
    from envs.notation.moves import first_state

    return first_state(game)


def _pgn(data: bytes, path: Path, game: Game) -> Games:
    from envs.notation.chess import read_pgn

    if game.id != "chess":
        raise WrongFile(f"{path}: holds games of chess (PGN), not of {game.id}")
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    blocks = _pgn_games(text)
    read = 0
    for number, block in enumerate(blocks, 1):
        read += len(block)
        where = f"{path.name}, game {number}"
        try:
            found = next(iter(read_pgn(game, io.StringIO(block))), None)
        except NotationError as error:
            yield Fault("not by the rules, or no move", f"{where}: {error}"), read / len(text)
            continue
        if found is None:
            continue
        result = {"1-0": 1.0, "0-1": -1.0, "1/2-1/2": 0.0}.get(found.headers.get("Result", ""))
        # people play on after a third repetition that nobody claims; for us the game is over there, its result theirs
        outcome, fault, made = replayed(game, found.states, found.actions)
        outcome = outcome if not fault else None
        elos = [found.headers.get(key, "") for key in ("WhiteElo", "BlackElo")]
        elo = (int(elos[0]), int(elos[1])) if all(each.isdigit() for each in elos) else None
        ended = result if outcome is None else outcome
        yield Played(found.states, found.actions[:made], ended, None, elo), read / len(text)


def _pgn_games(text: str) -> Iterator[str]:
    """Each with its tags: a tag at the start of a line after moves begins another."""
    lines: list[str] = []
    moves = False
    for line in text.splitlines(keepends=True):
        tag = line.startswith("[")
        if tag and moves:
            yield "".join(lines)
            lines, moves = [], False
        moves |= not tag and bool(line.strip())
        lines.append(line)
    if any(line.strip() for line in lines):
        yield "".join(lines)


def _sgf(data: bytes, path: Path, game: Game) -> Games:
    from envs.notation.sgf import read_sgf

    if not game.id.startswith("go_"):
        raise WrongFile(f"{path}: holds a game of Go (SGF), not of {game.id}")
    try:
        found = read_sgf(data)
    except NotationError as error:
        yield Fault("not by the rules, or no SGF", f"{path.name}: {error}"), 1.0
        return
    if found.game.id != game.id:
        yield Fault("another size of board", f"{path.name}: {found.game.id}"), 1.0
        return
    start = found.states[:1].copy()
    start["settings"] = _first(game)["settings"]  # komi of this game, not the file's: the moves are the same
    yield Played(start, found.actions, _result(found.result)), 1.0


def _result(text: str) -> float | None:
    """Of SGF's RE."""
    return {"B": 1.0, "W": -1.0, "0": 0.0, "D": 0.0}.get(text[:1].upper())


def _sgf_lines(data: bytes, path: Path, game: Game) -> Games:
    lines = data.decode("utf-8", "replace").splitlines()
    for number, line in enumerate(lines, 1):
        place = min((at for at in (line.find(";B["), line.find(";W[")) if at >= 0), default=-1)
        if place < 0:
            continue
        size = game.observation_shape[-1]
        text = f"(;SZ[{size}]{line[place:].strip()})".encode()
        for found, _ in _sgf(text, Path(f"{path.name}, line {number}"), game):
            yield found, number / len(lines)


def _record(data: bytes, path: Path, game: Game) -> Games:
    from agents.artifact import CorruptArtifact
    from agents.records import read_record
    from envs.game import Dynamics

    try:
        record = read_record(path)
    except CorruptArtifact as error:
        raise WrongFile(str(error)) from None
    if record.game.id != game.id:
        raise WrongFile(f"{path}: is a game of {record.game.id}, not of {game.id}")
    person = np.array([seat.kind == "person" for seat in record.seats])
    actions = np.asarray(record.actions)
    if actions.dtype.kind == "f":
        yield Fault("actions are numbers", path.name), 1.0
        return
    played = actions.astype(np.int32)
    if game.dynamics is Dynamics.SEQUENTIAL:
        seats = [int(state["current_player"]) for state, _ in zip(record.positions(), played, strict=False)]
        labelled = person[seats] if len(seats) else np.zeros(0, np.bool_)
    else:
        labelled = np.repeat(person[None], len(played), axis=0)
    labelled = labelled.copy()
    labelled[list(record.hints)] = False  # not the person's own
    over = record.result.ended == "terminated"
    outcome = float(np.sign(record.result.returns[0])) if over else None
    yield Played(record.first_state(), played, outcome, labelled), 1.0


def _hex(data: bytes, path: Path, game: Game) -> Games:
    if not game.id.startswith("hex_"):
        raise WrongFile(f"{path}: holds games of Hex, not of {game.id}")
    lines = data.decode("utf-8", "replace").splitlines()
    named = [_names(game, seat) for seat in (0, 1)]
    for number, line in enumerate(lines, 1):
        if line.strip():
            where = f"{path.name}, line {number}"
            yield _hex_game(line, where, game, named), number / len(lines)


def _names(game: Game, seat: int) -> dict[str, int]:
    state = _first(game)[0]
    state["current_player"] = seat
    return {game.action_to_string(state, action): action for action in range(game.num_actions)}


def _hex_game(line: str, where: str, game: Game, named: list[dict[str, int]]) -> Played | Fault:
    try:
        written = json.loads(line)
        words = [str(word) for word in written["moves"]]
        result = {1: 1.0, 0: -1.0}.get(written.get("result"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Fault("no game", where)
    moves = [word for word in words if word not in ("resign", "end")]
    actions = [named[i % 2].get(word, -1) for i, word in enumerate(moves)]
    if -1 in actions:
        return Fault("no move of this board", f"{where}: '{moves[actions.index(-1)]}'")
    start, played = _first(game), np.array(actions, np.int32)
    outcome, fault, _ = replayed(game, start, played)
    if fault:
        return Fault("not by the rules", f"{where}, {fault}")
    if outcome is not None and result is not None and outcome != result:
        return Fault("the recorded result is another", where)
    return Played(start, played, result if outcome is None else outcome)


def _move_lines(data: bytes, path: Path, game: Game) -> Games:
    from envs.notation.moves import read_moves

    lines = data.decode("utf-8", "replace").splitlines()
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        try:
            states, actions = read_moves(game, text)
        except NotationError as error:
            yield Fault("not by the rules, or no move", f"{path.name}, line {number}: {error}"), number / len(lines)
            continue
        outcome, _, _ = replayed(game, states[:1], actions)
        yield Played(states[:1].copy(), actions, outcome), number / len(lines)
