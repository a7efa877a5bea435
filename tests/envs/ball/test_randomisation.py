"""Domain randomisation: what an episode draws, what it does to the world, and the noise of each decision."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from envs import make
from envs.ball.settings import RANGES
from envs.batch import Batch, observe_rows
from envs.game import InvalidSetting
from envs.random_stream import GOLDEN_GAMMA, seed_streams
from tests.envs.ball.scenes import FREE, KICK, SIZES, STAND, ball_game, masses, play, scene, scenes
from tests.envs.ball.test_invariants import check_rotation
from tests.envs.conftest import RANDOMISED
from tests.envs.test_contract import bits

FIELDS = {setting.name: setting.name.removesuffix("_factor") for setting in RANGES}  # of `draws`, by setting
WORLDLY = ("ball_mass", "ball_drag", "restitution", "pitch_size")  # one for all players


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


# What an episode draws


@pytest.mark.parametrize("size", SIZES)
def test_draws_are_even_between_the_ends_of_their_range_and_independent(size):
    """Kolmogorov and Smirnov's test with p over 0.001, of 3000 episodes; of delays five standard deviations."""
    game = ball_game(size, **RANDOMISED)
    draws = Batch(game, 3000, seed=2).states["draws"]
    columns = []
    for name, field in FIELDS.items():
        low, high = RANDOMISED[name]
        drawn = draws[field].reshape(3000, -1)
        assert drawn.min() >= low
        assert drawn.max() <= high
        columns.append(drawn[:, :size].astype(float))
        for column in drawn.T:
            if field == "action_delay":
                assert (np.abs(np.bincount(column, minlength=3) - 1000) < 5 * np.sqrt(3000 * 2 / 9)).all()
            else:
                assert kstest(column, "uniform", args=(low, high - low)).pvalue > 1e-3, field
    columns = np.concatenate(columns, axis=1)
    correlation = np.corrcoef(columns.T) - np.eye(columns.shape[1])
    assert np.abs(correlation).max() < 5 / np.sqrt(3000)


@pytest.mark.parametrize("size", SIZES)
def test_both_teams_draw_the_same_unless_asked(size):
    for same in (True, False):
        draws = scenes(ball_game(size, **{**RANDOMISED, "same_draw": same}), 50)["draws"]
        for field in FIELDS.values():
            if field not in WORLDLY:
                alike = (draws[field][:, :size] == draws[field][:, size:]).mean()
                assert alike == 1 if same else alike < 0.7, field  # a third of the delays agree by chance


def test_every_episode_draws_anew():
    game = ball_game(1, **RANDOMISED, time_limit=0.4)
    batch = Batch(game, 20)
    before = batch.states["draws"].copy()
    for _ in range(2):
        batch.step(np.zeros((20, 2), np.int32))
    for field in FIELDS.values():
        changed = batch.states["draws"][field] != before[field]
        assert changed.mean() > (0.4 if field == "action_delay" else 0.99), field
    assert (batch.states["world"]["inverse_mass"][:, -1] == 1 / (0.45 * batch.states["draws"]["ball_mass"])).all()


@pytest.mark.parametrize("size", SIZES)
def test_ends_that_are_equal_draw_nothing(size):
    """Fixed factors change the world, and leave the random stream and the places that it gives as they were.

    At a kick-off those are two numbers for each player of a team, and nothing else moves the stream on."""
    kicked_off = scenes(ball_game(size, mode="match"), 20, seed=3)
    with np.errstate(over="ignore"):
        expected = seed_streams(3, 20) + np.uint64(2 * size) * GOLDEN_GAMMA
    np.testing.assert_array_equal(kicked_off["rng"], expected)
    plain = scenes(ball_game(size), 20, seed=3)
    fixed = dict.fromkeys(FIELDS, (1.0, 1.0)) | {
        "ball_mass_factor": (1.5, 1.5), "player_speed_factor": (0.9, 0.9), "action_delay": (1, 1),
        "kick_angle_noise": (0.0, 0.0), "observation_noise": (0.0, 0.0), "observation_dropout": (0.0, 0.0),
        "push_rate": (0.0, 0.0),
    }  # fmt: skip
    states = scenes(ball_game(size, **fixed), 20, seed=3)
    np.testing.assert_array_equal(states["rng"], plain["rng"])
    np.testing.assert_array_equal(states["position"], plain["position"])
    assert (states["draws"]["ball_mass"] == 1.5).all()
    assert (states["draws"]["action_delay"] == 1).all()
    for field in FIELDS.values():  # by default all is off
        assert (plain["draws"][field] == (1 if f"{field}_factor" in FIELDS else 0)).all()
    assert not plain["noise"].any()


# What fixed factors do


@pytest.mark.parametrize("size", SIZES)
def test_a_ball_of_half_as_much_again_throws_the_kicker_back_so_much_more(size):
    states = scene(ball_game(size, ball_mass_factor=(1.5, 1.5), **FREE), (0, 0), (-1, 0))
    np.testing.assert_allclose(masses(states)[0], [5] * 2 * size + [0.675])
    play(states, [KICK] + [STAND] * (2 * size - 1))
    np.testing.assert_allclose(states["velocity"][0, -1], (8, 0))
    np.testing.assert_allclose(states["velocity"][0, 0], (-8 * 0.675 / 5, 0), atol=1e-12)


def test_factors_multiply_what_they_are_named_after():
    # drag and rolling resistance: v' = -1.2 v - 0.45, for 2 s from 8 m/s
    game = ball_game(1, ball_drag_factor=(1.5, 1.5), pitch_length=40.0, physics_interval=0.01)
    states = scene(game, (-5, 0, 8, 0))
    play(states, STAND, decisions=10)
    way = (8 + 0.45 / 1.2) * (1 - np.exp(-1.2 * 2)) / 1.2 - 0.45 / 1.2 * 2
    assert states["position"][0, -1, 0] + 5 == pytest.approx(way, rel=0.01)
    # restitution of the ball and the wall, 0.8 x 0.5, then 0.8 x 5, which is cut to 1
    for factor, elastic in ((0.5, 0.4), (5.0, 1.0)):
        states = scene(ball_game(1, restitution_factor=(factor, factor), **FREE), (0, 4, 0, 10))
        play(states, STAND)
        assert states["velocity"][0, -1, 1] == pytest.approx(-10 * elastic)
        world = states["world"]
        assert world["restitution_ball_player"] == min(1, 0.5 * factor)
        assert world["restitution_player_player"] == min(1, 0.3 * factor)
        assert world["restitution_player_wall"] == min(1, 0.2 * factor)
    # a running player: the top speed, and 7 m/s of drive against drag
    for factors, speed in (({"player_speed_factor": (0.8, 0.8)}, 4.0), ({"player_drive_factor": (0.5, 0.5)}, 3.5)):
        states = scene(ball_game(1, pitch_length=80.0, **factors), (0, 4), (-30, 0))
        play(states, [1, 0], decisions=25)
        assert states["velocity"][0, 0, 0] == pytest.approx(speed, rel=1e-3)
    states = scene(ball_game(1, kick_speed_factor=(1.25, 1.25), **FREE), (0, 0), (-1, 0))
    play(states, [KICK, STAND])
    np.testing.assert_allclose(states["velocity"][0, -1], (10, 0))
    world = scenes(ball_game(1, pitch_size_factor=(1.5, 1.5)))["world"]
    assert world["half_length"] == 12
    assert world["half_width"] == 7.5
    assert world["half_goal"] == 3


@pytest.mark.parametrize("mode", ["training", "match"])
@pytest.mark.parametrize("size", SIZES)
def test_on_every_pitch_that_is_drawn_bodies_start_apart_and_inside(size, mode):
    states = scenes(ball_game(size, mode=mode, pitch_size_factor=(0.9, 2.0)), 500)
    half_length, half_width = (states["world"][name][:, None] for name in ("half_length", "half_width"))
    assert np.ptp(half_length) > 0.9 * half_length.min()
    np.testing.assert_allclose(half_width, 0.625 * half_length)
    position, radius = states["position"], states["world"]["radius"]
    assert (np.abs(position[..., 0]) + radius < half_length).all()
    assert (np.abs(position[..., 1]) + radius < half_width).all()
    between = np.linalg.norm(position[:, :, None] - position[:, None], axis=-1) - radius[:, :, None] - radius[:, None]
    assert (between + 9 * np.eye(between.shape[1]) > 0).all()


# Noise


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


# What is seen of the draws


@pytest.mark.parametrize("size", SIZES)
def test_the_draws_are_the_last_twelve_numbers(size):
    blurred = ("observation_noise", "observation_dropout")
    changes = {name: ends for name, ends in RANDOMISED.items() if name not in blurred} | {"same_draw": False}
    game, blind = ball_game(size, draws_observed=True, **changes), ball_game(size, **changes)
    assert game.observation_shape == (blind.observation_shape[0] + 12,)
    states = scenes(game, 30)
    for seat in range(2 * size):
        seen, draws = observe_rows(game, states, np.full(30, seat)), states["draws"]
        own = {field: draws[field][:, seat] for field in FIELDS.values() if field not in WORLDLY}
        expected = [
            *(draws[field] - 1 for field in WORLDLY),
            *(own[field] - 1 for field in ("player_speed", "player_drive", "kick_speed")),
            np.radians(own["kick_angle_noise"]), own["action_delay"] / 2,
            own["observation_noise"], own["observation_dropout"], own["push_rate"],
        ]  # fmt: skip
        np.testing.assert_allclose(seen[:, -12:], np.stack(expected, axis=1), atol=1e-6)
        states["settings"]["draws_observed"] = 0
        np.testing.assert_array_equal(seen[:, :-12], observe_rows(blind, states, np.full(30, seat)))
        states["settings"]["draws_observed"] = 1


# What is refused


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ball_mass_factor": 1.5}, ("ball_mass_factor", "it must be a range")),
        ({"ball_mass_factor": (2.0, 0.5)}, ("ball_mass_factor", "must not exceed its second")),
        ({"ball_mass_factor": (0.0, 1.0)}, ("ball_mass_factor", "[0.1, 10]")),
        ({"action_delay": (0, 3)}, ("action_delay", "[0, 2]")),
        ({"action_delay": (0, 0.5)}, ("action_delay", "whole number")),
        ({"observation_dropout": (0.0, 1.1)}, ("observation_dropout", "[0, 1]")),
        ({"player_speed_factor": (1.0, 1.2)}, ("physics_interval", "at most 0.0194 at these speeds")),
        ({"player_speed_factor": (0.2, 2.0), "physics_interval": 0.01}, None),
        ({"goal_fraction": 0.15, "pitch_size_factor": (0.8, 1.0)},
         ("goal_fraction", "at least 0.152", "at the least pitch_size_factor, 0.8")),
        ({"stuck_clearance": 4.0, "pitch_size_factor": (0.8, 1.0)},
         ("stuck_clearance", "[0.85, 3.5]", "at the least pitch_size_factor, 0.8")),
        ({"mode": "match", "kickoff_offset": 1.0, "pitch_size_factor": (0.8, 1.0)},
         ("kickoff_offset", "at the least pitch_size_factor, 0.8, not to overlap")),
        ({"pitch_length": 9.0, "goal_fraction": 0.6, "stuck_clearance": 1.0, "pitch_size_factor": (0.7, 1.0)},
         ("pitch_length", "pitch_size_factor larger: 4 players have no room to start")),
        ({"observation": "entities", "draws_observed": True}, ("draws_observed", "false with observation 'entities'")),
    ],
)  # fmt: skip
def test_the_worst_end_of_a_range_must_fit(changes, words):
    if words is None:
        make("ball_2v2", **changes)
        return
    with pytest.raises(InvalidSetting) as error:
        make("ball_2v2", **changes)
    for word in words:
        assert word in str(error.value)


# Symmetry, and bytes that repeat, whatever is combined

CONTROLS = [(1, "_continuous"), (2, "_heading")]


@pytest.mark.parametrize("changes", [{}, {**RANDOMISED, "draws_observed": True}], ids=["plain", "randomised"])
@pytest.mark.parametrize(("size", "control"), CONTROLS)
def test_the_rotated_game_goes_the_rotated_way_in_every_control(size, control, changes):
    check_rotation(ball_game(size, control, statistics=True, **changes))


def test_the_rotated_game_is_seen_alike_in_entities():
    check_rotation(ball_game(2, observation="entities", **RANDOMISED))


WIDEST = {  # of each range, at a physics step of 0.005 s; a pitch any smaller would need other settings, too
    setting.name: (setting.low, setting.high) for setting in RANGES if setting.name != "pitch_size_factor"
} | {"pitch_size_factor": (0.9, 2.0)}  # fmt: skip


@st.composite
def changed(draw) -> dict:
    """Some of the ranges, anywhere within their bounds, with other settings that touch them."""
    changes: dict = {}
    for name in draw(st.lists(st.sampled_from(sorted(WIDEST)), unique=True)):
        low, high = WIDEST[name]
        number = st.integers(low, high) if name == "action_delay" else st.floats(low, high)
        changes[name] = tuple(sorted([draw(number), draw(number)]))
    for name in ("same_draw", "statistics", "draws_observed", "time_left_observed"):
        changes[name] = draw(st.booleans())
    changes["mode"] = draw(st.sampled_from(["training", "match"]))
    return changes | {"physics_interval": 0.005, "time_limit": 4.0}


@pytest.mark.parametrize(("size", "control"), [(1, ""), (2, ""), *CONTROLS])
@settings(deadline=None, max_examples=15, derandomize=True)
@given(changes=changed(), seed=st.integers(0, 2**63))
def test_whatever_is_combined_repeats_and_a_batch_is_its_games(size, control, changes, seed):
    game = ball_game(size, control, **changes)
    batch, again = Batch(game, 4, seed), Batch(game, 4, seed)
    single = Batch(game, 1)
    single.states["rng"] = seed_streams(seed, 4)[2]
    single.reset()
    low, high = game.observation_range
    for _ in range(30):
        actions = batch.random_actions().copy()
        again.random_actions()
        single.random_actions()
        batch.step(actions)
        again.step(actions)
        single.step(actions[2:3])
        assert bits(batch.states) == bits(again.states)
        assert bits(batch.states[2:3]) == bits(single.states)
        assert batch.observations[2].tobytes() == single.observations[0].tobytes()
        assert np.isfinite(batch.observations).all()
        assert batch.observations.min() >= low
        assert batch.observations.max() <= high
