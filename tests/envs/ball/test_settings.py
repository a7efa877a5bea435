"""Settings: what each refuses and says, what follows from them, and that the game reads them."""

import numpy as np
import pytest

from envs import make
from envs.batch import Batch
from envs.game import InvalidSetting, init
from tests.envs.ball.scenes import FREE, KICK, SIZES, STAND, ball_game, play, scene, scenes


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"mode": "friendly"}, ("mode", "training, match")),
        ({"ball_mass": 0.0}, ("ball_mass", "[0.05, 50]")),
        ({"player_drag": -1}, ("player_drag", "[0, 20]")),
        ({"restitution_ball_wall": 1.1}, ("restitution_ball_wall", "[0, 1]")),
        ({"ball_masss": 1.0}, ("ball_masss", "did you mean 'ball_mass'")),
        ({"decision_interval": 0.05}, ("physics_interval", "whole fraction of decision_interval, 0.05")),
        ({"time_limit": 0.1}, ("time_limit", "at least decision_interval, 0.2")),
        ({"goal_fraction": 0.1}, ("goal_fraction", "at least 0.122")),
        ({"ball_max_speed": 40.0}, ("physics_interval", "at most 0.00778")),
        ({"player_max_speed": 20.0, "player_radius": 0.2, "ball_radius": 1.0}, ("physics_interval", "at most 0.005")),
        ({"pitch_length": 8.0, "player_radius": 1.0, "goal_fraction": 0.6}, ("pitch_length", "no room to start")),
        ({"start_area": (0.1, 1)}, ("start_area", "[0.2, 1]")),
        ({"start_area": (0.2, 0.2), "pitch_length": 8.0}, ("pitch_length", "no room to start", "start_area larger")),
        ({"kickoff_offset": 2.0, "mode": "match"}, ("kickoff_offset", "at most 1.06")),
        ({"stuck_clearance": 5.0}, ("stuck_clearance", "[0.85, 4.5]")),
    ],
)
def test_what_does_not_fit_is_refused_with_key_and_bounds(settings, words):
    with pytest.raises(InvalidSetting) as error:
        make("ball_2v2", **settings)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize("size", SIZES)
def test_pitches_grow_with_the_teams(size):
    world = scenes(ball_game(size))["world"]
    assert 2 * world["half_length"][0] == {1: 16, 2: 16, 3: 19.6}[size]
    np.testing.assert_allclose(world["half_width"], 5 / 8 * world["half_length"])
    np.testing.assert_allclose(world["half_goal"], 0.4 * world["half_width"])


def test_steps_follow_from_the_intervals():
    assert make("ball_1v1").max_steps == 150
    assert make("ball_1v1", decision_interval=0.1).max_steps == 300
    assert make("ball_1v1", time_limit=10).max_steps == 50
    assert make("ball_1v1", time_limit=1.1, decision_interval=0.3).max_steps == 4  # rounded up
    batch = Batch(make("ball_1v1", time_limit=1.1, decision_interval=0.3), 1, autoreset=False)
    for step in range(4):
        assert not batch.truncated[0], step
        batch.step(np.zeros((1, 2), np.int32))
    assert batch.truncated[0]
    assert batch.states["clock"][0] == 60


def test_the_game_reads_its_settings():
    """A kick of 5 m/s with a ball of 1 kg and players of 2 kg throws the player back by 2.5 m/s."""
    states = scene(ball_game(1, kick_speed=5.0, ball_mass=1.0, player_mass=2.0, **FREE), (0, 0), (-1, 0))
    play(states, [KICK, STAND])
    np.testing.assert_allclose(states["velocity"][0, [0, -1], 0], (-2.5, 5))
    states = scene(ball_game(1, restitution_ball_wall=0.5, **FREE), (0, 4, 0, 10))
    play(states, STAND)
    assert states["velocity"][0, -1, 1] == pytest.approx(-5)
    states = scene(ball_game(1, kick_range=1.0, **FREE), (0, 0), (-0.85 - 0.9, 0))
    play(states, [KICK, STAND])
    assert states["velocity"][0, -1, 0] == pytest.approx(8)


def test_init_derives_the_world_anew():
    """A setting changed in a state, as randomisation will, counts from the next start on."""
    states = scenes(ball_game(1))
    states["settings"]["pitch_length"] = 20.0
    init(states[0])
    assert states["world"]["half_length"] == 10


def test_texts_for_people():
    game = ball_game(1)
    states = scene(game, (0, 0), (-1, 0))
    assert [game.action_to_string(states[0], a) for a in (0, 1, 3, 9, 16)] == [
        "stand", "forward", "left", "stand + kick", "right + kick",
    ]  # fmt: skip
    play(states, [KICK, STAND])
    text = game.state_to_string(states[0])
    assert "0.2 s, score 0:0" in text
    assert "seat 0 (team 0)" in text
    assert "kick in 0.20 s" in text
