"""Learning from labels in the same run as self-play: the same network, optimiser, average, checkpoints and measures.

    learner   takes steps of AdamW on minibatches drawn from labelled positions, each turned by one of the game's
              symmetries; nothing is played

The losses are AlphaZero's (agents/losses.py): cross-entropy with the labelled moves, squared error of the labelled
value. Behaviour cloning is the first alone. An "environment step" is a position learned from.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from ray.rllib.core.columns import Columns
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch

from agents.rllib.algorithm import SelfPlay
from agents.rllib.alphazero import AlphaZeroConfig, AlphaZeroLearner, AlphaZeroSettings
from agents.supervised.dataset import Selection, load_dataset
from agents.tally import STATISTICS
from agents.window import Window, WindowSettings


@dataclass(frozen=True)
class SupervisedSettings:
    """Which labels, and how they are learned from; plain data."""

    labels: tuple[str, ...]  # folders
    selection: Selection
    steps_per_update: int = 64


class SupervisedLearner(AlphaZeroLearner):
    """Its windows hold the labels from the start and never change. `options`: `lr`. LOSSES as AlphaZero's."""

    def build(self) -> None:
        super().build()
        selfplay, settings = self.config.selfplay, self.config.supervised
        game = selfplay.game_of(len(selfplay.before))
        data = load_dataset(settings.labels, game, settings.selection)
        count = len(data.rows)
        for module_id in self.windows:
            window = self.windows[module_id] = Window(game, WindowSettings(1.0, count, count))
            window.add(data.samples)
        self.digest = data.digest

    def export_memory(self, module_id: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        return {}, {"labels": self.digest}

    def import_memory(self, module_id: str, arrays: dict[str, np.ndarray], state: dict[str, Any]) -> None:
        if state["labels"] != self.digest:
            raise ValueError("the labels are not those that this run has learned from; put them back as they were")

    def fit(self, module_id: str, rows: Any, options: dict[str, float]) -> list[float]:
        return self.take_steps(module_id, self.config.supervised.steps_per_update)


class SupervisedConfig(AlphaZeroConfig):
    """`supervised`, a SupervisedSettings: set it with `.learn_labels(...)`."""

    def __init__(self, algo_class: Any = None):
        super().__init__(algo_class=algo_class or Supervised)
        self.supervised: SupervisedSettings | None = None
        self.training(learner_class=SupervisedLearner)

    def learn_labels(self, settings: SupervisedSettings, steps: AlphaZeroSettings) -> "SupervisedConfig":
        """`steps`: of AlphaZero's settings, those of a minibatch and its losses."""
        self.supervised = settings
        self.search_play(steps)
        return self

    def get_default_learner_class(self) -> type[SupervisedLearner]:
        return SupervisedLearner

    def validate(self) -> None:
        if self.supervised is None:
            raise ValueError("which labels? call SupervisedConfig().learn_labels(SupervisedSettings(...), ...)")
        if self.num_env_runners:
            raise ValueError(f"num_env_runners is {self.num_env_runners}, but nothing is played; leave it at 0")
        self.validate_selfplay()


class Supervised(SelfPlay):
    """`train()` is one update of `steps_per_update` steps."""

    @classmethod
    def get_default_config(cls) -> SupervisedConfig:
        return SupervisedConfig()

    def training_step(self) -> None:
        (learner,), (module_id,) = self.league.learners, self.module_ids
        # RLlib's learner wants a batch; ours draws its own
        nothing = SampleBatch({Columns.OBS: np.zeros((1, *self.config.observation_space.shape), np.float32)})
        before = self.learner.rows_learned
        batch = MultiAgentBatch({module_id: nothing}, env_steps=0)
        sums = {**dict.fromkeys(STATISTICS, 0.0), "evaluations": 0.0}
        report = self.learn(learner, batch, sums)
        report.env_steps = report.agent_steps = self.learner.rows_learned - before
        self.env_steps += report.env_steps
        self.report = report
