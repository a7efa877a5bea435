"""A ball that lies about: when it counts as stuck, and that players of any number make room for it on the spot."""

import numpy as np
import pytest

from tests.envs.ball.crowds import packed
from tests.envs.ball.scenes import FREE, SIZES, STAND, ball_game, finish, fixed_gaps, gaps, play, scene, scenes


def test_a_stuck_ball_is_put_on_the_spot_and_players_make_room():
    """Nobody moves for 4 s = 20 decisions. Two of a team stand near the spot on one ray."""
    states = scene(ball_game(2), (5, 3), (0.3, 0.15), (1.3, 0.65), (0, -1.2), (-4, 0))
    play(states, STAND, decisions=19)
    assert states["ball_resets"] == 0
    before = states["position"][0].copy()
    play(states, STAND)
    assert states["ball_resets"] == 1
    assert not states["position"][0, -1].any()
    assert not states["velocity"][0, -1].any()
    players = states["position"][0, :-1]
    distances = np.linalg.norm(players, axis=1)
    assert distances.min() > 1.5 - 1e-9
    assert gaps(states).min() > -0.01
    assert distances[1] > distances[0]  # the order on the ray is kept
    np.testing.assert_allclose(players[2], (0, -1.5), atol=2e-3)
    np.testing.assert_array_equal(players[3], before[3])


@pytest.mark.parametrize("seat", [0, 1])
def test_a_player_exactly_on_the_spot_goes_towards_its_own_goal(seat):
    players = [(6, 3), (6, 3)]
    players[seat] = (0, 0)
    states = scene(ball_game(1), (5, -3), *players)
    play(states, STAND, decisions=20)
    np.testing.assert_allclose(states["position"][0, seat], (-1.5 if seat == 0 else 1.5, 0))


def test_a_rolling_ball_is_not_stuck_and_travel_is_net():
    game = ball_game(1, **FREE)
    states = scene(game, (0, 0, 0.2, 0))  # 0.8 m in 4 s
    play(states, STAND, decisions=100)
    assert states["ball_resets"] == 0
    states = scene(game, (0, 4.6, 0, 3))  # to and fro, 0.05 m from the wall: its net travel is the way it ends up
    for _ in range(19):
        states["position"][0, -1] = (0, 4.6)
        states["velocity"][0, -1] = (0, 3)
        play(states, STAND)
    assert states["ball_resets"] == 0
    states["position"][0, -1], states["velocity"][0, -1] = (0, 4.6), 0
    play(states, STAND)
    assert states["ball_resets"] == 1


@pytest.mark.parametrize("size", SIZES)
def test_a_whole_crowd_makes_room_for_a_stuck_ball(size):
    """Everybody stands packed in and round the clearance of 1.5 m, which is then anywhere in the crowd."""
    states = scenes(ball_game(size), 500)
    rng = np.random.default_rng(0)
    angle, away = rng.uniform(0, 2 * np.pi, 500), rng.uniform(0, 1.5, 500)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]).transpose(2, 0, 1)
    states["position"][:, :-1] = packed(size) @ turn + (away * [np.cos(angle), np.sin(angle)]).T[:, None]
    states["stuck_anchor"] = states["position"][:, -1]
    states["stuck_since"] = states["world"]["stuck_decisions"] - 1
    near = (np.linalg.norm(states["position"][:, :-1], axis=2) < 1.5).sum(axis=1)
    assert near.max() >= min(2 * size, 7)
    finish(states)
    assert (states["ball_resets"] == 1).all()
    assert not states["position"][:, -1].any()
    assert not states["velocity"].any()
    assert np.linalg.norm(states["position"][:, :-1], axis=2).min() > 1.5 - 1e-9
    assert gaps(states).min() > -0.02 * 0.5
    assert fixed_gaps(states).min() > 0
