"""A GTP engine at Go.

It is sent all moves as far back as it was asked, before them those that the State still knows (three), and before
those a board without a history, stone by stone. So it knows what superko forbids but for what lies before that. GNU Go
is told our rules (area scoring, positional superko, dead stones must be captured); another engine must know them: GTP
has no words for rules. A move that superko alone forbids is taken for a pass; any other illegal one loses the game.
"""

import asyncio
import contextlib
import re
import subprocess
import weakref
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from agents.engines.history import Histories
from agents.engines.options import GtpOptions
from agents.engines.process import LONGEST_LINE, EngineFailure, ended, kill, run
from envs.board.go import COLUMNS, RECENT, action_to_string
from envs.game import Game, step

GNU_GO = ("--mode", "gtp", "--chinese-rules", "--positional-superko", "--capture-all-dead")
NEEDED = ("boardsize", "clear_board", "komi", "play", "genmove")
LONGEST_ANSWER = 1000  # lines


def read_vertex(text: str, size: int) -> int:
    """The action: a point like C4 in either case, or pass. Raises ValueError."""
    if text.lower() == "pass":
        return size * size
    found = re.fullmatch(r"([A-HJ-Ta-hj-t])([0-9]{1,2})", text)
    if found:
        row, column = int(found[2]) - 1, COLUMNS.index(found[1].upper())
        if 0 <= row < size and column < size:
            return row * size + column
    raise ValueError(f"'{text[:20]}' is no point of a board of {size} x {size}")


class _Client:
    """A process that speaks GTP."""

    def __init__(self, process: asyncio.subprocess.Process):
        self.process = process
        self.last_words = b""
        self._number = 0
        self._listening = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        assert self.process.stderr is not None
        while words := await self.process.stderr.read(4096):
            self.last_words = (self.last_words + words)[-LONGEST_LINE:]

    async def ask(self, commands: Sequence[str]) -> list[str]:
        """The answers to all commands, which are sent at once. Raises EngineFailure for an error, or nonsense."""
        assert self.process.stdin is not None
        first = self._number + 1
        self._number += len(commands)
        lines = "".join(f"{first + i} {command}\n" for i, command in enumerate(commands))
        try:
            self.process.stdin.write(lines.encode())
            await self.process.stdin.drain()
            return [await self._answer(first + i, command) for i, command in enumerate(commands)]
        except (EOFError, OSError):
            raise await self._ended() from None

    async def _ended(self) -> EngineFailure:
        code = await self.process.wait()
        kill(self.process.pid)  # what it started
        await asyncio.wait([self._listening], timeout=1)
        lines = self.last_words.decode(errors="replace").strip().splitlines()
        return ended(code, lines[-1] if lines else "")

    async def _answer(self, number: int, command: str) -> str:
        lines: list[str] = []
        while True:
            line = await self._line(command)
            if lines and not line:
                break
            if line:
                lines.append(line)
            if len(lines) > LONGEST_ANSWER:
                raise EngineFailure(f"answered '{command}' with more than {LONGEST_ANSWER} lines")
        found = re.fullmatch(r"([=?])([0-9]*)[ \t]*(.*)", lines[0])
        if not found or found[2] not in ("", str(number)):
            raise EngineFailure(f"answered '{command}' with '{lines[0][:LONGEST_LINE]}', which is not GTP")
        if found[1] == "?":
            raise EngineFailure(f"refused '{command}': {found[3][:LONGEST_LINE]}")
        return "\n".join([found[3], *lines[1:]]).strip()

    async def _line(self, command: str) -> str:
        assert self.process.stdout is not None
        try:
            line = await self.process.stdout.readline()
        except ValueError:  # longer than the reader's 64 KiB
            raise EngineFailure(f"answered '{command}' with a line without end") from None
        if not line.endswith(b"\n"):
            raise EOFError
        return line.decode(errors="replace").strip()


async def _open(command: Sequence[str]) -> _Client:
    pipe = subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
    )
    return _Client(process)


class GtpEngine:
    """See agents.engines.agent.Engine."""

    def __init__(self, program: str, options: GtpOptions, game: Game):
        self.program, self.options, self.size = program, options, game.observation_shape[-1]
        self._client: _Client | None = None
        self._moves: Histories[list[str]] = Histories()

    @property
    def running(self) -> bool:
        return self._client is not None

    def start(self) -> str:
        arguments = GNU_GO if Path(self.program).name.startswith("gnugo") else ()
        try:
            client = run(_open([self.program, *arguments]), self.options.timeout)
        except OSError as error:
            raise EngineFailure(f"cannot be run: {error.strerror}") from None
        self._kill = weakref.finalize(self, kill, client.process.pid)
        self._client = client
        name, version, listed = self._ask(["name", "version", "list_commands"])
        known = set(listed.split())
        if missing := [command for command in NEEDED if command not in known]:
            raise EngineFailure(f"does not know the command {missing[0]}, so it cannot play Go")
        if self.options.level is not None:
            if "level" not in known:
                raise ValueError(f"{name} does not know the command level; leave level out")
            self._ask([f"level {self.options.level}"])
        self._seeded = "set_random_seed" in known
        self._ask([f"boardsize {self.size}"])
        return f"{name} {version}"

    def move(self, state: np.void, rng: np.random.Generator) -> int | None:
        seat, passes = int(state["current_player"]), self.size * self.size
        moves = self._led_to(state)
        seed = int(rng.integers(1 << 31))
        position = ["clear_board", f"komi {float(state['settings']['komi']):g}", *moves]
        if self._seeded:
            position.append(f"set_random_seed {seed}")
        answer = self._ask([*position, f"genmove {'bw'[seat]}"])[-1]
        if answer.lower() == "resign":
            return None
        try:
            action = read_vertex(answer, self.size)
        except ValueError as error:
            raise EngineFailure(f"played no legal move: {error}") from None
        if action != passes and not _bit(state["legal"], action, self.size):
            if not _bit(state["repeating"], action, self.size):
                raise EngineFailure(f"played no legal move: {answer[:LONGEST_LINE]}")
            action = passes
        after = state.copy()
        step(after, action)
        hashes = _hashes(after, int(after["num_positions"]), int(after["num_moves"]))
        self._moves.keep(hashes, [*moves, _play(state, seat, action)])
        return action

    def _led_to(self, state: np.void) -> list[str]:
        """The commands that lead from an empty board to the position, the last moves in their order."""
        last = int(state["last_move"])
        positions = int(state["num_positions"]) - (last != self.size * self.size)
        known = self._moves.find(_hashes(state, positions, int(state["num_moves"]) - 1))
        if known is not None:
            return [*known, _play(state, 1 - int(state["current_player"]), last)]
        count = min(RECENT, int(state["num_moves"]))
        boards = [*state["recent"][:count][::-1], state["board"]]
        commands = []
        for colour in (1, 2):  # none is captured on the way: a group that is not whole yet has a liberty where it grows
            for point in np.flatnonzero(boards[0] == colour):
                commands.append(_play(state, colour - 1, int(point)))
        for i, (old, new) in enumerate(pairwise(boards)):
            seat = (int(state["current_player"]) + count - i) % 2
            placed = np.flatnonzero((new == seat + 1) & (old != seat + 1))
            commands.append(_play(state, seat, int(placed[0]) if len(placed) else self.size * self.size))
        return commands

    def _ask(self, commands: Sequence[str]) -> list[str]:
        assert self._client is not None
        return run(self._client.ask(commands), self.options.timeout)

    def forget(self) -> None:
        self._moves.clear()

    def stop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            self._kill()
            with contextlib.suppress(EngineFailure):
                run(client.process.wait(), self.options.timeout)


def _play(state: np.void, seat: int, action: int) -> str:
    return f"play {'BW'[seat]} {action_to_string(state, action)}"


def _bit(words: np.ndarray, point: int, size: int) -> bool:
    """Of the bitboards of envs/board/go_groups.py."""
    bit = point + point // size
    return bool(int(words[bit >> 6]) >> (bit & 63) & 1)


def _hashes(state: np.void, positions: int, moves: int) -> bytes:
    """What a position is known by: all positions up to it, and the number of moves, so that passes count."""
    return state["positions"][:positions].tobytes() + moves.to_bytes(2, "little", signed=True)
