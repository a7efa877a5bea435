"""The baseline of training speed: stock RLlib PPO on PettingZoo's Connect Four, measured from outside.

    python -m experiments.benchmarks.stock_rllib         speaks the protocol of serving.py

RLlib's new API stack as its manual shows it: `PettingZooEnv` around `connect_four_v3.env()`, 64 games in one
MultiAgentEnvRunner in the driver, one policy for both seats, a module that masks illegal actions, an MLP 2x128 with
tanh for policy and value, train batch 4096, minibatch 512, 4 epochs. Chosen in its favour:

    64 games          32 and 256 are slower, 128 is no faster
    no remote runner  a step costs fewer CPU-seconds than with its samples sent between processes
    one array         observation and mask flattened into one array: as a dict, a step costs a tenth more
    one torso         policy and value share it, and its output, in the loss (separate ones double the network's cost)
    no KL penalty     as in ours
"""

import time
from typing import Any

from experiments.benchmarks import process_tree
from experiments.benchmarks.selfplay_rllib import warm_up
from experiments.benchmarks.serving import Channel, pin_as_told

NUM_GAMES, TRAIN_BATCH, MINIBATCH, EPOCHS, HIDDEN, LEARNING_RATE = 64, 4096, 512, 4, 128, 1e-3


def main() -> None:
    channel = Channel()
    from agents.rllib.cluster import ray_session

    with ray_session(num_cpus=1):
        algorithm = build()
        try:
            measure(channel, algorithm)
        finally:
            algorithm.stop()


def build() -> Any:
    """The algorithm. Ray must run."""
    import gymnasium as gym
    import numpy as np
    import torch
    from pettingzoo.classic import connect_four_v3
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.rllib.core.columns import Columns
    from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
    from ray.rllib.core.rl_module.multi_rl_module import MultiRLModuleSpec
    from ray.rllib.core.rl_module.rl_module import RLModuleSpec
    from ray.rllib.core.rl_module.torch.torch_rl_module import TorchRLModule
    from ray.rllib.env.wrappers.pettingzoo_env import PettingZooEnv
    from ray.tune import register_env
    from torch import nn

    planes, actions = 6 * 7 * 2, 7
    space = gym.spaces.Box(0, 1, (planes + actions,), np.float32)  # the observation, then the mask

    class FlatConnectFour(PettingZooEnv):
        """PettingZoo's Connect Four with observation and mask in one array."""

        def __init__(self) -> None:
            super().__init__(connect_four_v3.env())
            self.observation_spaces = dict.fromkeys(self._agent_ids, space)
            self.observation_space = gym.spaces.Dict({str(agent): space for agent in self._agent_ids})

        def reset(self, **kwargs: Any) -> Any:
            observations, infos = super().reset(**kwargs)
            return self._flat(observations), infos

        def step(self, action: Any) -> Any:
            observations, *others = super().step(action)
            return self._flat(observations), *others

        def _flat(self, observations: dict[str, Any]) -> dict[str, np.ndarray]:
            return {
                agent: np.concatenate([seen["observation"].ravel(), seen["action_mask"]], dtype=np.float32)
                for agent, seen in observations.items()
            }

    class MaskedMLP(TorchRLModule, ValueFunctionAPI):
        def setup(self) -> None:
            self.torso = nn.Sequential(
                nn.Linear(planes, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, HIDDEN), nn.Tanh()
            )  # fmt: skip
            self.policy, self.value = nn.Linear(HIDDEN, actions), nn.Linear(HIDDEN, 1)

        def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
            observations, mask = batch[Columns.OBS].split((planes, actions), dim=1)
            torso = self.torso(observations)
            logits = self.policy(torso).masked_fill(mask == 0, -1e9)
            return {Columns.ACTION_DIST_INPUTS: logits, Columns.EMBEDDINGS: torso}

        def compute_values(self, batch: dict[str, Any], embeddings: Any = None) -> torch.Tensor:
            if embeddings is None:
                embeddings = self.torso(batch[Columns.OBS][:, :planes])
            return self.value(embeddings).squeeze(1)

    torch.set_num_threads(1)  # as ours
    register_env("pettingzoo_connect_four", lambda config: FlatConnectFour())
    specs = {"shared": RLModuleSpec(module_class=MaskedMLP)}
    config = (
        PPOConfig()
        .environment("pettingzoo_connect_four")
        .env_runners(num_env_runners=0, num_envs_per_env_runner=NUM_GAMES)
        .multi_agent(policies={"shared"}, policy_mapping_fn=lambda agent, episode, **kwargs: "shared")
        .rl_module(rl_module_spec=MultiRLModuleSpec(rl_module_specs=specs))
        .training(
            train_batch_size_per_learner=TRAIN_BATCH,
            minibatch_size=MINIBATCH,
            num_epochs=EPOCHS,
            lr=LEARNING_RATE,
            use_kl_loss=False,
        )
        .debugging(seed=0, log_level="ERROR")
    )
    return config.build_algo()


def measure(channel: Channel, algorithm: Any) -> None:
    def env_steps() -> int:
        return algorithm.metrics.peek(("env_runners", "num_env_steps_sampled_lifetime"))

    def iterate(seconds: float) -> dict[str, Any]:
        """Whole iterations, for as long as that."""
        iterations, steps = 0, env_steps()
        before, begin = process_tree.read(), time.perf_counter()
        while (wall := time.perf_counter() - begin) < seconds:
            algorithm.train()
            iterations += 1
        workers, daemons = process_tree.spent(before, process_tree.read())
        return {
            "steps": env_steps() - steps,
            "iterations": iterations,
            "cpu_seconds": workers + daemons,
            "daemon_cpu_seconds": daemons,
            "wall_seconds": wall,
        }

    pin_as_told()  # the driver; Ray's daemons run where they like
    warm_up(algorithm)
    channel.serve(iterate, game="PettingZoo connect_four_v3")


if __name__ == "__main__":
    main()
