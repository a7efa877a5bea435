"""One of our agents as a UCI engine: it plays chess in every program that asks such engines.

    UciServer("one_ply", game, load, sys.stdout.write).serve(sys.stdin)

Commands are answered in their order, one after the other, so a `stop` comes after the move. How strong and how quick an
agent is, its name says: the limits of `go` (movetime, nodes, depth, clocks, searchmoves) change nothing, but after
`go infinite` and `go ponder` the move is held back as the protocol wants. What is no command is passed by.

Games go on here as long as there are legal moves: whoever asks decides whether a draw is claimed.
"""

import contextlib
import re
import time
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from agents.agent import Agent, Forfeit
from envs.board.chess.actions import action_of_move, action_to_string
from envs.board.chess.game import begin
from envs.game import Game, is_terminal, is_truncated, step
from envs.notation import NotationError
from envs.notation.chess import read_fen
from envs.notation.moves import first_state

NONE = "(none)"  # the best move where there is none
IGNORED = ("debug", "register", "setoption")


class UciServer:
    def __init__(
        self, name: str, game: Game, load: Callable[[], Agent], write: Callable[[str], object],
        seed: int | None = None,
    ):  # fmt: skip
        """`load` makes the agent when it is first needed: a program waits longer for `isready` than for `uci`.
        `write` writes a text, at once. Raises ValueError for another game."""
        if game.id != "chess":
            raise ValueError(f"UCI is a protocol for chess, not for {game.id}")
        self.name, self.game, self._load, self._write = name, game, load, write
        self._rng = np.random.default_rng(seed)
        self._agent: Agent | None = None
        self._state: np.ndarray | None = None  # [1]; None before the first position, and after one that was none
        self._held: str | None = None  # the answer, until `stop`
        self._commands: dict[str, Callable[[list[str]], None]] = {
            "uci": self._introduce,
            "isready": self._get_ready,
            "ucinewgame": self._new_game,
            "position": self._set_position,
            "go": self._go,
            "stop": self._release,
            "ponderhit": self._release,
            **dict.fromkeys(IGNORED, lambda words: None),
        }

    def serve(self, lines: Iterable[str]) -> None:
        """Answer until `quit`, or the end of the lines."""
        for line in lines:
            words = line.split()
            while words and words[0] not in self._commands and words[0] != "quit":
                del words[0]
            if not words:
                continue
            if words[0] == "quit":
                return
            self._commands[words[0]](words[1:])

    def _say(self, line: str) -> None:
        self._write(line + "\n")

    def _introduce(self, words: list[str]) -> None:
        self._say(f"id name Bitterball {self.name}")
        self._say("id author Bitterball")
        self._say("uciok")

    def _ready(self) -> Agent:
        """The agent; the first time, after a move that nobody sees, so that no clock runs while code is compiled."""
        if self._agent is None:
            self._agent = self._load()
            with contextlib.suppress(Forfeit):
                self._agent.act(first_state(self.game), np.zeros(1, np.int64), np.random.default_rng(0))
            self._agent.reset(np.arange(1))
        return self._agent

    def _get_ready(self, words: list[str]) -> None:
        self._ready()
        self._say("readyok")

    def _new_game(self, words: list[str]) -> None:
        self._ready().reset(np.arange(1))

    def _set_position(self, words: list[str]) -> None:
        end = words.index("moves") if "moves" in words else len(words)
        try:
            self._state = self._read(words[:end], words[end + 1 :])
        except NotationError as error:
            self._state = None
            self._explain(str(error))

    def _read(self, position: Sequence[str], moves: Sequence[str]) -> np.ndarray:
        if position[:1] == ["startpos"]:
            state = first_state(self.game)
        elif position[:1] == ["fen"]:
            state = read_fen(self.game, " ".join(position[1:]))
        else:
            raise NotationError("a position is startpos or fen, then moves")
        for number, text in enumerate(moves, start=1):
            action = _read_move(state[0], text)
            if action is None:
                raise NotationError(f"move {number}, '{text}', is no legal move")
            step(state[0], action)
        return state

    def _go(self, words: list[str]) -> None:
        begun = time.perf_counter()
        move = self._choose()
        if move != NONE:
            self._say(f"info time {round(1000 * (time.perf_counter() - begun))} pv {move}")
        self._held = f"bestmove {move}"
        if "infinite" not in words and "ponder" not in words:
            self._release(words)

    def _choose(self) -> str:
        if self._state is None:
            self._explain("there is no position")
            return NONE
        state = self._state.copy()
        if is_terminal(state[0]) or is_truncated(state[0]):
            state[0]["settings"]["claims"] = False
            begin(state[0])  # as the first position of a game, so that nothing has been repeated
        if is_terminal(state[0]):
            return NONE
        try:
            action = self._ready().act(state, state["current_player"].astype(np.int64), self._rng)[0]
        except Forfeit as forfeit:
            self._explain(str(forfeit))
            return NONE
        return action_to_string(state[0], int(action))

    def _release(self, words: list[str]) -> None:
        if self._held is not None:
            self._say(self._held)
        self._held = None

    def _explain(self, problem: str) -> None:
        self._say(f"info string {' '.join(problem.split())}")


def _read_move(state: np.void, text: str) -> int | None:
    """The legal action, even where the game is over by a claim; None if it is none."""
    found = re.fullmatch(r"([a-h])([1-8])([a-h])([1-8])([nbrq]?)", text.lower())
    if not found:
        return None
    origin, target = (8 * (int(found[2 * i + 2]) - 1) + "abcdefgh".index(found[2 * i + 1]) for i in (0, 1))
    promoted = " nbrq".index(found[5]) if found[5] else 0
    action = action_of_move(int(state["current_player"]), origin, target, promoted)
    legal = action in state["moves"][: state["num_legal"]]
    return action if legal and action_to_string(state, action) == text.lower() else None
