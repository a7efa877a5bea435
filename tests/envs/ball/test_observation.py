"""What players see: a scene written out, the rotation, the order of the others, the clock, the bounds."""

import numpy as np
import pytest

from envs.batch import Batch, mask_rows, observe_rows
from tests.envs.ball.scenes import (
    FREE,
    KICK,
    SIZES,
    STAND,
    ball_game,
    play,
    rotated,
    scene,
    scenes,
    swapped_seats,
)

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


# Entities


def entities(states: np.ndarray, seat: int, control: str = "") -> np.ndarray:
    """[B, 2k + 1, 7 or 9]"""
    size = states["kick_asked"].shape[1] // 2
    return observe_rows(ball_game(size, control, observation="entities"), states, np.full(len(states), seat))


def test_a_scene_written_out_in_entities():
    """Positions / 8 m, velocities / 5 m/s; kick ready, time left, L/2 of me; then what each is."""
    states = scene(ball_game(2), BALL, *PLAYERS)
    states["decision"] = 30
    states["clock"], states["kick_ready_at"] = 300, (305, 0, 0, 0)
    expected = [
        (-0.5, 0, 0.2, 0, 0.75, 0.8, 1),
        (0.75, 0.125, 0.6, -0.4, 1, 0, 0),
        (0.25, 0.375, -0.2, 0, 0, 1, 0),
        (0.5, 0, -0.2, 0, 0, 0, 1),
        (1, 0, -0.2, 1, 0, 0, 1),
    ]
    np.testing.assert_allclose(entities(states, 0)[0], expected, atol=1e-7)
    expected = [
        (0, 0, 0, 0, 1, 0.8, 1),
        (-0.25, -0.125, -0.8, 0.4, 1, 0, 0),
        (-0.5, 0, 0, -1, 0, 1, 0),
        (0.25, -0.375, 0, 0, 0, 0, 1),
        (0.5, 0, -0.2, 0, 0, 0, 1),
    ]
    np.testing.assert_allclose(entities(states, 3)[0], expected, atol=1e-7)


@pytest.mark.parametrize("size", SIZES)
def test_entities_are_the_vector_in_metres(size):
    """The same rows in the same order, on a pitch of 20 m, whose half is 1.25 of the entities' unit."""
    states = scenes(ball_game(size, pitch_length=20.0), 200)
    rng = np.random.default_rng(1)
    states["velocity"] = rng.uniform(-3, 3, states["velocity"].shape)
    states["kick_ready_at"] = rng.integers(0, 20, states["kick_ready_at"].shape)
    for seat in range(2 * size):
        vector = observe_rows(ball_game(size), states, np.full(200, seat)).astype(float)
        rows = entities(states, seat)
        assert rows.shape == (200, 2 * size + 1, 7)
        metres = vector.copy()
        metres[:, [0, 1, 4, 5]] *= 1.25
        np.testing.assert_allclose(rows[:, 0, :6], metres[:, [0, 1, 2, 3, 14, 15]], atol=1e-6)
        np.testing.assert_allclose(rows[:, 0, 6], 1.25)
        np.testing.assert_allclose(rows[:, 1, :4], metres[:, [4, 5, 8, 9]], atol=1e-6)
        others = vector[:, 16:].reshape(200, -1, 4) * [1.25, 1.25, 1, 1]
        np.testing.assert_allclose(rows[:, 2:, :4], others, atol=1e-6)
        kinds = np.repeat(np.eye(3), [1, size - 1, size], axis=0)
        np.testing.assert_array_equal(rows[:, 1:, 4:], np.broadcast_to(kinds, (200, 2 * size, 3)))


def test_entities_farther_than_32_m_are_cut_to_their_bounds():
    """On the pitch of eleven a side, 37.52 m long; the numbers within the bounds are exact."""
    states = scene(ball_game(2, pitch_length=37.52), (17.0, 0), (-17.0, 1.0), (0, 1.0), (-10, 1.0), (17.0, -9.0))
    rows = entities(states, 0)[0]
    expected = [(-17 / 8, 1 / 8), (4, -1 / 8), (17 / 8, 0), (7 / 8, 0), (4, -10 / 8)]
    np.testing.assert_allclose(rows[:, :2], expected, atol=1e-6)
    assert rows[0, 6] == pytest.approx(37.52 / 2 / 8)


@pytest.mark.parametrize(("size", "control"), [(1, ""), (2, ""), (2, "_heading")])
def test_the_rotated_scene_is_seen_alike_in_entities(size, control):
    states = scenes(ball_game(size, control), 100)
    states["velocity"] = np.random.default_rng(1).uniform(-3, 3, states["velocity"].shape)
    turned = rotated(states)
    for seat, other in enumerate(swapped_seats(states)):
        assert entities(states, seat, control).tobytes() == entities(turned, other, control).tobytes()


# Headings


def test_headings_are_seen_in_the_own_frame():
    """Cosine and sine: mine at 16; of each other player two more numbers, turned by 180° if it is an opponent."""
    game = ball_game(2, "_heading")
    assert game.observation_shape == (18 + 6 * 3,)
    states = scene(game, BALL, *PLAYERS)
    turns = np.array([0.3, 1.0, -2.0, 0.5])  # each in its own frame
    states["heading"] = turns
    plain = seen(scene(ball_game(2), BALL, *PLAYERS), 0)
    for seat, order in ((0, (1, 3, 2)), (3, (2, 1, 0))):
        row = observe_rows(game, states, np.full(1, seat))[0]
        np.testing.assert_allclose(row[16:18], (np.cos(turns[seat]), np.sin(turns[seat])), atol=1e-6)
        faced = [turns[other] + np.pi * (other // 2 != seat // 2) for other in order]
        others = row[18:].reshape(3, 6)
        np.testing.assert_allclose(others[:, 4:], np.stack([np.cos(faced), np.sin(faced)], axis=1), atol=1e-6)
        rows = entities(states, seat, "_heading")[0]
        assert rows.shape == (5, 9)
        np.testing.assert_array_equal(rows[0, 7:], row[16:18])
        np.testing.assert_array_equal(rows[1, 7:], 0)  # a ball faces nowhere
        np.testing.assert_array_equal(rows[2:, 7:], others[:, 4:])
        if seat == 0:  # and the rest is as without headings
            np.testing.assert_array_equal(row[:16], plain[:16])
            np.testing.assert_array_equal(others[:, :4], plain[16:].reshape(3, 4))
