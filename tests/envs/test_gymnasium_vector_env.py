"""The Gymnasium vector face: against the single one, against Gymnasium's own vector, and games with known answers."""

import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from envs.gymnasium_env import SeatEnv, SeatVectorEnv
from tests.envs.conftest import DISCRETE, IDS, OWN_GAME, marked
from tests.envs.test_gymnasium_env import column


@pytest.mark.parametrize("game_id", marked(IDS))
def test_the_vector_of_one_is_the_single_environment(game_id):
    """The same code in two faces: several games, illegal actions among them, to the bit."""
    env, envs = SeatEnv(game_id), SeatVectorEnv(game_id, num_envs=1)
    observation, info = env.reset(seed=5)
    observations, infos = envs.reset(seed=5)
    rng, endings, discrete = np.random.default_rng(0), 0, game_id in DISCRETE
    while endings < 8:
        assert observation.tobytes() == observations[0].tobytes()
        assert (info["seat"], info["illegal_action"]) == (infos["seat"][0], infos["illegal_action"][0])
        if discrete:
            assert info["action_mask"].tobytes() == infos["action_mask"][0].tobytes()
            action = -1 if endings == 3 else rng.choice(np.flatnonzero(info["action_mask"]))
        else:
            action = rng.normal(size=env.action_space.shape)  # some beyond their bounds
        observation, reward, terminated, truncated, info = env.step(action)
        observations, rewards, terminations, truncations, infos = envs.step(np.array([action]))
        assert [reward, terminated, truncated] == [rewards[0], terminations[0], truncations[0]]
        if terminated or truncated:
            assert infos["final_obs"][0].tobytes() == observation.tobytes()
            assert infos["final_info"]["illegal_action"][0] == info["illegal_action"] == (discrete and endings == 3)
            endings += 1
            observation, info = env.reset()


def test_infos_are_laid_out_as_gymnasiums_own_vector_lays_them_out():
    """The same keys, shapes and types as SyncVectorEnv in the same mode, where two of three games end."""
    make = [lambda: SeatEnv("connect_four", opponents=column(0), seat=0)] * 3
    theirs = SyncVectorEnv(make, autoreset_mode=AutoresetMode.SAME_STEP)
    ours = SeatVectorEnv("connect_four", num_envs=3, opponents=column(0), seat=0)
    for envs in (theirs, ours):
        envs.reset(seed=0)
    for actions in ([3, 1, 1], [3, 1, 2], [3, 0, 3], [3, 1, -1]):
        actions = np.array(actions)
        theirs_step, ours_step = theirs.step(actions), ours.step(actions)
        assert data_equivalence(theirs_step[:4], ours_step[:4], exact=True)
        for infos in (theirs_step[4], ours_step[4]):
            flattened = infos.pop("final_obs", None)
            if flattened is not None:
                infos["finals"] = [None if final is None else final.tolist() for final in flattened]
        assert data_equivalence(theirs_step[4], ours_step[4], exact=True)
    assert ours_step[2].tolist() == [True, False, True]
    assert ours_step[1].tolist() == [1, 0, -1]
    assert ours_step[4]["final_info"]["illegal_action"].tolist() == [False, False, True]


def test_a_vectors_games_end_each_in_their_time():
    """The opponent fills column 1. The first row wins in four, the second loses in four, the third spoils it."""
    envs = SeatVectorEnv("connect_four", num_envs=3, opponents=column(0), seat=0)
    envs.reset(seed=0)
    for actions in ([3, 1, 1], [3, 2, 1], [3, 3, 0]):
        observations, rewards, *_, infos = envs.step(np.array(actions))
        assert not rewards.any()
        assert "final_obs" not in infos
    observations, rewards, terminated, truncated, infos = envs.step(np.array([3, 5, 1]))
    assert rewards.tolist() == [1, -1, 0]
    assert terminated.tolist() == [True, True, False]
    assert not truncated.any()
    assert observations.any(axis=(1, 2, 3)).tolist() == [False, False, True]  # two new games
    assert infos["final_obs"][0][0, :4, 3].all()
    assert infos["final_obs"][1][1, :4, 0].all()
    assert infos["final_obs"][2] is None


def test_a_thousand_vector_games_end_with_the_learners_last_observation(game):
    """Rewards only where a game ended, +1, 0 or -1; a lost board shows the other's line."""
    rows = 64
    envs = SeatVectorEnv(OWN_GAME if game.id == "nim" else game.id, num_envs=rows, **game.settings)
    observations, infos = envs.reset(seed=0)
    rng, endings = np.random.default_rng(0), 0
    while endings < 1000:
        if game.action_shape:
            actions = rng.uniform(-1, 1, (rows, *game.action_shape))
        else:
            actions = np.where(infos["action_mask"], rng.random((rows, game.num_actions)), -1).argmax(axis=1)
        observations, rewards, terminated, truncated, infos = envs.step(actions)
        over = terminated | truncated
        assert observations in envs.observation_space
        if not game.action_shape:
            assert infos["action_mask"].any(axis=1).all()
        if over.any():
            np.testing.assert_array_equal(infos["_final_obs"], over)
            assert [final is not None for final in infos["final_obs"]] == over.tolist()
            assert all(final in envs.single_observation_space for final in infos["final_obs"][over])
            assert not infos["final_info"].get("action_mask", np.zeros(1)).any()
            endings += over.sum()
        if "mode" not in game.settings:
            assert not rewards[~over].any()


def test_rows_are_reset_on_demand():
    envs = SeatVectorEnv("connect_four", num_envs=3, opponents=column(0), seat=0)
    envs.reset(seed=0)
    envs.step(np.array([3, 3, 3]))
    observations, _ = envs.reset(options={"reset_mask": np.array([False, True, False])})
    assert observations.any(axis=(1, 2, 3)).tolist() == [True, False, True]


def test_a_vector_draws_every_game():
    envs = SeatVectorEnv("tic_tac_toe", num_envs=2, seat=0, render_mode="rgb_array")
    envs.reset(seed=0)
    pictures = envs.render()
    assert len(pictures) == 2
    np.testing.assert_array_equal(pictures[0], pictures[1])  # two empty boards
