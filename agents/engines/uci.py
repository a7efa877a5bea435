"""A UCI engine at chess, through python-chess.

It is sent a position as FEN and the moves from there to now, as far back as it was asked since the last move that
cannot be undone: so it knows about repetitions. It thinks on one thread, with a small hash table, and never ponders.
"""

import asyncio
import contextlib
import logging
import weakref
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import chess
import chess.engine
import numpy as np

from agents.engines.history import Histories
from agents.engines.options import UciOptions
from agents.engines.process import LONGEST_LINE, EngineFailure, ended, kill, run
from envs.board.chess.actions import action_of_move
from envs.game import step
from envs.notation.chess import write_fen

T = TypeVar("T")

MOVETIME = 0.1  # seconds, where nothing else says how long
HASH_MB = 16
CLOSING = 5.0  # seconds that a killed process may take to go

# What an engine says beyond the protocol is no concern of ours, unless somebody configures logging.
logging.getLogger("chess.engine").addHandler(logging.NullHandler())


class _Protocol(chess.engine.UciProtocol):
    """Keeps the last line of stderr, and takes along what the engine started when it ends."""

    last_words = ""

    def error_line_received(self, line: str) -> None:
        self.last_words = line.strip()[:LONGEST_LINE] or self.last_words

    def process_exited(self) -> None:
        if self.transport is not None:
            kill(self.transport.get_pid())

    async def close(self, seconds: float) -> None:
        """Once it is killed: return when it is gone, or after so long if somebody else holds its pipes."""
        await asyncio.wait([self.returncode], timeout=seconds)
        if self.transport is not None:
            self.transport.close()  # not before, or asyncio's watcher would miss the end of its child


class UciEngine:
    """See agents.engines.agent.Engine."""

    def __init__(self, program: str, options: UciOptions):
        self.program, self.options = program, options
        self._protocol: _Protocol | None = None
        self._boards: Histories[chess.Board] = Histories()
        self._series = object()  # of games; by another one python-chess knows that new games begin
        unlimited = options.movetime is None and options.nodes is None and options.depth is None
        time = MOVETIME if unlimited else options.movetime
        self._limit = chess.engine.Limit(time=time, nodes=options.nodes, depth=options.depth)

    @property
    def running(self) -> bool:
        return self._protocol is not None

    def start(self) -> str:
        timeout = self.options.timeout
        try:
            transport, protocol = run(_Protocol.popen([self.program], start_new_session=True), timeout)
        except OSError as error:
            raise EngineFailure(f"cannot be run: {error.strerror}") from None
        self._kill = weakref.finalize(self, kill, transport.get_pid())
        self._protocol = protocol
        self._ask(protocol, protocol.initialize(), timeout, "is no UCI engine")
        told = protocol.id.get("name", Path(self.program).name)
        self._ask(protocol, protocol.configure(self._settings(protocol, told)), timeout, "refused an option")
        self._ask(protocol, protocol.ping(), timeout, "refused an option")
        return told

    def _settings(self, protocol: _Protocol, told: str) -> dict[str, chess.engine.ConfigValue]:
        has, options = protocol.options, self.options
        settings: dict[str, chess.engine.ConfigValue] = {}
        for name, value in (("Threads", 1), ("Hash", HASH_MB)):
            if name in has:
                settings[name] = min(max(value, has[name].min or 0), has[name].max or value)
        for knob, name, wanted in (("elo", "UCI_Elo", options.elo), ("skill", "Skill Level", options.skill)):
            if wanted is None:
                continue
            if name not in has:
                raise ValueError(f"{told} has no option '{name}'; leave {knob} out")
            low, high = has[name].min, has[name].max
            if (low is not None and wanted < low) or (high is not None and wanted > high):
                raise ValueError(f"{told} takes {knob} {low} to {high}, not {wanted}")
            settings[name] = wanted
        if options.elo is not None:
            if "UCI_LimitStrength" not in has:
                raise ValueError(f"{told} has no option 'UCI_LimitStrength'; leave elo out")
            settings["UCI_LimitStrength"] = True
        return settings

    def move(self, state: np.void, rng: np.random.Generator) -> int | None:
        assert self._protocol is not None
        board = self._board(state)
        seconds = self.options.timeout + (self._limit.time or 0)
        question = self._protocol.play(board, self._limit, game=self._series)
        move = self._ask(self._protocol, question, seconds, "played no legal move").move
        if move is None:
            raise EngineFailure("played no legal move: it named none")
        player = int(state["current_player"])
        action = action_of_move(player, move.from_square, move.to_square, (move.promotion or 1) - 1)
        after = state.copy()
        step(after, action)
        if after["num_keys"] > 1:  # else nothing can come again
            board.push(move)
            self._boards.keep(_hashes(after, after["num_keys"], after["clock"]), board)
        return action

    def _board(self, state: np.void) -> chess.Board:
        """The position with the moves that led there, as far as they are known."""
        before = self._boards.find(_hashes(state, state["num_keys"] - 1, state["clock"] - 1))
        if before is None:
            return chess.Board(write_fen(state))
        board = before.copy()
        board.push(chess.Move(int(state["last_from"]), int(state["last_to"])))
        return board

    def _ask(self, protocol: _Protocol, question: Coroutine[Any, Any, T], seconds: float, complaint: str) -> T:
        """The answer. Raises EngineFailure, with the complaint where it is the engine's words that are wrong."""
        try:
            return run(question, seconds)
        except chess.engine.EngineTerminatedError:
            code = protocol.transport.get_returncode() if protocol.transport else None
            raise ended(code, protocol.last_words) from None
        except chess.engine.EngineError as error:
            raise EngineFailure(f"{complaint}: {str(error)[:LONGEST_LINE]}") from None

    def forget(self) -> None:
        self._boards.clear()
        self._series = object()

    def stop(self) -> None:
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            self._kill()
            with contextlib.suppress(EngineFailure):
                run(protocol.close(CLOSING), 2 * CLOSING)


def _hashes(state: np.void, count: int, clock: int) -> bytes:
    """What a position is known by: it and those before it, and the clock, which they do not tell."""
    return state["keys"][:count].tobytes() + int(clock).to_bytes(2, "little", signed=True)
