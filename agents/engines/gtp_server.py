"""One of our agents as a GTP engine: it plays Go in every program that asks such engines.

    GtpServer("one_ply", game, make_agent, sys.stdout.write).serve(sys.stdin)

The rules stay ours (area scoring, positional superko, no suicide; two passes end a game). A colour that moves out of
turn, or after the end, begins a new game from the board as it lies: what superko remembers is then forgotten. How
strong and how quick an agent is, its name says: clocks change nothing. An error is answered, and nothing else happens.
"""

import re
from collections.abc import Callable, Iterable
from importlib.metadata import version

import numpy as np

from agents.agent import Agent, Forfeit
from agents.artifact import CorruptArtifact
from agents.engines.gtp import read_vertex
from envs import make
from envs.batch import mask_rows
from envs.board.go import SIZES, action_to_string, set_up, state_to_string
from envs.game import Game, InvalidSetting, is_terminal, is_truncated, step
from envs.notation.moves import first_state
from envs.notation.sgf import area_result

SEATS = {"b": 0, "black": 0, "w": 1, "white": 1}


class _Refusal(Exception):
    """Answered as an error."""


class GtpServer:
    def __init__(
        self, name: str, game: Game, make_agent: Callable[[Game], Agent], write: Callable[[str], object],
        seed: int | None = None,
    ):  # fmt: skip
        """`make_agent` raises ValueError for a game that the agent does not play. `write` writes a text, at once.

        Raises ValueError for a game that is not Go, or that the agent does not play."""
        if not game.id.startswith("go_"):
            raise ValueError(f"GTP is a protocol for Go, not for {game.id}")
        self.name, self._make_agent, self._write = name, make_agent, write
        self._rng = np.random.default_rng(seed)
        self._begin(game, make_agent(game))
        self._commands: dict[str, tuple[int, Callable[..., str]]] = {  # number of arguments, what answers
            "protocol_version": (0, lambda: "2"),
            "name": (0, lambda: f"Bitterball {name}"),
            "version": (0, lambda: version("bitterball")),
            "known_command": (1, lambda command: str(command in self._commands).lower()),
            "list_commands": (0, lambda: "\n".join(self._commands)),
            "quit": (0, lambda: ""),
            "boardsize": (1, self._resize),
            "clear_board": (0, self._clear),
            "komi": (1, self._set_komi),
            "play": (2, self._play),
            "genmove": (1, self._genmove),
            "reg_genmove": (1, self._choose),
            "undo": (0, self._undo),
            "showboard": (0, lambda: "\n" + state_to_string(self._states[-1][0])),
            "final_score": (0, lambda: area_result(self._states[-1][0])),
            "time_settings": (3, lambda *times: ""),
            "time_left": (3, lambda *times: ""),
        }

    def _begin(self, game: Game, agent: Agent) -> None:
        self.game, self.agent = game, agent
        self._states = [first_state(game)]  # [1] each: the first, and after every move
        agent.reset(np.arange(1))

    def serve(self, lines: Iterable[str]) -> None:
        """Answer until `quit`, or the end of the lines."""
        for line in lines:
            words = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", line.partition("#")[0]).split()
            if not words:
                continue
            number = words.pop(0) if re.fullmatch(r"[0-9]+", words[0]) else ""
            try:
                answer = self._answer(words)
            except _Refusal as refusal:
                self._write(f"?{number} {refusal}\n\n")
                continue
            self._write(f"={number} {answer}".rstrip(" ") + "\n\n")
            if words[0] == "quit":
                return

    def _answer(self, words: list[str]) -> str:
        if not words or words[0] not in self._commands:
            raise _Refusal("unknown command")
        wanted, answer = self._commands[words[0]]
        if len(words) - 1 != wanted:
            raise _Refusal(f"syntax error: {words[0]} takes {wanted} arguments")
        return answer(*words[1:])

    def _resize(self, text: str) -> str:
        size = int(text) if re.fullmatch(r"[0-9]{1,3}", text) else 0
        if size not in SIZES:
            raise _Refusal("unacceptable size")
        if size != self.game.observation_shape[-1]:
            game = make(f"go_{size}x{size}")
            try:
                self._begin(game, self._make_agent(game))
            except (ValueError, CorruptArtifact):  # a saved agent of another size
                raise _Refusal("unacceptable size") from None
        return self._clear()

    def _clear(self) -> str:
        komi = self._states[-1]["settings"]["komi"]
        self._begin(self.game, self.agent)
        self._states[0]["settings"]["komi"] = komi
        return ""

    def _set_komi(self, text: str) -> str:
        try:
            komi = self.game.schema[0].check(float(text))
        except InvalidSetting as error:
            raise _Refusal(str(error)) from None
        except ValueError:
            raise _Refusal("syntax error: komi is a number") from None
        for state in self._states:
            state["settings"]["komi"] = komi
        return ""

    def _play(self, colour: str, vertex: str) -> str:
        state = self._to_move(colour)
        try:
            action = read_vertex(vertex, self.game.observation_shape[-1])
        except ValueError:
            raise _Refusal("invalid color or coordinate") from None
        if not mask_rows(self.game, state, state["current_player"])[0, action]:
            raise _Refusal("illegal move")
        self._step(state, action)
        return ""

    def _genmove(self, colour: str) -> str:
        state = self._to_move(colour)
        action = self._act(state)
        if action is None:
            return "resign"
        self._step(state, action)
        return action_to_string(state[0], action)

    def _choose(self, colour: str) -> str:
        state = self._to_move(colour)
        action = self._act(state)
        return "resign" if action is None else action_to_string(state[0], action)

    def _act(self, state: np.ndarray) -> int | None:
        try:
            return int(self.agent.act(state, state["current_player"].astype(np.int64), self._rng)[0])
        except Forfeit:
            return None

    def _to_move(self, colour: str) -> np.ndarray:
        """[1]: the position with that colour to move."""
        seat = SEATS.get(colour.lower())
        if seat is None:
            raise _Refusal("invalid color or coordinate")
        state = self._states[-1].copy()
        if is_terminal(state[0]) or is_truncated(state[0]) or state[0]["current_player"] != seat:
            set_up(state[0], state[0]["board"].copy(), seat)
        return state

    def _step(self, state: np.ndarray, action: int) -> None:
        after = state.copy()
        step(after[0], action)
        self._states.append(after)

    def _undo(self) -> str:
        if len(self._states) == 1:
            raise _Refusal("cannot undo")
        self._states.pop()
        return ""
