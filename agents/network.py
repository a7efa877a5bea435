"""Policy-value networks: one torso, a policy head over the actions, a value head for whoever is to move.

mlp         layers over the flattened observation
entities    over a set of rows (entities.py), any number of them: the same weights play every team size
windows     filters over every window of the board, as far as it fits, then residual layers: sees lines of stones at
            once, and answers fast (what learned Connect Four best of the kinds tried on two cores)
resnet      residual blocks of convolutions over the board (resnet.py). Where actions belong to cells the same weights
            play every size of the board
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from agents.boards import check_board, policy_of, window_places
from agents.entities import KIND, KINDS, row_size
from agents.resnet import BoardHeads, ResNetTorso, resnet_widths
from envs.game import Game

ACTIVATIONS = {"tanh": nn.Tanh, "relu": nn.ReLU}
# beside those of every type
OWN_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "mlp": (),
    "entities": ("entity_hidden",),
    "windows": ("board", "window", "filters"),
    "resnet": ("board", "filters", "blocks", "policy"),
}


class PolicyValueNetwork(nn.Module):
    """A torso and two heads on it; `config` holds the arguments, so that `PolicyValueNetwork(**config)` makes another.

    observation_size    numbers in an observation; of an entities network, in one row of it
    hidden              width of each layer between that, or what was pooled, and the heads; of a resnet, its value
    entity_hidden       of entities: width of each layer that every row goes through before pooling
    board               of windows and resnets: [planes, rows, columns] of an observation
    window, filters     of windows: side of the square that a filter sees, and how many filters there are
    blocks, filters     of resnets: "4x32" is 4 blocks, each of two convolutions with 32 filters
    policy              of resnets: how the actions lie on the board (boards.POLICIES)

    forward: observations [B, *shape] (any dtype; planes of 0 and 1 need no scaling) -> logits [B, A] float32, not
    masked, and value [B] float32, the return expected by the observing seat.

    Raises ValueError for arguments of different types.
    """

    def __init__(
        self,
        observation_size: int,
        num_actions: int,
        hidden: Sequence[int],
        activation: str = "tanh",
        entity_hidden: Sequence[int] | None = None,
        board: Sequence[int] | None = None,
        window: int | None = None,
        filters: int | None = None,
        blocks: int | None = None,
        policy: str | None = None,
    ):
        super().__init__()
        self.config: dict[str, Any] = {
            "observation_size": observation_size,
            "num_actions": num_actions,
            "hidden": list(hidden),
            "activation": activation,
        }
        own = {"entity_hidden": entity_hidden, "board": board, "window": window, "filters": filters, "blocks": blocks}
        given = {name: value for name, value in (own | {"policy": policy}).items() if value is not None}
        types = [name for name, names in OWN_ARGUMENTS.items() if set(names) == set(given)]
        if not types:
            raise ValueError(f"no type of network has the arguments {', '.join(given)}; see OWN_ARGUMENTS")
        self.network_type = types[0]
        self.config |= {name: list(v) if isinstance(v, list | tuple) else v for name, v in given.items()}
        self.torso: nn.Module
        self.heads: nn.Linear | BoardHeads
        kind = ACTIVATIONS[activation]
        if board is not None and filters is not None and blocks is not None and policy is not None:
            self.torso = ResNetTorso(board, filters, blocks, kind)
            self.heads = BoardHeads(board, filters, num_actions, policy, hidden, kind)
        else:
            *encoder, trunk = layer_widths(self.config)
            layers = _layers(trunk[:-1], activation)
            self.torso = layers
            if self.network_type == "entities":
                self.torso = EntityTorso(_layers(encoder[0], activation), layers)
            elif board is not None and window is not None:
                self.torso = WindowTorso(_layers(encoder[0], activation), layers, board, window)
            self.heads = nn.Linear(trunk[-2], trunk[-1])  # logits, then the value: one product for both
        self._initialise()

    def _initialise(self) -> None:
        inner: list[nn.Module] = [*self.torso.modules()]
        last = [self.heads] if isinstance(self.heads, nn.Linear) else self.heads.last_layers()
        if isinstance(self.heads, BoardHeads):
            inner += self.heads.value_layers
        for layer in inner:
            if isinstance(layer, nn.Linear | nn.Conv2d):
                _begin(layer, 2**0.5)
        for layer in last:
            _begin(layer, 0.01)
        if isinstance(self.torso, ResNetTorso):
            for last_of_block in self.torso.last_convolutions():
                nn.init.zeros_(last_of_block.weight)

    def forward(self, observations: Tensor) -> tuple[Tensor, Tensor]:
        out = self.joined(observations)
        return out[:, :-1], out[:, -1]

    def joined(self, observations: Tensor) -> Tensor:
        """[B, A + 1] float32: logits and the value beside them."""
        return self.heads(self.torso(observations.flatten(1).to(next(self.parameters()).dtype))).float()


def _begin(layer: nn.Linear | nn.Conv2d, gain: float) -> None:
    """A last layer has a small gain: a near-uniform first policy, a value near zero (Andrychowicz et al. 2021, section
    3.2)."""
    nn.init.orthogonal_(layer.weight, gain)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def network_of(config: dict[str, Any], weights: dict[str, np.ndarray]) -> PolicyValueNetwork:
    """A network of these parameters, by name, copied."""
    network = PolicyValueNetwork(**config)
    network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in weights.items()})
    return network


class EntityTorso(nn.Module):
    """Every row goes through the same encoder, beside row 0; what comes out is pooled by kind; the trunk does the rest.

    Of the encoder's units the first half are averaged over the rows of a kind, the others give their highest: a mean is
    the same in any number, the highest is what one near opponent can set. (Giving each unit both would double the
    trunk's first layer, the largest of all.) Zaheer et al., "Deep sets" (2017).

    forward: [B, n C] flat -> [B, width of the trunk]
    """

    def __init__(self, encoder: nn.Sequential, trunk: nn.Sequential):
        super().__init__()
        self.encoder, self.trunk = encoder, trunk
        linears = [layer for layer in encoder if isinstance(layer, nn.Linear)]
        self.row_size = linears[0].in_features // 2
        self.averaged = linears[-1].out_features // 2  # of the encoder's units

    def forward(self, flat: Tensor) -> Tensor:
        rows = flat.unflatten(1, (-1, self.row_size))
        own, others = rows[:, :1], rows[:, 1:]
        encoded = self.encoder(torch.cat([own.expand_as(others), others], 2)).unsqueeze(1)  # [B, 1, n - 1, H]
        is_kind = (others[..., KIND : KIND + KINDS] > 0.5).transpose(1, 2).unsqueeze(3)  # [B, KINDS, n - 1, 1]
        count = is_kind.sum(2)
        mean = torch.where(is_kind, encoded[..., : self.averaged], 0).sum(2) / count.clamp(min=1)
        highest = encoded[..., self.averaged :].masked_fill(~is_kind, -torch.inf).max(2).values
        pooled = torch.cat([mean, torch.where(count > 0, highest, 0)], 2)  # [B, KINDS, H]
        return self.trunk(torch.cat([pooled.flatten(1), own[:, 0]], 1))


class WindowTorso(nn.Module):
    """The filters' answers at every place where the window fits on the board, then layers: the first as it is, what
    each further one of the same width puts out is added to what it was given.

    forward: [B, planes * rows * columns] flat -> [B, width of the last layer]
    """

    places: Tensor

    def __init__(self, filters: nn.Sequential, layers: nn.Sequential, board: Sequence[int], window: int):
        super().__init__()
        self.filters, self.layers = filters, layers
        self.register_buffer("places", torch.from_numpy(window_places(board, window)), persistent=False)

    def forward(self, flat: Tensor) -> Tensor:
        chosen = flat.index_select(1, self.places.view(-1))
        out = self.filters(chosen.view(-1, self.places.shape[1])).view(len(flat), -1)
        layers = [*self.layers]
        for linear, activation in zip(layers[::2], layers[1::2], strict=True):
            higher = activation(linear(out))
            out = out + higher if higher.shape == out.shape else higher
        return out


def layer_widths(config: dict[str, Any]) -> list[list[int]]:
    """What each stack of layers reads and the widths of its layers: the encoder (of entities, the filters of windows),
    then all up to the heads. Of a resnet also convolutions, by what one of their units reads."""
    if "blocks" in config:
        return resnet_widths(
            *(config[name] for name in ("board", "filters", "blocks", "num_actions", "policy", "hidden"))
        )
    size, rest = config["observation_size"], [*config["hidden"], config["num_actions"] + 1]
    if "board" in config:
        (planes, rows, columns), window, filters = config["board"], config["window"], config["filters"]
        places = (rows - window + 1) * (columns - window + 1)
        return [[planes * window * window, filters], [places * filters, *rest]]
    if "entity_hidden" not in config:
        return [[size, *rest]]
    encoder = [2 * size, *config["entity_hidden"]]
    return [encoder, [KINDS * encoder[-1] + size, *rest]]


def observation_size(network_type: str, observation_shape: tuple[int, ...]) -> int:
    """The argument of PolicyValueNetwork. Raises ValueError where a network of that type cannot read it."""
    if network_type == "entities":
        return row_size(observation_shape)
    if "board" in OWN_ARGUMENTS[network_type]:
        check_board(observation_shape, 1)
    return math.prod(observation_shape)


def arguments_of(network_type: str, game: Game) -> dict[str, Any]:
    """The arguments of PolicyValueNetwork that the game decides. Raises ValueError where a network of that type cannot
    read it."""
    found: dict[str, Any] = {
        "observation_size": observation_size(network_type, game.observation_shape),
        "num_actions": game.num_actions,
    }
    own = OWN_ARGUMENTS[network_type]
    if "board" in own:
        found["board"] = list(game.observation_shape)
    if "policy" in own:
        found["policy"] = policy_of(game)
    return found


def _layers(widths: Sequence[int], activation: str) -> nn.Sequential:
    layers: list[nn.Module] = []
    for below, above in pairwise(widths):
        layers += [nn.Linear(below, above), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers)
