"""Symmetry: the game rotated by 180° goes the rotated way to the last bit, and team-mates can swap their seats."""

import numpy as np
import pytest

from envs.ball.actions import COMPASS_CONTROL, control_of
from envs.batch import Batch, observe_rows
from envs.game import Game
from tests.envs.ball.crowds import crowd
from tests.envs.ball.scenes import (
    SIZES,
    ball_game,
    play,
    reseated,
    rotated,
    rotated_statistics,
    swapped_seats,
    towards_ball,
)
from tests.envs.conftest import RANDOMISED

CONTROLS = [
    (1, "_continuous"),
    (2, "_heading"),
    *(pytest.param(11, control, marks=pytest.mark.slow) for control in ("_continuous", "_heading")),
]
NOISES = ("kick_angle_noise", "observation_noise", "observation_dropout", "push_rate")  # these go by seat


@pytest.mark.parametrize("changes", [{}, RANDOMISED], ids=["plain", "randomised"])
@pytest.mark.parametrize("size", SIZES)
def test_the_rotated_game_with_swapped_teams_goes_the_rotated_way(size, changes):
    """Before the goals, and with a ball that is soon stuck, so that on a long pitch, too, both happen often."""
    often = {"start_area": 0.4, "stuck_time": 1.0}
    batch = check_rotation(ball_game(size, statistics=True, **often, **changes))
    assert batch.states["ball_resets"].sum() > 50
    assert batch.states["score"].sum() > 5


@pytest.mark.parametrize("size", SIZES)
def test_the_rotated_match_goes_the_rotated_way(size):
    """With a ball that rolls on until it finds a wide goal."""
    lively = {"ball_drag": 0.0, "ball_rolling": 0.0, "restitution_ball_wall": 1.0, "goal_fraction": 0.8}
    batch = check_rotation(ball_game(size, mode="match", time_limit=20.0, **lively))
    assert batch.states["score"].sum() > 5  # then play has gone on with a kick-off


@pytest.mark.parametrize("changes", [{}, {**RANDOMISED, "draws_observed": True}], ids=["plain", "randomised"])
@pytest.mark.parametrize(("size", "control"), CONTROLS)
def test_the_rotated_game_goes_the_rotated_way_in_every_control(size, control, changes):
    check_rotation(ball_game(size, control, statistics=True, **changes))


@pytest.mark.parametrize("size", [2, pytest.param(11, marks=pytest.mark.slow)])
def test_the_rotated_game_is_seen_alike_in_entities(size):
    check_rotation(ball_game(size, observation="entities", **RANDOMISED))


def check_rotation(game: Game) -> Batch:
    """Exactly: positions, velocities, what every seat sees (to the bit), what is counted, and the opposite rewards.

    Returns the batch of what was played: at random, and in half of the games, where directions are chosen, in scrums.
    """
    batch = Batch(game, 128, 3, autoreset=False)
    other = Batch(batch.game, 128, 3, autoreset=False)
    other.states[:] = rotated(batch.states)
    other.refresh()
    seats, bodies = swapped_seats(batch.states), swapped_seats(batch.states, ball=True)
    rng = np.random.default_rng(0)
    for _ in range(batch.game.max_steps):
        if game.action_shape:
            actions = rng.uniform(-1, 1, (128, game.num_players, *game.action_shape)).astype(np.float32)
        else:
            actions = rng.integers(0, 18, (128, game.num_players))
        if control_of(batch.states[0]) == COMPASS_CONTROL:
            actions[::2] = towards_ball(batch.states)[::2]
        batch.step(actions)
        other.step(actions[:, seats])
        for name in ("position", "velocity"):
            np.testing.assert_array_equal(other.states[name], -batch.states[name][:, bodies])
        assert batch.observations[:, seats].tobytes() == other.observations.tobytes()
        np.testing.assert_array_equal(other.rewards, batch.rewards[:, seats])
        np.testing.assert_array_equal(other.rewards, -batch.rewards)
        np.testing.assert_array_equal(other.states["own_goals"], batch.states["own_goals"][:, ::-1])
        expected = rotated_statistics(batch.states)
        for name in expected.dtype.names:
            np.testing.assert_array_equal(other.states["statistics"][name], expected[name], name)
    return batch


@pytest.mark.parametrize(
    "changes",
    [{}, {name: ends for name, ends in RANDOMISED.items() if name not in NOISES} | {"same_draw": False}],
    ids=["plain", "randomised"],
)
@pytest.mark.parametrize("size", SIZES)
def test_it_does_not_matter_who_of_a_team_is_who(size, changes):
    """Team-mates swapped, with what each has drawn: exact up to two a team, rounding beyond, since sums are then taken
    in another order."""
    game = ball_game(size, **changes)
    states = crowd(game, 300, 3.0)
    rng = np.random.default_rng(4)
    order = np.r_[np.arange(size)[::-1], size + np.arange(size)[::-1]]
    bodies = np.r_[order, 2 * size]
    for _ in range(10):
        other = reseated(states, bodies)
        actions = rng.integers(0, 18, (len(states), 2 * size))
        play(states, actions)
        play(other, actions[:, order])
        for name in ("position", "velocity"):
            error = np.abs(other[name] - states[name][:, bodies]).max()
            assert error == 0 if size <= 2 else error < 1e-9
        if size <= 2:
            assert observe_rows(game, states, np.zeros(300)).tobytes() == (
                observe_rows(game, other, np.full(300, order[0])).tobytes()
            )
