"""Networks over boards: compiled as in torch, outputs and gradients; which action belongs to which cell; every size."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from numba import njit

from agents import fast_half, fast_network, fast_windows
from agents.bfloat16 import array_of, narrow, widen
from agents.boards import POLICIES, any_board, check_board, policy_of, window_places
from agents.fast_network import DeviceForward, FastNetwork, ThreadedGradient, make_forward
from agents.network import PolicyValueNetwork, arguments_of, layer_widths
from envs import make
from envs.batch import Batch, mask_rows, observe_rows
from envs.ids import GAMES
from tests.agents.test_fast_network import gradient, sample

BOARD, ACTIONS, CHUNK = (2, 6, 7), 7, 64
# by the numbers in which products are done: how far outputs may be off, of the largest; the gradient, of its length
TOLERANCES = {torch.float32: (1e-5, 1e-5), torch.bfloat16: (2e-2, 3e-2)}
KINDS = {  # what tells them apart
    "windows": {"hidden": (48, 48, 48), "window": 4, "filters": 24},
    "windows, tanh": {"hidden": (40, 40), "window": 3, "filters": 8, "activation": "tanh"},
    "windows, other widths": {"hidden": (20, 50), "window": 2, "filters": 16},
    "windows, the filters' width": {"hidden": (96,), "window": 4, "filters": 8},
    "windows, no layers": {"hidden": (), "window": 4, "filters": 8},
    "resnet": {"hidden": (16,), "blocks": 2, "filters": 16, "policy": "dense"},
    "resnet, by planes": {"hidden": (), "blocks": 1, "filters": 8, "policy": "planes", "num_actions": 2 * 42 + 3},
    "resnet, by cells": {"hidden": (9,), "blocks": 1, "filters": 8, "policy": "cells", "num_actions": 3 * 42},
    "resnet, no blocks": {"hidden": (), "blocks": 0, "filters": 4, "policy": "dense", "activation": "tanh"},
}
kinds = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(params=TOLERANCES, ids=str)
def tolerances(request, monkeypatch):
    """Compiled networks are tried in both kinds of numbers: a CPU without native bfloat16 has it, too, slowly."""
    for module in (fast_half, fast_windows):
        monkeypatch.setattr(module, "number_type", lambda: request.param)
        monkeypatch.setattr(module, "CHUNK", CHUNK)
    monkeypatch.setattr(fast_network, "MIN_ROWS_A_THREAD", 40)
    return TOLERANCES[request.param]


def network(kind: str, seed: int = 0) -> PolicyValueNetwork:
    """Weights large enough that a mistake in any of them shows."""
    torch.manual_seed(seed)
    arguments = {"num_actions": ACTIONS, "activation": "relu", "board": BOARD} | KINDS[kind]
    made = PolicyValueNetwork(int(np.prod(BOARD)), **arguments)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn_like(parameter) / parameter[0].numel() ** 0.5)
    return made


def boards(rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2, size=(rows, *BOARD)).astype(np.uint8)


def by_torch(net: PolicyValueNetwork, observations: np.ndarray) -> np.ndarray:
    """Heads [N, A + 1]."""
    with torch.no_grad():
        logits, values = net(torch.from_numpy(observations))
    return np.column_stack([logits.numpy(), values.numpy()])


def close(found: np.ndarray, wanted: np.ndarray, tolerance: float) -> bool:
    return bool(np.abs(found - wanted).max() <= tolerance * np.abs(wanted).max())


@kinds
@pytest.mark.parametrize("rows", [1, 37, CHUNK + 5])
def test_forward_is_torch_s(kind, rows, tolerances):
    net, fast = network(kind), FastNetwork(network(kind))
    for count in (rows, 3, rows):  # memory is used again
        observations = boards(count, seed=count)
        wanted = by_torch(net, observations)
        found = fast.forward(observations)
        assert found.dtype == np.float32
        assert close(found, wanted, tolerances[0])


@kinds
def test_the_gradient_is_torch_s(kind, tolerances):
    net, rows = network(kind), CHUNK + 70
    num_actions = net.config["num_actions"]
    batch = sample(1, num_actions, rows, np.random.default_rng(1), True)
    batch["observations"] = boards(rows).reshape(rows, -1).astype(np.float32)
    fast = FastNetwork(net)
    # The gradient by the heads is given, so that their rounding is not what is measured. It has one sign for each, for
    # where rows of random signs cancel what was rounded off does not.
    rng = np.random.default_rng(2)
    sign = rng.choice(np.array([-1, 1], np.float32), num_actions + 1)
    delta = sign * rng.random((rows, num_actions + 1), np.float32) / rows
    found = fast.differentiate(batch["observations"], Given(delta))
    logits, values = net(torch.from_numpy(batch["observations"]))
    (torch.column_stack([logits, values]) * torch.from_numpy(delta)).sum().backward()
    assert found.tolist() == [rows]
    for p in net.parameters():
        assert p.grad is not None
        wanted = p.grad.numpy()
        assert np.linalg.norm(wanted) > 1e-4  # every layer is asked
        assert np.linalg.norm(fast._gradients[p] - wanted) <= tolerances[1] * np.linalg.norm(wanted)
    again = fast.gradient.copy()
    fast.differentiate(batch["observations"], Given(delta))
    np.testing.assert_array_equal(fast.gradient, again)  # nothing is left of the one before
    two = ThreadedGradient(net, 2)
    gradient(two, batch)
    gradient(fast, batch)
    assert np.linalg.norm(two.gradient - fast.gradient) <= tolerances[1] * np.linalg.norm(fast.gradient)


class Given:
    TERMS = ("rows",)

    def __init__(self, delta: np.ndarray):
        self.delta = delta

    def __len__(self) -> int:
        return len(self.delta)

    def __call__(self, heads: np.ndarray, part: slice, sums: np.ndarray) -> None:
        heads[:] = self.delta[part]
        sums += len(heads)


@kinds
def test_every_later_change_of_the_weights_is_seen(kind, tolerances):
    """By an optimiser's step, load_state_dict and copy_; and after each the copy is exactly the new weights'."""
    net, observations = network(kind), boards(5)
    fast, by_device = FastNetwork(net), DeviceForward(net, torch.device("cpu"))
    fast.bind_gradients()
    optimizers = [torch.optim.SGD(net.parameters(), 0.1), torch.optim.AdamW(net.parameters(), 0.1, foreach=True)]

    def copy_last() -> None:
        with torch.no_grad():
            next(net.parameters()).mul_(1.5)

    changes = [optimizer.step for optimizer in optimizers]
    changes += [lambda: net.load_state_dict(network(kind, 5).state_dict()), copy_last]
    for change in changes:
        before = fast.forward(observations)
        fast.gradient[:] = 1
        change()
        after = fast.forward(observations)
        assert not np.array_equal(before, after)
        np.testing.assert_array_equal(after, FastNetwork(net).forward(observations))
        np.testing.assert_allclose(by_device(observations), by_torch(net, observations), atol=1e-5)


@kinds
def test_a_network_begins_nearly_even_and_counts_its_parameters(kind):
    arguments = {"num_actions": ACTIONS, "activation": "relu", "board": BOARD} | KINDS[kind]
    net = PolicyValueNetwork(int(np.prod(BOARD)), **arguments)
    assert np.abs(by_torch(net, boards(50))).max() < 0.2
    counted = sum((b + 1) * a for widths in layer_widths(net.config) for b, a in pairwise(widths))
    assert counted == sum(p.numel() for p in net.parameters())
    assert PolicyValueNetwork(**net.config).config == net.config
    assert net.network_type == kind.partition(",")[0]


@kinds
def test_weights_that_are_not_numbers_show(kind, tolerances):
    for name in dict(network(kind).named_parameters()):
        net = network(kind)
        with torch.no_grad():
            net.get_parameter(name).fill_(float("nan"))
        assert np.isnan(FastNetwork(net).forward(boards(4))).any(axis=1).all()


def test_arguments_of_two_types_are_refused():
    with pytest.raises(ValueError, match="no type of network has the arguments board, window, filters, blocks"):
        PolicyValueNetwork(84, 7, (8,), board=BOARD, window=4, filters=3, blocks=2)


def test_a_filter_sees_a_square_of_every_plane():
    places = window_places((2, 3, 4), 2)
    assert places.shape == (2 * 3, 8)
    assert places[1].tolist() == [1, 2, 5, 6, 13, 14, 17, 18]  # one column to the right of the first


@pytest.mark.parametrize("shape", [(84,), (5, 7), (1, 2, 3, 4), ()])
def test_an_observation_that_is_no_board_is_refused(shape):
    with pytest.raises(ValueError, match="wants the planes of a board"):
        check_board(shape, 1)


@pytest.mark.parametrize(
    ("value", "bits"),
    [
        (1.0, 0x3F80), (-2.0, 0xC000), (0.0, 0), (np.inf, 0x7F80), (255.0, 0x437F),
        (1 + 2**-8, 0x3F80), (1 + 3 * 2**-8, 0x3F82), (1 + 2**-8 + 2**-20, 0x3F81), (3.4e38, 0x7F80),
    ],
)  # fmt: skip
def test_bfloat16_rounds_to_the_nearest_even(value, bits):
    assert _round_trip(np.array([value], np.float32))[0].tolist() == [bits]


def test_bfloat16_is_torch_s():
    rng = np.random.default_rng(0)
    values = rng.integers(0, 2**32, 200_000, np.uint64).astype(np.uint32).view(np.float32)
    values[0] = np.nan
    bits, wide = _round_trip(values)
    wanted = torch.from_numpy(values).to(torch.bfloat16)
    numbers = ~np.isnan(values)
    np.testing.assert_array_equal(bits[numbers], array_of(wanted)[numbers])
    np.testing.assert_array_equal(wide[numbers], wanted.float().numpy()[numbers])
    assert np.isnan(wide[~numbers]).all()


@njit
def _round_all(values, bits, wide):
    for i in range(len(values)):
        bits[i] = narrow(values[i], bits[i])
        wide[i] = widen(bits[i])


def _round_trip(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    bits, wide = np.empty(len(values), np.uint16), np.empty(len(values), np.float32)
    _round_all(values, bits, wide)
    return bits, wide


BOARD_GAMES = [g for g in GAMES if not g.startswith(("ball_", "kuhn", "leduc"))]
MINE = {"chess": slice(0, 6)}  # planes of the mover's own pieces; elsewhere the first


@pytest.mark.parametrize("game_id", ["tic_tac_toe", "othello_6x6", "gomoku_9", "hex_5", "go_5x5"])
def test_a_stone_is_put_where_its_action_s_logit_is(game_id):
    """Every first move: the cell of the plane of logits that is the action's is the one that the mover sees filled."""
    game = make(game_id)
    assert policy_of(game) == "planes"
    _, rows, columns = game.observation_shape
    batch = Batch(game, 1, seed=3)
    state = batch.states[0].copy()
    before = observe_rows(game, batch.states, np.zeros(1, np.int64))[0, 0]
    player = int(state["current_player"])
    for action in np.flatnonzero(mask_rows(game, batch.states, np.array([player]))[0]):
        if action >= rows * columns:
            continue
        batch.states[0] = state
        batch.refresh()
        batch.step(np.array([action], np.int32))
        after = observe_rows(game, batch.states, np.array([player]))[0, 0]
        cell = np.arange(rows * columns).reshape(rows, columns) == action
        assert (after[cell] > before[cell]).all()


@pytest.mark.parametrize("game_id", ["breakthrough_6", "chess"])
def test_a_piece_goes_from_where_its_action_s_logit_is(game_id):
    """Legal moves after a few random ones, of either seat, read off a policy by its own layout."""
    game = make(game_id)
    torch.manual_seed(0)
    net = PolicyValueNetwork(hidden=(), activation="relu", filters=2, blocks=0, **arguments_of("resnet", game))
    _, rows, columns = game.observation_shape
    moves = game.num_actions // (rows * columns)
    with torch.no_grad():
        for p in net.parameters():
            p.zero_()
        net.torso.stem[0].weight[0, MINE.get(game_id, 0), 1, 1] = 1  # a filter that is 1 where a piece of mine stands
        net.heads.logits.weight[:, 0] = 1  # for each of its moves
    batch, rng = Batch(game, 1, seed=1), np.random.default_rng(0)
    for _ in range(9):
        player = batch.states["current_player"].astype(np.int64)
        mask = mask_rows(game, batch.states, player)[0]
        logits = by_torch(net, observe_rows(game, batch.states, player))[0, :-1]
        assert (logits[mask] == 1).all()
        assert 0 < (logits == 1).sum() < len(logits)
        assert len(logits) == moves * rows * columns
        batch.step(rng.choice(np.flatnonzero(mask), 1).astype(np.int32))


def test_every_game_with_a_board_has_a_policy_and_every_other_is_refused():
    found = {game_id: policy_of(make(game_id)) for game_id in BOARD_GAMES}
    assert set(found.values()) == set(POLICIES)
    assert {game_id for game_id, policy in found.items() if policy == "dense"} == {
        game_id for game_id in BOARD_GAMES if game_id.startswith("connect_four")
    }
    for game_id in ("kuhn_poker", "ball_2v2"):
        with pytest.raises(ValueError, match="wants the planes of a board"):
            arguments_of("resnet", make(game_id))


@pytest.mark.parametrize(
    "ids",
    [("go_5x5", "go_19x19"), ("hex_3", "hex_13"), ("othello", "othello_6x6"), ("breakthrough_6", "breakthrough_8")],
)
def test_the_same_weights_read_every_size(ids):
    small, large = (
        PolicyValueNetwork(hidden=(6,), activation="relu", filters=4, blocks=1, **arguments_of("resnet", make(game_id)))
        for game_id in ids
    )
    large.load_state_dict(small.state_dict())
    assert any_board(ids[0]) == any_board(ids[1])
    assert (
        by_torch(large, np.zeros((2, *make(ids[1]).observation_shape), np.uint8)).shape[1]
        == make(ids[1]).num_actions + 1
    )


def test_what_differs_in_the_board_s_size_alone():
    assert [any_board(g) for g in ("go_5x5", "hex_11", "othello", "othello_6x6")] == ["go", "hex", "othello", "othello"]
    for other in ("connect_four_5x4", "tic_tac_toe", "kuhn_poker", "ball_2v2"):
        assert any_board(other) == other


def test_the_device_is_chosen(monkeypatch):
    net, observations = network("resnet"), boards(70)
    wanted = by_torch(net, observations)
    assert isinstance(make_forward(net, torch.device("meta")), DeviceForward)
    np.testing.assert_allclose(DeviceForward(net, torch.device("cpu"))(observations), wanted, atol=1e-5)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert make_forward(net).__self__.__class__ is FastNetwork
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    mlp = PolicyValueNetwork(84, 7, (8,))
    assert make_forward(mlp).__self__.__class__ is FastNetwork  # too small for the way there
