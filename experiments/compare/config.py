"""What the file of a study can say (`experiment: compare`); what each of its runs can say is experiments/config.py's.

base        a run's config, which all arms share: game and network above all
labels      by name, what arms can learn from: a teacher's, made when the study begins, or a folder of imported ones
arms        by name, what differs from `base`
cost        what is equal: the budget of every run
claims      what is expected, written down before anything has run
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from agents.names import MAX_SIMULATIONS
from experiments.config_types import AgentNames, AutoOrWhole, Section, Whole, as_tuple, nearest, problem

LABELS = "labels"  # in a paired claim: whoever made them
NAME = r"^[A-Za-z0-9][A-Za-z0-9_]{0,39}$"
Names = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
Shares = Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], BeforeValidator(as_tuple)]
Numbers = Annotated[tuple[Annotated[float, Field(gt=0)], ...], BeforeValidator(as_tuple)]


class LabelSource(Section):
    """Labels by a teacher, or those in a folder."""

    teacher: str | None = Field(default=None, description="who labels: solver, alphabeta:4, one_ply, biased:left, ...")
    positions: Whole = Field(default=8000, ge=1, description="that the teacher labels")
    seed: Whole = Field(default=0, ge=0, description="of the positions")
    first_ply: Whole = Field(
        default=0, ge=0, description="moves made before a position that a teacher labels, at least"
    )
    outcomes: bool = Field(default=False, description="the teacher plays on from each, for a label of the value")
    folder: str | None = Field(default=None, description="labels that experiments.labels made")

    @model_validator(mode="after")
    def _one_of_both(self) -> "LabelSource":
        if (self.teacher is None) == (self.folder is None):
            raise problem("is one of two: name a teacher or a folder", "teacher", "folder")
        return self


class Start(Section):
    """A warm start: another arm's recipe first, paid from the same budget."""

    arm: str = Field(description="whose recipe comes first")
    share: float = Field(default=0.2, gt=0, lt=1, description="of the budget, that it gets")


class Arm(Section):
    label: str = Field(default="", description="in the report; empty: the arm's name")
    about: str = Field(default="", description="a sentence in the report")
    labels: Names = Field(default=(), description="names of the study's labels, which it learns from")
    start: Start | None = Field(default=None, description="what it begins with")
    starts: str | None = Field(default=None, description="labels in whose positions its games begin (alphazero)")
    config: dict[str, Any] = Field(default={}, description="what differs from base")


class Cost(Section):
    unit: Literal["minutes", "flops", "gradient_steps"] = Field(
        default="minutes", description="what is equal: wall-clock on one core, operations, or gradient steps"
    )
    budget: float = Field(gt=0, description="of every run")


class Measure(Section):
    """The instruments: none of them is of a family that is trained."""

    positions: Whole = Field(default=1000, ge=0, le=100_000, description="held out, judged by exact play; 0: none")
    positions_from: str | None = Field(
        default=None, description="labels whose held-out positions these are; null: of games by chance and by rule"
    )
    simulations: Whole = Field(
        default=0,
        ge=0,
        le=MAX_SIMULATIONS,
        description="agents are judged with a search of so many too; 0: without",
    )
    opponents: AgentNames = Field(default=(), max_length=32, description="for a rating; must be anchors of the game")
    games: Whole = Field(default=64, ge=2, multiple_of=2, description="against each, in pairs")
    expert: str | None = Field(default=None, description="labels whose held-out moves are to be foretold")
    foretold: Whole = Field(default=1000, ge=1, le=100_000, description="how many of a teacher's")
    human: str | None = Field(default=None, description="labels of people whose held-out moves are to be foretold")


class Claim(Section):
    text: str
    metric: str = Field(default="mistakes", description="what is compared, at the whole budget")
    better: Names = Field(min_length=1, description="arms that are said to be better,")
    than: Names = Field(min_length=1, description="each than each of these")
    by: float = Field(default=0.0, ge=0, description="by more than so much")


class PairedClaim(Section):
    """A claim about the same positions, judged over whole games: who gives away less."""

    text: str
    better: str = Field(description="an arm, the mean over its seeds")
    than: str = Field(description="another arm, or 'labels': whoever made the moves of measure.positions_from")


class Sweep(Section):
    """The same arm with more and more labels, a line for each of several kinds of labels."""

    title: str
    labels: Names = Field(min_length=1, description="of the study; a line each")
    positions: Annotated[tuple[Whole, ...], BeforeValidator(as_tuple)] = Field(
        min_length=2, description="how many of them are learned from"
    )
    seeds: Whole = Field(default=3, ge=1, le=100)
    budget: float | None = Field(default=None, gt=0, description="of each run; null: the study's")
    config: dict[str, Any] = Field(default={}, description="over base, with algorithm.name supervised")


class Scaling(Section):
    """One arm's recipe with networks of several widths, each with several budgets."""

    arm: str
    widths: Annotated[tuple[Whole, ...], BeforeValidator(as_tuple)] = Field(
        min_length=2, description="of every hidden layer"
    )
    budgets: Numbers = Field(min_length=2, description="in the study's unit of cost")
    seeds: Whole = Field(default=3, ge=1, le=100)


class Quick(Section):
    """What `budget=quick` puts in place: a look that the study works, no result."""

    seeds: Whole = Field(default=1, ge=1)
    budget: float = Field(gt=0)
    positions: Whole = Field(default=100, ge=0, description="of measure")
    labels: Whole = Field(default=1000, ge=1, description="at most so many of each teacher")
    arms: Names = Field(default=(), description="only these; empty: all")


class CompareConfig(Section):
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
    experiment: Literal["compare"]
    title: str = ""
    question: str = ""
    base: dict[str, Any]
    labels: dict[str, LabelSource] = Field(default={}, description="what arms can learn from, by name")
    arms: dict[str, Arm]
    seeds: Whole = Field(default=5, ge=1, le=100)
    cost: Cost
    at_shares: Shares = (0.1, 0.25, 0.5)
    parallel: AutoOrWhole = Field(default="auto", description="runs at a time; auto: one for each core")
    measure: Measure = Measure()
    claims: Annotated[tuple[Claim, ...], BeforeValidator(as_tuple)] = ()
    paired: Annotated[tuple[PairedClaim, ...], BeforeValidator(as_tuple)] = ()
    sweeps: Annotated[tuple[Sweep, ...], BeforeValidator(as_tuple)] = ()
    scaling: Scaling | None = None
    budget: Literal["full", "quick"] = "full"
    quick: Quick | None = None

    @field_validator("arms", "labels")
    @classmethod
    def _named(cls, value: dict[str, Any]) -> dict[str, Any]:
        import re

        for name in value:
            if not re.fullmatch(NAME, name):
                raise problem("is no name: letters, digits and '_' only, at most 40", name)
        return value

    @model_validator(mode="after")
    def _names_fit(self) -> "CompareConfig":
        if len(self.arms) < 2:
            raise problem("has one arm; a comparison has two or more", "arms")
        for name, arm in self.arms.items():
            if arm.start:
                self._known(arm.start.arm, self.arms, f"arms.{name}.start.arm")
                if arm.start.arm == name or self.arms[arm.start.arm].start:
                    raise problem("begins with an arm that itself has a start", f"arms.{name}.start.arm")
            for position, label in enumerate(arm.labels):
                self._known(label, self.labels, f"arms.{name}.labels.{position}")
        measure = self.measure
        for place, wanted in (
            ("expert", measure.expert), ("human", measure.human), ("positions_from", measure.positions_from)
        ):  # fmt: skip
            if wanted is not None:
                self._known(wanted, self.labels, f"measure.{place}")
        for number, claim in enumerate(self.claims):
            for side, names in (("better", claim.better), ("than", claim.than)):
                for position, name in enumerate(names):
                    self._known(name, self.arms, f"claims.{number}.{side}.{position}")
        for name, arm in self.arms.items():
            if arm.starts is not None:
                self._known(arm.starts, self.labels, f"arms.{name}.starts")
        for number, pair in enumerate(self.paired):
            self._known(pair.better, self.arms, f"paired.{number}.better")
            self._known(pair.than, {**self.arms, LABELS: None}, f"paired.{number}.than")
            if pair.than == LABELS and measure.positions_from is None:
                raise problem("is 'labels', but measure.positions_from names none", f"paired.{number}.than")
        for number, sweep in enumerate(self.sweeps):
            for position, name in enumerate(sweep.labels):
                self._known(name, self.labels, f"sweeps.{number}.labels.{position}")
        if self.scaling:
            self._known(self.scaling.arm, self.arms, "scaling.arm")
        if self.budget == "quick" and self.quick is None:
            raise problem("is quick, but the study says nothing under quick", "budget")
        for position, name in enumerate(self.quick.arms if self.quick else ()):
            self._known(name, self.arms, f"quick.arms.{position}")
        return self

    @staticmethod
    def _known(name: str, known: dict[str, Any], key: str) -> None:
        if name not in known:
            raise problem(f"is '{name}', which is none of them; {nearest(name, known)}", key)
