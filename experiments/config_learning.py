"""What a config can say of who learns and how: the network, and the algorithm (of `algorithm.name`, a section each)."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from agents.names import MAX_SIMULATIONS
from experiments.config_types import Section, Whole, Widths, as_tuple, nearest, problem, show

# What is left out means something else in networks of these types.
NETWORK_DEFAULTS: dict[str, dict[str, Any]] = {
    "windows": {"hidden": (384, 384, 384), "activation": "relu"},
    "resnet": {"hidden": (64,), "activation": "relu", "filters": 32},
}


class NetworkSection(Section):
    type: Literal["mlp", "entities", "windows", "resnet"] = Field(
        default="mlp",
        description="mlp: over the flattened observation; entities: over rows, any team size; windows: filters on a "
        "board and layers on them; resnet: convolutions on a board",
    )
    hidden: Widths = Field(
        default=(64, 64),
        max_length=32,
        description="width of each hidden layer (windows: 384 thrice; resnet: 64 before the value)",
    )
    entity_hidden: Widths = Field(
        default=(32,), min_length=1, max_length=32, description="entities: width of each layer before rows are pooled"
    )
    window: Whole = Field(default=4, ge=1, le=64, description="windows: side of the square that a filter sees")
    filters: Whole = Field(
        default=48,
        ge=1,
        le=4096,
        description="windows: how many look at every square; resnet: of each convolution (32)",
    )
    blocks: Whole = Field(default=4, ge=0, le=64, description="resnet: residual blocks of two convolutions")
    activation: Literal["tanh", "relu"] = Field(
        default="tanh", description="between the layers (windows, resnet: relu)"
    )

    @model_validator(mode="before")
    @classmethod
    def _by_type(cls, written: Any) -> Any:
        if isinstance(written, dict) and isinstance(written.get("type"), str):
            return {**NETWORK_DEFAULTS.get(written["type"], {}), **written}
        return written


def _algorithm_name(value: Any) -> Any:
    if not isinstance(value, str):
        raise problem(f"is {show(value)}; wanted one of {', '.join(ALGORITHMS)}")
    if value not in ALGORITHMS:
        raise problem(f"is {show(value)}, which is no algorithm; {nearest(value, ALGORITHMS)}")
    return value


AlgorithmName = BeforeValidator(_algorithm_name)


class PPOSection(Section):
    name: Annotated[Literal["ppo"], AlgorithmName] = Field(
        default="ppo", description="proximal policy optimisation, by self-play"
    )
    rollout_length: Whole = Field(default=32, ge=1, le=65536, description="steps of each game in one batch")
    epochs: Whole = Field(default=2, ge=1, le=100, description="passes over a batch")
    minibatch_size: Whole = Field(default=8192, ge=1, description="agent steps in one gradient step")
    clip: float = Field(default=0.2, gt=0, le=1, description="how far a probability ratio may leave 1")
    entropy: float = Field(default=0.01, ge=0, le=10, description="weight of the entropy bonus at the start")
    entropy_final: float | None = Field(default=0.0, ge=0, le=10, description="its weight at the end; null: constant")
    value_coefficient: float = Field(default=0.5, ge=0, le=100, description="weight of the value loss")
    gae_lambda: float = Field(default=0.95, ge=0, le=1, description="how far advantages look past the value function")
    max_grad_norm: float = Field(default=0.5, gt=0, description="longer gradients are shortened to this")
    target_kl: float | None = Field(
        default=None, gt=0, description="an update stops early beyond this divergence; null: never"
    )


class AlphaZeroSection(Section):
    name: Annotated[Literal["alphazero"], AlgorithmName] = Field(
        default="alphazero", description="self-play by tree search, from which the network learns"
    )
    simulations: Whole = Field(default=32, ge=1, le=MAX_SIMULATIONS, description="of a move's search, at the start")
    simulations_final: Whole | None = Field(
        default=None, ge=1, le=MAX_SIMULATIONS, description="at the end; null: constant"
    )
    root: Literal["gumbel", "puct"] = Field(
        default="gumbel", description="gumbel: sequential halving among sampled moves; puct: with Dirichlet noise"
    )
    considered: Whole = Field(default=16, ge=1, le=65536, description="gumbel: moves among which the search halves")
    value_scale: float = Field(
        default=1.0, ge=0, le=1000, description="gumbel: how much a search's values count against the network's policy"
    )
    rollout_length: Whole = Field(default=16, ge=1, le=65536, description="moves of each game between two updates")
    temperature: float = Field(default=1.0, ge=0, le=100, description="of moves drawn early in a game, at the start")
    temperature_final: float | None = Field(default=None, ge=0, le=100, description="at the end; null: constant")
    temperature_plies: Whole = Field(
        default=8, ge=0, le=100_000, description="moves of a game drawn from the search's policy; later ones it chooses"
    )
    random_moves: float = Field(default=0.0, ge=0, le=1, description="share of the moves that are any legal one")
    opening_share: float = Field(
        default=1.0, ge=0, le=1, description="share of the games that begin with training.random_opening_plies"
    )
    start_positions: str | None = Field(
        default=None, description="a folder of labels, in whose positions games begin; null: the game's own first"
    )
    td_lambda: float = Field(
        default=1.0, ge=0, le=1, description="value targets: 1 the game's outcome; less: more of later searches' values"
    )
    reuse: float = Field(
        default=8.0, gt=0, le=1000, description="times that a position is learned from, on average, at the start"
    )
    reuse_final: float | None = Field(default=None, gt=0, le=1000, description="at the end; null: constant")
    minibatch_size: Whole = Field(default=1024, ge=1, le=1 << 20, description="positions in one gradient step")
    window_share: float = Field(
        default=0.4, gt=0, le=1, description="of all positions so far, the newest are drawn from"
    )
    window_least: Whole = Field(default=200_000, ge=1, description="but so many at least, if there are")
    window_most: Whole = Field(default=1_500_000, ge=1, description="and so many at most")
    begin: Whole = Field(default=10_000, ge=1, description="positions played before anything is learned")
    value_coefficient: float = Field(default=1.0, ge=0, le=100, description="weight of the value loss")
    weight_decay: float = Field(default=1e-4, ge=0, le=10, description="of AdamW")
    max_grad_norm: float = Field(default=5.0, gt=0, description="longer gradients are shortened to this")
    cache_megabytes: float = Field(
        default=16.0, ge=0, le=100_000, description="in each runner, for what the network said of positions; 0: none"
    )

    @model_validator(mode="after")
    def _window_fits(self) -> "AlphaZeroSection":
        if self.window_most < self.window_least:
            raise problem(f"is {self.window_most}, less than window_least, {self.window_least}", "window_most")
        if self.begin > self.window_most:
            raise problem(f"is {self.begin}; the window never holds more than {self.window_most}", "begin")
        return self


class SupervisedSection(Section):
    name: Annotated[Literal["supervised"], AlgorithmName] = Field(
        default="supervised", description="from labels, of people or teachers; nothing is played"
    )
    labels: Annotated[tuple[str, ...], BeforeValidator(as_tuple)] = Field(
        min_length=1, max_length=64, description="folders that experiments.labels made"
    )
    learn: Literal["both", "policy", "value"] = Field(
        default="both", description="of a label: its moves and its value, or one of them"
    )
    positions: Whole | None = Field(
        default=None, ge=1, description="learned from, drawn by training.seed; null: all that may be"
    )
    minibatch_size: Whole = Field(default=1024, ge=1, le=1 << 20, description="positions in one gradient step")
    steps_per_update: Whole = Field(default=32, ge=1, le=1 << 20, description="gradient steps between two reports")
    value_coefficient: float = Field(default=1.0, ge=0, le=100, description="weight of the value loss")
    weight_decay: float = Field(default=1e-4, ge=0, le=10, description="of AdamW")
    max_grad_norm: float = Field(default=5.0, gt=0, description="longer gradients are shortened to this")


ALGORITHMS: dict[str, type[Section]] = {
    "ppo": PPOSection,
    "alphazero": AlphaZeroSection,
    "supervised": SupervisedSection,
}


def _algorithm_of(value: Any) -> str:
    """Which section is meant; what is no algorithm is told by the first."""
    name = value.get("name", "ppo") if isinstance(value, dict) else getattr(value, "name", "ppo")
    return name if isinstance(name, str) and name in ALGORITHMS else "ppo"


AlgorithmSection = Annotated[
    Annotated[PPOSection, Tag("ppo")]
    | Annotated[AlphaZeroSection, Tag("alphazero")]
    | Annotated[SupervisedSection, Tag("supervised")],
    Discriminator(_algorithm_of),
]
