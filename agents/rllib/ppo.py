"""PPO by self-play: RLlib's, with a lean inner loop.

RLlib's own loop spends its time in connectors, per-minibatch metrics and batch objects; ours permutes the batch once an
epoch and runs forward, loss, backward (agents/fast_network.py on a CPU) and a fused Adam on slices of it. Schulman et
al., "Proximal policy optimization algorithms" (2017), equation 7 with an entropy bonus and a value loss.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from ray.rllib.algorithms.algorithm_config import NotProvided
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.core.columns import Columns

from agents.losses import PPOLoss
from agents.rllib.algorithm import SelfPlay, SelfPlayConfig
from agents.rllib.learner import NOT_FINITE, Diverged, SelfPlayLearner
from agents.rllib.module import MASK
from agents.rollouts import ILLEGAL_LOGIT

LOSSES = (*PPOLoss.TERMS, "gradient_norm")
KL = LOSSES.index("kl")


class SelfPlayPPOLearner(SelfPlayLearner, PPOTorchLearner):
    """From one MultiAgentBatch of advantages that the runners computed. `options`: `lr` and `entropy`."""

    LOSSES = LOSSES

    def configure_optimizers_for_module(self, module_id, config=None) -> None:
        params = self.get_parameters(self._module[module_id])
        optimizer = torch.optim.Adam(params, lr=config.lr, eps=1e-5, fused=True)
        self.register_optimizer(module_id=module_id, optimizer=optimizer, params=params, lr_or_lr_schedule=config.lr)

    def fit(self, module_id: str, rows: Any, options: dict[str, float]) -> list[float]:
        """`num_epochs` passes in minibatches of about `minibatch_size`, fewer once a minibatch's KL divergence passes
        the config's `target_kl`. Means over the minibatches."""
        entropy = options.get("entropy")
        if entropy is None:
            entropy = float(self.entropy_coeff_schedulers_per_module[module_id].get_current_value())
        fit = self._fit_on_cpu if self.device.type == "cpu" else self._fit_with_autograd
        return fit(module_id, rows, entropy)

    def _minibatches(self, count: int) -> Iterator[tuple[torch.Tensor, list[tuple[int, int]]]]:
        """For each epoch a permutation of the rows and the (begin, end) of its minibatches, all about equal."""
        number = max(1, round(count / (self.config.minibatch_size or count)))
        edges = [count * i // number for i in range(number + 1)]
        for _ in range(self.config.num_epochs):
            yield torch.randperm(count, generator=self.shuffle), list(pairwise(edges))

    def _fit_on_cpu(self, module_id: str, rows: Any, entropy: float) -> list[float]:
        """All epochs through ThreadedGradient. Returns the means of LOSSES over the minibatches."""
        config, count = self.config, len(rows)
        observations = rows[Columns.OBS].reshape(count, -1).astype(np.float32, copy=False)
        advantages = rows["advantages"]
        advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
        arrays = [observations, rows[Columns.ACTIONS], rows[Columns.ACTION_LOGP], advantages, rows["value_targets"]]
        masks, fast = rows.get(MASK), self.fast_gradients[module_id]
        losses: list[np.ndarray] = []
        for order, edges in self._minibatches(count):
            index = order.numpy()
            shuffled = [array[index] for array in arrays]
            legal = None if masks is None else masks[index]
            for begin, end in edges:
                part = slice(begin, end)
                actions, logps, advantages, targets = (array[part] for array in shuffled[1:])
                loss = PPOLoss(
                    None if legal is None else legal[part], actions, logps, advantages, targets,
                    config.clip_param, config.vf_loss_coeff, entropy,
                )  # fmt: skip
                sums = fast.differentiate(shuffled[0][part], loss)
                norm = self.clipped_step(module_id)
                self.count_step(end - begin)
                losses.append(np.append(sums / (end - begin), norm))
                if config.target_kl and losses[-1][KL] > config.target_kl:
                    return np.mean(losses, axis=0).tolist()
        return np.mean(losses, axis=0).tolist()

    def _fit_with_autograd(self, module_id: str, rows: Any, entropy: float) -> list[float]:
        """The same on a GPU: torch differentiates."""
        config, count, network = self.config, len(rows), self.network(module_id)
        params, optimizer = list(network.parameters()), self.optimizer(module_id)
        columns = [Columns.OBS, Columns.ACTIONS, Columns.ACTION_LOGP, "advantages", "value_targets"]
        if MASK in rows:
            columns.append(MASK)
        tensors = [torch.as_tensor(rows[name], device=self.device) for name in columns]
        tensors[0] = tensors[0].flatten(1).float()
        tensors[1] = tensors[1].long().unsqueeze(1)
        tensors[3] = (tensors[3] - tensors[3].mean()) / (tensors[3].std(correction=0) + 1e-8)
        losses = []
        for order, edges in self._minibatches(count):
            index = order.to(self.device)
            shuffled = [tensor[index] for tensor in tensors]
            for begin, end in edges:
                loss, parts = ppo_loss(network, *(t[begin:end] for t in shuffled), config=config, entropy=entropy)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                norm = torch.nn.utils.clip_grad_norm_(params, config.grad_clip or float("inf"))
                if not torch.isfinite(norm):
                    raise Diverged(NOT_FINITE)
                optimizer.step()
                self.count_step(end - begin)
                losses.append(torch.stack([*parts, norm.detach()]))
                if config.target_kl and losses[-1][KL] > config.target_kl:
                    return torch.stack(losses).mean(0).tolist()
        return torch.stack(losses).mean(0).tolist()


class SelfPlayPPOConfig(SelfPlayConfig, PPOConfig):
    """`.training(target_kl=...)` ends an update early."""

    def __init__(self, algo_class: Any = None):
        super().__init__(algo_class=algo_class or SelfPlayPPO)
        self.target_kl: float | None = None
        self.training(learner_class=SelfPlayPPOLearner, use_kl_loss=False)

    def training(self, *, target_kl: float | None = NotProvided, **kwargs: Any) -> "SelfPlayPPOConfig":
        super().training(**kwargs)
        if target_kl is not NotProvided:
            self.target_kl = target_kl
        return self


class SelfPlayPPO(SelfPlay):
    """`train()` is one update from one rollout of every game; `learner_options`: `lr`, `entropy`."""

    @classmethod
    def get_default_config(cls) -> SelfPlayPPOConfig:
        return SelfPlayPPOConfig()


def ppo_loss(network, observations, actions, logps, advantages, targets, mask=None, *, config, entropy):
    """Clipped surrogate + value loss - entropy bonus, and (policy, value, entropy, approximate KL) for the record.

    The KL estimate is Schulman's k3, E[(r - 1) - log r] (joschu.net/blog/kl-approx.html)."""
    logits, values = network(observations)
    if mask is not None:
        logits = logits.masked_fill(~mask, ILLEGAL_LOGIT)
    log_probabilities = torch.log_softmax(logits, dim=1)
    change = log_probabilities.gather(1, actions).squeeze(1) - logps
    ratio = change.exp()
    clipped = ratio.clamp(1 - config.clip_param, 1 + config.clip_param)
    policy_loss = -torch.minimum(ratio * advantages, clipped * advantages).mean()
    value_loss = (values - targets).square().mean()
    mean_entropy = -(log_probabilities.exp() * log_probabilities).sum(1).mean()
    loss = policy_loss + config.vf_loss_coeff * value_loss - entropy * mean_entropy
    with torch.no_grad():
        kl = (ratio - 1 - change).mean()
    return loss, (policy_loss.detach(), value_loss.detach(), mean_entropy.detach(), kl)
