"""Settings: what each refuses and says, what follows from them, and that the game reads them."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs import make
from envs.ball.pitch import TEAM_SIZES
from envs.batch import Batch
from envs.game import InvalidSetting, init
from envs.ids import GAMES
from tests.envs.ball.scenes import (
    FREE,
    KICK,
    SIZES,
    STAND,
    ball_game,
    fixed_gaps,
    gaps,
    play,
    scene,
    scenes,
    towards_ball,
)


@pytest.mark.parametrize(
    ("changes", "words"),
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
def test_what_does_not_fit_is_refused_with_key_and_bounds(changes, words):
    with pytest.raises(InvalidSetting) as error:
        make("ball_2v2", **changes)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize("game_id", [game_id for game_id in GAMES if game_id.startswith("ball_")])
def test_every_setting_is_refused_beyond_its_bounds_in_every_game(game_id):
    for setting in make(game_id).schema:
        ends = setting.default if isinstance(setting.default, tuple) else (setting.default,)
        if setting.choices:
            wrong, said = ["another", 0, None], ", ".join(setting.choices)
        elif isinstance(ends[0], bool):
            wrong, said = ["yes", 0, None], "true or false"
        elif isinstance(ends[0], int):
            wrong, said = [setting.low - 1, setting.high + 1], f"[{setting.low:g}, {setting.high:g}]"
        else:
            wrong = [np.nextafter(setting.low, -np.inf), np.nextafter(setting.high, np.inf)]
            said = f"[{setting.low:g}, {setting.high:g}]"
            for value in (np.nan, np.inf, "1", None):
                number = len(ends) == 1 or isinstance(value, float)  # which a range may be, too
                refuse(game_id, {setting.name: value}, "a finite number" if number else "a range")
        for value in wrong:
            refuse(game_id, {setting.name: (value, value) if len(ends) == 2 else value}, said)


def refuse(game_id: str, changes: dict, *words: str) -> None:
    """make refuses the first of the changes by name, and says these words."""
    with pytest.raises(InvalidSetting) as error:
        make(game_id, **changes)
    for word in (f"'{next(iter(changes))}'", *words):
        assert word in str(error.value)


@pytest.mark.parametrize("size", TEAM_SIZES)
def test_what_cannot_be_is_refused_at_every_size(size):
    """No physics with it, whatever the bounds are, and what the other settings or the size rule out."""
    game_id = f"ball_{size}v{size}"
    for changes in (
        {"ball_mass": -0.45}, {"player_mass": 0.0}, {"player_radius": -0.5}, {"ball_radius": 0.0}, {"ball_drag": -0.1},
        {"pitch_length": 0.0}, {"pitch_length": -16.0}, {"goal_fraction": 1.01}, {"restitution_ball_player": 1.01},
        {"physics_interval": 0.0}, {"decision_interval": -0.2}, {"time_limit": -1.0}, {"kick_speed": -8.0},
        {"ball_mass_factor": (-1.0, 1.0)}, {"pitch_size_factor": (0.0, 1.0)}, {"push_rate": (-0.1, 0.0)},
    ):  # fmt: skip
        refuse(game_id, changes, "[")
    width = make(game_id).settings["pitch_length"] * 0.625
    refuse(
        game_id, {"goal_fraction": 0.1, "player_radius": 1.0, "post_radius": 0.3}, f"at least {2.1 * 1.3 / width:.3g}"
    )
    refuse(game_id, {"stuck_clearance": 0.5}, f"[0.85, {width / 2 - 0.5:.3g}]")
    refuse(game_id, {"physics_interval": 0.02, "ball_max_speed": 40.0}, "at most 0.00778")
    refuse(game_id, {"pitch_length": 8.0, "start_area": 0.2}, f"{2 * size} players have no room to start")
    refuse(game_id, {"kickoff_offset": 2.0, "mode": "match"}, "at most", "not to overlap")


@pytest.mark.parametrize("game_id", ["ball_0v0", "ball_12v12", "ball_1v2", "ball_-1v-1", "ball_2v2_diagonal"])
def test_teams_of_other_sizes_are_refused(game_id):
    with pytest.raises(KeyError, match=f"'{game_id}'; the ball games are ball_1v1 to ball_11v11"):
        make(game_id)


@pytest.mark.parametrize("size", SIZES)
def test_the_widest_kick_off_offset_lets_nobody_overlap(size):
    """The bound that make names: a hair less is accepted, and players at any corners of their squares are apart."""
    with pytest.raises(InvalidSetting) as error:
        make(f"ball_{size}v{size}", mode="match", kickoff_offset=2.0)
    bound = float(re.search(r"at most ([\d.]+)", str(error.value)).group(1)) - 0.005
    states = scenes(ball_game(size, mode="match", kickoff_offset=bound), 4000)
    corners = np.random.default_rng(0).choice([-bound, bound], (4000, size, 2))
    own = scenes(ball_game(size, mode="match", kickoff_offset=0.0))["position"][:, :size] + corners
    cornered = states.copy()
    cornered["position"][:, :-1] = np.concatenate([own, -own], axis=1)
    for placed in (states, cornered):
        assert gaps(placed).min() > 0
        assert fixed_gaps(placed)[..., 0].min() > 0


ANYTHING = (  # as in the schema, at any size
    "pitch_aspect", "post_radius", "player_radius", "player_mass", "player_drive", "player_drag", "player_max_speed",
    "ball_radius", "ball_mass", "ball_drag", "ball_rolling", "ball_max_speed", "kick_speed", "kick_range",
    "kick_cooldown", "restitution_ball_wall", "restitution_ball_player", "restitution_player_player",
    "restitution_player_wall", "start_area", "stuck_distance", "stuck_time",
)  # fmt: skip


@st.composite
def worlds(draw, size: int) -> dict:
    """Some of the settings anywhere within their bounds, and those that others bound within theirs."""
    game = make(f"ball_{size}v{size}")
    bounds = {setting.name: (setting.low, setting.high) for setting in game.schema}
    changes = {"pitch_length": draw(st.floats(game.settings["pitch_length"], 80.0))}
    for name in draw(st.lists(st.sampled_from(ANYTHING), unique=True)):
        changes[name] = draw(st.floats(*bounds[name]))
    s = game.settings | changes
    ball, player, width = s["ball_radius"], s["player_radius"], s["pitch_length"] * s["pitch_aspect"]
    narrowest = max(0.1, 2.1 * (max(ball, player) + s["post_radius"]) / width + 1e-9)
    changes["goal_fraction"] = draw(st.floats(narrowest, max(narrowest, 0.8)))
    changes["stuck_clearance"] = draw(st.floats(ball + player, min(10.0, width / 2 - player)))
    longest = min(ball / (s["ball_max_speed"] + s["player_max_speed"]), player / (2 * s["player_max_speed"]))
    changes["physics_interval"] = next(step for step in (0.02, 0.01, 0.005, 0.002, 0.001) if step <= longest)
    return changes


@pytest.mark.parametrize("size", SIZES)
@settings(deadline=None, max_examples=25, derandomize=True)
@given(data=st.data())
def test_whatever_make_accepts_can_be_played(size, data):
    """Starts have room; then, at random and in scrums, walls hold, a ball behind the line is a goal, and what is seen
    lies within its range."""
    try:
        game = ball_game(size, **data.draw(worlds(size)))
    except InvalidSetting as error:
        if "no room to start" not in str(error):
            raise
        return
    batch = Batch(game, 20, autoreset=False)
    assert gaps(batch.states).min() > 0.1 - 1e-9
    assert fixed_gaps(batch.states).min() > 0.1 - 1e-9
    for _ in range(10):
        actions = batch.random_actions().copy()
        actions[::2] = towards_ball(batch.states)[::2] + KICK * (actions[::2] >= KICK)
        batch.step(actions)
        states, playing = batch.states, batch.states["goal"] < 0
        assert np.isfinite(batch.observations).all()
        assert np.abs(batch.observations).max() <= game.observation_range[1]
        behind = np.abs(states["position"][:, -1, 0]) > states["world"]["half_length"]
        np.testing.assert_array_equal(behind, ~playing)
        if playing.any():
            assert fixed_gaps(states)[playing][..., :2].min() > -1e-9


@pytest.mark.parametrize("size", SIZES)
def test_pitches_grow_with_the_teams(size):
    world = scenes(ball_game(size))["world"]
    assert 2 * world["half_length"][0] == pytest.approx(16 * np.sqrt(max(size, 2) / 2), abs=0.005)
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
