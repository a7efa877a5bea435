"""python -m experiments.run selfplay.yaml [training.minutes=3 ...]      start a run
python -m experiments.run --resume latest [training.minutes=20]          go on with one

The file is looked up here, then among the shipped configs; `a.b=value` overrides its keys. What a run makes is all in
runs/<name>/<time>-<id>/.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agents.cpu import tune_environment
from experiments.errors import ExitCode, UserError, run_command

if TYPE_CHECKING:
    from experiments.compare.config import CompareConfig
    from experiments.yaml_source import Source


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser(
        prog="python -m experiments.run",
        description="Train agents as a config says, by self-play.",
        epilog="example: python -m experiments.run selfplay.yaml training.minutes=3",
    )
    parse.add_argument("config", nargs="?", help="a YAML file, here or among the shipped configs")
    parse.add_argument("overrides", nargs="*", metavar="a.b=value", help="keys to change")
    parse.add_argument("--resume", metavar="RUN", help="a run's folder, or 'latest'; only the budget may be extended")
    parse.add_argument("--dry-run", action="store_true", help="measure for a few seconds what the run would cost")
    parse.add_argument("--print-config", action="store_true", help="print the config as resolved, and stop")
    return parse


def main(arguments: Sequence[str] | None = None) -> int:
    args = parser().parse_intermixed_args(arguments)
    tune_environment()
    command = [*sys.orig_argv[1:]] if arguments is None else ["-m", "experiments.run", *arguments]
    if args.resume is not None:
        return _resume(args, command)
    if args.config is None:
        raise UserError("which config? for example: python -m experiments.run selfplay.yaml", ExitCode.USAGE)
    from experiments.config import Config
    from experiments.config_file import build_game, load_any, to_yaml

    config, source = load_any(args.config, args.overrides)
    if not isinstance(config, Config):
        return _compare(args, config, source, command)
    if args.print_config:
        print(to_yaml(config), end="")
        return ExitCode.DONE
    game = build_game(config, source)
    from experiments import training

    if args.dry_run:
        return training.dry_run(config, game)
    from experiments.run_folder import RunFolder

    with RunFolder.create(config, command) as run:
        return training.train(run, game)


def _compare(args: argparse.Namespace, config: "CompareConfig", source: "Source", command: Sequence[str]) -> int:
    from experiments.compare import study

    if args.print_config or args.dry_run:
        return study.show(config, source)
    return study.start(config, source, command)


def _resume(args: argparse.Namespace, command: Sequence[str]) -> int:
    from experiments.config_file import build_game, extend
    from experiments.run_folder import RunFolder

    overrides = [text for text in [args.config, *args.overrides] if text is not None]
    if bad := next((text for text in overrides if "=" not in text), None):
        raise UserError(
            f"--resume takes no config file, so what is '{bad}'? overrides look like a.b=value", ExitCode.USAGE
        )
    study_folder = Path(args.resume).expanduser().absolute()
    from experiments.compare import study

    if study.is_study(study_folder):
        if overrides:
            raise UserError(f"a study goes on as it was begun, so what is '{overrides[0]}'?", ExitCode.USAGE)
        return study.resume(study_folder, command)
    with RunFolder.open(args.resume, Path("runs")) as run:
        config = extend(run.config, overrides)
        game = build_game(config)
        from experiments import training

        return training.train(run, game, resume=(config, command))


if __name__ == "__main__":
    run_command(main)
