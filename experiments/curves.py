"""Curves of several seeds in one picture: python -m experiments.curves OUT.png TAG NAME=RUNS NAME=RUNS ...

    python -m experiments.curves shaping.png eval/goal_share/scripted_L3 "goal alone=runs/goal" shaped=runs/shaped

RUNS is a folder of runs, runs/<name>/, each with a seed of its own. A line is the median over the seeds, its band their
range, the thin lines the seeds themselves. TensorBoard shows the same tags while a run goes on.
"""

import argparse
import json
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments.errors import ExitCode, UserError, run_command

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # Okabe and Ito: told apart by everyone


class Curve(NamedTuple):
    """One seed: `times` [n] in minutes of training, rising, and `values` [n]."""

    times: np.ndarray
    values: np.ndarray


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m experiments.curves", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("out", metavar="OUT", type=Path, help="OUT.png, OUT.svg or OUT.pdf")
    p.add_argument("tag", metavar="TAG", help="what is drawn: rating/elo, eval/goal_share/scripted_L3, loss/entropy")
    p.add_argument("groups", metavar="NAME=RUNS", nargs="+", help="a name and the folder of its runs")
    p.add_argument("--title", metavar="WORDS", default="", help="above the picture")
    return p


def main(arguments: Sequence[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    if args.out.suffix not in (".png", ".svg", ".pdf"):
        raise UserError(f"{args.out}: the name must end in .png, .svg or .pdf", ExitCode.USAGE)
    groups: dict[str, list[Curve]] = {}
    for text in args.groups:
        name, equals, folder = text.partition("=")
        if not equals or name in groups:
            problem = "stands there twice" if name in groups else "is not of the form NAME=RUNS"
            raise UserError(f"'{text}' {problem}", ExitCode.USAGE)
        groups[name] = curves_of(Path(folder), args.tag)
    draw(args.out, args.tag, groups, args.title)
    for name, curves in groups.items():
        ends = [curve.values[-1] for curve in curves]
        print(f"{name}: {len(curves)} seeds, at the end {np.median(ends):.3g} ({min(ends):.3g} to {max(ends):.3g})")
    print(args.out)
    return ExitCode.DONE


def curves_of(folder: Path, tag: str) -> list[Curve]:
    """Of every run in the folder. Raises UserError where there is none, or one that has no such tag or is damaged."""
    files = sorted(folder.glob("*/metrics.jsonl"))
    if not files:
        raise UserError(f"{folder}: no runs here; give a folder such as runs/selfplay", ExitCode.USAGE)
    return [_curve(file, tag) for file in files]


def _curve(file: Path, tag: str) -> Curve:
    points: list[tuple[float, float]] = []
    known: set[str] = set()
    for number, line in enumerate(file.read_text().splitlines(), 1):
        try:
            row = json.loads(line)
            known |= row.keys()
            if tag in row:
                points.append((row["training_seconds"] / 60, float(row[tag])))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise UserError(f"{file}:{number}: is no row of metrics") from None
    if not points:
        near = get_close_matches(tag, known, n=1)
        tags = sorted(name for name in known if "/" in name)
        hint = f"did you mean '{near[0]}'?" if near else f"it has {', '.join(tags) or 'no rows'}"
        raise UserError(f"{file}: nothing was logged as '{tag}'; {hint}", ExitCode.USAGE)
    times, values = np.array(points).T
    return Curve(times, values)


def common(curves: Sequence[Curve]) -> tuple[np.ndarray, np.ndarray]:
    """`times` [n], the span that all seeds have, and `values` [seeds, n], each seed's on a straight line between its
    own points."""
    begin, end = max(curve.times[0] for curve in curves), min(curve.times[-1] for curve in curves)
    inside = {time for curve in curves for time in curve.times if begin <= time <= end}
    times = np.array(sorted({*inside, begin, max(begin, end)}))
    return times, np.array([np.interp(times, curve.times, curve.values) for curve in curves])


def draw(out: Path, tag: str, groups: dict[str, list[Curve]], title: str = "") -> None:
    from matplotlib.figure import Figure  # without pyplot: no window, no state

    figure = Figure(figsize=(6.4, 3.6), dpi=160, layout="constrained")
    axes = figure.subplots()
    for i, (name, curves) in enumerate(groups.items()):
        colour = COLOURS[i % len(COLOURS)]
        times, values = common(curves)
        for curve in curves:
            axes.plot(curve.times, curve.values, color=colour, alpha=0.25, linewidth=0.8)
        axes.fill_between(times, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.12, linewidth=0)
        seeds = f"{len(curves)} seed{'s' if len(curves) > 1 else ''}"
        axes.plot(times, np.median(values, axis=0), color=colour, linewidth=2, label=f"{name} ({seeds})")
    axes.set(xlabel="minutes of training", ylabel=tag, title=title)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(out)


if __name__ == "__main__":
    run_command(main)
