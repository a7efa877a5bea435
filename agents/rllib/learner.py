"""The PPO learner: RLlib's, with a lean inner loop.

RLlib's own loop spends its time in connectors, per-minibatch metrics and batch objects; ours permutes the batch once an
epoch and runs forward, loss, backward (agents/fast_network.py on a CPU) and a fused Adam on slices of it. Schulman et
al., "Proximal policy optimization algorithms" (2017), equation 7 with an entropy bonus and a value loss.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.training_data import TrainingData

from agents.fast_network import ThreadedGradient
from agents.losses import PPOLoss
from agents.network import PolicyValueNetwork
from agents.rllib.module import MASK
from agents.rollouts import ILLEGAL_LOGIT


class Diverged(RuntimeError):
    """The gradient is not finite any more; the weights are those before it."""


NOT_FINITE = "training diverged: the gradient is not finite any more; lower the learning rate"


class SelfPlayPPOLearner(PPOTorchLearner):
    """Updates one module from one MultiAgentBatch of advantages that the runners computed. Of a league's modules each
    has a batch of its own."""

    def build(self) -> None:
        super().build()
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

    def configure_optimizers_for_module(self, module_id, config=None) -> None:
        params = self.get_parameters(self._module[module_id])
        optimizer = torch.optim.Adam(params, lr=config.lr, eps=1e-5, fused=True)
        self.register_optimizer(module_id=module_id, optimizer=optimizer, params=params, lr_or_lr_schedule=config.lr)

    def update(
        self,
        batch: Any = None,
        *,
        training_data: TrainingData | None = None,
        timesteps: dict[str, Any] | None = None,
        lr: float | None = None,
        entropy: float | None = None,
        **kwargs: Any,
    ) -> Any:
        """`num_epochs` passes in minibatches of about `minibatch_size`; lr and entropy override the config's schedules.

        Ends early once a minibatch's KL divergence passes the config's `target_kl`. Raises Diverged.
        """
        self.before_gradient_based_update(timesteps=timesteps or {})
        training_data = training_data or TrainingData(batch=batch)
        training_data.validate()
        training_data.solve_refs()
        self._weights_seq_no += 1
        ((module_id, rows),) = training_data.batch.policy_batches.items()
        network, optimizer = self.network(module_id), self.optimizer(module_id)
        if lr is not None:
            for group in optimizer.param_groups:
                group["lr"] = lr
        if entropy is None:
            entropy = float(self.entropy_coeff_schedulers_per_module[module_id].get_current_value())
        if self.device.type == "cpu":
            means = self._fit_on_cpu(self.fast_gradients[module_id], optimizer, rows, entropy)
        else:
            means = self._fit_with_autograd(network, optimizer, rows, entropy)
        for name, value in zip(LOSSES, means, strict=True):
            self.metrics.log_value((module_id, name), value, window=1)
        self.after_gradient_based_update(timesteps=timesteps or {})
        return self.metrics.reduce()

    def _minibatches(self, count: int) -> Iterator[tuple[torch.Tensor, list[tuple[int, int]]]]:
        """For each epoch a permutation of the rows and the (begin, end) of its minibatches, all about equal."""
        number = max(1, round(count / (self.config.minibatch_size or count)))
        edges = [count * i // number for i in range(number + 1)]
        for _ in range(self.config.num_epochs):
            yield torch.randperm(count, generator=self.shuffle), list(pairwise(edges))

    def _fit_on_cpu(self, fast: ThreadedGradient, optimizer: Any, rows: Any, entropy: float) -> list[float]:
        """All epochs through ThreadedGradient. Returns the means of LOSSES over the minibatches."""
        config, count = self.config, len(rows)
        observations = rows[Columns.OBS].reshape(count, -1).astype(np.float32, copy=False)
        advantages = rows["advantages"]
        advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
        arrays = [observations, rows[Columns.ACTIONS], rows[Columns.ACTION_LOGP], advantages, rows["value_targets"]]
        masks, clip_at = rows.get(MASK), config.grad_clip
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
                norm = float(np.sqrt(np.dot(fast.gradient, fast.gradient)))
                if not np.isfinite(norm):
                    raise Diverged(NOT_FINITE)
                if clip_at and norm > clip_at:
                    fast.gradient *= clip_at / norm
                optimizer.step()
                losses.append(np.append(sums / (end - begin), norm))
                if config.target_kl and losses[-1][KL] > config.target_kl:
                    return np.mean(losses, axis=0).tolist()
        return np.mean(losses, axis=0).tolist()

    def _fit_with_autograd(self, network: Any, optimizer: Any, rows: Any, entropy: float) -> list[float]:
        """The same on a GPU: torch differentiates."""
        config, count, params = self.config, len(rows), list(network.parameters())
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
                losses.append(torch.stack([*parts, norm.detach()]))
                if config.target_kl and losses[-1][KL] > config.target_kl:
                    return torch.stack(losses).mean(0).tolist()
        return torch.stack(losses).mean(0).tolist()


LOSSES = (*PPOLoss.TERMS, "gradient_norm")
KL = LOSSES.index("kl")


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
