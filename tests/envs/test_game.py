"""Registration, settings and the verbs: what is refused, and in which words."""

import dataclasses

import numpy as np
import pytest

from envs import make
from envs.batch import Batch, mask_rows, observe_rows
from envs.board import tic_tac_toe
from envs.game import (
    VERBS,
    Dynamics,
    Game,
    InvalidSetting,
    Setting,
    init,
    is_terminal,
    is_truncated,
    legal_action_mask,
    observe,
    register,
    rewards,
    step,
)
from envs.ids import GAMES
from envs.random_stream import seed_streams
from tests.envs.conftest import OWN_GAME

RULES = {name: getattr(tic_tac_toe, name) for name in VERBS}


def game_with(state: list[tuple], game_id: str = "another", dynamics: Dynamics = Dynamics.SEQUENTIAL) -> Game:
    return dataclasses.replace(make("tic_tac_toe"), id=game_id, state_dtype=np.dtype(state), dynamics=dynamics)


# Registration


def test_two_games_with_one_dtype_are_refused():
    game = dataclasses.replace(make("tic_tac_toe"), id="another")
    with pytest.raises(ValueError, match="another: another game has the same State dtype; name a field after the game"):
        register(game, **RULES)
    with pytest.raises(KeyError, match="unknown game 'another'"):
        make("another")


def test_a_state_without_the_fields_that_drivers_use_is_refused():
    with pytest.raises(ValueError, match="the State needs a field 'rng' of type uint64"):
        register(game_with([("current_player", np.int8)]), **RULES)
    with pytest.raises(ValueError, match="the State needs a field 'rng' of type uint64"):
        register(game_with([("rng", np.int64), ("current_player", np.int8)]), **RULES)
    with pytest.raises(ValueError, match="a sequential game needs a field 'current_player'"):
        register(game_with([("rng", np.uint64)]), **RULES)


def test_a_missing_or_unknown_verb_is_refused():
    game = game_with([("rng", np.uint64), ("current_player", np.int8)])
    with pytest.raises(ValueError, match=r"another: register\(\) lacks is_truncated, rewards"):
        register(game, **{name: rule for name, rule in RULES.items() if name not in ("rewards", "is_truncated")})
    with pytest.raises(ValueError, match=r"another: register\(\) knows no undo"):
        register(game, **RULES, undo=RULES["step"])


def test_deals_without_their_verb_and_the_verb_without_deals_are_refused():
    game = game_with([("rng", np.uint64), ("current_player", np.int8)])
    with pytest.raises(ValueError, match="another: a game has a verb 'deal' if num_deals is more than 1; it is 1"):
        register(game, **RULES, deal=RULES["step"])
    with pytest.raises(ValueError, match="another: a game has a verb 'deal' if num_deals is more than 1; it is 6"):
        register(dataclasses.replace(game, num_deals=6), **RULES)


@pytest.mark.parametrize("game_id", GAMES)
def test_an_id_makes_its_game(game_id):
    assert make(game_id).id == game_id


def test_an_unknown_id_names_the_nearest():
    with pytest.raises(KeyError, match="unknown game 'conect_four'; did you mean 'connect_four'"):
        make("conect_four")
    with pytest.raises(KeyError, match=r"unknown game 'xyz'; known: tic_tac_toe, .*; a game of your own is named"):
        make("xyz")
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        make("no_such_module:nim")


# Settings


def test_settings_are_laid_over_the_defaults_and_reach_the_states():
    assert make(OWN_GAME).settings == {"misere": False}
    game = make(OWN_GAME, misere=True)
    assert game.settings == {"misere": True}
    assert Batch(game, 3).states["settings"]["misere"].tolist() == [1, 1, 1]
    assert make(OWN_GAME).settings == {"misere": False}


def test_a_range_reaches_the_states_as_a_pair():
    states = Batch(make("ball_1v1", ball_mass_factor=[0.5, 2], action_delay=(0, 2)), 2).states
    assert states["settings"]["ball_mass_factor"].tolist() == [[0.5, 2.0], [0.5, 2.0]]
    assert states["settings"]["action_delay"].tolist() == [[0, 2], [0, 2]]
    assert states["settings"]["ball_drag_factor"].tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_an_unknown_setting_names_the_nearest():
    with pytest.raises(InvalidSetting, match="nim has no setting 'miser'; did you mean 'misere'"):
        make(OWN_GAME, miser=True)
    with pytest.raises(InvalidSetting, match="tic_tac_toe has no setting 'komi'; it has none"):
        make("tic_tac_toe", komi=1)


FLAG = Setting("flag", False)
WHOLE = Setting("whole", 5, 1, 9)
NUMBER = Setting("number", 0.5, 0.0)
CHOICE = Setting("mode", "a", choices=("a", "b"))
RANGE = Setting("range", (1.0, 1.0), 0.5, 2.0)
WHOLE_RANGE = Setting("delay", (0, 0), 0, 2)


@pytest.mark.parametrize(
    ("setting", "value", "kept"),
    [
        (FLAG, True, True),
        (WHOLE, 9, 9),
        (WHOLE, 9.0, 9),
        (WHOLE, np.int64(3), 3),
        (NUMBER, 0, 0.0),
        (NUMBER, 1e9, 1e9),
        (CHOICE, "b", "b"),
        (RANGE, [0.5, 2], (0.5, 2.0)),
        (RANGE, (1, 1), (1.0, 1.0)),
        (WHOLE_RANGE, [0, 2.0], (0, 2)),
    ],
)
def test_a_setting_keeps_what_fits_in_its_own_type(setting, value, kept):
    assert setting.check(value) == kept
    assert type(setting.check(value)) is type(kept)
    if isinstance(kept, tuple):
        assert [type(end) for end in setting.check(value)] == [type(end) for end in kept]


@pytest.mark.parametrize(
    ("setting", "value", "problem"),
    [
        (FLAG, 1, "setting 'flag' is 1; it must be true or false"),
        (FLAG, "true", "setting 'flag' is 'true'; it must be true or false"),
        (WHOLE, 2.5, "setting 'whole' is 2.5; it must be a whole number"),
        (WHOLE, True, "setting 'whole' is True; it must be a whole number"),
        (WHOLE, "5", "setting 'whole' is '5'; it must be a whole number"),
        (WHOLE, 10, r"setting 'whole' is 10; it must be in \[1, 9\]"),
        (NUMBER, -0.1, r"setting 'number' is -0.1; it must be in \[0, inf\]"),
        (NUMBER, float("nan"), "setting 'number' is nan; it must be a finite number"),
        (NUMBER, float("inf"), "setting 'number' is inf; it must be a finite number"),
        (NUMBER, None, "setting 'number' is None; it must be a finite number"),
        (CHOICE, "c", "setting 'mode' is 'c'; it must be one of a, b"),
        (RANGE, None, r"setting 'range' is None; it must be a range, \[lowest, highest\]"),
        (RANGE, True, r"setting 'range' is True; it must be a range, \[lowest, highest\]"),
        (RANGE, 1000, r"setting 'range' is \(1000, 1000\); each end must be in"),
        (RANGE, [1, 1, 2], r"setting 'range' is \[1, 1, 2\]; it must be a range, \[lowest, highest\]"),
        (RANGE, "ab", r"setting 'range' is 'ab'; it must be a range, \[lowest, highest\]"),
        (RANGE, (2, 1), r"setting 'range' is \(2, 1\); its first number must not exceed its second"),
        (RANGE, (0.4, 1), r"setting 'range' is \(0.4, 1\); each end must be in \[0.5, 2\]"),
        (RANGE, (1, float("nan")), r"setting 'range' is \(1, nan\); each end must be a finite number"),
        (WHOLE_RANGE, (0, 1.5), r"setting 'delay' is \(0, 1.5\); each end must be a whole number"),
        (WHOLE_RANGE, (0, 3), r"setting 'delay' is \(0, 3\); each end must be in \[0, 2\]"),
    ],
)
def test_a_setting_refuses_what_does_not_fit(setting, value, problem):
    with pytest.raises(InvalidSetting, match=problem):
        setting.check(value)


# The verbs, called from Python on one record


def test_the_verbs_on_one_record_do_what_the_batch_does(game):
    batch = Batch(game, 1, seed=1)
    state = batch.states.copy()[0]
    mask, seen = np.empty(game.num_actions, np.bool_), np.empty(game.observation_shape, game.observation_dtype)
    paid = np.empty(game.num_players, np.float32)
    state["rng"] = seed_streams(1, 1)[0]
    init(state)
    for _ in range(20):
        for seat in range(game.num_players):
            legal_action_mask(state, seat, mask)
            observe(state, seat, seen)
            np.testing.assert_array_equal(mask, mask_rows(game, batch.states, np.array([seat]))[0])
            np.testing.assert_array_equal(seen, observe_rows(game, batch.states, np.array([seat]))[0])
        actions = batch.random_actions()[0].copy()
        state["rng"] = batch.states["rng"][0]  # the draw moved it on
        batch.step(actions[None])
        step(state, actions)
        rewards(state, paid)
        np.testing.assert_array_equal(paid, batch.rewards[0])
        assert is_terminal(state) == batch.terminated[0]
        assert (is_truncated(state) and not is_terminal(state)) == batch.truncated[0]
        if is_terminal(state) or is_truncated(state):
            init(state)


def test_a_range_may_be_one_number():
    assert RANGE.check(1.5) == (1.5, 1.5)
