"""results.json of a study, checked: what experiments/compare/results.py writes and the report reads.

    results = read_results(path)        # or UserError, which names the place

Costs are cumulative up to a point. `share` is of the budget; every run ends with share 1.
"""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from experiments.config_types import problem
from experiments.errors import ExitCode, UserError

COMPARABLE = (
    1.10  # costs at share 1 of all runs lie within this factor (the last update of a run goes beyond its bound)
)
Kind = Literal["self-play", "supervised", "warm start", "reference"]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Metric(Part):
    label: str
    better: Literal["lower", "higher"]
    unit: str


class ArmLabels(Part):
    source: str
    count: int
    digest: str


class ArmResult(Part):
    kind: Kind
    label: str
    labels: ArmLabels | None = None
    about: str = ""


class CostBound(Part):
    unit: Literal["minutes", "flops", "gradient_steps"]
    budget: float = Field(gt=0)


class Point(Part):
    arm: str
    seed: int
    share: float = Field(gt=0, le=1)
    cost: dict[str, float]
    scores: dict[str, float]


class Reference(Part):
    label: str
    scores: dict[str, float]


class ClaimText(Part):
    text: str
    metric: str
    better: tuple[str, ...]
    than: tuple[str, ...]
    by: float = 0.0


class SweepPoint(Part):
    x: float = Field(gt=0)
    seed: int
    scores: dict[str, float]


class SweepSeries(Part):
    label: str
    points: tuple[SweepPoint, ...]


class SweepResult(Part):
    title: str
    x: str
    series: tuple[SweepSeries, ...]


class ScalingPoint(Part):
    x: float = Field(gt=0)
    seed: int
    y: float


class ScalingSeries(Part):
    label: str
    points: tuple[ScalingPoint, ...]


class ScalingResult(Part):
    x: str
    y: str
    series: tuple[ScalingSeries, ...]


class Paired(Part):
    """Regrets of two players in the same positions; `groups`: the game that each position is from."""

    name: str
    claim: str
    a: tuple[float, ...]
    b: tuple[float, ...]
    groups: tuple[int, ...]
    seeds: int = Field(ge=1)  # runs that an arm's regrets are the means of

    @model_validator(mode="after")
    def _of_one_length(self) -> "Paired":
        if not len(self.a) == len(self.b) == len(self.groups):
            raise problem("has lists of different lengths", "a")
        return self


class Disagreement(Part):
    arm: str
    board: str
    png: str | None = None  # base64
    label_source: str
    label_move: str
    agent_move: str
    label_value: float
    agent_value: float


class Failure(Part):
    arm: str
    seed: int
    message: str


class Missing(Part):
    arm: str
    seed: int


class Results(Part):
    format: Literal["bitterball study 1"]
    name: str
    title: str
    question: str
    game: str
    quick: bool
    made: dict[str, Any]
    config: str
    cost: CostBound
    metrics: dict[str, Metric]
    primary: str
    arms: dict[str, ArmResult]
    points: tuple[Point, ...]
    references: tuple[Reference, ...] = ()
    claims: tuple[ClaimText, ...] = ()
    sweeps: tuple[SweepResult, ...] = ()
    scaling: ScalingResult | None = None
    paired: tuple[Paired, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    failed: tuple[Failure, ...] = ()
    missing: tuple[Missing, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> "Results":
        if self.points and self.primary not in self.metrics:
            raise problem(f"is '{self.primary}', which is none of the metrics", "primary")
        shares: dict[str, dict[int, list[float]]] = {}
        for number, point in enumerate(self.points):
            if point.arm not in self.arms:
                raise problem(f"is '{point.arm}', which is none of the arms", f"points.{number}.arm")
            if unknown := next((name for name in point.scores if name not in self.metrics), None):
                raise problem(f"has '{unknown}', which is none of the metrics", f"points.{number}.scores")
            if self.cost.unit not in point.cost:
                raise problem(f"lacks '{self.cost.unit}', the cost that is equal", f"points.{number}.cost")
            shares.setdefault(point.arm, {}).setdefault(point.seed, []).append(round(point.share, 6))
        for arm, of_seeds in shares.items():
            wanted = max(of_seeds.values(), key=len)
            for seed, found in of_seeds.items():
                if found != wanted or found != sorted(set(found)) or found[-1] != 1:
                    raise problem(
                        f"are not comparable: arm {arm} was measured at {wanted}, but with seed {seed} at {found}",
                        "points",
                    )
        for number, claim in enumerate(self.claims):
            for arm in (*claim.better, *claim.than):
                if arm not in self.arms:
                    raise problem(f"names '{arm}', which is none of the arms", f"claims.{number}")
        return self

    def costs_apart(self) -> str:
        """What to tell of whole runs whose costs lie too far apart to be called equal; empty if none do."""
        whole = {f"{p.arm}, seed {p.seed}": p.cost[self.cost.unit] for p in self.points if p.share == 1}
        if not whole:
            return ""
        least, most = min(whole, key=whole.__getitem__), max(whole, key=whole.__getitem__)
        if whole[most] <= COMPARABLE * whole[least]:
            return ""
        return f"costs are not equal: {least} took {whole[least]:.4g} {self.cost.unit}, {most} {whole[most]:.4g}"

    def at_end(self, arm: str, metric: str) -> dict[int, float]:
        """Scores by seed at the whole budget."""
        return {p.seed: p.scores[metric] for p in self.points if p.arm == arm and p.share == 1 and metric in p.scores}


def read_results(path: Path) -> Results:
    """Raises UserError."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read as JSON ({error})", ExitCode.USAGE) from None
    try:
        return Results.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        context = first.get("ctx", {})
        keys = context.get("keys", ()) if first["type"] == "problem" else ()
        where = ".".join(map(str, (*first["loc"], *keys[:1]))) or "it"
        message = context["message"] if first["type"] == "problem" else f"{first['msg'].lower()}"
        raise UserError(f"{path}: {where} {message}", ExitCode.USAGE) from None
