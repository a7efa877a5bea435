"""What an action does in each of the three controls, how it is written, and how it is delayed."""

import numpy as np
import pytest

from envs import make
from envs.ball.actions import COMPASS, DIRECTIONS
from envs.batch import Batch
from tests.envs.ball.scenes import FREE, KICK, STAND, ball_game, masses, scene

TURN_LEFT, TURN_RIGHT, THRUST, REVERSE = 3, 6, 1, 2  # with headings; a turn and a thrust are added
SPEED = 14 / 2 * (1 - np.exp(-2 * 0.2))  # m/s after 0.2 s of 14 m/s² against drag 2/s, from rest
EIGHTH = np.pi / 4


def heading_game(**settings):
    return ball_game(2, "_heading", **settings)


def continuous_game(**settings):
    return ball_game(1, "_continuous", **settings)


def decided(game, states: np.ndarray, *actions) -> np.ndarray:
    """The states after one decision for each of the actions, broadcast to every seat."""
    batch = Batch(game, len(states), autoreset=False)
    batch.states[:] = states
    batch.refresh()
    for action in actions:
        shape = (len(states), game.num_players, *game.action_shape)
        batch.step(np.ascontiguousarray(np.broadcast_to(np.asarray(action, game.action_dtype), shape)))
    return batch.states.copy()


# Headings


def test_a_turn_is_45_degrees_a_decision_in_the_own_frame():
    states = scene(heading_game(), (0, 4), (-3, 0), (-3, 2), (3, 0), (3, -2))
    states["heading"] = 0
    turned = decided(heading_game(), states, *[[TURN_LEFT, TURN_RIGHT, TURN_LEFT, STAND]] * 3)
    np.testing.assert_allclose(turned["heading"][0], [3 * EIGHTH, -3 * EIGHTH, 3 * EIGHTH, 0], atol=1e-4)
    np.testing.assert_array_equal(turned["position"], states["position"])  # on the spot
    slow = heading_game(turn_rate=1.0, decision_interval=0.1)
    states = scene(slow, (0, 4))
    states["heading"] = 0
    np.testing.assert_allclose(decided(slow, states, TURN_LEFT)["heading"], 0.1)


@pytest.mark.parametrize(("action", "way"), [(THRUST, 1), (REVERSE, -1), (TURN_LEFT + THRUST, 1), (STAND, 0)])
def test_a_player_runs_along_its_heading_after_the_turn(action, way):
    headings = np.array([0.3, -2.0, 0.3, 3.0])
    states = scene(heading_game(), (0, 4), (-4, 0), (-4, 3), (4, 0), (4, -3))
    states["heading"] = headings
    after = decided(heading_game(), states, action)
    faced = headings + (EIGHTH if action >= TURN_LEFT else 0)
    expected = way * SPEED * np.stack([np.cos(faced), np.sin(faced)], axis=1) * [[1], [1], [-1], [-1]]
    np.testing.assert_allclose(after["velocity"][0, :-1], expected, atol=1e-5)
    if action < TURN_LEFT:
        np.testing.assert_allclose(after["velocity"][0, :-1], expected, atol=1e-12)
        np.testing.assert_array_equal(after["velocity"][0, 0], -after["velocity"][0, 2])  # team 1 mirrored


@pytest.mark.parametrize("team", [0, 1])
@pytest.mark.parametrize(("degrees", "kicks"), [(0, True), (59, True), (-59, True), (61, False), (180, False)])
def test_a_kick_goes_along_the_heading_if_the_ball_lies_in_front(team, degrees, kicks):
    """The player looks 20° to the left of its forward axis; the ball lies so many degrees from there."""
    sign, look = 1 - 2 * team, np.radians(20.0)
    at = look + np.radians(degrees)
    spot = np.array([-2.0, 0.5])
    ball = sign * (spot + np.array([np.cos(at), np.sin(at)]))
    others = [(-5, -3), (-5, 3), (5, 3), (5, -3)]
    others[2 * team] = tuple(sign * spot)
    states = scene(heading_game(**FREE), tuple(ball), *others)
    states["heading"] = look
    actions = [STAND] * 4
    actions[2 * team] = KICK
    after = decided(heading_game(**FREE), states, actions)
    expected = 8.0 * sign * np.array([np.cos(look), np.sin(look)]) if kicks else np.zeros(2)
    np.testing.assert_allclose(after["velocity"][0, -1], expected, atol=1e-12)
    np.testing.assert_allclose(after["velocity"][0, 2 * team], -expected * 0.45 / 5, atol=1e-12)
    np.testing.assert_allclose((masses(after)[0, :, None] * after["velocity"][0]).sum(axis=0), 0, atol=1e-12)
    assert (after["kick_ready_at"][0, 2 * team] > 0) == kicks  # a kick that could not be is not waited for


def test_a_turn_comes_before_the_kick_and_the_cone_is_a_setting():
    """The ball lies 70° to the left: out of the cone of 60°, within it after the turn, or in a cone of 75°."""
    at = np.radians(70.0)
    ball = (np.cos(at), np.sin(at))
    for game, action, look in (
        (heading_game(**FREE), KICK, None),
        (heading_game(**FREE), KICK + TURN_LEFT, EIGHTH),
        (heading_game(kick_cone=75.0, **FREE), KICK, 0.0),
    ):
        states = scene(game, ball, (0, 0))
        states["heading"] = 0
        after = decided(game, states, [action, STAND, STAND, STAND])
        expected = (0, 0) if look is None else (8 * np.cos(look), 8 * np.sin(look))
        np.testing.assert_allclose(after["velocity"][0, -1], expected, atol=1e-4)


def test_headings_are_random_in_training_and_forward_at_a_kick_off():
    headings = Batch(heading_game(), 2000).states["heading"]
    assert np.abs(headings).max() <= np.pi
    for column in headings.T:
        counts, _ = np.histogram(column, 8, (-np.pi, np.pi))
        assert (np.abs(counts - 250) < 5 * np.sqrt(250 * 7 / 8)).all()
    assert not Batch(heading_game(mode="match"), 10).states["heading"].any()


# Numbers


@pytest.mark.parametrize(("direction", "force"), [(0, (0, 0)), (1, (1, 0)), (3, (0, 1)), (5, (-1, 0)), (7, (0, -1))])
@pytest.mark.parametrize("kick", [False, True])
def test_a_unit_force_is_the_discrete_direction_to_the_bit(direction, force, kick):
    after = []
    for game, action in (
        (ball_game(1), direction + KICK * kick),
        (continuous_game(), (*force, 0.25 if kick else -0.25)),
    ):
        states = scene(game, (0, 0.2), (-1, 0), (3, 1))
        after.append(decided(game, states, action, action, action))
    for name in ("position", "velocity", "kick_ready_at"):
        assert (after[0][name] + 0.0).tobytes() == (after[1][name] + 0.0).tobytes(), name
    assert (after[0]["kick_ready_at"][0, 0] > 0) == kick


def test_a_force_lies_in_the_unit_disc():
    """Within it, it is what was asked for; beyond it, its direction at full strength: the corner is no faster."""
    game = continuous_game()
    states = scene(game, (0, 4), (-3, 0), (3, 0))
    for asked, force in (
        ((0.5, 0), (0.5, 0)),
        ((0.3, -0.4), (0.3, -0.4)),
        ((1, 1), COMPASS[2]),
        ((-1, 0.5), np.array((-1, 0.5)) / np.sqrt(1.25)),
    ):
        after = decided(game, states, (*asked, -1))
        np.testing.assert_allclose(after["velocity"][0, 0], SPEED * np.asarray(force), rtol=1e-6, atol=1e-12)
        np.testing.assert_array_equal(after["velocity"][0, 1], -after["velocity"][0, 0])


@pytest.mark.parametrize(("number", "kicks"), [(-1, False), (0, False), (1e-6, True), (1, True)])
def test_a_number_above_zero_is_a_kick(number, kicks):
    game = continuous_game(**FREE)
    after = decided(game, scene(game, (0, 0), (-1, 0)), (0, 0, number))
    np.testing.assert_allclose(after["velocity"][0, -1], (8 * kicks, 0), atol=1e-12)


# Texts


def test_actions_are_written_in_each_control():
    state = Batch(make("ball_2v2_heading"), 1).states[0]
    game = heading_game()
    texts = [game.action_to_string(state, action) for action in range(game.num_actions)]
    assert texts[:9] == [
        "stand", "thrust", "reverse", "turn left", "turn left, thrust", "turn left, reverse",
        "turn right", "turn right, thrust", "turn right, reverse",
    ]  # fmt: skip
    assert texts[9:] == [f"{text} + kick" for text in texts[:9]]
    game = continuous_game()
    state = Batch(game, 1).states[0]
    assert game.action_to_string(state, np.array([0.5, -0.25, 0.1], np.float32)) == "force (+0.50, -0.25) + kick"
    assert game.action_to_string(state, [-1.0, 0.0, 0.0]) == "force (-1.00, +0.00)"


# Delays


@pytest.mark.parametrize("delay", [0, 1, 2])
def test_what_is_asked_acts_so_many_decisions_later(delay):
    game = ball_game(2, action_delay=(delay, delay))
    batch = Batch(game, 8, seed=delay, autoreset=False)
    rng = np.random.default_rng(0)
    forward = np.array([1, 1, -1, -1])[:, None]
    asked = []
    for step in range(12):
        actions = rng.integers(0, 18, (8, 4))
        asked.append(actions)
        drive = batch.states["world"]["drive"][:, :, None]
        playing = ~(batch.terminated | batch.truncated)
        batch.step(actions)
        acting = asked[step - delay] if step >= delay else np.zeros((8, 4), int)
        expected = forward * drive * COMPASS[acting % DIRECTIONS]
        np.testing.assert_allclose(batch.states["drive"][playing], expected[playing], atol=1e-12)
    assert playing.sum() > 4


@pytest.mark.parametrize("delay", [0, 1, 2])
def test_a_kick_and_a_turn_are_delayed_too(delay):
    game = heading_game(action_delay=(delay, delay), **FREE)
    states = scene(game, (0, 0), (-1, 0))
    states["heading"] = 0
    asked = [KICK + TURN_LEFT, *[STAND] * delay]
    before = decided(game, states, *asked[:-1])
    assert (before["velocity"][0, -1] == 0).all()
    assert not before["heading"].any()
    after = decided(game, states, *asked)
    np.testing.assert_allclose(after["velocity"][0, -1], (8 * np.cos(EIGHTH), 8 * np.sin(EIGHTH)), atol=1e-4)
    np.testing.assert_allclose(after["heading"], EIGHTH, atol=1e-4)


def test_players_may_have_delays_of_their_own():
    game = ball_game(2, action_delay=(0, 2), same_draw=False)
    batch = Batch(game, 200, seed=1)
    delays = batch.states["draws"]["action_delay"]
    batch.step(np.ones((200, 4), np.int32))
    np.testing.assert_array_equal((batch.states["drive"] != 0).any(axis=2), delays == 0)
    batch.step(np.zeros((200, 4), np.int32))
    playing = batch.states["decision"] == 2
    np.testing.assert_array_equal((batch.states["drive"] != 0).any(axis=2)[playing], (delays == 1)[playing])


@pytest.mark.parametrize("delay", [1, 2])
def test_nothing_is_on_its_way_after_a_kick_off(delay):
    """All run forward while team 0 scores; in the next decisions they stand, though they ask for it all the time."""
    game = ball_game(2, mode="match", action_delay=(delay, delay))
    batch = Batch(game, 1)
    batch.states[:] = scene(game, (7.5, 0), (-4, 2), (-4, -2), (4, 2), (4, -2))
    for _ in range(delay):
        batch.step(np.ones((1, 4), np.int32))
        assert not batch.states["drive"].any()
    assert batch.states["delayed"].any()
    batch.states["velocity"][0, -1] = (6, 0)
    batch.step(np.ones((1, 4), np.int32))
    assert batch.states["score"].tolist() == [[1, 0]]
    assert batch.states["drive"].any()
    assert not batch.states["delayed"].any()
    for _ in range(delay):
        batch.step(np.ones((1, 4), np.int32))
        assert not batch.states["drive"].any()
        assert not batch.states["velocity"].any()
    batch.step(np.ones((1, 4), np.int32))
    assert batch.states["drive"].any()
