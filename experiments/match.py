"""Let agents play each other: python -m experiments.match A B ... --game G

    python -m experiments.match scripted:L2 scripted:L3 random --game ball_2v2         everybody against everybody
    python -m experiments.match latest one_ply random --gauntlet                       the first against the others
    python -m experiments.match RUN@last RUN@2000000 --sprt 0,20                       until it is clear who is stronger
    python -m experiments.match --resume latest --games 1024                           go on, or play more
    python -m experiments.match --show latest --extract 17                             one of the games, to be watched
    python -m experiments.match --league latest                                        what a run's agents have played
    python -m experiments.match --league latest --games 64                             and as many games of each two

Games are played in pairs: the same start and opening, the seats swapped. Ratings in Elo with 95% intervals, from one
fit with what moving first is worth; the game's anchors keep their ratings (random is 0). The folder, runs/match/...,
has every game, tables as CSV and a heat map.

--league RUN shows the run's own league: up to 12 of its saved agents of all times, @120000 being that of 120,000
environment steps, against each other and the ladder, as far as they met while it was trained (league.json). With
--games they play a match of their own besides, in RUN/league/; the same again plays only what is missing.

--sprt A,B stops as soon as the games say that the first agent is nearer to B Elo ahead than to A, or the reverse
(pentanomial GSPRT, 5% errors either way).
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from agents.cpu import tune_environment
from experiments.errors import ExitCode, UserError, run_command

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.agent import Agent
    from agents.tournament import Table
    from envs.game import Game
    from experiments.match_folder import MatchFolder

MOST_GAMES = 10_000_000  # of each two
LINE_SECONDS = 2.0  # between two plain lines of progress


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m experiments.match", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("agents", metavar="AGENT", nargs="*", help="a run, 'latest', a saved agent's folder, or a name")
    p.add_argument("--game", metavar="GAME", help="what to play, where no agent says it")
    p.add_argument("--games", metavar="N", type=int, help="of each two that meet, an even number (256)")
    p.add_argument("--gauntlet", action="store_true", help="the first agent against each of the others")
    p.add_argument("--sprt", metavar="A,B", help="two agents, until a sequential test of A against B Elo says which")
    p.add_argument("--opening", metavar="N", type=int, help="begin after 0 to N random moves (the game's own number)")
    p.add_argument("--seed", metavar="S", type=int, help="of every game (0)")
    p.add_argument("--sampled", action="store_true", help="networks draw their moves instead of playing the best one")
    p.add_argument(
        "--statistics", action="store_true", help="what both did in a match: passes, shots, ... (ball games)"
    )
    p.add_argument(
        "--resume", metavar="FOLDER", help="go on with a match, 'latest' for the newest; --games for more, or fewer"
    )
    p.add_argument("--show", metavar="FOLDER", help="the tables of a match that was played, 'latest' for the newest")
    p.add_argument("--league", metavar="RUN", help="what a run's own agents have played; with --games, let them play")
    p.add_argument("--extract", metavar="N", type=int, help="with --show: write game N (games.csv) to be watched")
    p.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return p


def main(arguments: Sequence[str] | None = None) -> int:
    args = parser().parse_args(_with_negative_bounds(sys.argv[1:] if arguments is None else arguments))
    _check(args)
    tune_environment()
    from experiments import match_setup
    from experiments.match_folder import MatchFolder

    if args.show is not None:
        return _show(MatchFolder.open(args.show), args)
    if args.league is not None:
        run = match_setup.league_run(args)
        if args.games is None:
            return _show_league(run, args)
        if not args.json:
            _show_league(run, args)
        match = match_setup.league(run, args)
    elif args.resume is not None:
        match = match_setup.old_match(args)
    else:
        match = match_setup.new_match(args)
    folder = match.folder
    try:
        code = _play(folder, match.game, match.agents)
        try:
            if folder.results:
                _tell(folder, _table(folder), args)
        finally:
            if code != ExitCode.DONE:
                print(f"interrupted; go on with: python -m experiments.match --resume {folder.path}", file=sys.stderr)
        return code
    finally:
        folder.close()


def _with_negative_bounds(arguments: Sequence[str]) -> list[str]:
    """The same with --sprt -10,0 as --sprt=-10,0: argparse would take -10,0 for an option."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] == "--sprt" and re.match(r"-[\d.]", argument):
            joined[-1] = f"--sprt={argument}"
        else:
            joined.append(argument)
    return joined


def _check(args: argparse.Namespace) -> None:
    """What can be told from the command line alone. Raises UserError."""
    used = [name for name in ("resume", "show", "league") if getattr(args, name) is not None]
    if used:
        refused = ["agents", "game", "gauntlet", "sprt"]
        refused += {"league": [], "resume": ["opening", "sampled", "seed"]}.get(
            used[0], ["opening", "sampled", "seed", "games"]
        )
        given = [name for name in refused if _is_given(getattr(args, name))]
        if len(used) > 1 or given:
            other = f"--{used[1]}" if len(used) > 1 else given[0] if given[0] == "agents" else f"--{given[0]}"
            raise UserError(f"{other}: not with --{used[0]}, which says who plays what", ExitCode.USAGE)
    elif len(args.agents) < 2:
        raise UserError(
            "name two agents or more: python -m experiments.match scripted:L3 scripted:L2 --game ball_2v2",
            ExitCode.USAGE,
        )
    if args.league is not None and args.games is None:
        for name in ("opening", "sampled", "seed", "statistics"):
            if _is_given(getattr(args, name)):
                raise UserError(
                    f"--{name}: goes with --league where it plays, which it does with --games N", ExitCode.USAGE
                )
    if args.extract is not None and (args.show is None or args.extract < 0):
        raise UserError(f"--extract {args.extract}: goes with --show FOLDER, and is 0 or more", ExitCode.USAGE)
    if args.games is not None and (args.games < 2 or args.games % 2):
        raise UserError(
            f"--games is {args.games}; it must be even, 2 or more: games are played in pairs", ExitCode.USAGE
        )
    if (args.games or 0) > MOST_GAMES:
        raise UserError(f"--games is {args.games}; it must be {MOST_GAMES:,} or less", ExitCode.USAGE)
    if (args.seed or 0) < 0 or (args.opening or 0) < 0:
        raise UserError("--seed and --opening must be 0 or more", ExitCode.USAGE)
    if args.sprt is not None and len(args.agents) != 2:
        raise UserError(f"--sprt: is about two agents, not {len(args.agents)}", ExitCode.USAGE)
    if args.sprt is not None and args.gauntlet:
        raise UserError("--gauntlet: not with --sprt, which is about two agents", ExitCode.USAGE)


def _is_given(value: object) -> bool:
    return value is not None and value is not False and value != []


def _play(folder: "MatchFolder", game: "Game", agents: "dict[str, Agent]") -> int:
    """All that is missing; stops early where the test says so, or somebody asks. Returns the exit code."""
    from agents.sprt import Sprt, Verdict
    from agents.tournament import Meeting, play
    from experiments.stop import StopRequest

    sprt = None if folder.sprt is None else Sprt(*folder.sprt)
    with (
        _progress(folder) as advance,
        StopRequest(lambda _: print("stopping after these games", file=sys.stderr)) as stop,
    ):
        for fixture in folder.missing():
            if sprt is not None and folder.results:
                counts = Meeting.of(folder.results).pairs_by_points
                if sprt.verdict(counts) is not Verdict.UNDECIDED:
                    break
            if stop:
                return stop.exit_code
            folder.add(fixture, play(fixture, game, agents, folder.plan.opening))
            advance()
    return ExitCode.DONE


@contextmanager
def _progress(folder: "MatchFolder") -> "Iterator[Callable[[], None]]":
    """Call what it yields after each fixture: a bar on a terminal, now and then a line elsewhere, both on stderr."""
    total = 2 * folder.plan.pairs * len(folder.plan.edges)

    def played() -> int:
        return sum(2 * result.pairs for result in folder.results)

    print(
        f"{folder.game_name}: {len(folder.players)} agents, {total:,} games at most, {folder.path}",
        file=sys.stderr,
        flush=True,
    )
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("games"), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=total, completed=played())
            yield lambda: bar.update(task, completed=played())
        return
    said = began = time.monotonic()

    def advance() -> None:
        nonlocal said
        now = time.monotonic()
        if now - said >= LINE_SECONDS:
            said = now
            print(f"{played():,} of {total:,} games, {now - began:.0f} s", file=sys.stderr, flush=True)

    yield advance


def _table(folder: "MatchFolder") -> "Table":
    from agents.anchors import load_anchors
    from agents.tournament import Table

    return Table.of(folder.results, load_anchors(folder.game_name.rpartition(":")[2]))


def _show(folder: "MatchFolder", args: argparse.Namespace) -> int:
    if args.extract is not None:
        return _extract(folder, args.extract)
    if not folder.results:
        raise UserError(f"{folder.path}: no games yet; go on with --resume {folder.path}", ExitCode.USAGE)
    if args.statistics and not any(result.statistics for result in folder.results):
        raise UserError(f"--statistics: {folder.game_name} keeps none", ExitCode.USAGE)
    _tell(folder, _table(folder), args)
    return ExitCode.DONE


def _show_league(run: Path, args: argparse.Namespace) -> int:
    """What the run's agents played while it was trained. Raises UserError, CorruptArtifact."""
    from agents.anchors import load_anchors
    from experiments import match_report
    from experiments.config_file import load_resolved
    from experiments.league_table import FILE, read_league

    game = load_resolved(run / "config.yaml").game.id
    league = read_league(run)
    table = league.table(load_anchors(game.rpartition(":")[2]))
    if table is None:
        if args.games is not None:
            return ExitCode.DONE
        raise UserError(f"{run / FILE}: no games yet; let the run's agents play: --games 64", ExitCode.USAGE)
    if args.json:
        print(json.dumps(match_report.to_json(run, game, table, None), indent=1), flush=True)
        return ExitCode.DONE
    print(f"{run / FILE}: {len(table.meetings)} meetings in training, {len(league.members)} members so far")
    match_report.show(match_report.console(), table, game, False, None)
    sys.stdout.flush()
    return ExitCode.DONE


def _tell(folder: "MatchFolder", table: "Table", args: argparse.Namespace) -> None:
    """The tables, then the files: a damaged file of games hides no table. Raises CorruptArtifact for one."""
    from agents.sprt import Sprt
    from experiments import match_report

    sprt = None if folder.sprt is None else Sprt(*folder.sprt)
    if args.json:
        print(json.dumps(match_report.to_json(folder.path, folder.game_name, table, sprt), indent=1), flush=True)
        match_report.write_files(folder, table)
        return
    match_report.show(match_report.console(), table, folder.game_name, args.statistics, sprt)
    sys.stdout.flush()
    print(f"{folder.path}: {', '.join(match_report.write_files(folder, table))}")


def _extract(folder: "MatchFolder", number: int) -> int:
    from agents.records import write_record

    record = folder.record(number)
    file = folder.path / "replays" / f"{number}.json"
    file.parent.mkdir(exist_ok=True)
    write_record(file, record)
    names = " against ".join(record.team_names())
    print(f"game {number}: {names}, {len(record.actions)} moves, {record.result.ended}")
    print(f"watch it: python -m experiments.watch {file}")
    return ExitCode.DONE


if __name__ == "__main__":
    run_command(main)
