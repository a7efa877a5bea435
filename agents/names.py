"""Agents' names, the same in configs, on command lines and in tables; all are read here.

    random                   legal actions, each as likely
    one_ply                  takes a win, avoids what loses at once, else random (games with turns, nothing hidden)
    scripted:L3              a rung of the ball games' ladder, L0 to L3
    FOLDER                   a saved agent
    RUN, RUN@last            a run's best agent, its newest
    RUN@120000               the agent that the run saved at or before so many environment steps

Checking a name imports nothing heavy and looks at the disk for folders only; making the agent does the rest.
"""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.agent import Agent
    from envs.game import Game

SCRIPTED_LEVELS = ("L0", "L1", "L2", "L3")
WORDS = ("random", "one_ply", *(f"scripted:{level}" for level in SCRIPTED_LEVELS))
AGENT_FILE = "agent.json"  # a folder that has it is a saved agent (agents/saved.py)
BEST, LAST = "best", "last"


@dataclass(frozen=True)
class Parsed:
    """A name taken apart."""

    family: str  # random, one_ply, scripted, saved
    level: str = ""  # of scripted
    folder: Path = Path()  # of saved: the agent's own folder, which exists


def check_name(name: str) -> None:
    """Raise ValueError, with a hint, unless `name` is an agent's name and its folder, if it has one, exists."""
    parse_name(name)


def parse_name(name: str) -> Parsed:
    """The name taken apart, a run's folder followed to the agent's. Raises ValueError."""
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"an agent's name is a word or a folder, not {name!r}; known: {_known()}")
    if name in WORDS:
        family, _, level = name.partition(":")
        return Parsed(family, level)
    path, at = Path(name).expanduser(), ""
    if not path.exists() and "@" in name:
        before, _, at = name.rpartition("@")
        path = Path(before).expanduser()
    if path.is_dir():
        return Parsed("saved", folder=_agent_folder(path, at, name))
    if path.exists():
        raise ValueError(f"'{name}' is a file; a saved agent is a folder")
    if _looks_like_path(name):
        raise ValueError(f"'{name}': there is no folder {path}")
    near = get_close_matches(name, WORDS, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"known: {_known()}"
    raise ValueError(f"'{name}' is no agent's name; {hint}")


def make_agent(name: str, game: "Game", *, greedy: bool = False) -> "Agent":
    """The agent of that name, ready to play `game`. `greedy`: a network plays its best action instead of sampling.

    Raises ValueError for a name that means nothing or plays other games, agents.artifact.CorruptArtifact for a saved
    agent that is damaged, and its subclass agents.saved.WrongGame for one of another game.
    """
    from envs.game import Dynamics

    parsed = parse_name(name)
    if parsed.family == "random":
        from agents.agent import RandomAgent

        return RandomAgent(game)
    if parsed.family == "one_ply":
        if game.dynamics is not Dynamics.SEQUENTIAL:
            raise ValueError(f"'{name}' plays games with turns, not {game.id}; use random or a scripted agent")
        from agents.scripted.one_ply import OnePlyAgent

        return OnePlyAgent(game)
    if parsed.family == "scripted":
        if not game.id.startswith("ball_"):
            raise ValueError(f"'{name}' plays ball games, not {game.id}; use random or one_ply")
        from agents.scripted.ball import make_scripted

        return make_scripted(parsed.level, game)
    from agents.network_agent import NetworkAgent
    from agents.saved import load_agent

    network, _ = load_agent(parsed.folder, game)
    return NetworkAgent(network, game, greedy=greedy, name=name)


def tag(name: str) -> str:
    """The name as it stands in tags and file names: whatever is not a letter, digit, '.', '-' becomes '_'."""
    return re.sub(r"[^\w.-]+", "_", name).strip("_")


def _known() -> str:
    return f"{', '.join(WORDS)}, a saved agent's folder, or a run's folder (RUN, RUN@last, RUN@STEPS)"


def _looks_like_path(name: str) -> bool:
    return "/" in name or "\\" in name or "@" in name or name.startswith((".", "~"))


def _agent_folder(path: Path, at: str, name: str) -> Path:
    """The folder of the saved agent that `path` (and what stood after '@') means."""
    if (path / AGENT_FILE).exists():
        if at:
            raise ValueError(f"'{name}': {path} is one saved agent, not a run; leave '@{at}' out")
        return path
    agents = path / "agents"
    if not agents.is_dir():
        runs = sorted((run.parent for run in path.glob("*/agents")), key=lambda run: run.name)
        hint = f"; did you mean {runs[-1]}?" if runs else ""
        raise ValueError(f"'{name}': {path} is neither a saved agent nor a run{hint}")
    saved = sorted(int(entry.name) for entry in agents.iterdir() if re.fullmatch(r"\d+", entry.name))
    if not at or at == LAST:
        found = agents / (at or BEST)
        if not found.is_dir():
            others = f"; it has {path}@{saved[-1]}" if saved else ""
            raise ValueError(f"'{name}': the run has not saved its {at or BEST} agent yet{others}")
        return found
    if not re.fullmatch(r"[0-9]{1,18}", at):
        raise ValueError(f"'{name}': after '@' comes 'last' or a number of environment steps, not '{at}'")
    before = [steps for steps in saved if steps <= int(at)]
    if not before:
        first = f"its first was saved at {saved[0]}" if saved else "it has saved none"
        raise ValueError(f"'{name}': the run has no agent from {at} environment steps or before; {first}")
    return agents / str(before[-1])
