"""What players see: a scene written out, the rotation, the order of the others, the clock, the bounds."""

import numpy as np
import pytest

from envs.batch import Batch, mask_rows, observe_rows
from tests.envs.ball.scenes import FREE, KICK, SIZES, STAND, ball_game, play, scene, scenes

# (x, y, vx, vy) of the ball, of team 0's seats 0 and 1, of team 1's seats 2 and 3; L/2 = 8 m
BALL = (2.0, 1.0, 4.0, -2.0)
PLAYERS = ((-4.0, 0.0, 1.0, 0.0), (-2.0, 3.0, 0.0, 0.0), (4.0, 0.0, 0.0, 5.0), (0.0, 0.0, 0.0, 0.0))


def seen(states: np.ndarray, seat: int) -> np.ndarray:
    size = states["kick_asked"].shape[1] // 2
    return observe_rows(ball_game(size), states, np.full(len(states), seat))[0]


def test_a_scene_written_out():
    states = scene(ball_game(2), BALL, *PLAYERS)
    states["decision"] = 30  # of 150
    states["clock"], states["kick_ready_at"] = 300, (305, 0, 0, 0)  # 5 of 20 steps to go
    expected = [
        (-0.5, 0), (0.2, 0), (0.75, 0.125), (0.8, -0.4), (0.6, -0.4), (0.75, -0.125), (-0.5, 0), (0.75, 0.8),
        (0.25, 0.375), (-0.2, 0),  # the team-mate
        (0.5, 0), (-0.2, 0), (1, 0), (-0.2, 1),  # the nearer opponent is seat 3
    ]  # fmt: skip
    np.testing.assert_allclose(seen(states, 0), np.ravel(expected), atol=1e-7)
    # seat 3 of team 1 looks towards -x; seat 2 is its team-mate; seats 1 (3.6 m) and 0 (4 m) its opponents
    expected = [
        (0, 0), (0, 0), (-0.25, -0.125), (-0.8, 0.4), (-0.8, 0.4), (1.25, 0.125), (-1, 0), (1, 0.8),
        (-0.5, 0), (0, -1),
        (0.25, -0.375), (0, 0), (0.5, 0), (-0.2, 0),
    ]  # fmt: skip
    np.testing.assert_allclose(seen(states, 3), np.ravel(expected), atol=1e-7)


@pytest.mark.parametrize("size", SIZES)
def test_the_others_are_sorted_by_distance(size):
    """Against a stable sort, in scenes where many are equally near."""
    states = scenes(ball_game(size), 300)
    states["position"] = np.random.default_rng(0).integers(-2, 3, states["position"].shape)
    ties = 0
    for seat in range(2 * size):
        everything = observe_rows(ball_game(size), states, np.full(300, seat))
        forward = 1 if seat < size else -1
        own = [other for other in range(2 * size) if other // size == seat // size and other != seat]
        opponents = [other for other in range(2 * size) if other // size != seat // size]
        for row, state in zip(everything, states, strict=True):
            offset = state["position"][:-1] - state["position"][seat]
            distance = np.linalg.norm(offset, axis=1)
            ties += len(np.unique(distance[opponents])) < size
            order = sorted(own, key=lambda i, d=distance: d[i]) + sorted(opponents, key=lambda i, d=distance: d[i])
            expected = forward * offset[order] / state["world"]["half_length"]
            np.testing.assert_allclose(row[16:].reshape(-1, 4)[:, :2], expected, atol=1e-6)
    assert ties > 50 or size == 1


def test_the_clock_is_seen_unless_the_learner_bootstraps():
    for observed in (True, False):
        batch = Batch(ball_game(1, time_left_observed=observed, stuck_distance=0.0), 2)
        for step in range(1, 150):
            batch.step(np.zeros((2, 2), np.int32))
            expected = 1 - step / 150 if observed else 1
            np.testing.assert_allclose(batch.observations[..., 15], expected, atol=1e-6)


def test_readiness_falls_with_a_kick_and_recovers():
    """A kick in the first step of a decision: 10 of 20 steps are left after it, none after the next."""
    states = scene(ball_game(1, **FREE), (0, 0), (-1, 0))
    assert seen(states, 0)[14] == 1
    play(states, [KICK, STAND])
    assert seen(states, 0)[14] == pytest.approx(0.5)
    assert seen(states, 1)[14] == 1
    play(states, STAND)
    assert seen(states, 0)[14] == 1


def test_numbers_stay_in_range_in_a_faster_world():
    """A ball at 20 m/s and a player at 10 m/s differ by 6 units of 5 m/s: clipped to 4."""
    game = ball_game(1, ball_max_speed=20.0, player_max_speed=10.0, physics_interval=0.01)
    states = scene(game, (0, 0, 20, 0), (-3, 0, -10, 0))
    row = seen(states, 0)
    np.testing.assert_allclose(row[6:10], (4, 0, 4, 0))
    assert np.abs(row).max() == 4


@pytest.mark.parametrize("size", SIZES)
def test_size_and_masks(size):
    game = ball_game(size)
    assert game.observation_shape == (16 + 4 * (2 * size - 1),)
    assert game.num_actions == 18
    assert mask_rows(game, scenes(game), np.zeros(1)).all()
