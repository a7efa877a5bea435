"""python -m experiments.compare.one JOB.json        one run of a study, in a process of its own: trained, then measured

The file says what to do (work.py writes it): the config, where the run's folder is to be, what to begin with, what to
measure with. A run that was stopped goes on from its checkpoint; scores.json beside it says that it is finished.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agents.cpu import tune_environment
from experiments.errors import ExitCode, run_command

SCORES = "scores.json"


def main(arguments: Sequence[str] | None = None) -> int:
    tune_environment()
    (file,) = sys.argv[1:] if arguments is None else arguments
    job = json.loads(Path(file).read_text())
    folder = Path(job["folder"])
    code = train(job, folder)
    if code == ExitCode.DONE:
        finish(job, folder)
    return code


def run_in(folder: Path) -> Path | None:
    """The run in that folder of a study, if one was begun that can be gone on with."""
    runs = sorted(path.parent for path in folder.glob("run/*/manifest.json"))
    return runs[-1] if runs and any((runs[-1] / "checkpoints").glob("[0-9]*")) else None


def train(job: dict[str, Any], folder: Path) -> int:
    """Returns the exit code. Raises UserError."""
    from experiments import training
    from experiments.config_file import build_game, validated
    from experiments.run_folder import RunFolder
    from experiments.yaml_source import Source

    config = validated(Source(str(folder), {**job["config"], "name": "run"}))
    command = ["-m", "experiments.compare.one", str(folder)]
    begun = run_in(folder)
    if begun is None:
        with RunFolder.create(config, command, root=folder) as run:
            return training.train(run, build_game(config), command="experiments.run")
    with RunFolder.open(begun) as run:
        game = build_game(run.config)
        done = any(json.loads(line).get("done") for line in _lines(folder / "trained.json"))
        return ExitCode.DONE if done else training.train(run, game, resume=(run.config, command))


def finish(job: dict[str, Any], folder: Path) -> None:
    """Measure every agent that the run saved, and write scores.json."""
    from agents.artifact import write_whole
    from experiments.assembly import game_settings
    from experiments.compare.instruments import Positions, measure
    from experiments.config_file import build_game, load_resolved

    run = run_in(folder)
    assert run is not None
    write_whole(folder / "trained.json", b'{"done": true}\n')
    config = load_resolved(run / "config.yaml")
    game = build_game(config)
    assert game_settings(config, game) is not None
    positions = Positions.load(Path(job["positions"]), game) if job["positions"] else None
    points: list[dict[str, Any]] = []
    regrets: list[int] = []
    for agent in sorted((run / "agents").glob("[0-9]*"), key=lambda path: int(path.name)):
        record = json.loads((agent / "agent.json").read_text())["record"]
        scores, regrets = measure(agent, game, positions, job["instruments"], config.training.seed)
        cost = {
            "minutes": record["training_seconds"] / 60,
            "flops": record["flops"],
            "gradient_steps": record["gradient_steps"],
            "env_steps": 0 if config.algorithm.name == "supervised" else record["env_steps"],
        }
        points.append({"agent": str(agent), "cost": cost, "scores": scores})
    write_whole(folder / SCORES, json.dumps({"points": points, "regrets": regrets}, indent=1).encode())


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


if __name__ == "__main__":
    run_command(main)
