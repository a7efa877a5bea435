"""The Gymnasium faces: Gymnasium's own checks, and games with known answers."""

import copy
import pickle
import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.vector import AutoresetMode

from envs.game import IllegalAction
from envs.gymnasium_env import SeatEnv, SeatVectorEnv
from envs.ids import GAMES
from envs.render import draw
from tests.envs.conftest import DISCRETE, IDS, OWN_GAME, marked


def column(number: int):
    """An opponent that always plays the same action."""
    return lambda states, players, rng: np.full(len(states), number, np.int32)


def lowest_legal(env: SeatEnv) -> int:
    return int(np.flatnonzero(env.action_masks())[0])


# Gymnasium's own checks, and its registry


@pytest.mark.usefixtures("warnings_are_errors")
@pytest.mark.parametrize("game_id", marked(GAMES))
def test_check_env(game_id):
    check_env(gymnasium.make(f"envs:bitterball/{game_id}-v0").unwrapped)


@pytest.mark.usefixtures("warnings_are_errors")
@pytest.mark.parametrize("game_id", marked(IDS))
def test_the_passive_checker_sees_nothing_in_whole_games(game_id):
    env = gymnasium.wrappers.OrderEnforcing(gymnasium.wrappers.PassiveEnvChecker(SeatEnv(game_id)))
    env.action_space.seed(0)
    for seed in range(20):
        observation, info = env.reset(seed=seed)
        over = False
        while not over:
            assert observation in env.observation_space
            action = env.action_space.sample(info.get("action_mask"))
            observation, reward, terminated, truncated, info = env.step(action)
            assert not info["illegal_action"]
            assert abs(reward) <= env.unwrapped.game.largest_reward
            over = terminated or truncated
        assert observation in env.observation_space
        assert ("action_mask" in info) == (game_id in DISCRETE)
        assert not info.get("action_mask", np.zeros(1)).any()


@pytest.mark.parametrize("order", [["envs", "gymnasium"], ["gymnasium", "envs"], ["gymnasium"]])
def test_the_ids_are_registered_whichever_is_imported_first(order):
    made = 'gymnasium.make("envs:bitterball/tic_tac_toe-v0")'
    unprefixed = 'gymnasium.spec("bitterball/ball_2v2-v0")' if "envs" in order else "0"
    code = f"import {', '.join(order)}; import gymnasium; print({made}, {unprefixed})"
    out = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True).stdout
    assert "SeatEnv<bitterball/tic_tac_toe-v0>" in out


@pytest.mark.usefixtures("warnings_are_errors")
def test_make_vec_makes_one_batch():
    envs = gymnasium.make_vec("envs:bitterball/connect_four-v0", num_envs=5, seat=0)
    assert isinstance(envs.unwrapped, SeatVectorEnv)
    assert envs.num_envs == 5
    assert envs.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    observations, infos = envs.reset(seed=1)
    assert observations.shape == (5, 2, 6, 7)
    assert observations in envs.observation_space
    assert infos["action_mask"].shape == (5, 7)
    single = gymnasium.make_vec("envs:bitterball/connect_four-v0", num_envs=2, vectorization_mode="sync")
    assert single.reset(seed=1)[0].shape == (2, 2, 6, 7)


# Games with known answers


def test_the_learner_wins():
    """Four in column 4 before the opponent has its fourth in column 1."""
    env = SeatEnv("connect_four", opponents=column(0), seat=0)
    observation, info = env.reset(seed=0)
    assert info["seat"] == 0
    assert not observation.any()
    for discs in (1, 2, 3):
        observation, reward, terminated, truncated, info = env.step(3)
        assert (reward, terminated, truncated) == (0, False, False)
        assert observation[0].sum() == observation[1].sum() == discs
    observation, reward, terminated, truncated, info = env.step(3)
    assert (reward, terminated, truncated) == (1, True, False)
    assert (observation[0].sum(), observation[1].sum()) == (4, 3)
    assert info["illegal_action"] is False
    with pytest.raises(ResetNeeded, match="no game of connect_four is on"):
        env.step(3)


def test_the_opponent_moves_first_and_wins():
    env = SeatEnv("connect_four", opponents=column(6), seat=1)
    observation, info = env.reset(seed=0)
    assert info["seat"] == 1
    assert (observation[0].sum(), observation[1].sum()) == (0, 1)
    for action in (0, 1):
        assert env.step(action)[1:4] == (0, False, False)
    observation, reward, terminated, truncated, info = env.step(2)  # the opponent's fourth falls
    assert (reward, terminated, truncated) == (-1, True, False)
    assert observation[1, :4, 6].all()
    assert not info["action_mask"].any()


@pytest.mark.parametrize("action", [0, -1, 7, 10**12])
def test_an_illegal_action_loses_and_info_says_so(action):
    """Column 1 is full after three moves of each; the position does not change."""
    env = SeatEnv("connect_four", opponents=column(0), seat=0)
    env.reset(seed=0)
    for _ in range(3):
        last, *_, info = env.step(0)
    assert info["action_mask"].tolist() == [0, 1, 1, 1, 1, 1, 1]
    assert info["action_mask"].dtype == np.int8
    np.testing.assert_array_equal(env.action_masks(), info["action_mask"].astype(bool))
    observation, reward, terminated, truncated, info = env.step(action)
    assert (reward, terminated, truncated) == (-1, True, False)
    assert info["illegal_action"] is True
    assert not info["action_mask"].any()
    np.testing.assert_array_equal(observation, last)
    with pytest.raises(ResetNeeded):
        env.step(1)
    _, info = env.reset()
    assert info["illegal_action"] is False
    assert env.step(0)[1:4] == (0, False, False)


def test_an_opponents_illegal_action_is_an_error():
    env = SeatEnv("tic_tac_toe", opponents=column(4), seat=0)
    env.reset()
    with pytest.raises(IllegalAction, match=r"action 4 is illegal; legal: 0 \(a3\)"):
        env.step(4)


def test_the_seat_is_drawn_for_each_game_or_fixed():
    env = SeatEnv("tic_tac_toe")
    seats = [env.reset(seed=seed if seed == 0 else None)[1]["seat"] for seed in range(400)]
    assert 150 < sum(seats) < 250  # five standard deviations of 400 coins
    assert seats == [env.reset(seed=seed if seed == 0 else None)[1]["seat"] for seed in range(400)]
    assert {SeatEnv("ball_2v2", seat=2).reset(seed=seed)[1]["seat"] for seed in range(9)} == {2}
    with pytest.raises(ValueError, match="seat is 2; tic_tac_toe has seats 0 to 1, or None to draw one"):
        SeatEnv("tic_tac_toe", seat=2)


def test_each_seat_has_its_own_opponent():
    """In ball_2v2 the learner is seat 1: its mate, seat 0, and seat 3 are asked together, seat 2 plays at random."""
    asked = []

    def opponent(states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        assert isinstance(rng, np.random.Generator)
        asked.append((len(states), players.tolist()))
        states["position"][:] = np.nan  # a copy: it may do with it what it likes
        return np.zeros(len(states), np.int32)

    envs = SeatVectorEnv("ball_2v2", num_envs=3, seat=1, opponents={0: opponent, 3: opponent})
    envs.reset(seed=0)
    observations, *_ = envs.step(np.zeros(3, int))
    assert asked == [(6, [0, 3, 0, 3, 0, 3])]
    assert np.isfinite(observations).all()
    # fields of the State as it now is: who stood still was told to
    drive = envs._games.batch.states["drive"]
    assert not drive[:, [0, 1, 3]].any()
    assert drive[:, 2].any()
    with pytest.raises(ValueError, match="opponents has seat 4; ball_2v2 has seats 0 to 3"):
        SeatEnv("ball_2v2", opponents={4: opponent})


def test_an_opponent_is_asked_about_its_own_turns_only():
    def opponent(states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        np.testing.assert_array_equal(states["current_player"], players)
        assert (states["winner"] < 0).all()
        return states["height"].argmin(axis=1)

    envs = SeatVectorEnv("connect_four", num_envs=16, opponents=opponent)
    _, infos = envs.reset(seed=0)
    for _ in range(200):
        np.testing.assert_array_equal(envs._games.batch.states["current_player"], infos["seat"])
        actions = np.where(infos["action_mask"], envs.np_random.random((16, 7)), -1).argmax(axis=1)
        _, _, _, _, infos = envs.step(actions)


def test_a_game_that_ends_before_the_learners_turn_is_begun_again():
    """From openings of up to eight plies of Tic-Tac-Toe the first player wins at once now and then."""

    def opponent(states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return (states["board"] == 0).argmax(axis=1)

    envs = SeatVectorEnv("tic_tac_toe", num_envs=500, seat=1, opponents=opponent, opening_plies=8)
    _, infos = envs.reset(seed=0)
    assert infos["action_mask"].any(axis=1).all()
    assert not envs._games.take_rewards().any()  # of games that the learner had no part in


def test_settings_and_openings_reach_the_game():
    env = SeatEnv(OWN_GAME, seat=0, opponents=column(0), misere=True)
    assert env.game.settings == {"misere": True}
    opened = [SeatEnv("connect_four", seat=0, opening_plies=6).reset(seed=seed)[0].sum() for seed in range(40)]
    assert {0, 2, 4, 6} == set(opened)


def test_the_same_seed_gives_the_same_game():
    def record(seed: int) -> list:
        env = SeatEnv("connect_four", opening_plies=3)
        observation, info = env.reset(seed=seed)
        steps, over = [(observation.tobytes(), info["seat"])], False
        while not over:
            observation, reward, terminated, truncated, _ = env.step(lowest_legal(env))
            steps.append((observation.tobytes(), reward))
            over = terminated or truncated
        return steps

    games = [record(seed) for seed in range(100)]
    assert games == [record(seed) for seed in range(100)]
    assert len({str(game) for game in games}) > 50


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))], ids=["copy", "pickle"])
def test_a_copied_environment_has_the_same_future(clone):
    env = SeatEnv("connect_four")
    env.reset(seed=3)
    env.step(lowest_legal(env))
    other = clone(env)
    over = False
    while not over:
        action = lowest_legal(env)
        one, two = env.step(action), other.step(action)
        assert data_equivalence(one, two, exact=True)
        over = one[2] or one[3]


def test_observations_are_copies():
    env = SeatEnv("connect_four", opponents=column(0), seat=0)
    first, info = env.reset()
    env.step(3)
    assert not first.any()
    assert info["action_mask"].all()
    envs = SeatVectorEnv("connect_four", num_envs=2, opponents=column(0), seat=0)
    first, infos = envs.reset()
    _, rewards, terminated, *_ = envs.step(np.array([3, 3]))
    for action in (3, 3, 3):
        envs.step(np.array([action, 3]))
    assert not first.any()
    assert infos["action_mask"].all()
    assert not rewards.any()
    assert not terminated.any()


def test_what_is_no_action_is_refused():
    env, envs = SeatEnv("tic_tac_toe"), SeatVectorEnv("tic_tac_toe", num_envs=2)
    for unready in (lambda: env.step(0), lambda: envs.step(np.zeros(2, int))):
        with pytest.raises(ResetNeeded, match=r"call reset\(\) first"):
            unready()
    env.reset()
    envs.reset()
    for action in (None, 0.5, "a3"):
        with pytest.raises(TypeError):
            env.step(action)
    for actions in (np.zeros(3, int), np.zeros(2), 0):
        with pytest.raises(ValueError, match=r"wanted are integers \(2,\)"):
            envs.step(actions)


def test_numbers_beyond_their_bounds_are_cut_to_them_and_what_is_no_number_is_refused():
    """What a Gaussian policy samples may lie anywhere; both faces play what lies at the bound."""

    def still(states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.zeros((len(states), 3))

    wild, bound = np.array([7.0, -1e9, 0.5]), np.array([1.0, -1.0, 0.5], np.float32)
    asked = []
    for action in (wild, bound):
        env, envs = (
            SeatEnv("ball_1v1_continuous", opponents=still, seat=0),
            SeatVectorEnv("ball_1v1_continuous", num_envs=2, opponents=still, seat=0),
        )
        env.reset(seed=1)
        envs.reset(seed=1)
        for _ in range(5):
            observation, *_, info = env.step(action)
            observations, *_, infos = envs.step(np.stack([action, action]))
        assert not info["illegal_action"]
        assert not infos["illegal_action"].any()
        asked.append((observation.tobytes(), observations.tobytes()))
    assert asked[0] == asked[1]
    assert env._games.batch.states["drive"][0, 0].any()
    assert not env._games.batch.states["drive"][0, 1].any()
    for action in ([np.nan, 0, 0], [0, 0], 0.5, 3):
        with pytest.raises(ValueError, match=r"an action of ball_1v1_continuous is 3 numbers in \[-1, 1\]"):
            env.step(action)
    with pytest.raises(ValueError, match=r"an action of ball_1v1_continuous is 3 numbers in \[-1, 1\]"):
        envs.step(np.array([[0, 0, 0], [0, np.nan, 0]]))
    for actions in (np.zeros((2, 3), int), np.zeros((2, 2)), np.zeros(2)):
        with pytest.raises(ValueError, match=r"wanted are real numbers \(2, 3\)"):
            envs.step(actions)
    env.step([0, 0, 0])


# Pictures


def test_after_the_last_move_the_last_position_is_drawn():
    env = SeatEnv("connect_four", opponents=column(0), seat=0, render_mode="rgb_array")
    env.reset()
    for _ in range(4):
        env.step(3)
    np.testing.assert_array_equal(env.render(), draw(env.game, env._games.batch.states[0]))
    text = SeatEnv("connect_four", opponents=column(0), seat=0, render_mode="ansi")
    text.reset()
    for _ in range(4):
        text.step(3)
    assert text.render().splitlines()[-4:] == ["...x...", "o..x...", "o..x...", "o..x..."]
