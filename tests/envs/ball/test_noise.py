"""The noise of each decision: what is seen amiss or not at all, kicks that go astray, pushes from nowhere."""

import numpy as np
import pytest
from scipy.stats import kstest

from envs.batch import Batch, observe_rows
from tests.envs.ball.scenes import FREE, KICK, SIZES, STAND, ball_game, scene
from tests.envs.test_contract import bits


def noisy_copies(game, count: int, *bodies) -> np.ndarray:
    """One scene [count] times, each in a decision with another noise."""
    states = np.repeat(scene(game, *bodies), count, axis=0)
    states["noise"] = np.random.default_rng(0).integers(0, 2**64, count, dtype=np.uint64)
    return states


def after_decision(game, states: np.ndarray, actions) -> np.ndarray:
    batch = Batch(game, len(states), autoreset=False)
    batch.states[:] = states
    batch.refresh()
    batch.step(np.ascontiguousarray(np.broadcast_to(np.asarray(actions, np.int32), states["kick_asked"].shape)))
    return batch.states


@pytest.mark.parametrize("size", SIZES)
def test_what_is_seen_is_off_by_so_much(size):
    """Mean 0 and the deviation asked for: of my own numbers, and of the ball's, seen from me, the root of two of it."""
    bodies = ((2.0, 1.0, 4.0, -2.0), (-4.0, 0.0, 1.0, 0.0))
    count, level = 4000, 0.05
    states = noisy_copies(ball_game(size, observation_noise=(level, level)), count, *bodies)
    check_noise(ball_game(size), states, count, level)


def check_noise(game, states: np.ndarray, count: int, level: float) -> None:
    """The first four numbers of an observation are my own position and velocity; those of the ball follow."""
    before = bits(states)
    seen = observe_rows(game, states, np.zeros(count)).reshape(count, -1)
    assert seen.tobytes() == observe_rows(game, states, np.zeros(count)).tobytes()  # however often one looks
    assert bits(states) == before
    exact = states[:1].copy()
    exact["world"]["observation_noise"] = 0
    row = observe_rows(game, exact, np.zeros(1)).reshape(-1)
    error = seen.astype(float) - row
    own, ball = error[:, :4], error[:, 7:11] if len(game.observation_shape) == 2 else error[:, [4, 5, 8, 9]]
    for numbers, deviation in ((own, level), (ball, level * np.sqrt(2))):
        assert np.abs(numbers.mean(axis=0)).max() < 5 * deviation / np.sqrt(count)
        np.testing.assert_allclose(numbers.std(axis=0), deviation, rtol=5 / np.sqrt(2 * count))
    assert np.abs(own).max() < 3.5 * level
    assert np.abs(np.corrcoef(own.T) - np.eye(4)).max() < 5 / np.sqrt(count)
    assert kstest(own[:, 0] / level, "norm").pvalue > 1e-3
    for known in (4, 5) if len(game.observation_shape) == 2 else (14, 15):  # kick ready, time left
        assert not error[:, known].any()


def test_entities_are_off_by_as_many_of_their_own_units_on_a_longer_pitch():
    game = ball_game(2, observation="entities", observation_noise=(0.05, 0.05), pitch_length=24.0)
    states = noisy_copies(game, 4000, (2.0, 1.0, 4.0, -2.0), (-4.0, 0.0, 1.0, 0.0))
    check_noise(game, states, 4000, 0.05)


def test_players_err_apart_and_the_teams_alike():
    game = ball_game(2, observation_noise=(0.05, 0.05))
    states = noisy_copies(game, 2000, (0, 0), (-3, 2), (-3, -2), (3, -2), (3, 2))  # a scene that is its own rotation
    seen = np.stack([observe_rows(game, states, np.full(2000, seat)) for seat in range(4)])
    np.testing.assert_array_equal(seen[0], seen[2])
    np.testing.assert_array_equal(seen[1], seen[3])
    assert abs(np.corrcoef(seen[0, :, 0], seen[1, :, 0])[0, 1]) < 5 / np.sqrt(2000)
    states["settings"]["same_draw"] = 0
    seen = np.stack([observe_rows(game, states, np.full(2000, seat)) for seat in range(4)])
    correlation = np.corrcoef(seen[:, :, 0]) - np.eye(4)
    assert np.abs(correlation).max() < 5 / np.sqrt(2000)


@pytest.mark.parametrize("size", SIZES)
def test_others_are_not_seen_as_often_as_asked(size):
    """A share of 0.3 of the ball's numbers, and of each other player's, are zero; my own are never."""
    count, share = 4000, 0.3
    tolerance = 5 * np.sqrt(share * (1 - share) / count)
    game = ball_game(size, observation_dropout=(share, share))
    states = noisy_copies(game, count, (0.5, 0.5, 1, 1), (-3, 0, 1, 1))
    seen = observe_rows(game, states, np.zeros(count))
    exact = observe_rows(game, scene(ball_game(size), (0.5, 0.5, 1, 1), (-3, 0, 1, 1)), np.zeros(1))
    mine = [0, 1, 2, 3, 12, 13, 14, 15]
    np.testing.assert_array_equal(seen[:, mine], np.repeat(exact[:, mine], count, axis=0))
    others = [slice(4, 12), *(slice(first, first + 4) for first in range(16, seen.shape[1], 4))]
    gone = np.stack([(seen[:, other] == 0).all(axis=1) for other in others], axis=1)
    for other, missing in zip(others, gone.T, strict=True):
        np.testing.assert_array_equal(seen[~missing][:, other], np.repeat(exact[:, other], (~missing).sum(), axis=0))
    assert np.abs(gone.mean(axis=0) - share).max() < tolerance
    correlation = np.corrcoef(gone.T.astype(float)) - np.eye(2 * size)
    assert np.abs(correlation).max() < 5 / np.sqrt(count)


def test_an_entity_that_is_not_seen_is_a_row_of_zeros():
    game = ball_game(2, observation="entities", observation_dropout=(1.0, 1.0))
    seen = observe_rows(game, scene(game, (0, 0, 1, 1), (-3, 0, 1, 1)), np.zeros(1))[0]
    assert seen[0].any()
    assert not seen[1:].any()


def test_pushes_come_as_often_as_asked_from_all_sides():
    """One a second, in decisions of 0.2 s: a fifth of them; a speed of 1.5 m/s, and the way even over the circle."""
    game = ball_game(2, push_rate=(1.0, 1.0), push_speed=1.5, **FREE)
    states = noisy_copies(game, 4000, (0, 0), (-4, 2), (-4, -2), (4, 2), (4, -2))
    velocity = after_decision(game, states, STAND)["velocity"]
    assert not velocity[:, -1].any()
    pushed = velocity[:, :-1].any(axis=2)
    assert np.abs(pushed.mean(axis=0) - 0.2).max() < 5 * np.sqrt(0.16 / 4000)
    np.testing.assert_allclose(np.linalg.norm(velocity[:, :-1][pushed], axis=1), 1.5)
    np.testing.assert_array_equal(velocity[:, :2], -velocity[:, 2:4])  # both teams' alike
    for seat in range(4):
        ways = velocity[pushed[:, seat], seat]
        angles = np.arctan2(ways[:, 1], ways[:, 0])
        assert kstest(angles, "uniform", args=(-np.pi, 2 * np.pi)).pvalue > 1e-3
    assert abs(np.corrcoef(pushed[:, 0], pushed[:, 1])[0, 1]) < 5 / np.sqrt(4000)


def test_kicks_go_astray_by_so_many_degrees():
    """Forward kicks with a deviation of 10°, of either team: at full speed, with the recoil opposite."""
    game = ball_game(1, kick_angle_noise=(10.0, 10.0), **FREE)
    for seat, sign in ((0, 1), (1, -1)):
        players = [(5 * sign, 3)] * 2
        players[seat] = (-1 * sign, 0)
        states = noisy_copies(game, 4000, (0, 0), *players)
        actions = [STAND, STAND]
        actions[seat] = KICK
        velocity = sign * after_decision(game, states, actions)["velocity"]
        np.testing.assert_allclose(np.linalg.norm(velocity[:, -1], axis=1), 8)
        np.testing.assert_allclose(velocity[:, seat], -velocity[:, -1] * 0.45 / 5, atol=1e-12)
        degrees = np.degrees(np.arctan2(velocity[:, -1, 1], velocity[:, -1, 0]))
        assert abs(degrees.mean()) < 5 * 10 / np.sqrt(4000)
        assert degrees.std() == pytest.approx(10, rel=5 / np.sqrt(8000))


def test_each_decision_has_a_noise_of_its_own():
    game = ball_game(1, observation_noise=(0.05, 0.05), player_drive=0.0)
    batch = Batch(game, 1, seed=1)
    numbers = []
    for _ in range(50):
        numbers.append(batch.observations[0, 0, 0])
        batch.step(np.zeros((1, 2), np.int32))
    assert len(set(numbers)) == 50
