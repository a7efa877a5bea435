"""The runs of a study: each an ordinary config, in an order in which what a run begins with has been made.

jobs = plan(study, source, folders)         # folders: name of labels -> where they are
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from experiments.compare.config import LABELS, Arm, CompareConfig, Measure
from experiments.config import Config
from experiments.config_file import validated
from experiments.errors import ExitCode, UserError
from experiments.yaml_source import Source

PHASES = ("first", "then")  # of a warm start
QUICK_FORETOLD = 100  # labels, in a quick study


@dataclass(frozen=True)
class Job:
    """A run. `group` is arms, sweeps or scaling; `after`: the job whose agent it begins with."""

    group: str
    arm: str  # of a sweep LABELS-POSITIONS, of a scaling WIDTH-BUDGET
    seed: int
    config: Config
    phase: str = ""
    after: "Job | None" = None

    @property
    def path(self) -> str:
        """Inside the study's folder; the run's own folder is in there."""
        return "/".join(filter(None, (self.group, self.arm, f"seed_{self.seed}", self.phase)))

    @property
    def labels(self) -> int:
        """How many folders of labels it learns from."""
        return len(self.config.algorithm.labels) if self.config.algorithm.name == "supervised" else 0


def effective(study: CompareConfig) -> CompareConfig:
    """The study as it is to run: of a quick one with fewer seeds, arms, labels and a smaller budget."""
    if study.budget == "full" or study.quick is None:
        return study
    quick = study.quick
    kept = quick.arms or tuple(study.arms)
    return study.model_copy(
        update={
            "seeds": quick.seeds,
            "cost": study.cost.model_copy(update={"budget": quick.budget}),
            "measure": study.measure.model_copy(
                update={"positions": quick.positions, "games": 16, "foretold": QUICK_FORETOLD}
            ),
            "labels": {
                name: source.model_copy(update={"positions": min(source.positions, quick.labels)})
                for name, source in study.labels.items()
            },
            "arms": {name: arm for name, arm in study.arms.items() if name in kept},
            "paired": tuple(pair for pair in study.paired if {pair.better, pair.than} <= {*kept, LABELS}),
            "claims": tuple(claim for claim in study.claims if {*claim.better, *claim.than} <= {*kept}),
            "sweeps": (),
            "scaling": None,
        }
    )


def plan(study: CompareConfig, source: Source, folders: Mapping[str, str]) -> list[Job]:
    """Of all seeds and arms, seed by seed, so that a study that is stopped has compared something.

    Raises UserError for an arm whose config is wrong, naming the place, and for arms that are not comparable."""
    configs = {name: arm_config(study, source, name, arm, folders) for name, arm in study.arms.items()}
    check_comparable(configs)
    jobs: list[Job] = []
    for seed in range(study.seeds):
        for name, arm in study.arms.items():
            jobs += _of_arm(study, configs, name, arm, seed)
    for number, sweep in enumerate(study.sweeps):
        budget = sweep.budget or study.cost.budget
        for seed in range(sweep.seeds):
            for label in sweep.labels:
                for count in sweep.positions:
                    arm = Arm(labels=(label,), config=sweep.config)
                    where = ("sweeps", number, "config")
                    config = arm_config(study, source, f"sweep {number + 1}", arm, folders, where=where)
                    config = _put(config, {"algorithm.positions": count})
                    jobs.append(
                        Job(f"sweeps/{number}", f"{label}-{count}", seed, budgeted(study, config, budget, seed))
                    )
    if study.scaling:
        scaling, base = study.scaling, configs[study.scaling.arm]
        for seed in range(scaling.seeds):
            for budget in scaling.budgets:
                for width in scaling.widths:
                    hidden = [width] * len(base.network.hidden)
                    config = budgeted(study, _put(base, {"network.hidden": hidden}), budget, seed)
                    jobs.append(Job("scaling", f"{width}-{budget:g}", seed, config))
    return jobs


def _of_arm(study: CompareConfig, configs: Mapping[str, Config], name: str, arm: Arm, seed: int) -> list[Job]:
    whole = study.cost.budget
    if arm.start is None:
        return [Job("arms", name, seed, budgeted(study, configs[name], whole, seed))]
    paid = arm.start.share * whole
    first = Job("arms", name, seed, budgeted(study, configs[arm.start.arm], paid, seed, last_only=True), PHASES[0])
    return [first, Job("arms", name, seed, budgeted(study, configs[name], whole - paid, seed), PHASES[1], first)]


def arm_config(
    study: CompareConfig, source: Source, name: str, arm: Arm, folders: Mapping[str, str],
    *, where: tuple[str | int, ...] = (),
) -> Config:  # fmt: skip
    """What stands under `base` with the arm's own over it. Raises UserError with the line of the study's file."""
    data, places = deepcopy(study.base), {}
    for path, place in source.places.items():
        if path[:1] == ("base",):
            places[path[1:]] = place
    own, config = where or ("arms", name, "config"), deepcopy(arm.config)
    if arm.labels:
        algorithm = config.setdefault("algorithm", {})
        if (other := algorithm.setdefault("name", "supervised")) != "supervised":
            place = source.where((*own[:-1], "labels"))
            raise UserError(f"{place}: {name} has labels, but its algorithm.name is {other}", ExitCode.USAGE)
        algorithm["labels"] = [folders[label] for label in arm.labels]
        data.pop("opponents", None)  # of arms that play
    if arm.starts:
        config.setdefault("algorithm", {})["start_positions"] = folders[arm.starts]
    merge(data, config)
    for path, place in source.places.items():
        if path[: len(own)] == own:
            places[path[len(own) :]] = place
    data["name"] = study.name
    data["evaluation"] = evaluation(study)
    return validated(Source(source.name, data, places))


def merge(data: dict[str, Any], over: Mapping[str, Any]) -> None:
    """Put one tree of keys over another, in place; another algorithm replaces the one below."""
    for key, value in over.items():
        below = data.get(key)
        other = key == "algorithm" and isinstance(value, dict) and value.get("name") not in (None, _name(below))
        if isinstance(value, dict) and isinstance(below, dict) and not other:
            merge(below, value)
        else:
            data[key] = deepcopy(value)


def _name(algorithm: Any) -> Any:
    return algorithm.get("name", "ppo") if isinstance(algorithm, dict) else None


def evaluation(study: CompareConfig) -> dict[str, Any]:
    """A run's own measuring is as small as can be: it saves agents, which the instruments measure."""
    return {
        "every_minutes": None,
        "at_shares": list(study.at_shares),
        "games": 2,
        "opponents": ["random"],
        "drills": False,
        "mistakes": 0,
        "simulations": 0,
        "clip": False,
    }


def budgeted(study: CompareConfig, config: Config, budget: float, seed: int, *, last_only: bool = False) -> Config:
    """With the study's bound alone, on one core, everything in one process."""
    unit = study.cost.unit
    bounds = dict.fromkeys(("minutes", "env_steps", "flops", "gradient_steps"), None)
    bounds[unit] = int(budget) if unit == "gradient_steps" else budget
    values = {f"training.{name}": value for name, value in bounds.items()}
    values |= {"training.seed": seed, "resources.runners": 0, "resources.learner_threads": 1, "resources.device": "cpu"}
    values |= {"checkpoint_minutes": 2.0, "keep_checkpoints": 1}
    if last_only:
        values["evaluation.at_shares"] = []
    return _put(config, values)


def _put(config: Config, values: Mapping[str, Any]) -> Config:
    from experiments.config_file import changed

    return changed(config, values, "the study")


def check_comparable(configs: Mapping[str, Config]) -> None:
    """Raises UserError unless all arms play the same game with the same network."""
    first, *others = configs
    for name in others:
        for key in ("game", "network"):
            mine, theirs = (getattr(configs[which], key) for which in (first, name))
            if mine != theirs:
                raise UserError(
                    f"arms {first} and {name} are not comparable: they differ in '{key}'; move it to base",
                    ExitCode.USAGE,
                )


def instruments_of(measure: Measure, folders: Mapping[str, str]) -> dict[str, Any]:
    """What one.py is told to measure with, as JSON."""
    return {
        "simulations": measure.simulations,
        "opponents": list(measure.opponents),
        "games": measure.games,
        "expert": folders[measure.expert] if measure.expert else None,
        "human": folders[measure.human] if measure.human else None,
    }
