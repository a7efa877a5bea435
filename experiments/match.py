"""Let agents play each other: python -m experiments.match A B ... --game G

    python -m experiments.match scripted:L2 scripted:L3 random --game ball_2v2         everybody against everybody
    python -m experiments.match latest one_ply random --gauntlet                       the first against the others
    python -m experiments.match RUN@last RUN@2000000 --sprt 0,20                       until it is clear who is stronger
    python -m experiments.match --resume latest --games 1024                           go on, or play more
    python -m experiments.match --show latest --extract 17                             one of the games, to be watched
    python -m experiments.match --league latest                                        a run's agents of all times

Games are played in pairs: the same start and opening, the seats swapped. Ratings in Elo with 95% intervals, from one
fit with what moving first is worth; the game's anchors keep their ratings (random is 0). The folder, runs/match/...,
has every game, tables as CSV and a heat map.

--sprt A,B stops as soon as the games say that the first agent is nearer to B Elo ahead than to A, or the reverse
(pentanomial GSPRT, 5% errors either way).
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from agents.cpu import tune_environment
from envs.ids import HIDDEN_INFORMATION
from experiments.errors import ExitCode, UserError, run_command

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.sprt import Sprt
    from agents.tournament import Table
    from experiments.match_folder import MatchFolder

GAMES = 256
SPRT_GAMES = 40_000  # at most; two equal players need about 8,000 for 0,20, and are not always told apart
LEAGUE, LEAGUE_GAMES = 12, 64  # agents of a run at most, games of each two
ROOT = Path("runs/match")
SPRT_AT_ONCE = 32  # pairs: the fewer, the less is played after it is clear
PLAIN_WIDTH = 110  # of the tables, where there is no terminal to ask
LINE_SECONDS = 2.0  # between two plain lines of progress


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m experiments.match", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("agents", metavar="AGENT", nargs="*", help="a run, 'latest', a saved agent's folder, or a name")
    p.add_argument("--game", metavar="GAME", help="what to play, where no agent says it")
    p.add_argument("--games", metavar="N", type=int, help=f"of each two that meet, an even number ({GAMES})")
    p.add_argument("--gauntlet", action="store_true", help="the first agent against each of the others")
    p.add_argument("--sprt", metavar="A,B", help="two agents, until a sequential test of A against B Elo says which")
    p.add_argument("--opening", metavar="N", type=int, help="begin after 0 to N random moves (the game's own number)")
    p.add_argument("--seed", metavar="S", type=int, default=0, help="of every game (0)")
    p.add_argument("--sampled", action="store_true", help="networks draw their moves instead of playing the best one")
    p.add_argument(
        "--statistics", action="store_true", help="what both did in a match: passes, shots, ... (ball games)"
    )
    p.add_argument("--resume", metavar="FOLDER", help="go on with a match, 'latest' for the newest; --games for more")
    p.add_argument("--show", metavar="FOLDER", help="the tables of a match that was played, 'latest' for the newest")
    p.add_argument("--league", metavar="RUN", help=f"a run's own agents, {LEAGUE} of all times, against each other")
    p.add_argument("--extract", metavar="N", type=int, help="with --show: write game N (games.csv) to be watched")
    p.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return p


def main(arguments: Sequence[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    _check(args)
    tune_environment()
    from agents.sprt import Sprt
    from experiments.match_folder import MatchFolder

    if args.show:
        folder = MatchFolder.open(args.show)
        if args.extract is not None:
            return _extract(folder, args.extract)
        if not folder.results:
            raise UserError(f"{folder.path}: no games yet; go on with --resume {folder.path}", ExitCode.USAGE)
        _tell(folder, _table(folder), args)
        return ExitCode.DONE
    if args.league:
        folder = _league(args)
    elif args.resume:
        folder = MatchFolder.open(args.resume, to_play=True)
        if args.games is not None:
            folder.extend(args.games // 2)
    else:
        folder = _create(args)
    try:
        code = _play(folder, None if folder.sprt is None else Sprt(*folder.sprt))
        if folder.results:
            _tell(folder, _table(folder), args)
        if code != ExitCode.DONE:
            print(f"interrupted; go on with: python -m experiments.match --resume {folder.path}", file=sys.stderr)
        return code
    finally:
        folder.close()


def _check(args: argparse.Namespace) -> None:
    """What can be told from the command line alone. Raises UserError."""
    used = [name for name in ("resume", "show", "league") if getattr(args, name)]
    if used:
        new = ("agents", "game", "gauntlet", "sprt", *(() if used == ["league"] else ("opening", "sampled")))
        given = [
            name
            for name in (*new, *(("games",) if used == ["show"] else ()))
            if getattr(args, name) not in (None, [], False)
        ]
        if len(used) > 1 or given:
            other = f"--{used[1]}" if len(used) > 1 else given[0] if given[0] == "agents" else f"--{given[0]}"
            raise UserError(f"{other}: not with --{used[0]}, which says who plays what", ExitCode.USAGE)
    elif len(args.agents) < 2:
        raise UserError(
            "name two agents or more: python -m experiments.match scripted:L3 scripted:L2 --game ball_2v2",
            ExitCode.USAGE,
        )
    if args.extract is not None and (not args.show or args.extract < 0):
        raise UserError(f"--extract {args.extract}: goes with --show FOLDER, and is 0 or more", ExitCode.USAGE)
    if args.games is not None and (args.games < 2 or args.games % 2):
        raise UserError(
            f"--games is {args.games}; it must be even, 2 or more: games are played in pairs", ExitCode.USAGE
        )
    if args.seed < 0 or (args.opening or 0) < 0:
        raise UserError("--seed and --opening must be 0 or more", ExitCode.USAGE)
    if args.sprt and len(args.agents) != 2:
        raise UserError(f"--sprt: is about two agents, not {len(args.agents)}", ExitCode.USAGE)
    if args.sprt and args.gauntlet:
        raise UserError("--gauntlet: not with --sprt, which is about two agents", ExitCode.USAGE)


def _bounds(text: str) -> tuple[float, float]:
    """From "0,20". Raises UserError."""
    from agents.sprt import Sprt

    try:
        elo0, elo1 = (float(part) for part in text.split(","))
        Sprt(elo0, elo1)
    except ValueError as error:
        why = str(error) if "bounds" in str(error) else "two numbers of Elo with a comma, as 0,20"
        raise UserError(f"--sprt {text}: {why}", ExitCode.USAGE) from None
    return elo0, elo1


def _league(args: argparse.Namespace) -> "MatchFolder":
    """The match of a run's own agents, in its folder: gone on with if the same ones play the same, else a new one."""
    from experiments.cast import find_run
    from experiments.match_folder import MatchFolder, folders_of

    run = find_run(args.league)
    if run is None:
        raise UserError(f"--league {args.league}: is no run's folder", ExitCode.USAGE)
    saved = sorted(int(entry.name) for entry in (run / "agents").glob("*") if entry.name.isdigit())
    if len(saved) < 2:
        raise UserError(
            f"--league {args.league}: the run has saved {len(saved)} agents; two are needed", ExitCode.USAGE
        )
    chosen = sorted({saved[round(i * (len(saved) - 1) / (LEAGUE - 1))] for i in range(LEAGUE)})
    args.agents = [f"{run}@{steps}" for steps in chosen]
    args.games = args.games or LEAGUE_GAMES
    made = _create(args, run / "league")
    for path in folders_of(run / "league"):
        if path != made.path and made.continues(path):
            made.discard()
            return MatchFolder.open(path, to_play=True)
    return made


def _create(args: argparse.Namespace, root: Path = ROOT) -> "MatchFolder":
    """A new match, everybody's names looked at first. Raises UserError."""
    from agents.names import parse_name
    from agents.tournament import AT_ONCE, AT_ONCE_SLOW, Plan
    from experiments.cast import full_name, named_agents, subject
    from experiments.match_folder import MatchFolder, file_hash

    sprt = _bounds(args.sprt) if args.sprt else None
    try:
        names = {name: full_name(name) for name in args.agents}
        parsed = {name: parse_name(full) for name, full in names.items()}
    except ValueError as error:
        raise UserError(str(error), ExitCode.USAGE) from None
    if args.game:
        told = subject(args.game)
        if told.agent is not None:
            raise UserError(f"--game {args.game}: is an agent, not a game", ExitCode.USAGE)
    else:
        saved = [names[name] for name in args.agents if parsed[name].family == "saved"]
        if not saved:
            raise UserError(f"'{args.agents[0]}' plays several games; say which with --game", ExitCode.USAGE)
        told = subject(saved[0])
    greedy = not args.sampled and told.game_name not in HIDDEN_INFORMATION
    named_agents(
        list(names.values()), told.game, greedy=greedy
    )  # what cannot play is refused before anything is written
    slow = any(of.family in SLOW_FAMILIES for of in parsed.values())
    games = args.games or (SPRT_GAMES if sprt else GAMES)
    try:
        plan = Plan(
            tuple(args.agents), games // 2, args.seed, args.opening, args.gauntlet,
            at_once=AT_ONCE_SLOW if slow else SPRT_AT_ONCE if sprt else AT_ONCE,
        )  # fmt: skip
    except ValueError as error:
        raise UserError(str(error), ExitCode.USAGE) from None
    players = {name: {"name": full, "sha256": file_hash(parsed[name].folder)} for name, full in names.items()}
    return MatchFolder.create(root, told.game_name, dict(told.game.settings), players, plan, sprt, greedy, sys.argv)


SLOW_FAMILIES = ("uci", "gtp")  # they play one game after the other


def _play(folder: "MatchFolder", sprt: "Sprt | None") -> int:
    """All that is missing; stops early where the test says so, or somebody asks. Returns the exit code."""
    from agents.names import parse_name
    from agents.sprt import Verdict
    from agents.tournament import Meeting, play
    from envs import make
    from experiments.cast import named_agents
    from experiments.match_folder import file_hash
    from experiments.stop import StopRequest

    game = make(folder.game_name, **folder.settings)
    for name, told in folder.players.items():
        if told["sha256"] is not None and file_hash(parse_name(str(told["name"])).folder) != told["sha256"]:
            raise UserError(
                f"{told['name']}: '{name}' is no longer the agent that began the match; start a new one", ExitCode.USAGE
            )
    made = named_agents([str(told["name"]) for told in folder.players.values()], game, greedy=folder.greedy)
    agents = dict(zip(folder.players, made, strict=True))
    for name, agent in agents.items():
        agent.name = name  # as it was called here: that is how records and tables name it
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


def _tell(folder: "MatchFolder", table: "Table", args: argparse.Namespace) -> None:
    from rich.console import Console

    from agents.sprt import Sprt
    from experiments import match_report

    sprt = None if folder.sprt is None else Sprt(*folder.sprt)
    written = match_report.write_files(folder, table)
    if args.json:
        print(json.dumps(match_report.to_json(folder, table, sprt), indent=1))
        return
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    if args.statistics and not any(meeting.statistics for meeting in table.meetings.values()):
        raise UserError(f"--statistics: {folder.game_name} keeps none", ExitCode.USAGE)
    match_report.show(console, table, folder.game_name, args.statistics, sprt)
    print(f"{folder.path}: {', '.join(written)}")


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
