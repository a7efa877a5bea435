"""An outside engine as an agent: one process, asked for one position after the other.

What fails loses the game at hand and no other: a crash, a move that is not legal, no answer in time. The process is
then ended with all that it started, and the next position asks a new one.
"""

from typing import Protocol

import numpy as np

from agents.agent import Forfeit
from agents.engines.options import GtpOptions, UciOptions
from agents.engines.process import EngineFailure
from envs.game import Game

LONGEST_NAME = 60


class Engine(Protocol):
    """A program and its protocol."""

    @property
    def running(self) -> bool: ...

    def start(self) -> str:
        """Start a process; returns what it calls itself.

        Raises EngineFailure, or ValueError for options that this engine does not have."""

    def move(self, state: np.void, rng: np.random.Generator) -> int | None:
        """A legal action; None where it resigns. Raises EngineFailure."""

    def forget(self) -> None:
        """New games begin."""

    def stop(self) -> None:
        """End the process, if there is one."""


def make_engine(name: str, program: str, options: UciOptions | GtpOptions, game: Game) -> "EngineAgent":
    """Start the program as an agent for the game. Raises ValueError where it does not play it, or does not start."""
    engine: Engine
    if isinstance(options, UciOptions):
        if game.id != "chess":
            raise ValueError(f"'{name}' plays chess, not {game.id}")
        from agents.engines.uci import UciEngine

        engine = UciEngine(program, options)
    else:
        if not game.id.startswith("go_"):
            raise ValueError(f"'{name}' plays Go, not {game.id}")
        from agents.engines.gtp import GtpEngine

        engine = GtpEngine(program, options, game)
    return EngineAgent(name, engine)


class _NoStart(EngineFailure):
    """A process that ended could not be followed by another."""


class EngineAgent:
    """`name` goes on with what the engine calls itself, version included, so that records say who played."""

    def __init__(self, name: str, engine: Engine):
        """Starts the engine. Raises ValueError if it does not start or does not have one of the options."""
        try:
            told = engine.start()
        except (EngineFailure, ValueError) as error:
            engine.stop()
            who = "the engine " if isinstance(error, EngineFailure) else ""
            raise ValueError(f"'{name}': {who}{error}") from None
        told = "".join(letter for letter in told if letter.isprintable())[:LONGEST_NAME]
        self.name = f"{name} [{told}]"
        self._engine = engine

    def act(self, states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Raises agents.agent.Forfeit for rows that the engine gives up or fails in."""
        actions = np.zeros(len(states), np.int32)
        reasons: dict[int, str] = {}
        for row, state in enumerate(states):
            try:
                if not self._engine.running:
                    self._start_again()
                action = self._engine.move(state, rng)
            except _NoStart as failure:  # not tried for every row: a thousand would wait for a thousand time-outs
                reasons |= dict.fromkeys(range(row, len(states)), str(failure))
                break
            except EngineFailure as failure:
                self._engine.stop()
                reasons[row] = str(failure)
                continue
            if action is None:
                reasons[row] = "resigned"
            else:
                actions[row] = action
        if reasons:
            raise Forfeit(reasons, actions)
        return actions

    def _start_again(self) -> None:
        try:
            self._engine.start()
        except (EngineFailure, ValueError) as error:
            self._engine.stop()
            raise _NoStart(f"did not start again: {error}") from None

    def reset(self, rows: np.ndarray) -> None:
        self._engine.forget()
