"""The entities network: the same for every order and number of rows; compiled as in torch, outputs and gradients."""

import numpy as np
import pytest
import torch

from agents.entities import KIND, KINDS, any_size, row_size
from agents.fast_entities import CHUNK, CHUNK_ENTITIES
from agents.fast_network import FastNetwork, ThreadedGradient
from agents.network import PolicyValueNetwork
from tests.agents.test_fast_network import by_autograd, gradient, sample

BALL, MATE, OPPONENT, NONE = range(KINDS + 1)
ACTIONS, COLUMNS = 18, 9  # two more than kinds need
SHAPES = [  # encoder, trunk, activation, kinds of the rows after row 0, observations
    ((32,), (64, 64), "tanh", [BALL, MATE, OPPONENT, OPPONENT], 2 * CHUNK + 100),
    ((32, 16), (24,), "relu", [BALL, MATE, OPPONENT, OPPONENT], CHUNK + 1),
    ((5,), (9,), "tanh", [BALL, OPPONENT], 300),  # one against one: no team-mates
    ((1,), (), "tanh", [OPPONENT, OPPONENT, OPPONENT], 40),  # a unit that is not averaged, heads on what was pooled
    ((8, 7, 6), (12, 11), "tanh", [OPPONENT, NONE, MATE, BALL, MATE, NONE, OPPONENT, OPPONENT], 200),
    ((16,), (32,), "tanh", [BALL, *[MATE] * 10, *[OPPONENT] * 11], CHUNK_ENTITIES // 22 + 50),
]
shapes = pytest.mark.parametrize(("encoder", "trunk", "activation", "kinds", "rows"), SHAPES)


def network(encoder=(32,), trunk=(64, 64), activation="tanh", seed: int = 0) -> PolicyValueNetwork:
    """Weights large enough that a mistake in any of them shows."""
    torch.manual_seed(seed)
    made = PolicyValueNetwork(COLUMNS, ACTIONS, trunk, activation, encoder)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn_like(parameter) / max(1, parameter.shape[-1]) ** 0.5)
    return made


def observe(kinds: list[int], rows: int, seed: int = 0) -> np.ndarray:
    """[rows, 1 + len(kinds), COLUMNS] float32: any numbers, then the kind."""
    observations = np.random.default_rng(seed).normal(size=(rows, 1 + len(kinds), COLUMNS)).astype(np.float32)
    observations[:, 1:, KIND : KIND + KINDS] = np.eye(KINDS + 1)[kinds][:, :KINDS]
    return observations


def by_torch(net: PolicyValueNetwork, observations: np.ndarray) -> np.ndarray:
    """Heads [N, A + 1]."""
    with torch.no_grad():
        logits, values = net(torch.from_numpy(observations))
    return np.column_stack([logits.numpy(), values.numpy()])


@shapes
def test_forward_is_torch_s(encoder, trunk, activation, kinds, rows):
    net, observations = network(encoder, trunk, activation), observe(kinds, rows)
    wanted = by_torch(net, observations)
    assert wanted.std(axis=0).min() > 0.1
    np.testing.assert_allclose(FastNetwork(net).forward(observations), wanted, atol=1e-5)


@shapes
@pytest.mark.parametrize("masked", [False, True])
def test_the_gradient_is_torch_s(encoder, trunk, activation, kinds, rows, masked):
    net = network(encoder, trunk, activation)
    batch = sample(1, ACTIONS, rows, np.random.default_rng(1), masked)
    batch["observations"] = observe(kinds, rows).reshape(rows, -1)
    fast = FastNetwork(net)
    sums = gradient(fast, batch, masked)
    wanted, losses = by_autograd(net, batch, masked)
    np.testing.assert_allclose(fast.gradient, wanted, atol=2e-5 * max(1, np.abs(wanted).max()))
    np.testing.assert_allclose(sums / rows, losses, rtol=1e-4, atol=1e-5)
    for parameter in np.split(wanted, np.cumsum([p.numel() for p in net.parameters()])[:-1]):
        assert np.abs(parameter).max() > 1e-3  # every layer is asked


def test_pooling_by_hand():
    """The encoder hands on one column to an averaged unit and to a highest one, the heads all that was pooled."""
    net = PolicyValueNetwork(7, 3 * 2 + 7 - 1, (), "relu", (2,))  # as many heads as pooled numbers
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
        net.torso.encoder[0].weight[:, 7] = 1.0  # the first column of the row itself, not of row 0
        net.heads.weight.copy_(torch.eye(13))
    first_columns, kinds = [3, 2, 7, 4, 100, 6], [MATE, OPPONENT, BALL, OPPONENT, NONE, OPPONENT]
    observations = np.zeros((1, 7, 7), np.float32)
    observations[0, 0] = [9, 8, 7, 6, 5, 4, 3]
    observations[0, 1:, 0] = first_columns
    observations[0, 1:, KIND:] = np.eye(KINDS + 1)[kinds][:, :KINDS]
    wanted = [7, 7, 3, 3, 4, 6, 9, 8, 7, 6, 5, 4, 3]
    assert by_torch(net, observations)[0].tolist() == pytest.approx(wanted)
    assert FastNetwork(net).forward(observations)[0].tolist() == pytest.approx(wanted)


def test_the_order_within_a_kind_says_nothing():
    net, kinds = network((32, 16)), [BALL, MATE, MATE, MATE, OPPONENT, OPPONENT, OPPONENT, OPPONENT]
    observations = observe(kinds, 200)
    fast = FastNetwork(net)
    heads = fast.forward(observations)
    shuffled = observations.copy()
    shuffled[:, 2:5] = shuffled[:, 2:5][:, [2, 0, 1]]
    shuffled[:, 5:] = shuffled[:, 5:][:, [3, 1, 0, 2]]
    np.testing.assert_allclose(fast.forward(shuffled), heads, atol=1e-5)
    np.testing.assert_allclose(by_torch(net, shuffled), heads, atol=1e-5)
    exchanged = observations.copy()
    exchanged[:, 4, :KIND], exchanged[:, 5, :KIND] = observations[:, 5, :KIND], observations[:, 4, :KIND]
    assert (np.abs(fast.forward(exchanged) - heads).max(axis=1) > 1e-2).all()  # a team-mate for an opponent does


def test_the_same_weights_play_every_team_size():
    """One FastNetwork, sizes in turn; and two opponents at one place are as one, in average as in highest."""
    net = network()
    fast = FastNetwork(net)
    for kinds in ([BALL, OPPONENT], [BALL, *[MATE] * 4, *[OPPONENT] * 5], [BALL, MATE, OPPONENT, OPPONENT]):
        observations = observe(kinds, 100)
        np.testing.assert_allclose(fast.forward(observations), by_torch(net, observations), atol=1e-5)
    two = observe([BALL, OPPONENT, OPPONENT], 50)
    two[:, 3] = two[:, 2]
    np.testing.assert_allclose(fast.forward(two), fast.forward(two[:, :3]), atol=1e-5)


def test_threads_give_the_gradient_of_one():
    net, rows = network(), 2000
    batch = sample(1, ACTIONS, rows, np.random.default_rng(3), True)
    batch["observations"] = observe([BALL, MATE, OPPONENT, OPPONENT], rows).reshape(rows, -1)
    one, two = FastNetwork(net), ThreadedGradient(net, 2)
    sums = gradient(one, batch)
    np.testing.assert_allclose(gradient(two, batch), sums, rtol=1e-6)
    np.testing.assert_allclose(two.gradient, one.gradient, atol=1e-6)


@pytest.mark.parametrize("layer", ["torso.encoder.0.weight", "torso.encoder.2.bias", "torso.trunk.0.weight"])
@pytest.mark.parametrize("unit", [0, -1])  # averaged, highest
def test_weights_that_are_not_numbers_show(layer, unit):
    net = network((6, 4), (5,))
    with torch.no_grad():
        net.get_parameter(layer)[unit] = float("nan")
    batch = sample(1, ACTIONS, 40, np.random.default_rng(0), True)
    batch["observations"] = observe([BALL, MATE, OPPONENT, OPPONENT], 40).reshape(40, -1)
    fast = FastNetwork(net)
    assert np.isnan(fast.forward(batch["observations"])).any(axis=1).all()
    assert np.isnan(gradient(fast, batch)).any()
    assert np.isnan(fast.gradient).any()


@pytest.mark.parametrize("shape", [(28,), (1, 7), (5, 6), (2, 6, 7), ()])
def test_an_observation_that_is_no_set_is_refused(shape):
    with pytest.raises(ValueError, match="wants an observation of rows"):
        row_size(shape)


def test_rows_of_another_size_are_refused():
    with pytest.raises(ValueError, match="an observation of 35 numbers is no rows of 9"):
        FastNetwork(network()).forward(np.zeros((3, 35), np.float32))


def test_what_differs_in_the_team_size_alone():
    sizes = [any_size(game_id) for game_id in ("ball_1v1", "ball_2v2", "ball_11v11")]
    assert sizes == ["ball_KvK"] * 3
    assert any_size("ball_3v3_heading") == "ball_KvK_heading"
    for other in ("hex_11", "connect_four_5x4", "ball_1v2", "kuhn_poker"):
        assert any_size(other) == other
