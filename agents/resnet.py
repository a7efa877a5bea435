"""A residual network of convolutions, in torch: what PolicyValueNetwork (network.py) of type resnet is made of.

flat [B, planes rows columns] -> ResNetTorso -> [B, filters, rows, columns] -> BoardHeads -> [B, A + 1]
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


class ResNetTorso(nn.Module):
    """A 3 x 3 convolution, then residual blocks of two: f(x + conv(f(conv x))). Zeros stand beyond the edge.

    Nothing is normalised, so that positions do not depend on each other and nothing has to be folded in to play:
    instead the last convolution of a block begins at zero, so that the signal neither shrinks nor grows with the depth
    (Zhang et al., "Fixup initialization" (2019)).
    """

    def __init__(self, board: Sequence[int], filters: int, blocks: int, activation: type[nn.Module]):
        super().__init__()
        self.board = tuple(board)
        self.stem = nn.Sequential(_convolution(board[0], filters), activation())
        self.blocks = nn.Sequential(*(Block(filters, activation) for _ in range(blocks)))

    def forward(self, flat: Tensor) -> Tensor:
        return self.blocks(self.stem(flat.unflatten(1, self.board)))

    def last_convolutions(self) -> list[nn.Conv2d]:
        """Of the blocks."""
        return [block.last for block in self.blocks if isinstance(block, Block)]


class Block(nn.Module):
    def __init__(self, filters: int, activation: type[nn.Module]):
        super().__init__()
        self.inner = nn.Sequential(_convolution(filters, filters), activation())
        self.last = _convolution(filters, filters)
        self.activation = activation()

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(x + self.last(self.inner(x)))


class BoardHeads(nn.Module):
    """Logits and value from a ResNetTorso. Pooled is each filter's mean over the cells, and its highest.

    policy    boards.POLICIES. planes, cells: a 1 x 1 convolution gives each cell its moves, a layer on what was pooled
              the actions of no cell; no weight knows the size of the board. dense: a layer on all of the cells
    hidden    widths of the layers between what was pooled and the value
    """

    def __init__(
        self, board: Sequence[int], filters: int, num_actions: int, policy: str, hidden: Sequence[int],
        activation: type[nn.Module],
    ):  # fmt: skip
        super().__init__()
        cells = board[1] * board[2]
        moves, others = divmod(num_actions, cells)
        self.policy = policy
        self.logits: nn.Linear | nn.Conv2d = (
            nn.Linear(filters * cells, num_actions) if policy == "dense" else nn.Conv2d(filters, moves, 1)
        )
        self.other_logits = nn.Linear(2 * filters, others) if others and policy != "dense" else None
        layers: list[nn.Module] = []
        for below, above in pairwise([2 * filters, *hidden]):
            layers += [nn.Linear(below, above), activation()]
        self.value_layers = nn.Sequential(*layers)
        self.value = nn.Linear([2 * filters, *hidden][-1], 1)

    def forward(self, features: Tensor) -> Tensor:
        pooled = torch.cat([features.mean((2, 3)), features.amax((2, 3))], 1)
        if self.policy == "dense":
            parts = [self.logits(features.flatten(1))]
        elif self.policy == "cells":
            parts = [self.logits(features).permute(0, 2, 3, 1).flatten(1)]
        else:
            parts = [self.logits(features).flatten(1)]
        if self.other_logits is not None:
            parts.append(self.other_logits(pooled))
        return torch.cat([*parts, self.value(self.value_layers(pooled))], 1)

    def last_layers(self) -> list[nn.Linear | nn.Conv2d]:
        return [layer for layer in (self.logits, self.other_logits, self.value) if layer is not None]


def resnet_widths(
    board: Sequence[int], filters: int, blocks: int, num_actions: int, policy: str, hidden: Sequence[int]
) -> list[list[int]]:
    """Of each stack of layers how many numbers one unit reads, and the widths of its layers."""
    planes, rows, columns = board
    moves, others = divmod(num_actions, rows * columns)
    heads = (
        [[filters * rows * columns, num_actions]] if policy == "dense" else [[filters, moves], [2 * filters, others]]
    )
    return [[9 * planes, filters], *[[9 * filters, filters]] * (2 * blocks), *heads, [2 * filters, *hidden, 1]]


def _convolution(below: int, above: int) -> nn.Conv2d:
    return nn.Conv2d(below, above, 3, padding=1)
