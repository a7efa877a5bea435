"""Our EnvRunner: all games of a runner stepped in one compiled call, samples handed over as one MultiAgentBatch."""

import os
import traceback
from contextlib import suppress
from typing import Any

import gymnasium as gym
import numpy as np
import ray
import torch
from ray.rllib.core import COMPONENT_RL_MODULE, DEFAULT_AGENT_ID, DEFAULT_MODULE_ID
from ray.rllib.core.columns import Columns
from ray.rllib.env import INPUT_ENV_SPACES
from ray.rllib.env.env_runner import EnvRunner
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils.checkpoints import Checkpointable
from ray.rllib.utils.metrics import (
    EPISODE_LEN_MEAN,
    EPISODE_RETURN_MEAN,
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

from agents.rllib.module import MASK, PREFIX, module_ids
from agents.rollouts import Rollouts, Weights
from agents.search_rollouts import SearchRollouts

# what RLlib calls the columns that `collect` returns; others keep their names
MASKS = "masks"
COLUMNS = {
    "observations": Columns.OBS,
    "actions": Columns.ACTIONS,
    "logps": Columns.ACTION_LOGP,
    "targets": "value_targets",
}
RETURN_AGAINST_PAST_MEAN = "return_against_past_mean"  # what the learning team got against past selves


class SelfPlayEnvRunner(EnvRunner, Checkpointable):
    """Plays its share of the games; worker_index 0 is the driver's own, 1.. are remote.

    `config.selfplay` (algorithm.py) names the game, the network and the rollouts. Errors of an environment come back as
    text in the result of `play`, since RLlib would swallow them.
    """

    def __init__(self, *, config, **kwargs):
        super().__init__(config=config, **kwargs)
        self._weights_seq_no = 0
        self.stage = 0  # of the curriculum
        self.failure: str | None = None  # the traceback of a game that could not even be made here
        if not self.worker_index:
            self.make_env()
            self.make_module()
            return
        torch.set_num_threads(1)  # a runner has one core
        try:
            self.make_env()
            self.make_module()
        except Exception:
            self.failure = traceback.format_exc().rstrip()

    def make_env(self) -> None:
        self.game = self.config.selfplay.game_of(self.stage)
        self.rollouts = self.make_rollouts(0)  # the first learner's
        self._rollouts = {0: self.rollouts}

    def rollouts_for(self, learner: int) -> Rollouts | SearchRollouts:
        """The games of a learner of the league, begun when they are first asked for."""
        if learner not in self._rollouts:
            self._rollouts[learner] = self.make_rollouts(learner)
        return self._rollouts[learner]

    def make_rollouts(self, learner: int) -> Rollouts | SearchRollouts:
        selfplay, index = self.config.selfplay, self.worker_index or 0
        settings = selfplay.rollouts_of(index, self.config.num_env_runners, learner)
        sequence = [self.config.seed or 0, index]
        if index and ray.get_runtime_context().was_current_actor_reconstructed:
            sequence.append(int.from_bytes(os.urandom(8)))  # not the same games over again
        if self.stage or learner:
            sequence.append(self.stage)
        if learner:
            sequence.append(learner)
        stream = int(np.random.SeedSequence(sequence).generate_state(1)[0])
        kind = SearchRollouts if settings.search else Rollouts
        return kind(self.game, selfplay.network, settings, seed=stream)

    def make_module(self) -> None:
        self.module = self.rollouts.learner

    def enter(self, stage: int) -> None:
        """Play the game of this stage of the curriculum; weights and past selves must be set anew."""
        if stage != self.stage:
            self.stage = stage
            self.make_env()
            self.make_module()

    def sample(self, learner: int = 0, **kwargs: Any) -> list[MultiAgentBatch]:
        """One rollout of every game: a list of one batch (a bare batch is a dict, which RLlib would take apart)."""
        rollouts = self.rollouts_for(learner)
        samples, self.sums = rollouts.collect()
        masks = samples.pop(MASKS, None)
        batch = SampleBatch({COLUMNS.get(name, name): column for name, column in samples.items()})
        if masks is not None and not masks.all():
            batch[MASK] = masks
        env_steps = rollouts.env_steps
        self.num_env_steps_sampled_lifetime += env_steps
        module_id = module_ids(self.config.selfplay.league)[learner]
        self._log(env_steps, batch.count, module_id)
        return [MultiAgentBatch({module_id: batch}, env_steps)]

    def _log(self, env_steps: int, agent_steps: int, module_id: str) -> None:
        """By RLlib's names and conventions; its schedules and Tune's stopping rules count with these."""
        log, sums = self.metrics.log_value, self.sums
        for now, ever, value in (
            (NUM_ENV_STEPS_SAMPLED, NUM_ENV_STEPS_SAMPLED_LIFETIME, env_steps),
            (NUM_EPISODES, NUM_EPISODES_LIFETIME, int(sums["episodes"])),
            (
                (NUM_AGENT_STEPS_SAMPLED, DEFAULT_AGENT_ID),
                (NUM_AGENT_STEPS_SAMPLED_LIFETIME, DEFAULT_AGENT_ID),
                agent_steps,
            ),
            (
                (NUM_MODULE_STEPS_SAMPLED, module_id),
                (NUM_MODULE_STEPS_SAMPLED_LIFETIME, module_id),
                agent_steps,
            ),
        ):
            log(now, value, reduce="sum")
            log(ever, value, reduce="lifetime_sum", with_throughput=ever == NUM_ENV_STEPS_SAMPLED_LIFETIME)
        if sums["episodes"]:
            log(EPISODE_LEN_MEAN, sums["episode_steps"] / sums["episodes"])
            log(EPISODE_RETURN_MEAN, sums["first_seat_return"] / sums["episodes"])
        if sums["pool_episodes"]:
            log(RETURN_AGAINST_PAST_MEAN, sums["pool_return"] / sums["pool_episodes"])

    def play(
        self,
        weights: Weights | None = None,
        past_selves: dict[int, Weights] | None = None,
        exchanged: bool = True,
        stage: int = 0,
        learner: int = 0,
        options: dict[str, float] | None = None,
    ) -> dict[str, Any]:
        """Take a learner's new weights, sample for it, report: {batch, sums, metrics, stage, slots} or {error: the
        traceback}. `options`: of searches, what SearchRollouts.set_schedule takes."""
        if self.failure:
            return {"error": self.failure}
        try:
            self.enter(stage)
            rollouts = self.rollouts_for(learner)
            if weights is not None:
                rollouts.set_weights(weights)
            for slot, past in (past_selves or {}).items():
                if slot < len(rollouts.past_selves):
                    rollouts.set_past_self(slot, past, exchanged=exchanged)
            if options and isinstance(rollouts, SearchRollouts):
                rollouts.set_schedule(**options)
            (batch,) = self.sample(learner)
        except Exception:
            error = traceback.format_exc().rstrip()
            with suppress(Exception):
                self.rollouts_for(learner).restart()
            return {"error": error}
        slots = rollouts.tally.against_slots.copy()
        return {"batch": batch, "sums": self.sums, "metrics": self.get_metrics(), "stage": stage, "slots": slots}

    def export_games(self) -> dict[int, tuple[dict[str, np.ndarray], dict[str, Any]]]:
        """The boards and random streams of each learner that has played, for a checkpoint of ours."""
        return {learner: rollouts.state() for learner, rollouts in self._rollouts.items()}

    def import_games(
        self, arrays: dict[str, np.ndarray], state: dict[str, Any] | None, stage: int = 0, learner: int = 0
    ) -> None:
        self.enter(stage)
        self.rollouts_for(learner).load_state(arrays, state)

    def get_spaces(self) -> dict[str, tuple[gym.Space, gym.Space]]:
        spaces = (self.config.observation_space, self.config.action_space)
        return {INPUT_ENV_SPACES: spaces, DEFAULT_MODULE_ID: spaces}

    def get_metrics(self) -> Any:
        return self.metrics.reduce()

    def get_state(self, components=None, *, not_components=None, **kwargs: Any) -> StateDict:
        state: StateDict = {NUM_ENV_STEPS_SAMPLED_LIFETIME: self.num_env_steps_sampled_lifetime}
        if self._check_component(COMPONENT_RL_MODULE, components, not_components):
            weights = {PREFIX + name: value.numpy().copy() for name, value in self.module.state_dict().items()}
            state[COMPONENT_RL_MODULE] = {DEFAULT_MODULE_ID: weights}
            state[WEIGHTS_SEQ_NO] = self._weights_seq_no
        return state

    def set_state(self, state: StateDict) -> None:
        """RLlib's conventions: weights of an older or the same number are passed by, number 0 or none forces them."""
        if NUM_ENV_STEPS_SAMPLED_LIFETIME in state:
            self.num_env_steps_sampled_lifetime = state[NUM_ENV_STEPS_SAMPLED_LIFETIME]
        if COMPONENT_RL_MODULE not in state or self.failure:
            return
        seq_no = state.get(WEIGHTS_SEQ_NO, 0)
        if seq_no == 0 or seq_no > self._weights_seq_no:
            modules = state[COMPONENT_RL_MODULE]
            if isinstance(modules, ray.ObjectRef):
                modules = ray.get(modules)
            weights = modules.get(DEFAULT_MODULE_ID, modules)
            self.rollouts.set_weights({name.removeprefix(PREFIX): w for name, w in weights.items()})
            self._weights_seq_no = max(seq_no, self._weights_seq_no)

    def get_ctor_args_and_kwargs(self) -> tuple[tuple, dict[str, Any]]:
        return (), {"config": self.config}

    def assert_healthy(self) -> None:
        """A game that could not be made is told by `play`: RLlib would only log what is raised here."""

    def stop(self) -> None:
        """Nothing is held open."""


def observation_space(game: Any) -> gym.Space:
    """The range that the game declares, or planes of 0 and 1."""
    low, high = game.observation_range
    return gym.spaces.Box(low, high, game.observation_shape, game.observation_dtype)
