"""python -m experiments.report STUDY        (re)write the report of a study from its results.json

STUDY is a study's folder, or a results.json; the report is written beside it: report.html, report/*.png, report/*.csv.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from experiments.errors import ExitCode, UserError, run_command


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser(
        prog="python -m experiments.report", description="Write the report of a study from its results.json."
    )
    parse.add_argument("study", metavar="STUDY", type=Path, help="a study's folder, or a results.json")
    parse.add_argument("--out", metavar="FOLDER", type=Path, help="where to write it (else beside the results)")
    return parse


def main(arguments: Sequence[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    results = args.study / "results.json" if args.study.is_dir() else args.study
    if not results.is_file():
        raise UserError(f"{results}: no such file; a study writes it when its runs are finished", ExitCode.USAGE)
    from experiments.report.write import write_report

    print(os.path.relpath(write_report(results, args.out or results.parent)))
    return ExitCode.DONE


if __name__ == "__main__":
    run_command(main)
