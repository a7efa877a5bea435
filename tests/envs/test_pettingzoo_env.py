"""The PettingZoo faces: PettingZoo's own checks, what is promised beyond them, and games with known answers."""

import copy
import pickle

import numpy as np
import pytest
from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, render_test, seed_test

from envs import make, pettingzoo_env
from envs.batch import Batch, observe_rows
from envs.game import Game, IllegalAction, InvalidSetting, rewards
from envs.render import draw
from tests.envs.conftest import OWN_GAME

EPISODES = 1000  # whole ones, of the games with turns; a tenth in the others, whose episodes are ten times as long


# PettingZoo's own checks


@pytest.mark.usefixtures("warnings_are_errors")
def test_api_test(sequential_id):
    api_test(pettingzoo_env.env(sequential_id, render_mode="ansi"), num_cycles=1000)


@pytest.mark.usefixtures("warnings_are_errors")
def test_parallel_api_test(simultaneous_id):
    parallel_api_test(pettingzoo_env.parallel_env(simultaneous_id), num_cycles=1000)


@pytest.mark.usefixtures("warnings_are_errors")
def test_seed_test(sequential_id):
    seed_test(lambda: pettingzoo_env.env(sequential_id, opening_plies=2))


@pytest.mark.usefixtures("warnings_are_errors")
def test_parallel_seed_test(simultaneous_id):
    parallel_seed_test(lambda: pettingzoo_env.parallel_env(simultaneous_id))


@pytest.mark.usefixtures("warnings_are_errors")
def test_render_test(sequential_id):
    render_test(lambda render_mode: pettingzoo_env.env(sequential_id, render_mode if render_mode != "human" else None))


# Games with turns


def play(env: pettingzoo_env.SequentialEnv, rng: np.random.Generator) -> dict[str, list]:
    """A random game by the book, agent_iter and last; the record of what each agent was given, by agent."""
    given: dict[str, list] = {agent: [] for agent in env.agents}
    for agent in env.agent_iter():
        observation, reward, terminated, truncated, info = env.last()
        given[agent].append((observation, reward, terminated, truncated, info))
        over = terminated or truncated
        env.step(None if over else rng.choice(np.flatnonzero(observation["action_mask"])))
    return given


def test_every_agent_gets_its_last_observation_and_reward_in_a_thousand_games(sequential_id):
    env, rng = pettingzoo_env.env(sequential_id), np.random.default_rng(0)
    paid, due = 0, np.zeros(2, np.float32)
    for seed in range(EPISODES):
        env.reset(seed=seed if seed < 100 else None)
        given = play(env, rng)
        assert env.agents == []
        final = env._batch.states
        for seat, (agent, steps) in enumerate(given.items()):
            observation, _, terminated, truncated, info = steps[-1]
            assert terminated != truncated
            assert not any(step[2] or step[3] for step in steps[:-1]), f"{agent} moved on after its last observation"
            seen = observe_rows(env.game, final, np.array([seat]))[0]
            np.testing.assert_array_equal(observation["observation"], seen)
            assert not observation["action_mask"].any()
            assert not info["action_mask"].any()
        returns = [sum(step[1] for step in steps) for steps in given.values()]
        rewards(final[0], due)
        assert returns == due.tolist()
        assert sum(returns) == 0
        paid += any(returns)
    assert paid > EPISODES / (10 if sequential_id == "chess" else 2)  # six of seven random games of chess are drawn


def test_seeds_give_the_same_games_twice_and_different_ones(sequential_id):
    def record(seed: int) -> list:
        env, rng = pettingzoo_env.env(sequential_id, opening_plies=4), np.random.default_rng(seed)
        env.reset(seed=seed)
        return [(agent, repr(step)) for agent, steps in play(env, rng).items() for step in steps]

    seeds = range(100 if make(sequential_id).max_steps < 200 else 10)
    games = [record(seed) for seed in seeds]
    assert games == [record(seed) for seed in seeds]
    enough = 20 if sequential_id == "kuhn_poker" else len(seeds) / 2  # of its six deals come 30 games
    assert len({str(game) for game in games}) > enough


def test_a_won_game_of_connect_four():
    """Seat 0 fills column 4 up to four, seat 1 answers in column 1."""
    env = pettingzoo_env.env("connect_four", render_mode="ansi")
    env.reset()
    for ply, column in enumerate([3, 0, 3, 0, 3, 0]):
        assert env.agent_selection == f"player_{ply % 2}"
        assert env.last()[1:4] == (0, False, False)
        env.step(column)
    env.step(3)
    assert env.render().splitlines()[-4:] == ["...x...", "o..x...", "o..x...", "o..x..."]
    assert env.rewards == {"player_0": 1, "player_1": -1}
    assert env.terminations == {"player_0": True, "player_1": True}
    given = {}
    for agent in env.agent_iter():
        observation, reward, terminated, truncated, _ = env.last()
        given[agent] = reward
        assert terminated
        assert not truncated
        mine, theirs = (observation["observation"][plane].sum() for plane in (0, 1))
        assert (mine, theirs) == ((4, 3) if agent == "player_0" else (3, 4))
        env.step(None)
    assert given == {"player_0": 1, "player_1": -1}


def test_the_mask_belongs_to_whoever_is_to_move():
    env = pettingzoo_env.env("tic_tac_toe")
    env.reset()
    env.step(4)
    for mask in (env.observe("player_1")["action_mask"], env.infos["player_1"]["action_mask"]):
        assert mask.dtype == np.int8
        assert mask.tolist() == [1, 1, 1, 1, 0, 1, 1, 1, 1]
    assert not env.observe("player_0")["action_mask"].any()
    assert not env.infos["player_0"]["action_mask"].any()
    assert env.observe("player_0")["observation"][0, 1, 1] == 1  # mine
    assert env.observe("player_1")["observation"][1, 1, 1] == 1  # theirs


@pytest.mark.parametrize("action", [4, -1, 9, 10**12])
def test_an_illegal_action_names_the_position_and_what_is_legal_and_changes_nothing(action):
    env = pettingzoo_env.env("tic_tac_toe")
    env.reset()
    env.step(4)
    with pytest.raises(IllegalAction) as raised:
        env.step(action)
    assert f"action {action} is illegal; legal: 0 (a3), 1 (b3), 2 (c3), 3 (a2), 5 (c2)" in str(raised.value)
    assert "...\n.x.\n..." in str(raised.value)
    assert env.agent_selection == "player_1"
    env.step(0)


def test_what_is_no_action_is_refused():
    env = pettingzoo_env.env("tic_tac_toe")
    with pytest.raises(RuntimeError, match=r"call reset\(\) first"):
        env.step(0)
    env.reset()
    for action in (None, 1.5, "a3"):
        with pytest.raises(TypeError):
            env.step(action)
    with pytest.raises(ValueError, match=r"use parallel_env\('ball_1v1'\)"):
        pettingzoo_env.env("ball_1v1")
    with pytest.raises(ValueError, match=r"use env\('tic_tac_toe'\)"):
        pettingzoo_env.parallel_env("tic_tac_toe")
    with pytest.raises(ValueError, match="render_mode is 'human'; it must be None or one of rgb_array, ansi"):
        pettingzoo_env.env("tic_tac_toe", render_mode="human")
    with pytest.raises(InvalidSetting, match="did you mean 'misere'"):
        pettingzoo_env.env(OWN_GAME, miser=True)


def test_observations_are_copies():
    env = pettingzoo_env.env("connect_four")
    env.reset()
    first = env.last()[0]
    kept = copy.deepcopy(first)
    for column in (0, 0, 0, 0, 0, 0):
        env.step(column)
    np.testing.assert_equal(first, kept)
    env.last()[0]["observation"][:] = 9
    env.last()[0]["action_mask"][:] = 9
    assert env.last()[0]["observation"].max() == 1
    assert env.last()[0]["action_mask"].tolist() == [0, 1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))], ids=["copy", "pickle"])
def test_a_copied_environment_is_another_one(clone):
    env = pettingzoo_env.env("connect_four")
    env.reset()
    env.step(3)
    other = clone(env)
    other.step(3)
    assert env.agent_selection == "player_1"
    assert env.observe("player_0")["observation"].sum() == 1
    assert other.agent_selection == "player_0"
    assert other.observe("player_0")["observation"].sum() == 2


# Games in which all move at once


def random_actions(game: Game, rng: np.random.Generator) -> np.ndarray:
    """One for each seat."""
    if game.action_shape:
        return rng.uniform(-1, 1, (game.num_players, *game.action_shape)).astype(np.float32)
    return rng.integers(game.num_actions, size=game.num_players)


def test_every_agent_gets_its_last_observation_and_reward_when_all_move_at_once(simultaneous_id):
    env, rng = pettingzoo_env.parallel_env(simultaneous_id), np.random.default_rng(0)
    terminations = 0
    for seed in range(EPISODES // 10):
        observations, infos = env.reset(seed=seed)
        returns = dict.fromkeys(env.agents, 0.0)
        while env.agents:
            assert set(observations) == set(infos) == set(env.possible_agents)
            assert all(info.get("action_mask", np.ones(1)).all() for info in infos.values())
            actions = dict(zip(env.agents, random_actions(env.game, rng), strict=True))
            observations, rewards, terminated, truncated, infos = env.step(actions)
            for agent, reward in rewards.items():
                returns[agent] += reward
        assert set(observations) == set(rewards) == set(terminated) == set(truncated) == set(env.possible_agents)
        assert len(set(terminated.values())) == len(set(truncated.values())) == 1
        assert terminated["player_0"] != truncated["player_0"]
        assert not any(info.get("action_mask", np.zeros(1)).any() for info in infos.values())
        terminations += terminated["player_0"]
        for seat, agent in enumerate(env.possible_agents):
            seen = observe_rows(env.game, env._batch.states, np.array([seat]))[0]
            np.testing.assert_array_equal(observations[agent], seen)
        assert sum(returns.values()) == 0
        assert {abs(value) for value in returns.values()} == {float(terminated["player_0"])}
    assert terminations


def test_the_parallel_face_is_the_batch_of_one(simultaneous_id):
    """Ten seeds, to the bit."""
    env, rng = pettingzoo_env.parallel_env(simultaneous_id), np.random.default_rng(0)
    for seed in range(10):
        batch = Batch(env.game, 1, seed, autoreset=False)
        env.reset(seed=seed)
        while env.agents:
            actions = random_actions(env.game, rng)
            observations, rewards, *_ = env.step(dict(zip(env.agents, actions, strict=True)))
            batch.step(actions[None])
            assert np.stack(list(observations.values())).tobytes() == batch.observations.tobytes()
            assert list(rewards.values()) == batch.rewards[0].tolist()


def test_what_is_no_action_is_refused_when_all_move_at_once():
    env = pettingzoo_env.parallel_env("ball_1v1")
    with pytest.raises(RuntimeError, match=r"call reset\(\) first"):
        env.step({"player_0": 0, "player_1": 0})
    env.reset()
    with pytest.raises(ValueError, match="no action for player_1"):
        env.step({"player_0": 0})
    with pytest.raises(IllegalAction, match="action 18 is illegal; legal: 0 "):
        env.step({"player_0": 0, "player_1": 18})
    with pytest.raises(TypeError):
        env.step({"player_0": 0, "player_1": None})
    env = pettingzoo_env.parallel_env("ball_1v1_continuous")
    _, infos = env.reset()
    assert infos == {"player_0": {}, "player_1": {}}  # no mask
    for action in ([0, 0], [0, 0, np.nan], 1):
        with pytest.raises(ValueError, match=r"an action of ball_1v1_continuous is 3 numbers in \[-1, 1\]"):
            env.step({"player_0": np.zeros(3), "player_1": action})
    env.step({"player_0": np.array([2.0, 0, 0]), "player_1": np.array([0, -9.0, 0])})  # cut to the bounds
    drive = env._batch.states["drive"][0] / env._batch.states["world"]["drive"][0]
    np.testing.assert_allclose(drive, [(1, 0), (0, 1)], atol=1e-12)


# Pictures


def test_after_the_last_move_the_last_position_is_drawn():
    env = pettingzoo_env.env("connect_four", render_mode="rgb_array")
    env.reset()
    for column in (3, 0, 3, 0, 3, 0):
        env.step(column)
    before = env.render()
    env.step(3)
    after = env.render()
    assert after.dtype == np.uint8
    assert after.ndim == 3
    assert not np.array_equal(before, after)
    np.testing.assert_array_equal(after, draw(env.game, env._batch.states[0]))
    while env.agents:
        env.step(None)
    np.testing.assert_array_equal(env.render(), after)


def test_the_parallel_face_is_drawn(simultaneous_id):
    env = pettingzoo_env.parallel_env(simultaneous_id, render_mode="rgb_array")
    env.reset(seed=0)
    picture = env.render()
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    while env.agents:
        env.step(dict.fromkeys(env.agents, np.ones(env.game.action_shape) if env.game.action_shape else 1))
    assert not np.array_equal(env.render(), picture)


def test_rendering_without_a_mode_warns():
    env = pettingzoo_env.env("tic_tac_toe")
    env.reset()
    with pytest.warns(UserWarning, match="without render_mode"):
        assert env.render() is None
