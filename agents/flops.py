"""What networks cost to compute, so that runs can be compared at equal cost whatever machine they ran on.

    forward_flops(network, game)        # of one observation

An addition or a multiplication counts as one; only products of matrices are counted (the rest is a few per cent). A
gradient costs three forward passes, one forward and two back: Kaplan et al., "Scaling laws for neural language models"
(2020), section 2.1.
"""

import torch
from torch import nn

from agents.network import PolicyValueNetwork
from envs.game import Game

GRADIENT = 3  # forward passes


def forward_flops(network: PolicyValueNetwork, game: Game) -> int:
    """Of one observation of the game."""
    total = 0

    def count(layer: nn.Module, _: object, out: torch.Tensor) -> None:
        nonlocal total
        if isinstance(layer, nn.Linear):
            total += 2 * layer.in_features * out.numel()
        elif isinstance(layer, nn.Conv2d):
            total += 2 * layer.weight[0].numel() * out.numel()

    hooks = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    try:
        with torch.no_grad():
            network(torch.zeros(1, *game.observation_shape, device=next(network.parameters()).device))
    finally:
        for hook in hooks:
            hook.remove()
    return total
