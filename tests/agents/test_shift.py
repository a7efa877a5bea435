"""Ratings in other worlds: what a shift does to the settings at each strength; worlds differ in nothing else."""

import numpy as np
import pytest

from agents.names import make_agent
from agents.shift import SHIFTS, evaluate_shift, shifted, shifts_of
from envs import make
from envs.game import InvalidSetting


def test_strength_leads_evenly_from_what_the_game_had():
    game = make("ball_1v1", ball_mass_factor=(0.5, 1.0), ball_mass=1.0)
    shift = {"ball_mass_factor": (2.5, 3.0), "action_delay": [2, 2], "ball_mass": 3.0, "same_draw": False}
    half = shifted(game, shift, 0.5).settings
    assert half["ball_mass_factor"] == (1.5, 2.0)
    assert half["action_delay"] == (1, 1)
    assert half["ball_mass"] == 2.0
    assert half["same_draw"] is False
    assert shifted(game, shift, 1.0).settings["ball_mass_factor"] == (2.5, 3.0)
    assert shifted(game, shift, 0.0).settings == game.settings


def test_what_does_not_fit_is_refused_before_anything_is_played():
    game = make("ball_1v1")
    with pytest.raises(InvalidSetting, match="did you mean 'ball_mass_factor'"):
        shifted(game, {"ball_mass_facto": (2, 2)}, 0.5)
    with pytest.raises(InvalidSetting, match=r"each end must be in \[0, 2\]"):
        shifted(game, {"action_delay": (0, 7)}, 0.5)
    worlds = {"fine": {"ball_mass": 1.0}, "wrong": {"ball_mass": -1.0}}
    with pytest.raises(InvalidSetting, match="ball_mass"):
        evaluate_shift(lambda game: pytest.fail("played"), game, worlds, (1.0,), ["random"], pairs=1, seed=0)


def test_the_own_shifts_suit_every_ball_game_and_no_other():
    for game_id in ("ball_1v1", "ball_11v11_continuous", "ball_2v2_heading"):
        game = make(game_id)
        assert shifts_of(game) == SHIFTS
        for shift in SHIFTS.values():
            shifted(game, shift, 1.0)
    assert shifts_of(make("chess")) == {}


def test_worlds_are_rated_by_name_and_strength():
    """Where nobody can run or kick, nobody scores: L3 wins in the usual world, and draws in that one."""
    game = make("ball_1v1")
    worlds = {"asleep": {"player_drive": 0.0, "kick_speed": 0.0}}
    told = []
    results = evaluate_shift(
        lambda game: make_agent("scripted:L3", game), game, worlds, (0.0, 1.0), ["scripted:L1"], pairs=4, seed=3,
        other_games=[make("ball_2v2")], tell=told.append,
    )  # fmt: skip
    assert [(r.shift, r.strength) for r in results.results] == [
        ("none", 0.0), ("asleep", 0.0), ("asleep", 1.0), ("ball_2v2", 1.0),
    ]  # fmt: skip
    assert told == list(results.results)
    none, same, asleep, other = results.results
    assert same.rating == none.rating
    assert same.goal_share == none.goal_share > 0.9
    assert asleep.rating.elo == pytest.approx(0, abs=1)
    assert asleep.goal_share is None
    assert set(results.scalars()) == {
        "shift/none/0", "shift/asleep/0", "shift/asleep/100", "shift/ball_2v2/100",
    }  # fmt: skip
    assert results.to_json()["shifts"][3]["rating"]["elo"] == other.rating.elo
    assert np.isfinite([r.rating.elo for r in results.results]).all()
