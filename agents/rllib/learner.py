"""What our learners share: RLlib's Learner, one optimiser a module, gradients by agents/fast_network.py on a CPU."""

from typing import Any

import numpy as np
import torch
from ray.rllib.core.learner.torch.torch_learner import TorchLearner
from ray.rllib.core.learner.training_data import TrainingData
from torch.autograd.graph import increment_version

from agents.fast_network import ThreadedGradient
from agents.network import PolicyValueNetwork


class Diverged(RuntimeError):
    """The gradient is not finite any more; the weights are those before it."""


NOT_FINITE = "training diverged: the gradient is not finite any more; lower the learning rate"


class SelfPlayLearner(TorchLearner):
    """Updates one module from one MultiAgentBatch that the runners made. Of a league's modules each has a batch of its
    own.

    A subclass says in LOSSES what it logs of a module at each update, and in `fit` how it learns."""

    LOSSES: tuple[str, ...] = ()

    def build(self) -> None:
        super().build()
        self.gradient_steps = self.rows_learned = 0  # since it was built; rows count as often as they are learned from
        self.shuffle = torch.Generator().manual_seed(self.config.seed or 0)
        self.fast_gradients: dict[str, ThreadedGradient] = {}
        for module_id in self.module.keys() if self.device.type == "cpu" else ():
            self.fast_gradients[module_id] = ThreadedGradient(self.network(module_id), self.config.learner_threads)
            self.fast_gradients[module_id].bind_gradients()

    def network(self, module_id: str) -> PolicyValueNetwork:
        return self.module[module_id].unwrapped().network

    def optimizer(self, module_id: str) -> torch.optim.Optimizer:
        ((_, optimizer),) = self.get_optimizers_for_module(module_id)
        return optimizer

    def begin_anew(self, module_id: str, weights: dict[str, np.ndarray]) -> None:
        """Go on from these weights, as if nothing had been learned by this module before."""
        state = {name: torch.from_numpy(np.array(value)) for name, value in weights.items()}
        self.network(module_id).load_state_dict(state)
        self.optimizer(module_id).state.clear()

    def export_memory(self, module_id: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """What a module learns from beside the next batch: arrays and JSON."""
        return {}, {}

    def import_memory(self, module_id: str, arrays: dict[str, np.ndarray], state: dict[str, Any]) -> None:
        """Go on from `export_memory()`."""

    def fit(self, module_id: str, rows: Any, options: dict[str, float]) -> list[float]:
        """Learn from a batch of a module; the values of LOSSES. Raises Diverged."""
        raise NotImplementedError

    def update(
        self,
        batch: Any = None,
        *,
        training_data: TrainingData | None = None,
        timesteps: dict[str, Any] | None = None,
        options: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> Any:
        """`options`: what the caller schedules, `lr` and more; each goes before the config's own. Raises Diverged."""
        self.before_gradient_based_update(timesteps=timesteps or {})
        training_data = training_data or TrainingData(batch=batch)
        training_data.validate()
        training_data.solve_refs()
        self._weights_seq_no += 1
        options = options or {}
        ((module_id, rows),) = training_data.batch.policy_batches.items()
        if "lr" in options:
            for group in self.optimizer(module_id).param_groups:
                group["lr"] = options["lr"]
        values = self.fit(module_id, rows, options)
        for name, value in zip(self.LOSSES, values, strict=True):
            self.metrics.log_value((module_id, name), value, window=1)
        self.after_gradient_based_update(timesteps=timesteps or {})
        return self.metrics.reduce()

    def count_step(self, rows: int) -> None:
        """A gradient of so many rows was followed."""
        self.gradient_steps += 1
        self.rows_learned += rows

    def clipped_step(self, module_id: str) -> float:
        """One step of the optimiser along the fast gradient, shortened to the config's `grad_clip`; its length before.
        Raises Diverged."""
        gradient, clip_at = self.fast_gradients[module_id].gradient, self.config.grad_clip
        norm = float(np.sqrt(np.dot(gradient, gradient)))
        if not np.isfinite(norm):
            raise Diverged(NOT_FINITE)
        if clip_at and norm > clip_at:
            gradient *= clip_at / norm
        self.optimizer(module_id).step()
        increment_version(
            self.fast_gradients[module_id].parameters
        )  # a fused optimiser does not, and copies look at it
        return norm
