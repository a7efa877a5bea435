"""How fast everything is here: python -m experiments.benchmark [--only envs training] [--games connect_four] [--quick]

    envs       steps of each game, alone and many at once          faces     through PettingZoo and Gymnasium
    matches    of two networks, of two scripted teams              sampling  self-play of the default network
    search     tree search, against OpenSpiel's (of --peers, or where it is installed here)
    training   through RLlib, against stock RLlib
    scaling    training with 1, 2, 4, ... runners (--scaling, --max-runners)
    peers      other projects in the same run (--peers PYTHON)
    compiling  the first step of each game, with an empty cache and with a filled one (--only compiling)

Figures are steps per CPU-second of one core, each the median of several windows, so that a busy machine disturbs them
little; what is compared takes turns, window by window. A JSON file holds everything, with machine, versions and commit.

PYTHON is an interpreter that has the peers. It is best to keep them apart from everything else:

    python -m venv peers
    peers/bin/pip install torch --index-url https://download.pytorch.org/whl/cpu
    peers/bin/pip install open_spiel pgx jax jaxlib "pettingzoo[classic]" six cloudpickle
    peers/bin/pip install --no-deps vmas gym==0.26.2 gym-notices
    python -m experiments.benchmark --peers peers/bin/python

VMAS needs torch, of which the CPU build is enough, and pins an old gym, whose own pins contradict the others; it runs
without them. A peer that is missing is left out, and the command then exits 1.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from agents.cpu import tune_environment
from envs.ids import GAMES
from experiments.errors import ExitCode, UserError, run_command
from experiments.provenance import usable_cores

FORMAT = "bitterball benchmark 1"
PARTS = ("envs", "faces", "matches", "search", "sampling", "training")  # without being asked for
PARTS_ON_REQUEST = ("scaling", "peers", "compiling")
USUAL = (
    "tic_tac_toe", "connect_four", "othello", "gomoku_15", "hex_11", "breakthrough_8", "go_9x9", "go_19x19", "chess",
    "kuhn_poker", "leduc_poker", "ball_1v1", "ball_2v2", "ball_3v3", "ball_11v11",
)  # fmt: skip  # one size of each family, the one that others are known by, where no games are named
TRAINED = ("connect_four", "ball_2v2")  # where no games are named
MANY_GAMES = 1024
SAMPLED_GAMES, SAMPLED_LENGTH = 512, 64  # the default run's


class Effort(NamedTuple):
    """How long is measured, in seconds a window."""

    windows: int
    seconds: float
    batch_sizes: tuple[int, ...]
    training_windows: int
    training_seconds: float


FULL = Effort(windows=7, seconds=0.4, batch_sizes=(1, 64, 1024, 4096), training_windows=5, training_seconds=5.0)
QUICK = Effort(windows=3, seconds=0.1, batch_sizes=(1, 1024), training_windows=2, training_seconds=2.0)


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser(
        prog="python -m experiments.benchmark",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parse.add_argument(
        "--only", nargs="+", metavar="PART", choices=PARTS + PARTS_ON_REQUEST, help=", ".join(PARTS + PARTS_ON_REQUEST)
    )
    parse.add_argument("--games", nargs="+", metavar="GAME", help="ids, or module:id, or all (default: the usual ones)")
    parse.add_argument("--quick", action="store_true", help="a rough look: fewer and shorter windows")
    parse.add_argument("--scaling", action="store_true", help="add training with 1, 2, 4, ... runners")
    parse.add_argument("--max-runners", metavar="N", type=_whole, help="of --scaling (default: the cores)")
    parse.add_argument("--peers", metavar="PYTHON", help="add other projects, found by this interpreter")
    parse.add_argument("--core", metavar="N", type=int, help="the core to measure on (default: the last)")
    parse.add_argument(
        "--json", metavar="FILE", type=Path, help="where the figures go (default: runs/benchmark/<time>.json)"
    )
    return parse


def _whole(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    games, parts, core = _games(args.games), _parts(args), _core(args.core)
    interpreter = _interpreter(args.peers)
    untouched = dict(os.environ)  # for processes that are not ours
    tune_environment()  # before numpy and torch
    _make(games)
    from experiments.benchmarks.tables import Printer, goals, print_goals, print_part

    made_by = [*sys.orig_argv[1:]] if arguments is None else ["-m", "experiments.benchmark", *arguments]
    report = Report(args.json, made_by, core)
    printer = Printer(sys.stdout)
    trained = games if args.games else TRAINED
    most = args.max_runners or usable_cores()
    run = Run(games, trained, QUICK if args.quick else FULL, core, untouched, printer.say, most, interpreter)
    failed = []
    for part in parts:
        rows = report.results[part] = MEASURED[part](run)
        report.write()
        print_part(printer, part, rows)
        failed += [row["unavailable"] for row in rows if "unavailable" in row]
    found = goals(report.results)
    print_goals(printer, found)
    report.write(goals=[goal._asdict() for goal in found])
    printer.print(f"load {' '.join(f'{load:.1f}' for load in os.getloadavg())}; figures in {report.path}")
    for reason in failed:
        print(f"not measured: {reason}", file=sys.stderr)
    return ExitCode.FAILED if failed else ExitCode.DONE


class Run(NamedTuple):
    """What the parts need to know."""

    games: tuple[str, ...]
    trained: tuple[str, ...]  # games, in the parts that train
    effort: Effort
    core: int | None
    environment: Mapping[str, str]  # as the user has it
    say: Callable[[str], None]
    max_runners: int
    peers: str  # the interpreter


def envs(run: Run) -> list[dict[str, Any]]:
    from envs import make
    from experiments.benchmarks.environments import batch_play, rates, ratios, take_turns
    from experiments.benchmarks.windows import measure, pinned

    rows = []
    for game_id in run.games:
        run.say(f"envs {game_id} (the first time, it is compiled)")
        for num_games in run.effort.batch_sizes:
            with pinned(run.core):
                windows = measure(batch_play(make(game_id), num_games), run.effort.seconds, run.effort.windows)
            rows.append({"game": game_id, "num_games": num_games, "unit": STEPS, "rate": rates(windows)})
        if "statistics" in make(game_id).settings:
            plays = {kept: batch_play(make(game_id, statistics=kept == "on"), MANY_GAMES) for kept in ("off", "on")}
            with pinned(run.core):
                turns = take_turns(plays, run.effort.seconds, run.effort.windows)
            row = {"game": f"{game_id}, statistics on", "num_games": MANY_GAMES, "unit": STEPS}
            rows.append({**row, "rate": rates(turns["on"]), "ratio": ratios(turns["on"], turns["off"])})
    return rows


def faces(run: Run) -> list[dict[str, Any]]:
    from experiments.benchmarks.environments import faces as faces_of
    from experiments.benchmarks.environments import rates, ratios, take_turns
    from experiments.benchmarks.windows import pinned

    rows = []
    for game_id in run.games:
        run.say(f"faces {game_id}")
        with pinned(run.core):
            windows = take_turns(dict(faces_of(game_id)), run.effort.seconds, run.effort.windows)
        for face, mine in windows.items():
            row = {"game": game_id, "face": face, "unit": STEPS, "rate": rates(mine)}
            if face == "PettingZoo AEC" and (theirs := windows.get("PettingZoo's own")):
                row["ratio"] = ratios(mine, theirs)
            rows.append(row)
    return rows


def matches(run: Run) -> list[dict[str, Any]]:
    from envs import make
    from experiments.benchmarks.environments import network_match_play, rates, scripted_match_play
    from experiments.benchmarks.windows import measure, pinned

    plays = {
        "connect_four": ("two networks, 256 pairs at once", "moves per CPU-second",
                         lambda game: network_match_play(game, 256)),
        "ball_2v2": ("scripted:L3 against scripted:L2, 128 pairs at once", "matches per CPU-second",
                     lambda game: scripted_match_play(game, "scripted:L3", "scripted:L2", 128)),
    }  # fmt: skip
    rows = []
    for game_id, (who, unit, of) in plays.items():
        if game_id in run.games:
            run.say(f"matches {game_id}")
            with pinned(run.core):
                windows = measure(of(make(game_id)), run.effort.seconds, run.effort.windows)
            rows.append({"game": game_id, "who": who, "unit": unit, "rate": rates(windows)})
    return rows


def search(run: Run) -> list[dict[str, Any]]:
    from experiments.benchmarks.search import rows

    return rows(run.games, run.peers, run.environment, run.core, run.effort.seconds, run.effort.windows, run.say)


def sampling(run: Run) -> list[dict[str, Any]]:
    from envs import make
    from experiments.benchmarks.environments import rates, sampling_play
    from experiments.benchmarks.windows import measure, pinned

    rows = []
    for game_id in run.games:
        run.say(f"sampling {game_id}")
        with pinned(run.core):
            play = sampling_play(make(game_id), SAMPLED_GAMES, SAMPLED_LENGTH)
            windows = measure(play, run.effort.seconds, run.effort.windows)
        shape = {"num_games": SAMPLED_GAMES, "length": SAMPLED_LENGTH}
        rows.append({"game": game_id, **shape, "unit": "agent steps per CPU-second", "rate": rates(windows)})
    return rows


def training(run: Run) -> list[dict[str, Any]]:
    from experiments.benchmarks.training import against_stock
    from experiments.benchmarks.worker import WorkerFailed

    effort, rows = run.effort, []
    for game_id in run.trained:
        if game_id != "connect_four":
            rows.append(_default_run(run, game_id, runners=1 if usable_cores() > 1 else 0))
            continue
        try:
            row = against_stock(run.environment, run.core, effort.training_seconds, effort.training_windows, run.say)
        except WorkerFailed as failure:
            row = {"game": game_id, "unavailable": str(failure)}
        rows.append(row)
    return rows


def scaling(run: Run) -> list[dict[str, Any]]:
    from experiments.benchmarks.training import scaling_steps

    games = [game_id for game_id in run.trained if game_id != "connect_four"] or run.trained
    return [_default_run(run, game_id, runners) for game_id in games for runners in scaling_steps(run.max_runners)]


def _default_run(run: Run, game_id: str, runners: int) -> dict[str, Any]:
    from experiments.benchmarks.training import default_run
    from experiments.benchmarks.worker import WorkerFailed

    effort = run.effort
    try:
        return default_run(game_id, runners, run.environment, effort.training_seconds, effort.training_windows, run.say)
    except WorkerFailed as failure:
        return {"game": game_id, "runners": runners, "unavailable": str(failure)}


def peers(run: Run) -> list[dict[str, Any]]:
    from experiments.benchmarks.comparison import PEERS, compare

    rows, effort = [], run.effort
    for peer in PEERS:
        if peer.game in run.games:
            run.say(f"peers {peer.game}: {peer.name}")
            rows.append(compare(peer, run.peers, run.environment, run.core, effort.seconds, effort.windows))
    return rows


def compiling(run: Run) -> list[dict[str, Any]]:
    from experiments.benchmarks.compiling import cold_and_warm
    from experiments.benchmarks.worker import WorkerFailed

    rows = []
    for game_id in run.games:
        run.say(f"compiling {game_id}")
        try:
            rows.append(cold_and_warm(game_id, run.environment))
        except WorkerFailed as failure:
            rows.append({"game": game_id, "unavailable": str(failure)})
    return rows


STEPS = "env steps per CPU-second"
MEASURED = {
    "envs": envs, "faces": faces, "matches": matches, "search": search, "sampling": sampling, "training": training,
    "scaling": scaling, "peers": peers, "compiling": compiling,
}  # fmt: skip


class Report:
    """The JSON file, written anew after every part."""

    def __init__(self, path: Path | None, command: Sequence[str], core: int | None):
        from experiments.provenance import provenance

        self.path = path or Path("runs") / "benchmark" / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
        self.results: dict[str, list[dict[str, Any]]] = {}
        self._head = {"format": FORMAT, **provenance(command), "core": core, "load_before": os.getloadavg()}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.write()
        except OSError as error:
            raise UserError(
                f"{self.path}: cannot be written ({error.strerror}); name another file with --json",
                ExitCode.ENVIRONMENT,
            ) from None

    def write(self, **more: Any) -> None:
        text = json.dumps({**self._head, "load_after": os.getloadavg(), "results": self.results, **more}, indent=1)
        beside = self.path.with_name(self.path.name + ".part")
        beside.write_text(text + "\n")
        beside.replace(self.path)


def _games(names: Sequence[str] | None) -> tuple[str, ...]:
    """The ids, each of which can be made."""
    if not names:
        return USUAL
    if "all" in names:
        return tuple(dict.fromkeys([*GAMES, *(name for name in names if name != "all")]))
    from difflib import get_close_matches

    for name in names:
        if name not in GAMES and ":" not in name:
            near = get_close_matches(name, GAMES, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(GAMES)}"
            raise UserError(f"--games: unknown game '{name}'; {hint}", ExitCode.USAGE)
    return tuple(dict.fromkeys(names))


def _parts(args: argparse.Namespace) -> list[str]:
    """In the order of measurement."""
    chosen = set(args.only or PARTS)
    if args.scaling:
        chosen.add("scaling")
    if args.peers is not None:
        chosen.add("peers")
    elif "peers" in chosen:
        raise UserError("--only peers needs --peers PYTHON, an interpreter that has them (see --help)", ExitCode.USAGE)
    return [part for part in (*PARTS, *PARTS_ON_REQUEST) if part in chosen]


def _make(games: Sequence[str]) -> None:
    """Fails at once where a game of the user's own cannot be made."""
    from envs import make

    for name in games:
        try:
            make(name)
        except (ImportError, KeyError, ValueError) as error:
            raise UserError(f"--games {name}: {error.args[0] if error.args else error}", ExitCode.USAGE) from None


def _interpreter(path: str | None) -> str:
    """In full, but with its links: a virtual environment is known by them."""
    if path is None:
        return ""
    full = os.path.abspath(os.path.expanduser(path))
    if not (os.path.isfile(full) and os.access(full, os.X_OK)):
        raise UserError(f"--peers {path}: no such interpreter; --help says how to make one", ExitCode.USAGE)
    return full


def _core(wanted: int | None) -> int | None:
    """The core to measure on; None where the system cannot pin."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    usable = os.sched_getaffinity(0)
    if wanted is None:
        return max(usable)
    if wanted not in usable:
        raise UserError(f"--core {wanted}: this process may use {', '.join(map(str, sorted(usable)))}", ExitCode.USAGE)
    return wanted


if __name__ == "__main__":
    run_command(main)
