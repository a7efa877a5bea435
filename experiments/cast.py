"""Who plays, from what was typed: a game's id, a run, a saved agent, and the names of opponents."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from envs.ids import GAMES
from experiments.config import WITHOUT_ONE_PLY
from experiments.config_types import nearest
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


@dataclass(frozen=True)
class Subject:
    """What was named: a game, and who plays it, where a run or an agent was named."""

    game: "Game"
    game_name: str  # as `make` takes it
    agent: str | None
    label: str
    ladder: list[str]  # whom it meets unless others are asked for; for a game alone, its agent too, at the start


def subject(what: str, assignments: Sequence[str] = ()) -> Subject:
    """`what` is a game's id, a run's folder, "latest", or a saved agent's folder; a game can be given settings as
    key=value. Raises UserError."""
    base, rest = run_and_rest(what)
    if what in GAMES or (_OWN_GAME.fullmatch(what) and not Path(what).exists()):
        return Subject(_make(what, _assigned(assignments)), what, None, "", _default_pair(what))
    if assignments:
        raise UserError(
            f"{assignments[0]}: settings go with a game's id; {what} is played as it was trained", ExitCode.USAGE
        )
    if run := find_run(base):
        from experiments.config_file import load_resolved

        config = load_resolved(run / "config.yaml")
        game = _make(config.game.id, dict(config.game.settings))
        return Subject(game, config.game.id, f"{run}{rest}", f"{config.name}{rest}", [*reversed(config.ladder)])
    if saved := _saved_agent(base):
        from agents.saved import needed_settings

        played = saved["game"]
        game = _make(played, needed_settings(saved))
        return Subject(game, played, what, Path(base).resolve().name + rest, _default_pair(played)[1:])
    raise UserError(
        f"{what}: neither a game, a run nor a saved agent; {nearest(what, GAMES)}; {_known_runs()}", ExitCode.USAGE
    )


def cast(
    what: str, agent: str | None = None, opponents: list[str] | None = None, *, settings: Sequence[str] = (),
    greedy: bool = False,
) -> Cast:  # fmt: skip
    """Who is watched: see `subject`. Raises UserError."""
    found = subject(what, settings)
    if found.agent is None:
        names = [agent or found.ladder[0], *(opponents or found.ladder[1:])]
        labels = list(names)
    else:
        itself = [found.agent] if find_run(run_and_rest(what)[0]) else []
        names = [found.agent, *(opponents or [*found.ladder, *itself])]  # the strongest first, at last itself
        labels = [found.label, *(found.label if name == found.agent else name for name in names[1:])]
    if agent and agent != names[0]:
        raise UserError(f"--agent {agent}: {what} already says who plays; name a game to choose", ExitCode.USAGE)
    agents = named_agents(names, found.game, greedy=greedy)
    return Cast(found.game, agents[0], agents[1:], labels)


def named_agents(names: list[str], game: "Game", *, greedy: bool = False) -> list["Agent"]:
    """The agents of these names, ready to play; "latest" and a run's bare name are found as well. Raises UserError."""
    from agents.names import make_agent

    agents = []
    for name in names:
        try:
            agents.append(make_agent(full_name(name), game, greedy=greedy))
        except ValueError as error:
            raise UserError(str(error), ExitCode.USAGE) from None
    return agents


def full_name(name: str) -> str:
    """An agent's name with the run's folder spelled out: "latest@last+64" as runs/.../...@last+64."""
    from agents.names import AGENT_FILE, is_word

    base, rest = run_and_rest(name)
    run = None if is_word(name) or (Path(base) / AGENT_FILE).exists() else find_run(base)
    return f"{run}{rest}" if run else name


def default_rival(game_name: str) -> str:
    """Whom a person meets who names nobody: somebody who can be beaten."""
    return "scripted:L2" if _has_ladder(game_name) else _default_pair(game_name)[0]


def default_mates(game_name: str) -> str:
    """Who plays beside a person on the pitch who names nobody."""
    return "scripted:L3" if _has_ladder(game_name) else "random"


def run_and_rest(name: str) -> tuple[str, str]:
    """RUN@last+64 as ("RUN", "@last+64")."""
    from agents.names import split_suffixes

    plain, suffixes = split_suffixes(name)
    if "@" in plain and not Path(plain).exists():
        base, _, steps = plain.rpartition("@")
        return base, f"@{steps}{suffixes}"
    return plain, suffixes


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


def _assigned(assignments: Sequence[str]) -> dict:
    """From key=value, the values as a config would have them. Raises UserError."""
    from experiments.yaml_source import Source

    source = Source("settings", {})
    for assignment in assignments:
        source.override(assignment)
    return source.data


def _make(game_id: str, settings: dict | None = None) -> "Game":
    """The game as it is watched."""
    from agents.matches import as_match
    from envs import make
    from envs.game import InvalidSetting

    try:
        return as_match(make(game_id, **(settings or {})))
    except (KeyError, ImportError, InvalidSetting) as error:
        raise UserError(f"{game_id}: {error.args[0]}", ExitCode.USAGE) from None


def _saved_agent(folder: str) -> dict | None:
    """What a saved agent says of itself, or None if the folder is no saved agent."""
    from agents.names import AGENT_FILE

    path = Path(folder).expanduser()
    if not (path / AGENT_FILE).is_file():
        return None
    from agents.saved import describe_agent

    return describe_agent(path)


def _default_pair(game_id: str) -> list[str]:
    """Who plays a game of which only the id is known: the agent, then its opponents."""
    if _has_ladder(game_id):
        return ["scripted:L5", "scripted:L4", "scripted:L3", "scripted:L2", "random"]
    return ["one_ply", "random", "one_ply"] if knows_one_ply(game_id) else ["random", "random"]


def _has_ladder(game_id: str) -> bool:
    """Whether scripted agents play it."""
    return game_id.startswith("ball_")


def knows_one_ply(game_id: str) -> bool:
    """Whether looking one move ahead is quick there, as far as is known, and worth something."""
    return game_id in GAMES and not game_id.startswith(("ball_", *WITHOUT_ONE_PLY))


def _known_runs(root: Path = Path("runs")) -> str:
    runs = sorted(_runs(root), key=lambda run: run.name)
    return f"newest run: {runs[-1]}" if runs else f"no runs in {root}/"


def _runs(root: Path) -> list[Path]:
    """Their folders, named after the time they were begun."""
    return [file.parent for file in root.glob("*/*/config.yaml")]
