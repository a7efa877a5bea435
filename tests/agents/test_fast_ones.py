"""Products with observations of few ones, against numpy's, and that nothing else goes that way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.fast_network import FastNetwork
from agents.fast_ones import AT_ONCE, MIN_ROWS, OnesProduct
from tests.agents.test_fast_network import network

BYTES = st.sampled_from([np.uint8, np.bool_])


def product(weight: np.ndarray, rows: np.ndarray) -> np.ndarray | None:
    out = np.full((len(rows), len(weight)), np.nan, np.float32)
    return out if OnesProduct(weight).multiply(rows, out) else None


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 90), st.integers(1, 40), st.floats(0, 0.25), BYTES, st.integers(0))
def test_sums_of_the_weights_that_ones_meet(below, above, share, dtype, seed):
    rng = np.random.default_rng(seed)
    rows = (rng.random((MIN_ROWS + 3, below)) < share).astype(dtype)
    rows[below % len(rows) :, : min(below // 4, AT_ONCE)] = True  # a row of just so many as are added at once
    weight = rng.normal(size=(above, below)).astype(np.float32)
    found = product(weight, rows)
    if found is None:
        assert rows.mean() > 0.3
    else:
        np.testing.assert_allclose(found, rows @ weight.T.astype(np.float64), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("what", ["few rows", "many ones", "a two", "floats"])
def test_what_else_is_left_to_the_product(what):
    rows = np.zeros((MIN_ROWS, 20), np.uint8)
    rows[:, 3] = 1
    weight = np.ones((5, 20), np.float32)
    assert product(weight, rows) is not None
    if what == "few rows":
        rows = rows[1:]
    elif what == "many ones":
        rows[:, :8] = 1
    elif what == "a two":
        rows[-1, -1] = 2
    else:
        rows = rows.astype(np.float32)
    assert product(weight, rows) is None


@pytest.mark.parametrize("highest", [1, 200])
def test_a_network_says_the_same_of_bytes_and_of_floats(highest):
    net = FastNetwork(network(84, 7, (128, 128), "relu"))
    rng = np.random.default_rng(0)
    bytes_ = rng.binomial(1, 0.1, (300, 2, 6, 7)).astype(np.uint8)
    bytes_[-1, 0, 0, 0] = highest
    np.testing.assert_allclose(net.forward(bytes_), net.forward(bytes_.astype(np.float32)), rtol=1e-5, atol=2e-5)


def test_a_weight_that_is_no_number_shows_where_no_one_meets_it():
    weight = np.ones((5, 20), np.float32)
    weight[2, 7] = np.nan
    rows = np.zeros((MIN_ROWS, 20), np.uint8)
    rows[::2, 3] = 1
    found = product(weight, rows)
    assert found is not None
    assert np.isnan(found[:, 2]).all()
    assert not np.isnan(np.delete(found, 2, axis=1)).any()


def test_weights_that_change_are_seen():
    net = network(20, 3, (8,), "tanh")
    mlp, rows = FastNetwork(net), np.zeros((MIN_ROWS, 20), np.uint8)
    rows[:, 3] = 1
    before = mlp.forward(rows)
    net.load_state_dict(network(20, 3, (8,), "tanh", seed=1).state_dict())
    after = mlp.forward(rows)
    assert not np.array_equal(after, before)
    np.testing.assert_allclose(after, mlp.forward(rows.astype(np.float32)), atol=2e-5)
