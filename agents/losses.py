"""Losses on a policy-value network's outputs, as the compiled networks of fast_network.py differentiate them.

A loss holds its batch, N rows. Called with the heads [n, A + 1] float32 of the rows in `part` it replaces them by their
gradient of the mean over all N rows, and adds its terms, summed over those rows, to sums [len(TERMS)] float64.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from agents.fast_heads import ppo_loss, search_loss


class Loss(Protocol):
    TERMS: ClassVar[tuple[str, ...]]

    def __len__(self) -> int:
        """N."""

    def __call__(self, heads: np.ndarray, part: slice, sums: np.ndarray) -> None: ...


@dataclass(frozen=True)
class PPOLoss:
    """Clipped surrogate, value error and entropy of Schulman et al. (2017). masks [N, A] bool or None: all are legal;
    actions [N] int32; the other arrays [N] float32. `kl` is estimated as k3."""

    TERMS: ClassVar[tuple[str, ...]] = ("policy", "value", "entropy", "kl")

    masks: np.ndarray | None
    actions: np.ndarray
    logps: np.ndarray
    advantages: np.ndarray
    targets: np.ndarray
    clip: float
    value_coefficient: float
    entropy_coefficient: float

    def __len__(self) -> int:
        return len(self.actions)

    def __call__(self, heads: np.ndarray, part: slice, sums: np.ndarray) -> None:
        masks = np.ones((1, heads.shape[1] - 1), np.bool_) if self.masks is None else self.masks[part]
        ppo_loss(
            heads, masks, self.actions[part], self.logps[part], self.advantages[part], self.targets[part], self.clip,
            self.value_coefficient, self.entropy_coefficient, np.float32(1 / len(self)), sums,
        )  # fmt: skip


@dataclass(frozen=True)
class SearchLoss:
    """Cross-entropy of the policy with what searches found, and the value error: Silver et al., "Mastering the game of
    Go without human knowledge" (2017).

    actions        [N, L] uint16, all that are legal, filled up with NO_ACTION (fast_heads.py)
    probabilities  [N, L] float32, of a search's policy
    targets        [N] float32, what the position turned out to be worth to whoever was to move

    `policy` is the cross-entropy less the entropy of the search's policy: the divergence that learning can remove.
    """

    TERMS: ClassVar[tuple[str, ...]] = ("policy", "value", "entropy")

    actions: np.ndarray
    probabilities: np.ndarray
    targets: np.ndarray
    value_coefficient: float
    policy_coefficient: float = 1.0

    def __len__(self) -> int:
        return len(self.targets)

    def __call__(self, heads: np.ndarray, part: slice, sums: np.ndarray) -> None:
        search_loss(
            heads, self.actions[part], self.probabilities[part], self.targets[part], self.value_coefficient,
            np.float32(self.policy_coefficient / len(self)), np.float32(1 / len(self)), sums,
        )  # fmt: skip
