"""Other people's trainers run on the faces as they are: RLlib's stock PPO, Stable-Baselines3, sb3-contrib."""

import numpy as np
import pytest

from envs import pettingzoo_env
from envs.gymnasium_env import SeatEnv


@pytest.fixture(autouse=True)
def one_thread():
    """Networks this small only lose by more, most of all beside other processes."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_stock_rllib_trains_on_the_parallel_face(tmp_path, monkeypatch):
    """One iteration of PPO on the new API stack, both seats one policy, without remote runners."""
    from agents.rllib.cluster import ray_session

    with ray_session(num_cpus=1):
        from ray.rllib.algorithms.ppo import PPOConfig
        from ray.rllib.env.wrappers.pettingzoo_env import ParallelPettingZooEnv
        from ray.tune import register_env

        monkeypatch.setattr("ray.tune.trainable.trainable.DEFAULT_STORAGE_PATH", str(tmp_path))
        register_env("ball_1v1", lambda config: ParallelPettingZooEnv(pettingzoo_env.parallel_env("ball_1v1")))
        config = (
            PPOConfig()
            .environment("ball_1v1")
            .env_runners(num_env_runners=0)
            .multi_agent(policies={"shared"}, policy_mapping_fn=lambda agent, episode, **kwargs: "shared")
            .training(train_batch_size=400, minibatch_size=200, num_epochs=1)
        )
        algorithm = config.build_algo()
        try:
            result = algorithm.train()
        finally:
            algorithm.stop()
    runners, learner = result["env_runners"], result["learners"]["shared"]
    assert runners["num_env_steps_sampled"] == 400
    assert runners["num_module_steps_sampled"]["shared"] == 800  # both seats' steps
    assert runners["num_episodes"] >= 1
    assert runners["agent_episode_returns_mean"]["player_0"] == -runners["agent_episode_returns_mean"]["player_1"]
    assert np.isfinite(learner["total_loss"])
    assert learner["num_module_steps_trained"] >= 800


def test_rllibs_aec_wrapper_plays_whole_games():
    """It ends an episode only where all agents end alike, which ours do."""
    from ray.rllib.env.wrappers.pettingzoo_env import PettingZooEnv

    env, rng = PettingZooEnv(pettingzoo_env.env("connect_four")), np.random.default_rng(0)
    for _ in range(20):
        observations, _ = env.reset()
        returns = {"player_0": 0.0, "player_1": 0.0}
        over = False
        while not over:
            ((agent, seen),) = observations.items()
            action = rng.choice(np.flatnonzero(seen["action_mask"]))
            observations, rewards, terminated, truncated, _ = env.step({agent: action})
            for agent, reward in rewards.items():
                returns[agent] += reward
            over = terminated["__all__"] or truncated["__all__"]
        assert set(observations) == set(returns)  # everyone's last
        assert sorted(returns.values()) in ([-1, 1], [0, 0])


@pytest.mark.parametrize("game_id", ["ball_1v1", "ball_1v1_continuous"])
def test_stable_baselines_trains_on_the_gymnasium_face(game_id):
    from stable_baselines3 import PPO
    from stable_baselines3.common.env_checker import check_env

    check_env(SeatEnv(game_id))
    model = PPO("MlpPolicy", SeatEnv(game_id), n_steps=256, batch_size=64, n_epochs=1, seed=0, device="cpu")
    before = [weight.detach().clone() for weight in model.policy.parameters()]
    model.learn(512)
    assert model.num_timesteps == 512
    assert len(model.ep_info_buffer) >= 3  # 30 s of 0.2 s at most
    assert all(info["l"] <= 150 and abs(info["r"]) <= 1 for info in model.ep_info_buffer)
    assert any(not old.equal(new) for old, new in zip(before, model.policy.parameters(), strict=True))


def test_maskable_ppo_never_plays_an_illegal_action():
    from sb3_contrib import MaskablePPO
    from sb3_contrib.common.maskable.utils import get_action_masks

    model = MaskablePPO("MlpPolicy", SeatEnv("connect_four"), n_steps=256, batch_size=64, n_epochs=1, seed=0)
    model.learn(512)
    env = SeatEnv("connect_four")
    for seed in range(20):
        observation, _ = env.reset(seed=seed)
        over = False
        while not over:
            action, _ = model.predict(observation, action_masks=get_action_masks(env))
            observation, _, terminated, truncated, info = env.step(action)
            assert not info["illegal_action"]
            over = terminated or truncated


@pytest.mark.slow
def test_maskable_ppo_learns_connect_four():
    """40,000 steps against random play: a third of a minute that lifts it from about even to well over 80% of games."""
    from sb3_contrib import MaskablePPO

    model = MaskablePPO("MlpPolicy", SeatEnv("connect_four"), n_steps=2048, batch_size=256, seed=0)
    model.learn(40_000)
    env, wins = SeatEnv("connect_four"), 0
    for seed in range(200):
        observation, _ = env.reset(seed=seed)
        over = False
        while not over:
            action, _ = model.predict(observation, action_masks=env.action_masks(), deterministic=True)
            observation, reward, terminated, truncated, _ = env.step(action)
            over = terminated or truncated
        wins += reward > 0
    assert wins > 160
