"""Who meets whom at what, from a command line of experiments/match.py: a new match, a run's league, an old one again.

All that can be refused is refused here, before anything is written or played.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.artifact import CorruptArtifact
from agents.matches import as_match
from agents.names import ALPHABETA, ENGINES, GREEDY, Parsed, is_word, parse_name, pinned
from agents.sprt import Sprt
from agents.tournament import AT_ONCE, AT_ONCE_SLOW, Plan
from envs import compile_cache, make
from envs.game import RULES_MARKER, Dynamics, Game, InvalidSetting
from envs.ids import HIDDEN_INFORMATION
from experiments import roster
from experiments.cast import Subject, find_run, full_name, named_agents, subject
from experiments.errors import ExitCode, UserError
from experiments.match_folder import ROOT, MatchFolder, file_hash, folders_of, terms

if TYPE_CHECKING:
    from agents.agent import Agent

GAMES = 256
SPRT_GAMES = 40_000  # at most; two equal players need about 8,000 for 0,20, and are not always told apart
SPRT_AT_ONCE = 32  # pairs: the fewer, the less is played after it is clear
AT_ONCE_DEEP = 8  # pairs of players that search for a good part of a second
_DEEP, _DEEP_AT_WIDE = 6, 4  # plies of alphabeta from which it does; in games with many moves
_MANY, _MANY_AT_WIDE = 2_000, 200  # simulations of a tree search
_WIDE = ("chess", "go_", "gomoku_", "hex_")


@dataclass(frozen=True)
class Match:
    """Ready to be played."""

    folder: MatchFolder
    game: Game
    agents: "dict[str, Agent]"  # by their names in the match, which are those that they give themselves


def new_match(args: argparse.Namespace) -> Match:
    """Raises UserError."""
    agreed, game, agents = _agree(args)
    return Match(MatchFolder.create(ROOT, agreed, sys.argv), game, agents)


def old_match(args: argparse.Namespace) -> Match:
    """The match of --resume, made longer or shorter. Raises UserError, CorruptArtifact."""
    folder = MatchFolder.open(args.resume, to_play=True)
    try:
        game, agents = _take_seats(folder, args.statistics)
        if args.games is not None:
            folder.extend(args.games // 2)
    except BaseException:
        folder.close()
        raise
    return Match(folder, game, agents)


def league_run(args: argparse.Namespace) -> Path:
    """The folder of the run whose league is asked for. Raises UserError."""
    run = find_run(args.league)
    if run is None:
        raise UserError(f"--league {args.league}: is no run's folder", ExitCode.USAGE)
    return run


def league(run: Path, args: argparse.Namespace) -> Match:
    """The match of a run's own agents, in its folder: gone on with if the same ones play the same, else a new one.

    Raises UserError."""
    saved = roster.saved(run / "agents")
    if len(saved) < 2:
        raise UserError(
            f"--league {args.league}: the run has saved {len(saved)} agents; two are needed", ExitCode.USAGE
        )
    args.agents = [
        str(run / "agents" / roster.folder_of(name)) if roster.learner_of(name) else f"{run}{name}"
        for name in roster.roster(saved)
    ]
    agreed, game, agents = _agree(args)
    for path in folders_of(run / "league"):
        try:
            same = MatchFolder.open(path).is_of(agreed)
        except (CorruptArtifact, UserError):
            continue  # a damaged one is of no use, and in nobody's way
        if same:
            found = MatchFolder.open(path, to_play=True)
            found.extend(max(args.games // 2, found.played))
            return Match(found, game, agents)
    return Match(MatchFolder.create(run / "league", agreed, sys.argv), game, agents)


def _take_seats(folder: MatchFolder, statistics: bool) -> "tuple[Game, dict[str, Agent]]":
    """The game and the agents by name, the same that began the match. Raises UserError."""
    try:
        game = make(folder.game_name, **folder.settings)
    except (KeyError, ImportError, InvalidSetting) as error:
        raise UserError(f"{folder.path}: {folder.game_name}: {error.args[0]}", ExitCode.USAGE) from None
    if rules_version(game) != folder.rules:
        raise UserError(f"{folder.path}: the rules have changed since the match began; start a new one", ExitCode.USAGE)
    if statistics:
        _check_statistics(game)
    try:
        parsed = {name: parse_name(str(told["name"])) for name, told in folder.players.items()}
    except ValueError as error:
        raise UserError(f"{folder.path}: {error}", ExitCode.USAGE) from None
    for name, told in folder.players.items():
        if _hash(parsed[name]) != told["sha256"]:
            raise UserError(
                f"{told['name']}: '{name}' is no longer the agent that began the match; start a new one", ExitCode.USAGE
            )
    made = named_agents([str(told["name"]) for told in folder.players.values()], game, greedy=folder.greedy)
    agents = dict(zip(folder.players, made, strict=True))
    for name, agent in agents.items():
        began = folder.players[name]["called"]
        if agent.name != began:
            raise UserError(
                f"{folder.path}: '{name}' is now {agent.name}, and was {began} when the match began; start a new one",
                ExitCode.USAGE,
            )
    return game, _called_by_name(agents)


def _called_by_name(agents: "dict[str, Agent]") -> "dict[str, Agent]":
    """The same agents: records and tables name them as the match does."""
    for name, agent in agents.items():
        agent.name = name
    return agents


def rules_version(game: Game) -> str:
    """Of the package's rules, and of the game's own where they lie outside it."""
    outside = [name for name in game.state_dtype.names or () if name.startswith(RULES_MARKER)]
    return " ".join([compile_cache.FOLDER.name, *outside])


def _agree(args: argparse.Namespace) -> "tuple[dict[str, Any], Game, dict[str, Agent]]":
    """The terms of a new match, everybody's names looked at, and who plays what. Raises UserError."""
    sprt = None if args.sprt is None else _bounds(args.sprt)
    try:
        names = {name: _recorded(full_name(name)) for name in args.agents}
        parsed = {name: parse_name(full) for name, full in names.items()}
    except ValueError as error:
        raise UserError(str(error), ExitCode.USAGE) from None
    told = _game(args, [names[name] for name in args.agents if parsed[name].family == "saved"])
    greedy = not args.sampled and told.game_name not in HIDDEN_INFORMATION
    _check_different(args.agents, names, greedy)
    if args.opening and told.game.dynamics is Dynamics.SIMULTANEOUS:
        raise UserError(
            f"--opening {args.opening}: {told.game_name} has no turns, so no opening moves; leave it out",
            ExitCode.USAGE,
        )
    if args.statistics:
        _check_statistics(told.game)
    made = named_agents(list(names.values()), told.game, greedy=greedy)
    agents = dict(zip(names, made, strict=True))
    pairs = (args.games or (SPRT_GAMES if sprt else GAMES)) // 2
    at_once = _at_once(list(parsed.values()), told.game.id, sprt is not None)
    try:
        plan = Plan(tuple(args.agents), pairs, args.seed or 0, args.opening, args.gauntlet, at_once)
    except ValueError as error:
        raise UserError(str(error), ExitCode.USAGE) from None
    players = {
        name: {"name": names[name], "called": agent.name, "sha256": _hash(parsed[name])}
        for name, agent in agents.items()
    }
    settings = dict(told.game.settings)
    agreed = terms(told.game_name, settings, rules_version(told.game), players, plan, sprt, greedy)
    return agreed, told.game, _called_by_name(agents)


def _recorded(name: str) -> str:
    """Of an engine, the name with the path of the program that is meant here and now. Raises ValueError."""
    return pinned(name) if parse_name(name).family in ENGINES else name


def _game(args: argparse.Namespace, saved: list[str]) -> Subject:
    """What is played: as asked for, or what the first of the `saved` agents plays. Raises UserError."""
    if args.game is None:
        if not saved:
            raise UserError(f"'{args.agents[0]}' plays several games; say which with --game", ExitCode.USAGE)
        return subject(saved[0])
    told = None if is_word(args.game) else subject(args.game)
    if told is None or told.agent is not None:
        raise UserError(f"--game {args.game}: is an agent, not a game", ExitCode.USAGE)
    return told


def _check_different(typed: list[str], names: dict[str, str], greedy: bool) -> None:
    """`names`: full ones by what was typed. Raises UserError."""
    first: dict[str, str] = {}
    for name in typed:
        same = pinned(names[name])
        same = same.removesuffix(GREEDY) if greedy else same
        if same in first:
            as_well = "" if first[same] == name else f", the first time as {first[same]}"
            raise UserError(f"{name}: named twice{as_well}; a player meets others, not itself", ExitCode.USAGE)
        first[same] = name


def _check_statistics(game: Game) -> None:
    if "statistics" not in as_match(game).settings:
        raise UserError(f"--statistics: {game.id} keeps none", ExitCode.USAGE)


def _at_once(players: list[Parsed], game_id: str, sprt: bool) -> int:
    """Pairs of a fixture: what takes the slowest of them some seconds or minutes, since so much can be lost."""
    if any(player.family in ENGINES for player in players):
        return AT_ONCE_SLOW  # they play one game after the other
    deep, many = (_DEEP_AT_WIDE, _MANY_AT_WIDE) if game_id.startswith(_WIDE) else (_DEEP, _MANY)
    searching = any(player.family == ALPHABETA and int(player.level) >= deep for player in players)
    searching |= any(player.simulations >= many for player in players)
    if searching or (game_id.startswith("connect_four") and any(player.family == "solver" for player in players)):
        return AT_ONCE_DEEP
    return SPRT_AT_ONCE if sprt else AT_ONCE


def _hash(player: Parsed) -> str | None:
    return file_hash(player.folder) if player.family == "saved" else None


def _bounds(text: str) -> tuple[float, float]:
    """From "0,20". Raises UserError."""
    try:
        elo0, elo1 = (float(part) for part in text.split(","))
        Sprt(elo0, elo1)
    except ValueError as error:
        why = str(error) if "bounds" in str(error) else "two numbers of Elo with a comma, as 0,20"
        raise UserError(f"--sprt '{text}': {why}", ExitCode.USAGE) from None
    return elo0, elo1
