"""Policy-value networks: one torso, a policy head over the actions, a value head for whoever is to move."""

from typing import Any

from torch import Tensor, nn

ACTIVATIONS = {"tanh": nn.Tanh, "relu": nn.ReLU}


class PolicyValueNetwork(nn.Module):
    """An MLP over the flattened observation.

    forward: observations [B, *shape] (any dtype; planes of 0 and 1 need no scaling) -> logits [B, A] float32, not
    masked, and value [B] float32, the return expected by the observing seat.
    """

    def __init__(self, observation_size: int, num_actions: int, hidden: tuple[int, ...], activation: str = "tanh"):
        super().__init__()
        self.config: dict[str, Any] = {
            "observation_size": observation_size,
            "num_actions": num_actions,
            "hidden": list(hidden),
            "activation": activation,
        }
        layers: list[nn.Module] = []
        width = observation_size
        for size in hidden:
            layers += [nn.Linear(width, size), ACTIVATIONS[activation]()]
            width = size
        self.torso = nn.Sequential(*layers)
        self.heads = nn.Linear(width, num_actions + 1)  # logits, then the value: one product for both
        for layer in self.torso:
            if isinstance(layer, nn.Linear):
                nn.init.orthogonal_(layer.weight, 2**0.5)
                nn.init.zeros_(layer.bias)
        # a near-uniform first policy and a value near zero (Andrychowicz et al. 2021, section 3.2)
        nn.init.orthogonal_(self.heads.weight, 0.01)
        nn.init.zeros_(self.heads.bias)

    def forward(self, observations: Tensor) -> tuple[Tensor, Tensor]:
        out = self.heads(self.torso(observations.flatten(1).float()))
        return out[:, :-1], out[:, -1]
