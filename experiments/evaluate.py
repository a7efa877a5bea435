"""Measure an agent: python -m experiments.evaluate RUN|AGENT

    python -m experiments.evaluate latest                                   the newest run's best agent
    python -m experiments.evaluate runs/selfplay/...@last --games 1024      its newest, in more games
    python -m experiments.evaluate scripted:L3 --game ball_2v2 --opponents scripted:L2 random
    python -m experiments.evaluate latest --drills                          what it can do on the pitch, one by one
    python -m experiments.evaluate latest --mistakes                        its moves against exact play, where known
    python -m experiments.evaluate RUN --game ball_3v3                      another team size: an entities network

Games are played in pairs with the sides swapped, ball games as matches of 90 s. The rating, in Elo with a 95% interval,
counts the opponents that are the game's anchors; random is 0. A drill, of the ball games, is a start and something
to be done from there, in 64 scenes. A mistake is a move that gives away a win or a draw that was to be had.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.cpu import tune_environment
from envs.ids import HIDDEN_INFORMATION
from experiments.config import ShiftSection
from experiments.errors import ExitCode, UserError, run_command
from experiments.shift import chosen_settings, measure_shift

if TYPE_CHECKING:
    from rich.console import Console

    from agents.agent import Agent
    from agents.drills.run import DrillResults
    from agents.evaluation import Against, Evaluation
    from agents.mistakes import Mean, Mistakes
    from agents.shift import ShiftResult, ShiftResults
    from envs.game import Game

GAMES = 256
POSITIONS = 200  # judged by --mistakes
PLAIN_WIDTH = 110  # of the table, where there is no terminal to ask


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m experiments.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("agent", metavar="RUN|AGENT", help="a run's folder, 'latest', a saved agent's folder, or a name")
    p.add_argument("--game", metavar="GAME", help="what to play, where the agent does not say it")
    p.add_argument("--opponents", metavar="NAME", nargs="+", help="against whom (the game's ladder)")
    p.add_argument("--drills", action="store_true", help="the drills of the ball games, in place of games")
    p.add_argument("--mistakes", metavar="N", type=int, nargs="?", const=POSITIONS,
                   help=f"its moves in N positions ({POSITIONS}) against exact play, in place of games")  # fmt: skip
    p.add_argument("--shift", action="store_true", help="the rating in worlds other than the usual (evaluation.shift)")
    p.add_argument(
        "--statistics", action="store_true", help="what both did in a match: passes, shots, ... (ball games)"
    )
    p.add_argument("--games", metavar="N", type=int, help=f"against each, an even number ({GAMES})")
    p.add_argument("--opening", metavar="N", type=int, help="begin after 0 to N random moves (the game's own number)")
    p.add_argument("--seed", metavar="S", type=int, default=0, help="of every game (0)")
    choice = p.add_mutually_exclusive_group()
    choice.add_argument("--greedy", action="store_true", help="a network plays its best action (as evaluation.greedy)")
    choice.add_argument("--sampled", action="store_true", help="a network draws its actions, as in training")
    p.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return p


@dataclass(frozen=True)
class Subject:
    """Who is measured, at what, against whom."""

    name: str  # for make_agent
    game: "Game"
    opponents: tuple[str, ...]
    shift: ShiftSection
    greedy: bool  # as the run measured it
    any_size: bool = False  # it can play other team sizes


def main(arguments: Sequence[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    instead = "drills" if args.drills else "mistakes" if args.mistakes is not None else None
    if instead:
        for option in ("games", "opponents", "opening", "shift", "statistics", *(["mistakes"] if args.drills else [])):
            value = getattr(args, option)
            if value is not None and value is not False:  # 0 was said
                why = f"not with --{instead}, which play no games against anybody"
                raise UserError(f"--{option}: {why}", ExitCode.USAGE)
    if args.shift and args.statistics:
        raise UserError("--statistics: not with --shift, which shows ratings alone", ExitCode.USAGE)
    games = GAMES if args.games is None else args.games
    if games < 2 or games % 2:
        raise UserError(f"--games is {games}; it must be even, 2 or more: games are played in pairs", ExitCode.USAGE)
    if args.seed < 0:
        raise UserError(f"--seed is {args.seed}; it must be 0 or more", ExitCode.USAGE)
    if args.opening is not None and args.opening < 0:
        raise UserError(f"--opening is {args.opening}; it must be 0 or more", ExitCode.USAGE)
    tune_environment()
    subject = find_subject(args.agent, args.game)
    from agents.drills.run import DrillResults, run_drills
    from agents.evaluation import Evaluation, evaluate
    from agents.mistakes import Mistakes, judge
    from agents.names import make_agent
    from agents.shift import ShiftResults
    from agents.solvers import make_solver
    from agents.solvers.agent import tell

    opponents = tuple(args.opponents or subject.opponents)
    greedy = args.greedy or (subject.greedy and not args.sampled)
    result: DrillResults | Evaluation | Mistakes | ShiftResults

    def make(game: "Game") -> "Agent":
        return make_agent(subject.name, game, greedy=greedy)

    try:
        agent = make(subject.game)
        if args.shift:
            games = subject.shift.games if args.games is None else games
            shift = subject.shift.model_copy(update={"games": games})
            result = measure_shift(make, subject.game, shift, subject.any_size, opponents, args.seed, _tell_shift)
        elif args.drills:
            result = run_drills(agent, subject.game, seed=args.seed)
        elif args.mistakes is not None:
            result = judge(agent, subject.game, make_solver(subject.game, tell), args.mistakes, args.seed)
        else:
            result = evaluate(agent, subject.game, opponents, games // 2, args.seed, opening=args.opening, tell=_tell)
    except ValueError as error:
        raise UserError(str(error), ExitCode.USAGE) from None
    if args.json:
        print(json.dumps({**result.to_json(), "greedy": greedy}, indent=1))
    elif isinstance(result, Evaluation):
        show(result)
        if args.statistics:
            show_statistics(result)
    elif isinstance(result, ShiftResults):
        show_shift(result)
    elif isinstance(result, Mistakes):
        show_mistakes(result)
    else:
        show_drills(result)
    return ExitCode.DONE


def find_subject(what: str, game_id: str | None = None) -> Subject:
    """From what was typed. A run or saved agent says what it plays; else `game_id` must. Raises UserError."""
    from agents.names import is_word, parse_name
    from experiments.cast import find_run, run_and_rest

    if is_word(what):
        if game_id is None:
            raise UserError(f"'{what}' plays several games; say which with --game", ExitCode.USAGE)
        return Subject(what, _make(game_id), _ladder(game_id), ShiftSection(), True)
    base, rest = run_and_rest(what)
    run = find_run(base)
    try:
        name = f"{run}{rest}" if run else what
        folder = parse_name(name).folder
    except ValueError as error:
        raise UserError(str(error), ExitCode.USAGE) from None
    from agents.saved import describe_agent, plays

    described = describe_agent(folder)
    opponents, known_as, shift = None, described["game"], ShiftSection()
    greedy = known_as not in HIDDEN_INFORMATION
    if run:
        from experiments.config_file import load_resolved

        config = load_resolved(run / "config.yaml")
        # of one's own game the config has the module, too
        opponents, known_as, shift = config.ladder, config.game.id, config.evaluation.shift
        greedy = config.greedy
    played = game_id or known_as
    module, separator, own_id = played.rpartition(":")
    if played != known_as and not plays(described, own_id):
        raise UserError(f"--game {game_id}: {what} plays {known_as}", ExitCode.USAGE)
    sizes = described["network"].get("type") == "entities"
    if own_id == described["game"]:
        return Subject(name, _make(played, described["settings"]), opponents or _ladder(played), shift, greedy, sizes)
    chosen = chosen_settings(f"{module}{separator}{described['game']}", described["settings"])
    return Subject(name, _make(played, chosen), _ladder(played), shift, greedy, sizes)


def _make(game_id: str, settings: dict | None = None) -> "Game":
    from envs import make
    from envs.game import InvalidSetting

    try:
        return make(game_id, **(settings or {}))
    except (KeyError, ImportError, InvalidSetting) as error:
        raise UserError(f"{game_id}: {error.args[0]}", ExitCode.USAGE) from None


def _ladder(game_id: str) -> tuple[str, ...]:
    from experiments.config import Config, GameSection

    return Config(name="evaluate", game=GameSection(id=game_id)).ladder


def _tell_shift(row: "ShiftResult") -> None:
    elo = "no rating" if row.rating is None else f"{row.rating.elo:+.0f} Elo"
    print(f"{row.shift}, strength {row.strength:g}: {elo}", file=sys.stderr, flush=True)


def _tell(result: "Against") -> None:
    """Progress, apart from the result."""
    print(f"against {result.opponent}: {result.games} games in {result.seconds:.1f} s", file=sys.stderr, flush=True)
    for reason, count in result.forfeits.items():
        print(f"    forfeits: {count}, {reason}", file=sys.stderr, flush=True)


def show(result: "Evaluation") -> None:
    """The rating first, then a row for each opponent."""
    from rich.markup import escape
    from rich.table import Table

    from agents.anchors import load_anchors

    anchors, goals = load_anchors(result.game), any(row.goals_for is not None for row in result.against)
    table = Table(title=escape(f"{result.agent} at {result.game}, seed {result.seed}"), title_justify="left")
    table.add_column("opponent", no_wrap=True)
    extra = ("goals", "share") if goals else ("a game pays",) if result.largest_reward > 1 else ()
    for heading in ("rating", "games", "won", "drawn", "lost", "points", *extra):
        table.add_column(heading, justify="right")
    for row in result.against:
        cells = [
            f"{anchors[row.opponent]:+.0f}" if row.opponent in anchors else "-",
            f"{row.games:,}",
            f"{row.win_rate:.1%}",
            f"{row.draw_rate:.1%}",
            f"{row.losses / row.games:.1%}",
            f"{row.score:.1%}",
        ]
        if goals:
            share = row.goal_share
            cells += [f"{row.goals_for}:{row.goals_against}", "-" if share is None else f"{share:.1%}"]
        elif extra:
            margin = "" if row.return_margin is None else f" ±{row.return_margin:.3f}"
            cells.append(f"{row.mean_return:+.3f}{margin}")
        table.add_row(escape(row.opponent), *cells)
    console = _console()
    if result.rating:
        low, high = result.rating.low, result.rating.high
        console.print(f"[bold]rating {result.rating.elo:+.0f} Elo[/bold], 95% between {low:+.0f} and {high:+.0f}")
    else:
        console.print("no rating: none of the opponents is an anchor of this game")
    console.print(table)


def show_statistics(result: "Evaluation") -> None:
    """Means of a match, the agent's and the opponent's, a column for each opponent."""
    from rich.markup import escape
    from rich.table import Table

    rows = [row for row in result.against if row.statistics]
    if not rows:
        raise UserError(f"--statistics: {result.game} keeps none", ExitCode.USAGE)
    table = Table(title="in a match, on average: the agent, the opponent", title_justify="left")
    table.add_column("", no_wrap=True)
    for row in rows:
        table.add_column(escape(row.opponent), justify="right", no_wrap=True)
    for name in rows[0].statistics or ():
        pairs = [row.statistics[name] for row in rows if row.statistics]
        share = name in ("possession", "final_third")
        cells = [f"{own:.0%}, {other:.0%}" if share else f"{own:.1f}, {other:.1f}" for own, other in pairs]
        table.add_row(name.replace("_", " "), *cells)
    _console().print(table)


def show_drills(result: "DrillResults") -> None:
    """A row for each drill."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(f"{result.agent} at {result.game}, drills, seed {result.seed}"), title_justify="left")
    table.add_column("drill", no_wrap=True)
    table.add_column("what must be done")
    for heading in ("in", "passed", "of", "95% between"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in result.results:
        if row.tried:
            low, high = row.interval
            cells = (f"{row.rate:.1%}", f"{row.tried}", f"{low:.1%} and {high:.1%}")
        else:
            cells = ("-", "-", row.missing)
        table.add_row(row.drill.name, row.drill.task, f"{row.drill.seconds:g} s", *cells)
    _console().print(table)


def show_mistakes(result: "Mistakes") -> None:
    """A row for each phase of the game, then one for all."""
    from rich.markup import escape
    from rich.table import Table

    title = f"{result.agent} at {result.game}, against exact play, seed {result.seed}; points: {result.scale}"
    after = f"; positions after {result.first_ply} moves or more" if result.first_ply else ""
    table = Table(title=escape(title + after), title_justify="left")
    table.add_column("phase", no_wrap=True)
    for heading in ("positions", "mistakes", "95% between", "points lost", "value error"):
        table.add_column(heading, justify="right", no_wrap=True)

    def mean(of: "Mean | None") -> str:
        return "-" if of is None else f"{of.mean:.2f}" + ("" if of.margin is None else f" ±{of.margin:.2f}")

    for row in (*result.phases, result.total):
        low, high = row.interval
        cells = (f"{row.positions:,}", f"{row.rate:.1%}", f"{low:.1%} and {high:.1%}", mean(row.regret))
        table.add_row(row.phase, *cells, mean(row.value_error))
    _console().print(table)


def show_shift(result: "ShiftResults") -> None:
    """A row for each shift, a column for each strength; then other team sizes."""
    from rich.markup import escape
    from rich.table import Table

    def cell(row: "ShiftResult") -> str:
        share = "" if row.goal_share is None else f", {row.goal_share:.0%}"
        if row.rating is None:
            return f"no rating{share}"
        return f"{row.rating.elo:+.0f} ({row.rating.low:+.0f} to {row.rating.high:+.0f}){share}"

    usual, *rest = result.results
    by_shift: dict[str, list[ShiftResult]] = {}
    for row in rest:
        by_shift.setdefault(row.shift, []).append(row)
    widest = max(map(len, by_shift.values()), default=1)
    title = f"{escape(result.agent)} at {result.game}: Elo (95%), share of all goals; {result.games} games a cell"
    table = Table(title=f"{title} and opponent, seed {result.seed}", title_justify="left")
    table.add_column("shift", no_wrap=True)
    longest = max(by_shift.values(), key=len, default=[])
    for row in longest:
        table.add_column(f"strength {row.strength:g}", justify="right", no_wrap=True)
    table.add_row("none", cell(usual), *[""] * (widest - 1))
    for name, rows in by_shift.items():
        table.add_row(escape(name), *map(cell, rows), *[""] * (widest - len(rows)))
    _console().print(table)


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)


if __name__ == "__main__":
    run_command(main)
