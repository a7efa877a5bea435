"""results.json: every score and cost of a study, from the scores.json of its runs; what the report is made of."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.compare.config import LABELS, CompareConfig
from experiments.compare.one import SCORES
from experiments.compare.plan import PHASES, Job
from experiments.compare.study import CONFIG, FORMAT, RESULTS

if TYPE_CHECKING:
    from envs.game import Game

METRICS: dict[str, tuple[str, str, str]] = {
    "mistakes": ("mistakes, network alone", "lower", "%"),
    "regret": ("regret, network alone", "lower", "points"),
    "value_error": ("value error against exact play", "lower", "squared"),
    "rating": ("rating", "higher", "Elo"),
    "expert_accuracy": ("the expert's moves foretold", "higher", "%"),
    "human_accuracy": ("people's moves foretold", "higher", "%"),
    "human_value_error": ("error in foretelling the outcome of people's games", "lower", "squared"),
}


def write_results(
    folder: Path, whole: CompareConfig, study: CompareConfig, jobs: Sequence[Job], failed: Mapping[str, str],
    labels: Mapping[str, str],
) -> Path:  # fmt: skip
    """Returns the file."""
    from agents.artifact import write_whole
    from experiments.config_file import build_game

    game = build_game(jobs[0].config)
    points, missing = _points(folder, study, jobs)
    names = sorted({name for point in points for name in point["scores"]})
    results: dict[str, Any] = {
        "format": FORMAT,
        "name": study.name,
        "title": study.title or study.name,
        "question": study.question,
        "game": jobs[0].config.game.id,
        "quick": whole.budget == "quick",
        "made": json.loads((folder / "manifest.json").read_text())["made"],
        "config": (folder / CONFIG).read_text(),
        "cost": study.cost.model_dump(),
        "metrics": {name: _metric(name) for name in names},
        "primary": "mistakes" if "mistakes" in names else next(iter(names), "rating"),
        "arms": {name: _arm(study, name, labels, game) for name in study.arms},
        "points": points,
        "references": _references(folder, game),
        "claims": [claim.model_dump() for claim in study.claims],
        "sweeps": _sweeps(folder, study, jobs),
        "scaling": _scaling(folder, study, jobs),
        "paired": _paired(folder, study, jobs),
        "disagreements": _disagreements(folder, study, jobs, points, game),
        "failed": [{"arm": p.split("/")[1], "seed": _seed(p), "message": text} for p, text in failed.items()],
        "missing": missing,
    }
    write_whole(folder / RESULTS, json.dumps(results, indent=1).encode())
    return folder / RESULTS


def _seed(path: str) -> int:
    return int(next(part for part in path.split("/") if part.startswith("seed_")).removeprefix("seed_"))


def _metric(name: str) -> dict[str, str]:
    base, _, phase = name.partition("/")
    stem, _, simulations = base.rpartition("_")
    searched = stem in METRICS and simulations.isdigit()
    label, better, unit = METRICS[stem if searched else base]
    if searched:
        label = label.replace("network alone", f"with {simulations} simulations")
    return {"label": f"{label}, {phase}" if phase else label, "better": better, "unit": unit}


def _arm(study: CompareConfig, name: str, labels: Mapping[str, str], game: "Game") -> dict[str, Any]:
    from agents.supervised.dataset import trainable
    from agents.supervised.labels import load_labels

    arm = study.arms[name]
    learned = _learned(study, name)
    kind = "warm start" if arm.start else "supervised" if arm.labels else "self-play"
    described = None
    if learned:
        found = [load_labels(Path(labels[label]), game) for label in learned]
        count = sum(int(trainable(each).sum()) for each in found)
        digests = " ".join(each.digest() for each in found)
        described = {"source": ", ".join(learned), "count": count, "digest": digests}
    return {"kind": kind, "label": arm.label or name, "labels": described, "about": arm.about}


def _scores(folder: Path, job: Job) -> list[dict[str, Any]]:
    file = folder / job.path / SCORES
    return json.loads(file.read_text())["points"] if file.exists() else []


def _points(folder: Path, study: CompareConfig, jobs: Sequence[Job]) -> tuple[list[Any], list[Any]]:
    """Of the arms; a warm start's cost is that of both its runs."""
    shares = [*study.at_shares, 1.0]
    points, missing = [], []
    for job in jobs:
        if job.group != "arms" or job.phase == PHASES[0]:
            continue
        found = _scores(folder, job)
        before: dict[str, float] = {}
        if job.after and found:
            before = _scores(folder, job.after)[-1]["cost"]
        if not found:
            missing.append({"arm": job.arm, "seed": job.seed})
            continue
        start = study.arms[job.arm].start
        paid = start.share if start else 0.0
        budget = (1 - paid) * study.cost.budget
        for share in shares:
            point = _reached(found, study.cost.unit, share * budget)
            cost = {name: value + before.get(name, 0) for name, value in point["cost"].items()}
            cost["labels"] = job.labels
            whole = {"arm": job.arm, "seed": job.seed, "share": paid + share * (1 - paid)}
            points.append({**whole, "cost": cost, "scores": point["scores"]})
    return points, missing


def _reached(found: Sequence[dict[str, Any]], unit: str, cost: float) -> dict[str, Any]:
    """The first agent that a run saved at that cost or beyond: where one update passed two shares of a small budget,
    the same for both."""
    return next((point for point in found if point["cost"][unit] >= cost * (1 - 1e-3)), found[-1])


def _paired(folder: Path, study: CompareConfig, jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """Of claims about the same positions, what both sides give away in each of them; an arm's is the mean over its
    seeds. Those of arms without a finished run are left out."""
    import numpy as np

    from experiments.compare.instruments import Positions
    from experiments.config_file import build_game

    if not study.paired or not (folder / "positions").exists():
        return []
    positions = Positions.load(folder / "positions", build_game(jobs[0].config))

    def regrets(name: str) -> tuple[np.ndarray, int] | None:
        """And of how many runs they are the means; whoever made the labels needs no more than that."""
        if name == LABELS:
            return positions.label_regrets.astype(float), study.seeds
        files = [
            folder / job.path / SCORES
            for job in jobs
            if (job.group, job.arm) == ("arms", name) and job.phase != PHASES[0]
        ]
        found = [json.loads(file.read_text())["regrets"] for file in files if file.exists()]
        return (np.mean(found, axis=0), len(found)) if found else None

    pairs = []
    for claim in study.paired:
        better, than = regrets(claim.better), regrets(claim.than)
        if better is None or than is None:
            continue
        (a, runs), (b, others) = better, than
        known = ~(np.isnan(a) | np.isnan(b))
        name = f"{claim.better} against {claim.than}"
        groups = positions.groups[known].tolist()
        pairs.append({"name": name, "claim": claim.text, "a": a[known].tolist(), "b": b[known].tolist(),
                      "groups": groups, "seeds": min(runs, others)})  # fmt: skip
    return pairs


def _disagreements(
    folder: Path, study: CompareConfig, jobs: Sequence[Job], points: Sequence[dict[str, Any]], game: "Game"
) -> list[dict[str, Any]]:
    """Of the arm without labels that makes the fewest mistakes, its first seed that is finished."""
    from experiments.compare.disagreement import disagreements
    from experiments.compare.instruments import Positions

    ends = [
        (point["scores"]["mistakes"], point["arm"])
        for point in points
        if point["share"] == 1 and "mistakes" in point["scores"] and not _learned(study, point["arm"])
    ]
    if not ends:
        return []
    arm = min(ends)[1]
    job = next(job for job in jobs if (job.group, job.arm) == ("arms", arm) and _scores(folder, job))
    agent = Path(_scores(folder, job)[-1]["agent"])
    return disagreements(study, arm, agent, game, Positions.load(folder / "positions", game))


def _learned(study: CompareConfig, arm: str) -> tuple[str, ...]:
    """Names of the labels that an arm learns from."""
    one = study.arms[arm]
    return one.labels or (study.arms[one.start.arm].labels if one.start else ())


def _sweeps(folder: Path, study: CompareConfig, jobs: Sequence[Job]) -> list[dict[str, Any]]:
    sweeps = []
    for number, sweep in enumerate(study.sweeps):
        series: dict[str, Any] = {label: {"label": label, "points": []} for label in sweep.labels}
        for job in jobs:
            if job.group == f"sweeps/{number}" and (found := _scores(folder, job)):
                label, _, count = job.arm.rpartition("-")
                point = {"x": int(count), "seed": job.seed, "scores": found[-1]["scores"]}
                series[label]["points"].append(point)
        sweeps.append({"title": sweep.title, "x": "labels", "series": list(series.values())})
    return sweeps


def _scaling(folder: Path, study: CompareConfig, jobs: Sequence[Job]) -> dict[str, Any] | None:
    if study.scaling is None:
        return None
    y = "rating" if study.measure.opponents else "mistakes"
    series: dict[str, Any] = {}
    for job in jobs:
        if job.group == "scaling" and (found := _scores(folder, job)):
            width = job.arm.partition("-")[0]
            one = series.setdefault(width, {"label": f"width {width}", "points": []})
            last = found[-1]
            one["points"].append({"x": last["cost"]["flops"], "seed": job.seed, "y": last["scores"][y]})
    return {"x": "flops", "y": y, "series": list(series.values())}


def _references(folder: Path, game: "Game") -> list[dict[str, Any]]:
    """Play without training: random moves, and who looks one move ahead, in the positions that measure."""
    from agents.names import make_agent
    from experiments.compare.instruments import Positions, judge

    if not (folder / "positions").exists():
        return []
    positions, found = Positions.load(folder / "positions", game), []
    for name, label in (("random", "random play"), ("one_ply", "one move ahead")):
        scores, _ = judge(make_agent(name, game), positions)
        found.append({"label": label, "scores": scores})
    return found
