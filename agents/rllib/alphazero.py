"""AlphaZero by self-play: games played by search (agents/search_rollouts.py), and learned from a window of them.

    runners   search every move with the network of the last update, and hand over positions of games that ended
    learner   adds them to the window (agents/window.py) and takes steps of AdamW on minibatches drawn from it, so many
              that each position is learned from `reuse` times on average

Silver et al., "A general reinforcement learning algorithm that masters chess, shogi, and Go through self-play" (2018).
RLlib has none on its new stack. How updates and games overlap: algorithm.py.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from ray.rllib.core.columns import Columns

from agents.losses import SearchLoss
from agents.rllib.algorithm import SelfPlay, SelfPlayConfig
from agents.rllib.learner import NOT_FINITE, Diverged, SelfPlayLearner
from agents.rllib.module import module_ids
from agents.rollouts import ILLEGAL_LOGIT
from agents.window import Minibatch, Window, WindowSettings

LOSSES = (*SearchLoss.TERMS, "gradient_norm", "steps", "window")


@dataclass(frozen=True)
class AlphaZeroSettings:
    """How the learner learns; plain data."""

    window: WindowSettings = field(default_factory=WindowSettings)
    begin: int = 10_000  # positions in the window before anything is learned
    reuse: float = 8.0
    minibatch_size: int = 1024
    value_coefficient: float = 1.0
    policy_coefficient: float = 1.0
    weight_decay: float = 1e-4


class AlphaZeroLearner(SelfPlayLearner):
    """From the positions that the runners handed over. `options`: `lr`, `reuse`.

    LOSSES are means over the steps of an update, nan while nothing was learned; `steps` taken; positions in `window`.
    """

    LOSSES = LOSSES

    def build(self) -> None:
        super().build()
        selfplay = self.config.selfplay
        game = selfplay.game_of(len(selfplay.before))
        self.windows = {name: Window(game, self.config.alphazero.window) for name in module_ids(selfplay.league)}
        self.owed = dict.fromkeys(self.windows, 0.0)  # steps, by module

    def configure_optimizers_for_module(self, module_id, config=None) -> None:
        params = self.get_parameters(self._module[module_id])
        decay = config.alphazero.weight_decay
        optimizer = torch.optim.AdamW(params, lr=config.lr, weight_decay=decay, fused=True)
        self.register_optimizer(module_id=module_id, optimizer=optimizer, params=params, lr_or_lr_schedule=config.lr)

    def begin_anew(self, module_id: str, weights: dict[str, np.ndarray]) -> None:
        super().begin_anew(module_id, weights)
        self.owed[module_id] = 0.0

    def export_memory(self, module_id: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        arrays, state = self.windows[module_id].state()
        return arrays, {**state, "owed": self.owed[module_id]}

    def import_memory(self, module_id: str, arrays: dict[str, np.ndarray], state: dict[str, Any]) -> None:
        self.windows[module_id].load_state(arrays, state)
        self.owed[module_id] = float(state["owed"])

    def fit(self, module_id: str, rows: Any, options: dict[str, float]) -> list[float]:
        settings, window = self.config.alphazero, self.windows[module_id]
        if count := len(rows):
            names = {"observations": Columns.OBS, "targets": "value_targets"}
            columns = ("observations", "legal_actions", "policies", "targets")
            window.add({name: np.asarray(rows[names.get(name, name)]) for name in columns})
        steps = 0
        if window.total >= settings.begin:
            reuse = options.get("reuse", settings.reuse)
            self.owed[module_id] += count * reuse / settings.minibatch_size
            steps = int(self.owed[module_id])
            self.owed[module_id] -= steps
        return self.take_steps(module_id, steps)

    def take_steps(self, module_id: str, steps: int) -> list[float]:
        """So many steps on minibatches of the window; the values of LOSSES. Raises Diverged."""
        window, size = self.windows[module_id], self.config.alphazero.minibatch_size
        step = self._step_on_cpu if self.device.type == "cpu" else self._step_with_autograd
        taken = [step(module_id, window.draw(size, self.shuffle)) for _ in range(steps)]
        for _ in taken:
            self.count_step(size)
        means = np.mean(taken, axis=0).tolist() if taken else [float("nan")] * (len(SearchLoss.TERMS) + 1)
        return [*means, float(steps), float(len(window))]

    def _step_on_cpu(self, module_id: str, batch: Minibatch) -> list[float]:
        settings = self.config.alphazero
        loss = SearchLoss(
            batch.actions, batch.probabilities, batch.targets, settings.value_coefficient, settings.policy_coefficient
        )
        sums = self.fast_gradients[module_id].differentiate(batch.observations, loss)
        return [*(sums / len(loss)).tolist(), self.clipped_step(module_id)]

    def _step_with_autograd(self, module_id: str, batch: Minibatch) -> list[float]:
        """The same on a GPU: torch differentiates."""
        network, optimizer = self.network(module_id), self.optimizer(module_id)
        settings = self.config.alphazero
        loss, terms = search_loss(network, batch, settings.value_coefficient, self.device, settings.policy_coefficient)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(list(network.parameters()), self.config.grad_clip or float("inf"))
        if not torch.isfinite(norm):
            raise Diverged(NOT_FINITE)
        optimizer.step()
        return [*(float(term) for term in terms), float(norm)]

    def compute_loss_for_module(self, *, module_id, config, batch, fwd_out) -> Any:
        raise NotImplementedError("AlphaZeroLearner.update learns from its window, not from RLlib's minibatches")


def search_loss(
    network: torch.nn.Module, batch: Minibatch, value_coefficient: float, device: Any, policy_coefficient: float = 1.0
) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    """What losses.SearchLoss differentiates, and its terms."""
    logits, value = network(torch.from_numpy(batch.observations).to(device))
    listed = torch.from_numpy(batch.actions.astype(np.int64)).to(device)
    legal = listed < logits.shape[1]
    picked = logits.gather(1, listed.clamp(max=logits.shape[1] - 1)).masked_fill(~legal, ILLEGAL_LOGIT)
    log_p = torch.log_softmax(picked, 1)
    wanted = torch.from_numpy(batch.probabilities).to(device)
    policy = (torch.xlogy(wanted, wanted) - wanted * log_p).sum(1).mean()
    error = (value - torch.from_numpy(batch.targets).to(device)).square().mean()
    entropy = -(log_p.exp() * log_p).sum(1).mean()
    return policy_coefficient * policy + value_coefficient * error, (policy.detach(), error.detach(), entropy.detach())


class AlphaZeroConfig(SelfPlayConfig):
    """`alphazero`, an AlphaZeroSettings: set it with `.search_play(...)`. The rollouts of its SelfPlaySettings say how
    games are searched, and must (`RolloutSettings.search`)."""

    def __init__(self, algo_class: Any = None):
        super().__init__(algo_class=algo_class or AlphaZero)
        self.alphazero = AlphaZeroSettings()
        self.training(learner_class=AlphaZeroLearner)

    def search_play(self, settings: AlphaZeroSettings) -> "AlphaZeroConfig":
        self.alphazero = settings
        return self

    def get_default_learner_class(self) -> type[AlphaZeroLearner]:
        return AlphaZeroLearner

    def validate(self) -> None:
        if self.selfplay is not None and self.selfplay.rollouts.search is None:
            raise ValueError("AlphaZero plays by search: give the RolloutSettings a SearchPlay")
        self.validate_selfplay()

    def validate_selfplay(self) -> None:
        super().validate()


class AlphaZero(SelfPlay):
    """`train()` is one share of games and the steps that they are worth; `runner_options`: what
    SearchRollouts.set_schedule takes."""

    @classmethod
    def get_default_config(cls) -> AlphaZeroConfig:
        return AlphaZeroConfig()
