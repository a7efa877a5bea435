"""python -m experiments.labels import WTH_*.wtb --game othello --out labels/wthor
python -m experiments.labels teach --game connect_four --teacher solver --positions 8000 --out labels/solver_8k
python -m experiments.labels show labels/solver_8k

Makes labels for `algorithm.name: supervised`, of what people played or of what a teacher says, and shows what is there.
A teacher's work that was stopped goes on when the same command is given again.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agents.cpu import tune_environment
from experiments.errors import ExitCode, UserError, run_command


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser(
        prog="python -m experiments.labels", description="Labels to learn from: of people's games, of teachers."
    )
    commands = parse.add_subparsers(dest="command", required=True, metavar="COMMAND")
    teach = commands.add_parser("teach", help="a teacher labels positions")
    teach.add_argument("--game", required=True, help="connect_four, othello, ...")
    teach.add_argument(
        "--teacher", required=True, help="solver, biased:edge, or an agent: one_ply, alphabeta:4, mcts:200, RUN+64"
    )
    teach.add_argument("--positions", required=True, type=int, metavar="N")
    teach.add_argument("--out", required=True, type=Path, metavar="FOLDER")
    teach.add_argument("--seed", type=int, default=0, help="of the positions (0)")
    teach.add_argument("--first-ply", type=int, default=0, metavar="N", help="moves made before, at least (0)")
    teach.add_argument("--workers", type=int, default=1, help="processes (1)")
    teach.add_argument("--outcomes", action="store_true", help="the teacher plays on, for a label of the value")
    teach.add_argument("--measure", action="store_true", help="only positions held out, which nobody learns from")
    people = commands.add_parser("import", help="what people played: WTHOR, PGN, SGF, Hex, lines of moves, our records")
    people.add_argument("files", nargs="+", type=Path, metavar="FILE", help="or folders of such files")
    people.add_argument("--game", required=True, help="othello, chess, go_19x19, hex_13, ...")
    people.add_argument("--out", required=True, type=Path, metavar="FOLDER")
    people.add_argument("--max-games", type=int, metavar="N")
    people.add_argument("--min-elo", type=int, default=0, metavar="N", help="of both players (PGN)")
    people.add_argument("--from-ply", type=int, default=0, metavar="N", help="moves made before, at least")
    people.add_argument("--to-ply", type=int, metavar="N", help="and at most")
    people.add_argument("--empties", type=int, nargs=2, metavar=("LOW", "HIGH"), help="empty cells of the board")
    people.add_argument("--keep-duplicates", action="store_true", help="positions and games that came up before, too")
    show = commands.add_parser("show", help="what is in a folder of labels")
    show.add_argument("folder", type=Path, metavar="FOLDER")
    return parse


def main(arguments: Sequence[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    tune_environment()
    return {"import": _import, "teach": _teach, "show": _show}[args.command](args)


def _game(game_id: str, **settings: Any) -> Any:
    from envs import make
    from envs.ids import GAMES
    from experiments.config_types import nearest

    try:
        return make(game_id, **settings)
    except KeyError:
        raise UserError(f"--game: '{game_id}' is no game; {nearest(game_id, GAMES)}", ExitCode.USAGE) from None


def _import(args: argparse.Namespace) -> int:
    from agents.supervised.labels import save_labels
    from agents.supervised.people.collect import Options, import_games
    from agents.supervised.people.formats import WrongFile
    from experiments.progress import bytes_read

    game = _game(args.game)
    if args.out.exists():
        raise UserError(f"--out: {args.out} is there already; choose another folder", ExitCode.USAGE)
    files = [file for path in args.files for file in (sorted(path.rglob("*.*")) if path.is_dir() else [path])]
    for file in files:
        if not file.is_file():
            raise UserError(f"{file}: no such file", ExitCode.USAGE)
    empties = tuple(args.empties) if args.empties else None
    options = Options(args.max_games, args.min_elo, args.from_ply, args.to_ply, empties, args.keep_duplicates)
    try:
        with bytes_read() as tell:
            labels = import_games(game, files, options, tell)
    except WrongFile as error:
        raise UserError(str(error), ExitCode.USAGE) from None
    except ValueError as error:
        raise UserError(str(error)) from None
    save_labels(args.out, labels)
    read = labels.about["read"]
    print(f"{len(labels):,} positions of {read['games']:,} games, {read['moves']:,} moves, "
          f"in {labels.about['seconds']:g} s")  # fmt: skip
    for reason, skipped in read["skipped"].items():
        print(f"left out: {skipped['games']:,} games, {reason}; the first: {skipped['first']}")
    print(f"show:  python -m experiments.labels show {os.path.relpath(args.out)}")
    return ExitCode.DONE


def _teach(args: argparse.Namespace) -> int:
    from agents.supervised.labels import save_labels
    from agents.supervised.teachers import make_labels

    game = _game(args.game)
    if args.out.exists():
        raise UserError(f"--out: {args.out} is there already; choose another folder", ExitCode.USAGE)
    if args.workers < 1:
        raise UserError(f"--workers is {args.workers}; one or more", ExitCode.USAGE)
    try:
        labels = make_labels(
            game, args.teacher, args.positions, args.seed, first_ply=args.first_ply, measure=args.measure,
            outcomes=args.outcomes, keep=args.out, workers=args.workers, tell=lambda text: print(text, flush=True),
        )  # fmt: skip
    except ValueError as error:
        raise UserError(str(error), ExitCode.USAGE) from None
    save_labels(args.out, labels)
    print(f"{len(labels):,} positions labelled in {labels.about['seconds']:g} s")
    print(f"show:  python -m experiments.labels show {os.path.relpath(args.out)}")
    print(f"learn: algorithm: {{name: supervised, labels: [{os.path.relpath(args.out)}]}}")
    return ExitCode.DONE


def _show(args: argparse.Namespace) -> int:
    import json

    import numpy as np
    from rich.console import Console
    from rich.table import Table

    from agents.artifact import read_folder
    from agents.supervised.dataset import measures
    from agents.supervised.labels import JSON_FILE, KIND, load_labels

    described = json.loads(read_folder(args.folder, kind=KIND)[JSON_FILE])
    labels = load_labels(args.folder, _game(described["game"], **described["settings"]))
    held, moves = measures(labels), np.diff(labels.first_move)
    known = labels.values[~np.isnan(labels.values)]
    table = Table(show_header=False, box=None)
    rows: list[tuple[str, str]] = [
        ("game", described["game"]),
        ("positions", f"{len(labels):,} of {labels.games:,} games"),
        ("may be learned from", f"{int((~held).sum()):,}"),
        ("only measure", f"{int(held.sum()):,}"),
        ("with moves", f"{int((moves > 0).sum()):,}, {moves[moves > 0].mean() if moves.any() else 0:.2f} each"),
        ("with values", f"{len(known):,}: {int((known > 0).sum()):,} won, {int((known == 0).sum()):,} drawn, "
         f"{int((known < 0).sum()):,} lost by whoever is to move"),
        ("moves made before", f"{int(labels.ply.min())} to {int(labels.ply.max())}" if len(labels) else "-"),
        ("digest", described["digest"]),
        *((name, json.dumps(value) if isinstance(value, list | dict) else str(value))
          for name, value in labels.about.items()),
    ]  # fmt: skip
    for name, text in rows:
        table.add_row(name, text)
    Console().print(table)
    return ExitCode.DONE


if __name__ == "__main__":
    run_command(main)
