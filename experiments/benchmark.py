"""How fast everything is here: python -m experiments.benchmark [--only envs training] [--games connect_four] [--quick]

    envs       steps of each game, alone and many at once          faces     through PettingZoo and Gymnasium
    matches    of two networks, of two scripted teams              sampling  self-play of the default network
    search     tree search, against OpenSpiel's and mctx (of --peers, or where installed here)
    training   through RLlib, against stock RLlib
    scaling    training with 1, 2, 4, ... runners (--scaling, --max-runners)
    peers      other projects in the same run (--peers PYTHON)
    compiling  the first step of each game, with an empty cache and with a filled one (--only compiling)

Figures are steps per CPU-second of one core, each the median of several windows, so that a busy machine disturbs them
little; what is compared takes turns, window by window. A JSON file holds everything, with machine, versions and commit.

PYTHON is an interpreter that has the peers. It is best to keep them apart from everything else:

    python -m venv peers
    peers/bin/pip install torch --index-url https://download.pytorch.org/whl/cpu
    peers/bin/pip install open_spiel pgx mctx jax jaxlib "pettingzoo[classic]" six cloudpickle
    peers/bin/pip install --no-deps vmas gym==0.26.2 gym-notices
    python -m experiments.benchmark --peers peers/bin/python

VMAS needs torch, of which the CPU build is enough, and pins an old gym, whose own pins contradict the others; it runs
without them. A peer that is missing is left out, and the command then exits 1.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
    from experiments.benchmarks.parts import FULL, MEASURED, QUICK, Run
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
