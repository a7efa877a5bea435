"""Our EnvRunner: all games of a runner stepped in one compiled call, samples handed over as one MultiAgentBatch."""

import traceback
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from ray.rllib.core import COMPONENT_RL_MODULE, DEFAULT_MODULE_ID
from ray.rllib.core.columns import Columns
from ray.rllib.env import INPUT_ENV_SPACES
from ray.rllib.env.env_runner import EnvRunner
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils.checkpoints import Checkpointable
from ray.rllib.utils.metrics import (
    NUM_AGENT_STEPS_SAMPLED,
    NUM_AGENT_STEPS_SAMPLED_LIFETIME,
    NUM_ENV_STEPS_SAMPLED,
    NUM_ENV_STEPS_SAMPLED_LIFETIME,
    NUM_EPISODES,
    NUM_EPISODES_LIFETIME,
    NUM_MODULE_STEPS_SAMPLED,
    NUM_MODULE_STEPS_SAMPLED_LIFETIME,
    WEIGHTS_SEQ_NO,
)
from ray.rllib.utils.typing import StateDict

from agents.rllib.module import MASK
from agents.rollouts import Rollouts, Weights
from envs import make


class SelfPlayEnvRunner(EnvRunner, Checkpointable):
    """Plays its share of the games; worker_index 0 is the driver's own, 1.. are remote.

    `config.selfplay` (algorithm.py) names the game, the network and the rollouts. Errors of an environment come back as
    text in the result of `play`, since RLlib would swallow them.
    """

    def __init__(self, *, config, **kwargs):
        super().__init__(config=config, **kwargs)
        torch.set_num_threads(1)  # two cores thrash with more: the learner has the rest
        self._weights_seq_no = 0
        self.make_env()
        self.make_module()

    def make_env(self) -> None:
        selfplay = self.config.selfplay
        self.game = make(selfplay.game_id, **selfplay.settings)
        index = self.worker_index or 0
        settings = selfplay.rollouts_of(index, self.config.num_env_runners)
        stream = int(np.random.SeedSequence([self.config.seed or 0, index]).generate_state(1)[0])
        self.rollouts = Rollouts(self.game, selfplay.network, settings, seed=stream)

    def make_module(self) -> None:
        self.module = self.rollouts.learner

    def sample(self, **kwargs: Any) -> list[MultiAgentBatch]:
        """One rollout of every game: a list of one batch (a bare batch is a dict, which RLlib would take apart)."""
        samples, sums = self.rollouts.collect()
        batch = SampleBatch(
            {
                Columns.OBS: samples["observations"],
                Columns.ACTIONS: samples["actions"],
                Columns.ACTION_LOGP: samples["logps"],
                "advantages": samples["advantages"],
                "value_targets": samples["targets"],
            }
        )
        if not samples["masks"].all():
            batch[MASK] = samples["masks"]
        settings = self.rollouts.settings
        env_steps = settings.num_games * settings.length
        self.sums = sums
        for key, value in ((NUM_ENV_STEPS_SAMPLED, env_steps), (NUM_EPISODES, int(sums["episodes"]))):
            self.metrics.log_value(key, value, reduce="sum", clear_on_reduce=True) if False else None
            self.metrics.log_value(key, value, reduce="sum")
        self.metrics.log_value(NUM_ENV_STEPS_SAMPLED_LIFETIME, env_steps, reduce="lifetime_sum")
        self.metrics.log_value(NUM_EPISODES_LIFETIME, int(sums["episodes"]), reduce="lifetime_sum")
        for now, ever in (
            (NUM_AGENT_STEPS_SAMPLED, NUM_AGENT_STEPS_SAMPLED_LIFETIME),
            (NUM_MODULE_STEPS_SAMPLED, NUM_MODULE_STEPS_SAMPLED_LIFETIME),
        ):
            self.metrics.log_value((now, DEFAULT_MODULE_ID), batch.count, reduce="sum")
            self.metrics.log_value((ever, DEFAULT_MODULE_ID), batch.count, reduce="lifetime_sum")
        return [MultiAgentBatch({DEFAULT_MODULE_ID: batch}, env_steps)]

    def play(self, weights: Weights | None = None, past_selves: dict[int, Weights] | None = None) -> dict[str, Any]:
        """Take new weights, sample, report: {batch, sums, metrics} or {error: the traceback}."""
        try:
            if weights is not None:
                self.rollouts.set_weights(weights)
            for slot, past in (past_selves or {}).items():
                if slot < len(self.rollouts.past_selves):
                    self.rollouts.set_past_self(slot, past)
            (batch,) = self.sample()
        except Exception:
            return {"error": traceback.format_exc()}
        return {"batch": batch, "sums": self.sums, "metrics": self.get_metrics()}

    def export_games(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """The boards and random streams, for a checkpoint of ours."""
        return self.rollouts.state()

    def import_games(self, arrays: dict[str, np.ndarray], state: dict[str, Any]) -> None:
        self.rollouts.load_state(arrays, state)

    def get_spaces(self) -> dict[str, tuple[gym.Space, gym.Space]]:
        spaces = (observation_space(self.game), gym.spaces.Discrete(self.game.num_actions))
        return {INPUT_ENV_SPACES: spaces, DEFAULT_MODULE_ID: spaces}

    def get_metrics(self) -> Any:
        return self.metrics.reduce()

    def get_state(self, components=None, *, not_components=None, **kwargs: Any) -> StateDict:
        state: StateDict = {NUM_ENV_STEPS_SAMPLED_LIFETIME: self.num_env_steps_sampled_lifetime}
        if self._check_component(COMPONENT_RL_MODULE, components, not_components):
            weights = {f"network.{name}": value.numpy() for name, value in self.module.state_dict().items()}
            state[COMPONENT_RL_MODULE] = {DEFAULT_MODULE_ID: weights}
            state[WEIGHTS_SEQ_NO] = self._weights_seq_no
        return state

    def set_state(self, state: StateDict) -> None:
        if COMPONENT_RL_MODULE in state:
            seq_no = state.get(WEIGHTS_SEQ_NO, 0)
            if seq_no == 0 or seq_no > self._weights_seq_no:
                modules = state[COMPONENT_RL_MODULE]
                if hasattr(modules, "hex"):  # an ObjectRef
                    import ray

                    modules = ray.get(modules)
                weights = modules.get(DEFAULT_MODULE_ID, modules)
                self.rollouts.set_weights({name.removeprefix("network."): w for name, w in weights.items()})
                self._weights_seq_no = seq_no
        if NUM_ENV_STEPS_SAMPLED_LIFETIME in state:
            self.num_env_steps_sampled_lifetime = state[NUM_ENV_STEPS_SAMPLED_LIFETIME]

    def get_ctor_args_and_kwargs(self) -> tuple[tuple, dict[str, Any]]:
        return (), {"config": self.config}

    def assert_healthy(self) -> None:
        assert self.rollouts is not None

    def stop(self) -> None:
        pass


def observation_space(game: Any) -> gym.Space:
    """Planes of 0 and 1 for boards; the ball game's features lie in [-4, 4] (envs/ball/observation.py)."""
    dtype = game.observation_dtype
    low, high = (0, 1) if dtype == np.uint8 else (-np.inf, np.inf)
    return gym.spaces.Box(low, high, game.observation_shape, dtype)
