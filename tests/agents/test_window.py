"""The replay window: what is drawn was added, not too long ago, and turned as the game turns."""

import numpy as np
import pytest
import torch

from agents.fast_heads import NO_ACTION
from agents.search_game import WHOLE
from agents.window import FIRST_ROOM, Window, WindowSettings
from envs import make
from envs.batch import Batch

CONNECT_FOUR = make("connect_four")


def samples(count: int, first: int = 0, game=CONNECT_FOUR, seed: int = 0) -> dict[str, np.ndarray]:
    """Positions of random games; targets are numbered from `first` on, policies are told by them."""
    batch, rng = Batch(game, count, seed), np.random.default_rng(seed)
    for _ in range(4):
        batch.step(batch.random_actions())
    actions = np.full((count, game.num_actions), NO_ACTION, np.uint16)
    policies = np.zeros((count, game.num_actions), np.uint16)
    for i in range(count):
        legal = np.flatnonzero(batch.masks[i])
        actions[i, : len(legal)] = legal
        policies[i, : len(legal)] = rng.multinomial(WHOLE, np.ones(len(legal)) / len(legal))
    return {
        "observations": batch.observations.copy(),
        "legal_actions": actions,
        "policies": policies,
        "targets": np.arange(first, first + count, dtype=np.float32),
    }


def dense(actions: np.ndarray, probabilities: np.ndarray, num_actions: int) -> np.ndarray:
    out = np.zeros(num_actions + 1)
    out[np.minimum(actions, num_actions)] = probabilities
    return out[:num_actions]


@pytest.mark.parametrize("game_id", ["connect_four", "othello", "go_5x5", "breakthrough_6"])
def test_what_is_drawn_was_added_and_turned_by_a_symmetry(game_id):
    game = make(game_id)
    window, given = Window(game, WindowSettings(1.0, 1, 1000)), samples(40, game=game)
    window.add(given)
    turned = [(np.arange(game.num_actions), np.arange(given["observations"][0].size))]
    turned += [(symmetry.action, symmetry.observation) for symmetry in game.symmetries]
    batch, seen = window.draw(2000, torch.Generator().manual_seed(0)), set()
    assert batch.observations.dtype == batch.probabilities.dtype == np.float32
    for i in range(2000):
        row = int(batch.targets[i])
        found = dense(batch.actions[i], batch.probabilities[i], game.num_actions)
        policy = dense(given["legal_actions"][row], given["policies"][row] / WHOLE, game.num_actions)
        legal = set(batch.actions[i][batch.actions[i] != NO_ACTION])
        flat = given["observations"][row].ravel()
        images = [
            k
            for k, (action, observation) in enumerate(turned)
            if np.array_equal(flat[observation], batch.observations[i])
            and np.allclose(found[action], policy)
            and legal == {action[a] for a in given["legal_actions"][row] if a != NO_ACTION}
        ]
        assert images
        seen.add((row, images[0]))
    assert len(seen) > 30 * len(turned)  # every row, turned every way (but for positions that are their own image)


def test_the_newest_share_is_drawn_from():
    window = Window(CONNECT_FOUR, WindowSettings(share=0.5, least=100, most=400))
    generator = torch.Generator().manual_seed(1)
    lengths = []
    for begin in range(0, 1200, 60):
        window.add(samples(60, begin))
        lengths.append(len(window))
        drawn = window.draw(3000, generator).targets
        assert drawn.max() == window.total - 1
        assert drawn.min() == window.total - len(window)
    assert lengths[:3] == [60, 100, 100]
    assert lengths[5] == 180  # half of 360
    assert lengths[-1] == 400


def test_more_at_once_than_there_is_room_for():
    window = Window(CONNECT_FOUR, WindowSettings(1.0, 1, 50))
    window.add(samples(130))
    drawn = window.draw(2000, torch.Generator().manual_seed(1)).targets
    assert (drawn.min(), drawn.max()) == (80, 129)


def test_the_ring_grows_without_losing_its_order():
    window = Window(CONNECT_FOUR, WindowSettings(1.0, 1, 3 * FIRST_ROOM))
    part = samples(1000)
    for begin in range(0, 4 * FIRST_ROOM, 1000):
        window.add(part | {"targets": np.arange(begin, begin + 1000, dtype=np.float32)})
        arrays, state = window.state()
        kept = len(arrays["targets"])
        assert state["total"] == begin + 1000
        np.testing.assert_array_equal(arrays["targets"], np.arange(begin + 1000 - kept, begin + 1000))
    assert kept == 3 * FIRST_ROOM


def test_a_saved_window_goes_on_alike():
    window, settings = Window(CONNECT_FOUR, WindowSettings(0.5, 20, 300)), WindowSettings(0.5, 20, 300)
    for begin in range(0, 700, 70):
        window.add(samples(70, begin))
    other = Window(CONNECT_FOUR, settings)
    other.load_state(*window.state())
    for each in (window, other):
        each.add(samples(33, 700))
    assert len(window) == len(other)
    for wanted, found in zip(
        window.draw(500, torch.Generator().manual_seed(3)),
        other.draw(500, torch.Generator().manual_seed(3)),
        strict=True,
    ):
        np.testing.assert_array_equal(wanted, found)


def test_refusals():
    window = Window(CONNECT_FOUR, WindowSettings())
    with pytest.raises(ValueError, match="nothing was added"):
        window.draw(1, torch.Generator())
    other = Window(make("go_5x5"), WindowSettings())
    other.add(samples(5, game=make("go_5x5")))
    with pytest.raises(ValueError, match="another game"):
        window.load_state(*other.state())
