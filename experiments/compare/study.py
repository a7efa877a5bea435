"""A study from its file to its report: labels made, runs made, agents measured, results.json and the report written.

runs/<name>/<time>-<id>/
  config.yaml      as it was given            manifest.json    where, when and with what
  labels/<name>/   made by teachers           positions/       that measure, with the worth of every move
  arms/<arm>/seed_<n>/                        job.json, log.txt, scores.json and the run's own folder
  results.json     all scores and costs       report.html      for a reader who was not there
"""

import json
import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from experiments.compare.config import CompareConfig, LabelSource
from experiments.compare.plan import Job, effective, instruments_of, plan
from experiments.errors import ExitCode, UserError
from experiments.yaml_source import Source

FORMAT = "bitterball study 1"
CONFIG, RESULTS = "config.yaml", "results.json"


def start(study: CompareConfig, source: Source, command: Sequence[str], root: Path = Path("runs")) -> int:
    """A new study. Returns the exit code."""
    from agents.artifact import write_whole
    from experiments.provenance import provenance

    _check(study, source)
    folder = Path(root).absolute() / study.name / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    folder.mkdir(parents=True)
    write_whole(folder / CONFIG, json.dumps(source.data, indent=1).encode())  # JSON is YAML
    made = {"format": FORMAT, "made": provenance(command), "resumed": []}
    write_whole(folder / "manifest.json", json.dumps(made, indent=1).encode())
    return _go_on(folder, study, source)


def show(study: CompareConfig, source: Source) -> int:
    """What it would run, and how long that takes at least. Returns the exit code."""
    jobs, small = _check(study, source), effective(study)
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        groups.setdefault("/".join(filter(None, (job.group, job.arm, job.phase))), []).append(job)
    for name, runs in groups.items():
        bounds = {key: runs[0].config.training.model_dump()[key] for key in ("minutes", "flops", "gradient_steps")}
        bound = ", ".join(f"{value:g} {key}" for key, value in bounds.items() if value)
        print(f"{name:40} {len(runs)} runs, {runs[-1].config.algorithm.name}, {bound} each")
    if small.cost.unit == "minutes":
        total = sum(job.config.training.minutes or 0 for job in jobs) / _parallel(small)
        print(f"{len(jobs)} runs, {_parallel(small)} at a time: {total:.0f} minutes of training, measuring not counted")
    return ExitCode.DONE


def is_study(folder: Path) -> bool:
    try:
        return json.loads((folder / "manifest.json").read_text())["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError):
        return False


def resume(folder: Path, command: Sequence[str]) -> int:
    """Go on with a study that was stopped; what was finished is not run again."""
    from agents.artifact import write_whole
    from experiments.config_file import load_any
    from experiments.provenance import provenance

    study, source = load_any(str(folder / CONFIG), [])
    assert isinstance(study, CompareConfig)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["resumed"].append(provenance(command))
    write_whole(folder / "manifest.json", json.dumps(manifest, indent=1).encode())
    return _go_on(folder, study, source)


def _check(study: CompareConfig, source: Source) -> list[Job]:
    """Every config of it, before anything is made. Raises UserError."""
    study = effective(study)
    return plan(study, source, {name: name for name in study.labels})


def _go_on(folder: Path, whole: CompareConfig, source: Source) -> int:
    from experiments.compare.results import write_results
    from experiments.compare.work import Work
    from experiments.run_folder import take_lock
    from experiments.stop import StopRequest

    study = effective(whole)
    lock = take_lock(folder)
    try:
        with StopRequest(_say) as stop:
            _say(f"{study.name}: study folder {os.path.relpath(folder)}")
            jobs = _check(whole, source)
            game = _game(jobs[0])
            used = [name for arm in study.arms.values() for name in arm.labels]
            used += [arm.starts for arm in study.arms.values() if arm.starts]
            used += [name for sweep in study.sweeps for name in sweep.labels]
            labels = {name: _labels(folder, name, study.labels[name], game) for name in dict.fromkeys(used)}
            judges = {
                name: _labels(folder, name, study.labels[name], game, study.measure.foretold)
                for name in (study.measure.expert, study.measure.human) if name is not None
            }  # fmt: skip
            origin = study.measure.positions_from
            source_of = origin and _labels(folder, origin, study.labels[origin], game, study.measure.positions)
            positions = _positions(folder, study, game, source_of)
            if stop:
                return _stopped(folder, int(stop.exit_code))
            jobs = plan(study, source, {**{name: name for name in study.labels}, **labels})
            work = Work(folder, jobs, _parallel(study), instruments_of(study.measure, judges), positions, _say)
            failed = work.run(stop)
            write_results(folder, whole, study, jobs, failed, labels)
            if stop:
                return _stopped(folder, int(stop.exit_code))
        _report(folder)
        return ExitCode.FAILED if failed else ExitCode.DONE
    finally:
        lock.close()


def _stopped(folder: Path, code: int) -> int:
    _say(f"stopped; go on with: python -m experiments.run --resume {os.path.relpath(folder)}")
    return code


def _say(text: str) -> None:
    print(text, flush=True)


def _parallel(study: CompareConfig) -> int:
    from experiments.provenance import usable_cores

    return usable_cores() if study.parallel == "auto" else max(1, int(study.parallel))


def _game(job: Job) -> Any:
    from experiments.config_file import build_game

    return build_game(job.config)


def _labels(folder: Path, name: str, source: LabelSource, game: Any, foretold: int = 0) -> str:
    """Where these labels are; made now if they are a teacher's and not there yet. With `foretold`, so
    many of a teacher, of positions held out. Raises UserError."""
    from agents.artifact import CorruptArtifact
    from agents.supervised.labels import load_labels, save_labels

    count, measure = foretold or source.positions, foretold > 0
    place = folder / "labels" / (f"{name}_held_out_{count}" if measure else name)
    if source.folder:
        place = Path(source.folder).expanduser().absolute()
    try:
        if source.teacher and not place.exists():
            from agents.supervised.teachers import make_labels
            from experiments.provenance import usable_cores

            which = "held-out positions" if measure else "positions"
            _say(f"labels: {count:,} {which} by {source.teacher}")
            made = make_labels(
                game, source.teacher, count, source.seed, first_ply=source.first_ply, measure=measure,
                outcomes=source.outcomes, keep=place, workers=usable_cores(), tell=_say,
            )  # fmt: skip
            save_labels(place, made)
        load_labels(place, game)
    except (CorruptArtifact, ValueError) as error:
        raise UserError(f"labels.{name}: {error}", ExitCode.USAGE) from None
    return str(place)


def _positions(folder: Path, study: CompareConfig, game: Any, labels: str | None) -> Path | None:
    """That measure, with what their moves are worth; of these labels, or of games by chance and by rule. Raises
    UserError for a game without a solver."""
    from agents.supervised.labels import load_labels
    from experiments.compare.instruments import Positions, find_positions, labelled_positions

    place = folder / "positions"
    if not study.measure.positions:
        return None
    if not place.exists():
        _say(f"judging {study.measure.positions:,} held-out positions by exact play")
        try:
            count = study.measure.positions
            found = (
                labelled_positions(load_labels(Path(labels), game), count) if labels else find_positions(game, count)
            )
        except ValueError as error:
            raise UserError(f"measure.positions: {error}; set it to 0", ExitCode.USAGE) from None
        found.save(place)
    Positions.load(place, game)
    return place


def _report(folder: Path) -> None:
    from experiments.report.write import write_report

    _say(f"report: {os.path.relpath(write_report(folder / RESULTS, folder))}")
