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
from tests.envs.conftest import RANDOMISED
from tests.envs.test_contract import bits

FIELDS = {setting.name: setting.name.removesuffix("_factor") for setting in RANGES}  # of `draws`, by setting
WORLDLY = ("ball_mass", "ball_drag", "restitution", "pitch_size")  # one for all players


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
        ({"ball_mass_factor": "1.5"}, ("ball_mass_factor", "it must be a range")),
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


# Bytes that repeat, whatever is combined

COMBINED = [(1, ""), (2, ""), (1, "_continuous"), (2, "_heading"), pytest.param(11, "", marks=pytest.mark.slow)]
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


@pytest.mark.parametrize(("size", "control"), COMBINED)
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
