"""Who plays, from what was typed: a game's id, a run, a saved agent, and the names of opponents."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from envs.ids import GAMES
from experiments.config import WITHOUT_ONE_PLY, nearest
from experiments.errors import ExitCode, UserError

if TYPE_CHECKING:
    from agents.agent import Agent
    from envs.game import Game

_OWN_GAME = re.compile(r"[A-Za-z_][\w.]*:[\w-]+")


@dataclass(frozen=True)
class Cast:
    """The game, the agent that is watched, those it meets, and what to call them."""

    game: "Game"
    agent: "Agent"
    opponents: list["Agent"]
    labels: list[str]  # the agent's, then each opponent's


def cast(what: str, agent: str | None = None, opponents: list[str] | None = None, *, greedy: bool = False) -> Cast:
    """`what` is a game's id, a run's folder, "latest", or a saved agent's folder. Raises UserError."""
    base, at = what, ""
    if "@" in what and not Path(what).exists():
        base, _, steps = what.rpartition("@")
        at = f"@{steps}"
    if what in GAMES or (_OWN_GAME.fullmatch(what) and not Path(what).exists()):
        game, ladder = _make(what), _default_pair(what)
        names = [agent or ladder[0], *(opponents or ladder[1:])]
        labels = list(names)
    elif run := find_run(base):
        from experiments.config_file import load_resolved

        config = load_resolved(run / "config.yaml")
        game = _make(config.game.id, dict(config.game.settings))
        own, label = f"{run}{at}", f"{config.name}{at}"
        rivals = opponents or [*reversed(config.ladder), own]  # the strongest first, at last itself
        names, labels = [own, *rivals], [label, *(label if rival == own else rival for rival in rivals)]
    elif saved := _saved_game(base):
        game = _make(saved)
        names = [what, *(opponents or _default_pair(saved)[1:])]
        labels = [Path(base).resolve().name, *names[1:]]
    else:
        raise UserError(
            f"{what}: neither a game, a run nor a saved agent; {nearest(what, GAMES)}; {_known_runs()}",
            ExitCode.USAGE,
        )
    if agent and agent != names[0]:
        raise UserError(f"--agent {agent}: {what} already says who plays; name a game to choose", ExitCode.USAGE)
    from agents.names import make_agent

    try:
        agents = [make_agent(name, game, greedy=greedy) for name in names]
    except ValueError as error:
        raise UserError(str(error), ExitCode.USAGE) from None
    return Cast(game, agents[0], agents[1:], labels)


def find_run(name: str, root: Path = Path("runs")) -> Path | None:
    """The run's folder: itself, the newest of a name's folder, or the newest of all for "latest"."""
    if name == "latest":
        from experiments.run_folder import latest_run

        return latest_run(root)
    for folder in (Path(name).expanduser(), root / name):
        if (folder / "config.yaml").is_file():
            return folder
        stamped = sorted(inner.parent for inner in folder.glob("*/config.yaml")) if folder.is_dir() else []
        if stamped:
            return stamped[-1]  # named after the time
    return None


def _make(game_id: str, settings: dict | None = None) -> "Game":
    """The game as it is watched."""
    from agents.matches import as_match
    from envs import make
    from envs.game import InvalidSetting

    try:
        return as_match(make(game_id, **(settings or {})))
    except (KeyError, ImportError, InvalidSetting) as error:
        raise UserError(f"{game_id}: {error.args[0]}", ExitCode.USAGE) from None


def _saved_game(folder: str) -> str | None:
    """The id of the game that a saved agent plays, or None if the folder is no saved agent."""
    from agents.names import AGENT_FILE

    path = Path(folder).expanduser()
    if not (path / AGENT_FILE).is_file():
        return None
    from agents.saved import describe_agent

    return describe_agent(path)["game"]


def _default_pair(game_id: str) -> list[str]:
    """Who plays a game of which only the id is known: the agent, then its opponents."""
    if game_id.startswith("ball_"):
        return ["scripted:L3", "scripted:L2", "scripted:L3", "random"]
    known = game_id in GAMES and not game_id.startswith(WITHOUT_ONE_PLY)
    return ["one_ply", "random", "one_ply"] if known else ["random", "random"]


def _known_runs(root: Path = Path("runs")) -> str:
    runs = sorted(_runs(root), key=lambda run: run.name)
    return f"newest run: {runs[-1]}" if runs else f"no runs in {root}/"


def _runs(root: Path) -> list[Path]:
    """Their folders, named after the time they were begun."""
    return [file.parent for file in root.glob("*/*/config.yaml")]
