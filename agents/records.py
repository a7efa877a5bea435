"""Games that were played, as files: readable, replayed through the rules when they are read, of use as labels.

    write_record(path, record)
    record = read_record(path)                          # or CorruptArtifact
    states, players, actions = record.decisions(of="person")

JSON, one key a line:

    format, version   "bitterball game", 1
    game, settings    as `make` takes them               stream    the State's random stream before the first move
    seats             who sat where: person or agent, and a name
    actions           [T] in a game with turns, [T][P] where all move at once, [T][P][N] where an action is N numbers;
                      `moves` are the first in words
    hints             the numbers of the moves, from 0, before which a person was shown a hint
    taken_back        moves that were undone (they are not among the actions)
    result            how it ended (terminated, truncated, abandoned), what each seat was paid in all, the score
    time              when it was begun, UTC             sha256    of all the lines above

Reading executes nothing that the file names: a game from outside the package must be named by the reader. The hash
shows damage, the replay shows nonsense; neither vouches for whoever wrote the file.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from agents.artifact import CorruptArtifact, read_plain, write_whole
from envs import make
from envs.game import (
    Dynamics,
    Game,
    InvalidSetting,
    init,
    is_terminal,
    is_truncated,
    legal_action_mask,
    rewards,
    step,
)
from envs.ids import GAMES

FORMAT, VERSION = "bitterball game", 1
LARGEST = 64 << 20  # bytes; a ball match of 90 s is about 10 kB, 0.1 MB if continuous, the longest game of Go 5 kB
KEYS = (
    "format", "version", "game", "settings", "stream", "seats", "actions", "moves", "hints", "taken_back", "result",
    "time",
)  # fmt: skip
SUFFIX = ".json"

Kind = Literal["person", "agent"]


@dataclass(frozen=True)
class Seat:
    kind: Kind
    name: str


@dataclass(frozen=True)
class Result:
    ended: Literal["terminated", "truncated", "abandoned"]
    returns: tuple[float, ...]  # by seat
    score: tuple[int, ...] | None  # by team, of games that count


@dataclass(frozen=True, eq=False)
class Record:
    """One game. `game_name` is the id, "module:id" for a game from outside the package."""

    game: Game
    game_name: str
    stream: int
    seats: tuple[Seat, ...]
    actions: np.ndarray  # [T] or [T, P] int32, or [T, P, N] float32
    time: str
    hints: tuple[int, ...] = ()
    taken_back: int = 0

    def first_state(self) -> np.ndarray:
        """[1]: the position before the first move."""
        state = self.game.new_states(1, np.array([self.stream], np.uint64))
        init(state[0])
        return state

    def positions(self) -> Iterator[np.void]:
        """The State before each move and after the last, T + 1 in all; one record, changed in place.

        Raises ValueError at an action that is illegal, or that follows the end of the game."""
        state = self.first_state()[0]
        yield state
        mask = np.zeros(self.game.num_actions, np.bool_)
        sequential = self.game.dynamics is Dynamics.SEQUENTIAL
        for number, action in enumerate(self.actions):
            if is_terminal(state) or is_truncated(state):
                raise ValueError(f"the game is over after {number} moves, yet {len(self.actions)} are recorded")
            movers = [(int(state["current_player"]), action)] if sequential else enumerate(action)
            for seat, own in movers:
                if self.game.action_shape:
                    if not (np.abs(own) <= 1).all():
                        raise ValueError(f"move {number + 1}: action {own.tolist()} of seat {seat} is not in [-1, 1]")
                    continue
                legal_action_mask(state, seat, mask)
                if not mask[own]:
                    name = self.game.action_to_string(state, int(own))
                    raise ValueError(f"move {number + 1}: action {own} ({name}) of seat {seat} is illegal")
            step(state, action)
            yield state

    @cached_property
    def result(self) -> Result:
        """By the rules. Raises ValueError as `positions` does."""
        returns, paid = np.zeros((2, self.game.num_players), np.float32)
        for number, state in enumerate(self.positions()):
            if number:
                rewards(state, paid)
                returns += paid
        ended = "terminated" if is_terminal(state) else "truncated" if is_truncated(state) else "abandoned"
        counts = "score" in (self.game.state_dtype.names or ())
        score = tuple(int(goals) for goals in state["score"]) if counts else None
        return Result(ended, tuple(float(value) for value in returns), score)  # type: ignore[arg-type]

    def moves(self) -> list[str] | None:
        """The actions in words, of a game with turns."""
        if self.game.dynamics is not Dynamics.SEQUENTIAL:
            return None
        pairs = zip(self.positions(), self.actions, strict=False)
        return [self.game.action_to_string(state, int(action)) for state, action in pairs]

    def decisions(self, of: Kind | None = None, hinted: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(states [N], players [N], actions [N, ...]): who decided what where, of people or agents alone if asked.

        `hinted=False` leaves out what a person decided after a hint."""
        states, players, actions = [], [], []
        sequential = self.game.dynamics is Dynamics.SEQUENTIAL
        for number, (state, action) in enumerate(zip(self.positions(), self.actions, strict=False)):
            movers = [(int(state["current_player"]), action)] if sequential else enumerate(action)
            for seat, own in movers:
                kind = self.seats[seat].kind
                if of in (None, kind) and (hinted or kind != "person" or number not in self.hints):
                    states.append(state.copy())
                    players.append(seat)
                    actions.append(own)
        kept = np.array(states, self.game.state_dtype) if states else np.zeros(0, self.game.state_dtype)
        chosen = np.array(actions, self.game.action_dtype).reshape(len(actions), *self.game.action_shape)
        return kept, np.array(players, np.int64), chosen

    def team_names(self) -> tuple[str, ...]:
        """What to call each team: its people, if it has any, else its agents."""
        names = []
        for team in sorted(set(self.game.teams)):
            seats = [seat for seat, own in zip(self.seats, self.game.teams, strict=True) if own == team]
            kind = "person" if any(seat.kind == "person" for seat in seats) else "agent"
            names.append(" and ".join(dict.fromkeys(seat.name for seat in seats if seat.kind == kind)))
        return tuple(names)


def write_record(path: Path, record: Record) -> None:
    """Raises OSError, and ValueError for a game that was not played by the rules."""
    write_whole(Path(path), _encode(record))


def read_record(path: Path, game_name: str | None = None) -> Record:
    """The game in that file, replayed and compared with what the file says of it. Raises CorruptArtifact.

    A game from outside the package must be named: "module:id"; its module is imported because the caller says so.
    """
    path = Path(path)
    data = read_plain(path, LARGEST)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise CorruptArtifact(path, "is no record of a game (not JSON)") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise CorruptArtifact(path, f"is no record of a game (its format is not '{FORMAT}')")
    version = found.get("version")
    if type(version) is int and version > VERSION:
        raise CorruptArtifact(
            path, f"has version {version}, written by a newer program; this one reads up to {VERSION}"
        )
    if set(found) != {*KEYS, "sha256"} or version != VERSION:
        raise CorruptArtifact(path, "was altered: its keys are not those of a record")
    try:
        record = _record(found, game_name)
        wanted, told = _result_as_json(record.result), found["result"]
        if told != wanted:
            raise ValueError(f"it says that the game ended {told}, but by the rules it ended {wanted}")
        if found["moves"] != record.moves():
            raise ValueError("its moves in words are not its actions")
    except ValueError as error:
        raise CorruptArtifact(path, f"was altered, or written by other rules: {error}") from None
    if _encode(record) != data:
        raise CorruptArtifact(path, "was altered: its SHA-256 is another")
    return record


def _record(found: dict[str, Any], game_name: str | None) -> Record:
    """Raises ValueError."""
    game = named_game(found["game"], found["settings"], game_name)
    stream, time = found["stream"], found["time"]
    _require(isinstance(stream, str) and re.fullmatch(r"0x[0-9a-f]{16}", stream), "its stream is not 16 hex digits")
    _require(isinstance(time, str) and len(time) <= 40, "its time is no time")
    seats = tuple(_seat(seat) for seat in _list(found["seats"], "seats"))
    _require(len(seats) == game.num_players, f"it seats {len(seats)}, {game.id} has {game.num_players} seats")
    actions = _actions(found["actions"], game)
    hints = _list(found["hints"], "hints")
    _require(all(type(number) is int and 0 <= number <= len(actions) for number in hints), "its hints are no moves")
    taken_back = found["taken_back"]
    _require(type(taken_back) is int and taken_back >= 0, "the number of moves taken back is none")
    return Record(game, found["game"], int(stream, 16), seats, actions, time, tuple(hints), taken_back)


def _require(holds: Any, problem: str) -> None:
    if not holds:
        raise ValueError(problem)


def _list(value: Any, what: str) -> list:
    _require(isinstance(value, list), f"its {what} are no list")
    return value


def named_game(name: Any, settings: Any, allowed: str | None) -> Game:
    """The game that a file names, if it is the package's or the one that the reader allows. Raises ValueError."""
    _require(isinstance(name, str) and isinstance(settings, dict), "it names no game")
    if allowed is not None and name != allowed:
        raise ValueError(f"it is a game of {name[:80]}, not of {allowed}")
    if name not in GAMES and name != allowed:
        raise ValueError(
            f"{name[:80]!r} is no game of this package; reading runs no code that a file names, so if the game is "
            "yours, say so (--game MODULE:ID)"
        )
    try:
        game = make(name, **settings)
    except (InvalidSetting, ImportError, KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"its settings are not those of {name}: {error}") from None
    plain = json.loads(json.dumps(game.settings))  # ranges are lists there
    _require(plain == settings, f"its settings are not those of {name}")
    return game


def _seat(seat: Any) -> Seat:
    fits = isinstance(seat, dict) and set(seat) == {"kind", "name"} and seat["kind"] in ("person", "agent")
    _require(fits and isinstance(seat["name"], str) and len(seat["name"]) <= 4096, "a seat is neither person nor agent")
    return Seat(seat["kind"], seat["name"])


def _actions(rows: Any, game: Game) -> np.ndarray:
    rows = _list(rows, "actions")
    _require(len(rows) <= game.max_steps, f"it has {len(rows)} moves; {game.id} has at most {game.max_steps}")
    if game.dynamics is Dynamics.SEQUENTIAL:
        numbers = rows
    else:
        _require(all(isinstance(row, list) and len(row) == game.num_players for row in rows), "its actions lack seats")
        numbers = [number for row in rows for number in row]
    if game.action_shape:
        return _numbers(rows, numbers, game)
    within = all(type(number) is int and 0 <= number < game.num_actions for number in numbers)
    _require(within, f"an action is not one of {game.num_actions}")
    return np.array(rows, np.int32).reshape(len(rows), *() if numbers is rows else (game.num_players,))


def _numbers(rows: list, actions: list, game: Game) -> np.ndarray:
    """Of a game whose action is N numbers: [T, P, N] float32."""
    (count,) = game.action_shape
    fits = all(isinstance(action, list) and len(action) == count for action in actions)
    fits = fits and all(type(x) is float and -1 <= x <= 1 for action in actions for x in action)
    _require(fits, f"an action is not {count} numbers in [-1, 1]")
    return np.array(rows, np.float32).reshape(len(rows), game.num_players, count)


def _result_as_json(result: Result) -> dict[str, Any]:
    score = None if result.score is None else list(result.score)
    return {"ended": result.ended, "returns": list(result.returns), "score": score}


def _encode(record: Record) -> bytes:
    """The one way to write a record, so that no byte of it can be altered unseen."""
    values = (
        FORMAT, VERSION, record.game_name, record.game.settings, f"0x{record.stream:016x}",
        [{"kind": seat.kind, "name": seat.name} for seat in record.seats],
        record.actions.tolist(), record.moves(), list(record.hints), record.taken_back,
        _result_as_json(record.result), record.time,
    )  # fmt: skip
    lines = [f'"{key}": {json.dumps(value)},' for key, value in zip(KEYS, values, strict=True)]
    text = "{\n" + "\n".join(lines) + "\n"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f'{text}"sha256": "{digest}"\n}}\n'.encode()
