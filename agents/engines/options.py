"""What stands in an engine's name: uci:stockfish,elo=1400,nodes=1000 or gtp:gnugo,level=1. Imports nothing heavy."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

ELSEWHERE = "/usr/games:/usr/local/games"  # where Debian puts them, which is not on everybody's PATH


def find_program(program: str) -> str:
    """Its absolute path; without a slash it is looked up on PATH, then in /usr/games. Raises ValueError.

    Links of its folder are followed, so that a program has one path. One that is a link itself stays it: a program may
    go by the name that it is called by."""
    if not program:
        raise ValueError("the program is missing; write uci:stockfish, gtp:gnugo or a path")
    if "/" not in program:
        found = shutil.which(program) or shutil.which(program, path=ELSEWHERE)
        if found is None:
            raise ValueError(f"there is no program '{program}' on PATH or in /usr/games; install it, or write its path")
        return _without_links(Path(found))
    path = Path(program).expanduser().absolute()
    if not path.is_file():
        raise ValueError(f"there is no program {path}")
    if not os.access(path, os.X_OK):
        raise ValueError(f"{path} is not executable; chmod +x it")
    return _without_links(path)


def _without_links(program: Path) -> str:
    return str(program.parent.resolve() / program.name)


@dataclass(frozen=True)
class UciOptions:
    """None leaves it to the engine. Raises ValueError for values out of bounds; the engine may have narrower ones."""

    movetime: float | None = None  # seconds for a move; 0.1 where neither nodes nor depth says how long
    nodes: int | None = None  # positions searched for a move
    depth: int | None = None  # plies
    elo: int | None = None  # UCI_LimitStrength and UCI_Elo
    skill: int | None = None  # Skill Level, of Stockfish
    timeout: float = 30.0  # seconds beyond `movetime`, or to start: then the engine hangs, and is ended

    def __post_init__(self) -> None:
        _within("movetime", self.movetime, 0.001, 3600)
        _within("nodes", self.nodes, 1, 10**12)
        _within("depth", self.depth, 1, 200)
        _within("elo", self.elo, 0, 5000)
        _within("skill", self.skill, -100, 100)
        _within("timeout", self.timeout, 0.1, 3600)


@dataclass(frozen=True)
class GtpOptions:
    """None leaves it to the engine. Raises ValueError for values out of bounds."""

    level: int | None = None  # of GNU Go, 0 to 10
    timeout: float = 30.0  # seconds for a move, or to start: then the engine hangs, and is ended

    def __post_init__(self) -> None:
        _within("level", self.level, 0, 100)
        _within("timeout", self.timeout, 0.1, 3600)


WHOLE = ("nodes", "depth", "elo", "skill", "level")


def _within(name: str, value: float | None, low: float, high: float) -> None:
    if value is None:
        return
    if not low <= value <= high:
        raise ValueError(f"{name} is {low:g} to {high:g}, not {value:g}")
    if name in WHOLE and value != int(value):
        raise ValueError(f"{name} is a whole number, not {value:g}")
