"""Starts, kicks, contacts, goals, stuck balls, the clock and the rewards: scenes whose outcome is known."""

import numpy as np
import pytest

from envs.ball.actions import COMPASS
from envs.batch import Batch
from tests.envs.ball.scenes import (
    BACK,
    FORWARD,
    FREE,
    KICK,
    LEFT,
    SIZES,
    STAND,
    ball_game,
    decide,
    finish,
    fixed_gaps,
    gaps,
    move,
    play,
    scene,
    scenes,
)


def body(states: np.ndarray, index: int = -1) -> list[float]:
    """x, y, vx, vy of a body, the ball by default."""
    return [*states["position"][0, index], *states["velocity"][0, index]]


@pytest.mark.parametrize("size", SIZES)
def test_a_training_start_has_room_around_everything(size):
    states = scenes(ball_game(size), 2000)
    assert gaps(states).min() >= 0.1 - 1e-12
    assert fixed_gaps(states).min() >= 0.1 - 1e-12
    assert np.abs(states["position"][:, -1, 0]).max() < states["world"]["half_length"][0] - 0.35  # not in a mouth
    assert (states["velocity"] == 0).all()
    # uniform: the four quarters of the pitch are equally likely, for every body
    quarters = 2 * (states["position"][..., 0] > 0) + (states["position"][..., 1] > 0)
    for quarter in range(4):
        np.testing.assert_allclose((quarters == quarter).mean(axis=0), 0.25, atol=0.04)  # 4 standard deviations


@pytest.mark.parametrize("area", [0.75, 0.4])
def test_a_start_area_lies_before_either_goal(area):
    states = scenes(ball_game(2, start_area=(area, area)), 2000)
    assert gaps(states).min() >= 0.1 - 1e-12
    world = states["world"][0]
    along = states["position"][..., 0] / (world["half_length"] - world["radius"] - 0.1 - world["post_radius"])
    nearest = 1 - 2 * area  # to the own goal, of those who start before the other; -1 is the own goal line, 1 the other
    right, left = (along >= nearest - 1e-9).all(axis=1), (along <= -nearest + 1e-9).all(axis=1)
    assert (right | left).all()
    for alone in (right & ~left, left & ~right):
        assert 0.3 < alone.mean() < 0.55
    np.testing.assert_allclose(along.mean(axis=0), 0, atol=0.06)  # 4 standard deviations of the wider spread
    assert along.max() > 0.95
    assert along.min() < -0.95


def test_a_start_area_can_be_drawn_for_each_episode():
    """A ball at x = +-(1 - a) + a u, u uniform in [-1, 1], a in [0.4, 1]: its mean square is 0.6^2 / 3 + 0.52 / 3,
    where it is 1 / 3 if a is always 1, and 0.41 if it is always 0.4."""
    states = scenes(ball_game(2, start_area=(0.4, 1.0)), 4000)
    world = states["world"][0]
    along = world["half_length"] - world["radius"][-1] - 0.1 - world["post_radius"]
    ball = states["position"][:, -1, 0] / along
    np.testing.assert_allclose((ball**2).mean(), 0.12 + 0.52 / 3, atol=0.019)  # 4 standard deviations
    np.testing.assert_allclose(ball.mean(), 0, atol=0.035)


@pytest.mark.parametrize("size", SIZES)
def test_a_match_starts_in_formation_mirrored_and_never_twice_alike(size):
    states = scenes(ball_game(size, mode="match"), 500)
    players = states["position"][:, :-1]
    assert (states["position"][:, -1] == 0).all()
    np.testing.assert_array_equal(players[:, size:], -players[:, :size])
    spread = np.ptp(players[:, :size], axis=0)
    assert (spread > 0.9).all()
    assert (spread <= 1).all()
    assert (players[:, :size, 0] < 0).all()  # in the own half
    assert gaps(states).min() > 0
    assert len(np.unique(players[:, 0, 0])) == 500


def test_directions_are_seen_from_the_own_goal():
    """One decision from rest: 0.2 s of 14 m/s² against drag 2/s, v = 14/2 (1 - e^-0.4) = 2.308 m/s."""
    speed = 14 / 2 * (1 - np.exp(-2 * 0.2))
    for direction in range(9):
        states = scene(ball_game(1), (0, 4), (-3, 0), (3, 0))
        play(states, direction)
        expected = speed * COMPASS[direction]
        np.testing.assert_allclose(body(states, 0)[2:], expected, atol=1e-12)
        np.testing.assert_allclose(body(states, 1)[2:], -expected, atol=1e-12)
    np.testing.assert_allclose(COMPASS[[FORWARD, LEFT, BACK]], [(1, 0), (0, 1), (-1, 0)])
    states = scene(ball_game(1), (0, 4), (-3, 0))
    play(states, FORWARD, decisions=5)
    assert body(states, 0)[2] == pytest.approx(5)  # the cap; drag alone would allow 7


def test_a_kick_pushes_the_ball_and_throws_the_player_back():
    states = scene(ball_game(1, **FREE), (0, 0), (-0.85 - 0.29, 0))
    decide(states, [KICK, STAND])
    move(states)
    np.testing.assert_allclose(body(states)[2:], (8, 0))
    np.testing.assert_allclose(body(states, 0)[2:], (-0.72, 0), atol=1e-12)
    assert states["last_touch_team"] == 0


def test_a_kick_needs_reach_and_being_asked_for():
    game = ball_game(1, **FREE)
    for gap, action, kicks in ((0.31, KICK, False), (0.29, FORWARD, False), (0.29, KICK + FORWARD, True)):
        states = scene(game, (0, 0), (-0.85 - gap, 0))
        play(states, [action, STAND])
        assert (body(states)[2] > 0) == kicks


def test_a_kick_fires_when_the_ball_comes_into_reach_within_the_decision():
    """The ball comes at 5 m/s from a gap of 0.75 m: 0.1 m a step, in reach after 5 steps (0.25 m)."""
    states = scene(ball_game(1, **FREE), (0, 0, -5, 0), (-0.85 - 0.75, 0))
    decide(states, [KICK, STAND])
    speeds = []
    for _ in range(7):
        move(states)
        speeds.append(body(states)[2])
    np.testing.assert_allclose(speeds, [-5] * 5 + [3] * 2)


def test_the_cooldown_is_twenty_physics_steps():
    """The ball is put back at the player's foot after each step; a kick is asked for all the time."""
    states = scene(ball_game(1, **FREE), (0, 0), (-1, 0))
    fired = []
    for step in range(60):
        if step % 10 == 0:
            decide(states, [KICK, STAND])
        states["position"][0, [0, -1]] = (-1, 0), (0, 0)
        states["velocity"] = 0
        move(states)
        if body(states)[2] > 7:
            fired.append(step)
    assert fired == [0, 20, 40]


def test_two_kicks_add_up():
    """From below and from the left, at right angles: the ball leaves on the diagonal."""
    states = scene(ball_game(2, **FREE), (0, 0), (-1, 0), (0, -1))
    decide(states, KICK)
    move(states)
    np.testing.assert_allclose(body(states)[2:], (8, 8))
    states = scene(ball_game(1, **FREE), (0, 0), (-1, 0), (1, 0))
    decide(states, KICK)
    move(states)
    np.testing.assert_allclose(body(states)[2:], (0, 0), atol=1e-12)
    assert states["last_touch_team"] == -1  # both at once


def test_the_cap_limits_a_kick_before_either_body_receives_it():
    """A ball at 9 m/s can take 3 of the 8 m/s, the player 3/8 of the recoil."""
    states = scene(ball_game(1, **FREE), (0, 0, 9, 0), (-1, 0))
    decide(states, [KICK, STAND])
    move(states)
    np.testing.assert_allclose(body(states)[2:], (12, 0))
    np.testing.assert_allclose(body(states, 0)[2:], (-0.72 * 3 / 8, 0), atol=1e-12)


@pytest.mark.parametrize(
    ("second", "velocity", "elastic", "mass"),
    [(-1, (-4.0, 0.0), 0.5, 0.45), (1, (-4.0, 0.0), 0.3, 5.0)],
    ids=["ball", "player"],
)
def test_two_bodies_collide_as_in_the_textbook(second, velocity, elastic, mass):
    """Head on, a player at 2 m/s against a body at -4 m/s: v' from momentum and restitution; they meet in mid-step."""
    game = ball_game(1, **FREE)
    reach = 0.85 if second == -1 else 1.0
    ball, other = (
        ((reach + 0.3, 0.0, *velocity), ()) if second == -1 else ((0.0, 4.0), ((reach + 0.3, 0.0, *velocity),))
    )
    states = scene(game, ball, (0, 0, 2, 0), *other)
    decide(states, STAND)
    for _ in range(3):
        move(states)
    total, closing = 5 * 2 + mass * -4, 6
    common = total / (5 + mass)
    mine, theirs = common - elastic * closing * mass / (5 + mass), common + elastic * closing * 5 / (5 + mass)
    np.testing.assert_allclose([body(states, 0)[2], body(states, second)[2]], [mine, theirs])
    # the gap of 0.3 m closes in 0.05 s; 0.01 s is left
    expected = [2 * 0.05 + mine * 0.01, reach + 0.3 - 4 * 0.05 + theirs * 0.01]
    np.testing.assert_allclose([body(states, 0)[0], body(states, second)[0]], expected)


def test_a_ball_between_two_players_side_by_side_gains_no_energy():
    """It meets both at once, 36° off its way. Two full impulses, as plain Jacobi gives, would add a fifth."""
    states = scene(ball_game(1, restitution_ball_player=1.0, **FREE), (-1, 0, 10, 0), (0, 0.5), (0, -0.5))
    play_steps(states, 10)
    _, y, vx, vy = body(states)
    assert (y, vy) == (0, 0)
    assert -10 < vx < 0
    energy = 0.5 * 0.45 * vx**2 + 0.5 * 5 * (states["velocity"][0, :2] ** 2).sum()
    assert energy <= 0.5 * 0.45 * 10**2 * (1 + 1e-12)


def test_walls_posts_and_corners_reflect():
    game = ball_game(1, **FREE)
    states = scene(game, (0, 4.55, 3, 10))  # the side wall is met after 0.01 s
    play_steps(states, 1)
    np.testing.assert_allclose(body(states), (0.06, 4.65 - 0.08, 3, -8))
    states = scene(game, (7.55, 4.55, 8, 8))  # both walls of a corner at once
    play_steps(states, 1)
    np.testing.assert_allclose(body(states)[2:], (-6.4, -6.4))
    states = scene(game, (7.0, 2.0, 10, 0))  # full on a post
    play_steps(states, 5)
    np.testing.assert_allclose(body(states)[1:], (2, -8, 0), atol=1e-12)
    states = scene(game, (0, 0), (7.4, 0, 4, 0))  # the goal line is a wall for players
    play_steps(states, 5)
    np.testing.assert_allclose(body(states, 0)[2:], (-0.8, 0), atol=1e-12)


def play_steps(states: np.ndarray, count: int) -> None:
    decide(states, STAND)
    for _ in range(count):
        move(states)


def test_a_ball_between_two_players_is_held_not_multiplied():
    """Two players close symmetrically on a resting ball: nothing may move sideways, gain speed, or end up inside."""
    states = scene(ball_game(1, **FREE), (0, 0), (-0.9, 0, 3, 0), (0.9, 0, -3, 0))
    decide(states, STAND)
    for _ in range(10):
        move(states)
        np.testing.assert_array_equal(states["position"][0, :, 1], 0)
        np.testing.assert_array_equal(body(states)[:1], 0)
        assert np.abs(states["velocity"]).max() <= 3
        assert gaps(states).min() > -0.1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("team", [0, 1])
def test_a_goal_ends_training_and_pays_both_teams(size, team):
    sign = 1 - 2 * team
    batch = Batch(ball_game(size), 1, autoreset=False)
    batch.states[:] = scene(batch.game, (sign * (batch.states["world"]["half_length"][0] - 0.5), 0, 6 * sign, 0))
    batch.step(np.zeros((1, 2 * size), np.int32))
    assert batch.terminated.tolist() == [True]
    assert batch.truncated.tolist() == [False]
    expected = np.repeat([1, -1] if team == 0 else [-1, 1], size)
    np.testing.assert_array_equal(batch.rewards[0], expected)
    assert batch.states["score"][0, team] == 1
    # the ball stays where it crossed, for the last observation
    assert abs(batch.states["position"][0, -1, 0]) > batch.states["world"]["half_length"][0]


def test_a_shot_beside_the_post_is_no_goal_and_one_inside_is():
    """Crossing points 1.5 m (clear of the post at 2 m) and 2.6 m off the middle, at right angles and aslant."""
    for y, vy, scores in ((1.5, 0, True), (2.6, 0, False), (0.5, 5, True), (2.2, 5, False)):
        states = scene(ball_game(1, **FREE), (7, y, 10, vy))
        play(states, STAND)
        assert (states["goal"][0] == 0) == scores
    # 7 + 0.1 t reaches the line after 0.1 s, at y = 0.5 + 0.5
    states = scene(ball_game(1, **FREE), (7, 0.5, 10, 5))
    play_steps(states, 6)
    np.testing.assert_allclose(body(states)[:2], (8.2, 1.1))


@pytest.mark.parametrize(("kicker", "own"), [(0, True), (1, False)])
def test_own_goals_are_told_from_goals(kicker, own):
    """The ball rolls into team 0's goal after a kick of either team."""
    players = [(-5, 0), (5, 3)] if kicker == 0 else [(5, 3), (-5, 0)]
    states = scene(ball_game(1, **FREE), (-6.1, 0), *players)
    actions = [STAND, STAND]
    actions[kicker] = KICK
    play(states, actions, decisions=2)
    assert states["goal"] == 1
    np.testing.assert_array_equal(states["score"][0], [0, 1])
    np.testing.assert_array_equal(states["own_goals"][0], [int(own), 0])


def test_a_match_goes_on_after_a_goal():
    game = ball_game(2, mode="match")
    assert game.max_steps == 450
    batch = Batch(game, 1)
    batch.states[:] = scene(game, (7.5, 0, 6, 0))
    batch.step(np.zeros((1, 4), np.int32))
    assert not batch.terminated[0]
    np.testing.assert_array_equal(batch.rewards[0], [1, 1, -1, -1])
    np.testing.assert_array_equal(batch.states["score"][0], [1, 0])
    players = batch.states["position"][0, :-1]
    np.testing.assert_array_equal(players[2:], -players[:2])
    assert (batch.states["position"][0, -1] == 0).all()
    batch.step(np.zeros((1, 4), np.int32))
    assert (batch.rewards == 0).all()  # paid once
    np.testing.assert_array_equal(batch.states["score"][0], [1, 0])


@pytest.mark.parametrize(("mode", "steps"), [("training", 150), ("match", 450)])
def test_the_clock_truncates(mode, steps):
    game = ball_game(1, mode=mode)
    assert game.max_steps == steps
    batch = Batch(game, 16, autoreset=False)
    batch.states["settings"]["stuck_distance"] = 0
    for step in range(steps):
        assert not batch.truncated.any(), step
        batch.step(np.zeros((16, 2), np.int32))
    assert batch.truncated.all()
    assert not batch.terminated.any()


@pytest.mark.parametrize("mode", ["training", "match"])
@pytest.mark.parametrize("size", SIZES)
def test_ball_progress_telescopes(size, mode):
    """With gamma 1 the shaping of a game adds up to c (Φ_end - Φ_start), Φ_end = 0 after a goal; goals pay on top."""
    shaped = {"human_knowledge": "ball_progress", "ball_progress_gamma": 1.0}
    game = ball_game(size, mode=mode, start_area=0.2, goal_fraction=0.8, **shaped)
    batch = Batch(game, 256, autoreset=False)
    half_length = batch.states["world"]["half_length"]
    start = batch.states["position"][:, -1, 0] / half_length
    paid = np.zeros(256)
    for _ in range(game.max_steps):
        batch.step(batch.random_actions())
        paid += batch.rewards[:, 0]
    end = np.where(batch.terminated, 0, batch.states["position"][:, -1, 0] / half_length)
    goals = batch.states["score"] @ [1, -1]
    np.testing.assert_allclose(paid, goals + 0.5 * (end - start), atol=1e-5)
    assert (goals != 0).sum() > 20


def test_ball_progress_is_discounted():
    """One step: c (gamma Φ' - Φ) with c = 0.5, gamma = 0.985, from x = 4 to 4 + 0.2 at 1 m/s, L/2 = 8."""
    batch = Batch(ball_game(1, human_knowledge="ball_progress", **FREE), 1)
    batch.states[:] = scene(batch.game, (4, 0, 1, 0))
    batch.step(np.zeros((1, 2), np.int32))
    expected = 0.5 * (0.985 * 4.2 / 8 - 4 / 8)
    np.testing.assert_allclose(batch.rewards[0], [expected, -expected], rtol=1e-6)
    finish(batch.states)
