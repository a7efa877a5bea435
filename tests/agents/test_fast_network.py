"""The compiled networks against torch: outputs, gradients, tanh, and drawing from the masked softmax."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from agents.fast_heads import NO_ACTION, draw, softmax
from agents.fast_layers import CHUNK, bias_relu, bias_tanh
from agents.fast_network import MIN_ROWS_A_THREAD, FastNetwork, ThreadedGradient
from agents.losses import PPOLoss, SearchLoss
from agents.network import PolicyValueNetwork
from agents.rllib.ppo import ppo_loss
from agents.rollouts import ILLEGAL_LOGIT

SHAPES = [  # observation size, actions, hidden widths, activation, rows
    (84, 7, (128, 128), "tanh", CHUNK + 300),
    (84, 7, (128, 128), "relu", CHUNK + 300),
    (13, 3, (17, 5, 9), "tanh", 3 * CHUNK + 1),
    (13, 3, (17, 5, 9), "relu", 2 * CHUNK),
    (1, 1, (1,), "tanh", 1),
    (31, 18, (), "tanh", CHUNK - 1),
    (7, 2, (33,), "relu", 2),
]
shapes = pytest.mark.parametrize(("size", "actions", "hidden", "activation", "rows"), SHAPES)


def network(size: int, actions: int, hidden: tuple[int, ...], activation: str, seed: int = 0) -> PolicyValueNetwork:
    """Weights large enough that a mistake in any of them shows, in the policy as in the value."""
    torch.manual_seed(seed)
    made = PolicyValueNetwork(size, actions, hidden, activation)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn_like(parameter) / max(1, parameter.shape[-1]) ** 0.5)
    return made


@shapes
@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_forward_is_torch_s(size, actions, hidden, activation, rows, dtype):
    net, rng = network(size, actions, hidden, activation), np.random.default_rng(0)
    planes = rng.integers(0, 2, size=(rows, size)) if dtype is np.uint8 else rng.normal(size=(rows, size))
    observations = planes.astype(dtype)
    with torch.no_grad():
        logits, values = net(torch.from_numpy(observations))
    heads = FastNetwork(net).forward(observations)
    assert heads.dtype == np.float32
    np.testing.assert_allclose(heads[:, :-1], logits.numpy(), atol=2e-5)
    np.testing.assert_allclose(heads[:, -1], values.numpy(), atol=2e-5)


def test_forward_sees_every_later_change_of_the_weights():
    """An optimiser step and load_state_dict write into the memory that the FastNetwork reads."""
    net, other = network(9, 4, (8,), "tanh"), network(9, 4, (8,), "tanh", seed=1)
    mlp, observations = FastNetwork(net), np.ones((2, 9), np.float32)
    before = mlp.forward(observations)
    net.load_state_dict(other.state_dict())
    assert not np.array_equal(mlp.forward(observations), before)
    np.testing.assert_array_equal(mlp.forward(observations), FastNetwork(other).forward(observations))


def sample(size: int, actions: int, rows: int, rng: np.random.Generator, masked: bool):
    """A batch as a learner gets it: half of the ratios beyond the clipping bounds, advantages of both signs."""
    masks = rng.random((rows, actions)) < 0.6 if masked else np.ones((rows, actions), np.bool_)
    chosen = rng.integers(actions, size=rows).astype(np.int32)
    masks[np.arange(rows), chosen] = True
    return {
        "observations": rng.normal(size=(rows, size)).astype(np.float32),
        "masks": masks,
        "actions": chosen,
        "logps": (-np.log(actions) - 1.0 + rng.normal(size=rows)).astype(np.float32),
        "advantages": rng.normal(size=rows).astype(np.float32),
        "targets": rng.normal(size=rows).astype(np.float32),
    }


CLIP, VALUE_COEFFICIENT, ENTROPY_COEFFICIENT = 0.2, 0.7, 0.03


def gradient(mlp: FastNetwork | ThreadedGradient, batch: dict[str, np.ndarray], masked: bool = True) -> np.ndarray:
    """Set mlp.gradient; returns the sums of the losses."""
    loss = PPOLoss(
        batch["masks"] if masked else None, batch["actions"], batch["logps"], batch["advantages"], batch["targets"],
        CLIP, VALUE_COEFFICIENT, ENTROPY_COEFFICIENT,
    )  # fmt: skip
    return mlp.differentiate(batch["observations"], loss)


def by_autograd(net: PolicyValueNetwork, batch: dict[str, np.ndarray], masked: bool) -> tuple[np.ndarray, list[float]]:
    """The flat gradient and [policy, value, entropy, kl] of learner.ppo_loss, in float64."""
    wide = PolicyValueNetwork(**net.config).double()
    wide.load_state_dict(net.state_dict())
    flat = torch.from_numpy(batch["observations"]).double()

    def forward(observations: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The network's own casts to float32."""
        out = wide.heads(wide.torso(observations))
        return out[:, :-1], out[:, -1]

    config = SimpleNamespace(clip_param=CLIP, vf_loss_coeff=VALUE_COEFFICIENT)
    columns = [torch.from_numpy(batch[name]).double() for name in ("logps", "advantages", "targets")]
    actions = torch.from_numpy(batch["actions"]).long().unsqueeze(1)
    mask = torch.from_numpy(batch["masks"]) if masked else None
    loss, parts = ppo_loss(forward, flat, actions, *columns, mask, config=config, entropy=ENTROPY_COEFFICIENT)
    loss.backward()
    return np.concatenate([p.grad.numpy().ravel() for p in wide.parameters()]), [float(part) for part in parts]


@shapes
@pytest.mark.parametrize("masked", [False, True])
def test_the_gradient_is_torch_s(size, actions, hidden, activation, rows, masked):
    net = network(size, actions, hidden, activation)
    batch = sample(size, actions, rows, np.random.default_rng(1), masked)
    mlp = FastNetwork(net)
    sums = gradient(mlp, batch, masked)
    wanted, losses = by_autograd(net, batch, masked)
    assert np.abs(wanted).max() > 1e-3
    np.testing.assert_allclose(mlp.gradient, wanted, atol=2e-5 * max(1, np.abs(wanted).max()))
    np.testing.assert_allclose(sums / rows, losses, rtol=1e-4, atol=1e-5)


def test_the_gradient_does_not_depend_on_the_gradient_before():
    net = network(5, 3, (4,), "tanh")
    batch = sample(5, 3, 10, np.random.default_rng(0), True)
    mlp = FastNetwork(net)
    gradient(mlp, batch)
    first = mlp.gradient.copy()
    gradient(mlp, batch)
    np.testing.assert_array_equal(mlp.gradient, first)


def test_bound_gradients_drive_a_torch_optimiser():
    """One step of plain gradient descent changes the weights by exactly -lr times `gradient`."""
    net = network(5, 3, (4,), "tanh")
    mlp = FastNetwork(net)
    mlp.bind_gradients()
    before = np.concatenate([p.detach().numpy().ravel() for p in net.parameters()])
    batch = sample(5, 3, 10, np.random.default_rng(0), True)
    gradient(mlp, batch)
    torch.optim.SGD(net.parameters(), lr=0.5).step()
    after = np.concatenate([p.detach().numpy().ravel() for p in net.parameters()])
    np.testing.assert_allclose(after, before - np.float32(0.5) * mlp.gradient, atol=1e-7)


def test_tanh_is_tanh_on_a_grid_of_all_magnitudes():
    """Two million floats from 1e-30 to 3e38, both signs: within 5e-7 of the true value, never beyond 1 by more."""
    exponents = np.linspace(-30, 38.5, 1_000_000)
    positive = np.append(10.0**exponents, np.linspace(0, 12, 200_000)).astype(np.float32)
    grid = np.concatenate([positive, -positive, [np.inf, -np.inf]]).astype(np.float32)
    found = grid[None, :].copy()
    bias_tanh(found, np.zeros(grid.size, np.float32))
    wanted = np.tanh(grid.astype(np.float64))
    assert np.abs(found[0] - wanted).max() < 5e-7
    assert np.abs(found).max() <= 1 + 5e-7
    tiny = np.abs(grid) < 1e-3
    np.testing.assert_allclose(found[0][tiny], wanted[tiny], rtol=1e-6)


@pytest.mark.parametrize("activation", [bias_tanh, bias_relu])
def test_no_activation_swallows_what_is_not_a_number(activation):
    """In every lane of the vectorised loop and in its tail."""
    for column in range(83):
        x = np.ones((3, 83), np.float32)
        x[1, column] = np.nan
        activation(x, np.zeros(83, np.float32))
        assert np.argwhere(np.isnan(x)).tolist() == [[1, column]]


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("layer", ["torso.0.weight", "torso.0.bias", "torso.2.weight", "heads.weight", "heads.bias"])
def test_weights_that_are_not_numbers_show(activation: str, layer: str):
    """One NaN in any layer: outputs, losses and the gradient say so instead of going on with plausible numbers."""
    net = network(6, 3, (5, 4), activation)
    with torch.no_grad():
        net.get_parameter(layer).view(-1)[0] = float("nan")
    mlp, rng = FastNetwork(net), np.random.default_rng(0)
    batch = sample(6, 3, 40, rng, True)
    batch["observations"] = np.abs(batch["observations"]) + 0.1
    heads = mlp.forward(batch["observations"])
    assert np.isnan(heads).any(axis=1).all()
    actions, logps = np.empty(40, np.int32), np.empty(40, np.float32)
    draw(heads, batch["masks"], rng.random(40, np.float32), actions, logps)
    assert ((actions >= 0) & (actions < 3)).all()
    broken = (np.isnan(heads[:, :-1]) & batch["masks"]).any(axis=1)  # the NaN may be an illegal action's logit
    np.testing.assert_array_equal(np.isnan(logps), broken)
    sums = gradient(mlp, batch)
    assert np.isnan(sums).any()
    assert np.isnan(mlp.gradient).any()


def masked_softmax(logits: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """[N, A] float64, torch's, as the learner computes it."""
    shown = torch.from_numpy(logits.astype(np.float64)).masked_fill(~torch.from_numpy(masks), ILLEGAL_LOGIT)
    return torch.softmax(shown, dim=1).numpy()


def test_softmax_is_torch_s_and_returns_the_log_of_the_normaliser():
    rng = np.random.default_rng(0)
    logits = (30 * rng.normal(size=(200, 9))).astype(np.float32)
    masks = rng.random((200, 9)) < 0.5
    masks[:, 4] = True
    wanted = masked_softmax(logits, masks)
    for row in range(200):
        out = np.empty(9, np.float32)
        log_total = softmax(logits[row], masks[row], out)
        np.testing.assert_allclose(out, wanted[row], atol=1e-6)
        assert not out[~masks[row]].any()
        shown = torch.from_numpy(np.where(masks[row], logits[row], -np.inf).astype(np.float64))
        assert log_total == pytest.approx(float(torch.logsumexp(shown, 0)), abs=1e-5)


def test_no_illegal_action_in_a_million_draws():
    """Logits from flat to extreme; illegal actions have the highest; the uniform goes up to the last float below 1."""
    rng, rows = np.random.default_rng(0), 100_000
    for scale in (0.0, 1.0, 10.0, 60.0, 1e4):
        for _ in range(2):
            masks = rng.random((rows, 11)) < 0.3
            masks[np.arange(rows), rng.integers(11, size=rows)] = True
            heads = (scale * rng.normal(size=(rows, 12))).astype(np.float32)
            heads[:, :11][~masks] += np.float32(1000)
            uniforms = rng.random(rows, np.float32)
            uniforms[:1000] = np.nextafter(np.float32(1), np.float32(0))
            uniforms[1000:2000] = 0
            actions, logps = np.full(rows, -7, np.int32), np.empty(rows, np.float32)
            draw(heads, masks, uniforms, actions, logps)
            assert masks[np.arange(rows), actions].all()
            assert (logps <= 1e-6).all()


def test_the_log_probability_is_the_softmax_s():
    rng, rows = np.random.default_rng(1), 5000
    masks = rng.random((rows, 7)) < 0.5
    masks[:, 2] = True
    heads = (3 * rng.normal(size=(rows, 8))).astype(np.float32)
    actions, logps = np.empty(rows, np.int32), np.empty(rows, np.float32)
    draw(heads, masks, rng.random(rows, np.float32), actions, logps)
    wanted = np.log(masked_softmax(heads[:, :-1], masks)[np.arange(rows), actions])
    np.testing.assert_allclose(logps, wanted, atol=2e-6)


def test_actions_are_drawn_as_often_as_the_softmax_says():
    """400,000 draws from one masked distribution; a right sampler fails this once in a hundred thousand seeds."""
    rng, rows = np.random.default_rng(2), 400_000
    logits = np.array([0.3, -1.0, 2.0, 0.0, 5.0, 1.5, -2.0], np.float32)
    mask = np.array([True, True, True, True, False, True, True])
    heads = np.tile(np.append(logits, np.float32(0)), (rows, 1))
    actions, logps = np.empty(rows, np.int32), np.empty(rows, np.float32)
    draw(heads, np.tile(mask, (rows, 1)), rng.random(rows, np.float32), actions, logps)
    wanted = masked_softmax(logits[None], mask[None])[0]
    assert chisquare(np.bincount(actions, minlength=7)[mask], rows * wanted[mask]).pvalue > 1e-5


@pytest.mark.parametrize("masked", [False, True])
def test_threads_give_the_gradient_of_one(masked):
    network = PolicyValueNetwork(28, 18, (32, 32))
    rng = np.random.default_rng(3)
    rows = 3 * MIN_ROWS_A_THREAD + 1  # odd: the parts differ in size
    masks = rng.random((rows, 18)) < 0.7 if masked else None
    actions = rng.integers(0, 18, rows).astype(np.int32)
    if masks is not None:
        masks[np.arange(rows), actions] = True
    floats = [rng.normal(size=rows).astype(np.float32) for _ in range(3)]
    observations = rng.normal(size=(rows, 28)).astype(np.float32)
    loss = PPOLoss(masks, actions, floats[0] - 3, *floats[1:], 0.2, 0.5, 0.01)
    one, three = FastNetwork(network), ThreadedGradient(network, 3)
    sums = one.differentiate(observations, loss)
    np.testing.assert_allclose(three.differentiate(observations, loss), sums, rtol=1e-6)
    np.testing.assert_allclose(three.gradient, one.gradient, atol=1e-7)
    again = three.gradient.copy()
    three.differentiate(observations, loss)
    assert np.array_equal(again, three.gradient)  # whoever finishes first


def test_the_search_loss_is_torch_s():
    """Rows of one to five legal actions, some of which a search gave nothing."""
    net, rng, rows = network(9, 6, (17, 5), "relu"), np.random.default_rng(4), 700
    actions = np.full((rows, 5), NO_ACTION, np.uint16)
    probabilities, dense = np.zeros((rows, 5), np.float32), np.zeros((rows, 6), np.float32)
    legal = np.zeros((rows, 6), np.bool_)
    for i in range(rows):
        count = 1 + i % 5
        actions[i, :count] = rng.choice(6, count, replace=False)
        weights = rng.random(count) * (rng.random(count) < 0.7)
        weights[0] += 0.1
        probabilities[i, :count] = weights / weights.sum()
        dense[i, actions[i, :count]], legal[i, actions[i, :count]] = probabilities[i, :count], True
    observations, targets = rng.normal(size=(rows, 9)).astype(np.float32), rng.normal(size=rows).astype(np.float32)
    mlp = FastNetwork(net)
    sums = mlp.differentiate(observations, SearchLoss(actions, probabilities, targets, 0.3))
    logits, value = net(torch.from_numpy(observations))
    log_p = torch.log_softmax(logits.masked_fill(~torch.from_numpy(legal), ILLEGAL_LOGIT), 1)
    wanted = torch.from_numpy(dense)
    policy = (torch.xlogy(wanted, wanted) - wanted * log_p).sum(1).mean()
    error = (value - torch.from_numpy(targets)).square().mean()
    entropy = -(log_p.exp() * log_p).sum(1).mean()
    (policy + 0.3 * error).backward()
    np.testing.assert_allclose(
        sums / rows, [float(term) for term in (policy.detach(), error.detach(), entropy.detach())], rtol=1e-4
    )
    flat = np.concatenate([p.grad.numpy().ravel() for p in net.parameters()])
    np.testing.assert_allclose(mlp.gradient, flat, atol=1e-6)
