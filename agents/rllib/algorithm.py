"""Self-play PPO as an RLlib Algorithm: its runners, learner, restarts and Tune stay RLlib's.

0 runners     sample, learn, sample, learn in the driver
>= 1          runners sample batch k + 1 with the weights before update k, while the driver learns; the ratio of PPO
              uses the behaviour's log-probability, so it stays valid
"""

import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import ray
import torch
from ray.rllib.algorithms.ppo import PPO, PPOConfig
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.policy.sample_batch import concat_samples
from ray.rllib.utils.metrics import ENV_RUNNER_RESULTS, LEARNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME

from agents.pool import PastSelves
from agents.rllib.env_runner import SelfPlayEnvRunner
from agents.rllib.learner import LOSSES, SelfPlayPPOLearner
from agents.rllib.module import PolicyValueModule, weights_of
from agents.rollouts import STATISTICS, RolloutSettings, Weights

SAMPLE_TIMEOUT_SECONDS = 300.0  # a rollout takes well under a second; a stuck cluster must not hang the run for ever


class EnvironmentFailure(RuntimeError):
    """A game raised while it was played; the message is its own traceback."""


@dataclass(frozen=True)
class SelfPlaySettings:
    """What the runners play, as plain data that travels."""

    game_id: str
    settings: dict[str, Any]
    network: dict[str, Any]  # PolicyValueNetwork's config
    rollouts: RolloutSettings  # num_games over all runners
    pool_size: int = 32
    snapshot_every: int = 25  # updates

    def rollouts_of(self, worker_index: int, num_runners: int) -> RolloutSettings:
        """The share of runner 1..num_runners; the driver's own runner, index 0, plays all when it is alone."""
        total = self.rollouts.num_games
        if num_runners == 0:
            return self.rollouts
        share = total // num_runners + (worker_index <= total % num_runners)
        return replace(self.rollouts, num_games=share)


class SelfPlayConfig(PPOConfig):
    """PPOConfig with `selfplay`, a SelfPlaySettings: set it with `.self_play(...)`."""

    def __init__(self, algo_class: Any = None):
        super().__init__(algo_class=algo_class or SelfPlay)
        self.selfplay: SelfPlaySettings | None = None
        self.env_runners(env_runner_cls=SelfPlayEnvRunner, create_local_env_runner=False, num_env_runners=0)
        self.fault_tolerance(restart_failed_env_runners=True)
        self.training(learner_class=SelfPlayPPOLearner, use_kl_loss=False)
        self._dont_auto_sync_env_runner_states = True  # weights travel with each request to sample

    def self_play(self, settings: SelfPlaySettings) -> "SelfPlayConfig":
        import gymnasium as gym

        from agents.rllib.env_runner import observation_space
        from envs import make

        game = make(settings.game_id, **settings.settings)
        space, actions = observation_space(game), gym.spaces.Discrete(game.num_actions)
        self.selfplay = settings
        # only checked against the minibatch: an update takes one rollout of every game, whatever its size
        self.train_batch_size_per_learner = settings.rollouts.num_games * settings.rollouts.length * game.num_players
        self.environment(observation_space=space, action_space=actions)
        self.rl_module(
            rl_module_spec=RLModuleSpec(
                module_class=PolicyValueModule,
                observation_space=space,
                action_space=actions,
                model_config={"network": settings.network},
            )
        )
        return self


@dataclass
class UpdateReport:
    """What one update did."""

    env_steps: int
    agent_steps: int
    losses: dict[str, float]  # by learner.LOSSES
    sums: dict[str, float]  # by rollouts.STATISTICS
    seconds: dict[str, float] = field(default_factory=dict)  # wait (for samples), learn


class SelfPlay(PPO):
    """`train()` is one update; `report` says what it did; `progress` (0..1, set by the run) drives the schedules."""

    @classmethod
    def get_default_config(cls) -> SelfPlayConfig:
        return SelfPlayConfig()

    def setup(self, config: Any) -> None:
        self.env_steps = 0
        self.updates = 0
        self.lr: float | None = None
        self.entropy: float | None = None
        self.report: UpdateReport | None = None
        super().setup(config)
        selfplay = self.config.selfplay
        self.pool = PastSelves(selfplay.pool_size)
        self.pool_rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.config.seed or 0, 2])))
        self._slots = [0] * selfplay.rollouts.slots
        self._slots_version = 0
        self._sent: dict[int, int] = {}  # runner -> version of the slots that it has
        self._pending: list[dict[str, Any]] = []
        self._empty_since: float | None = None
        self.pool.add(0, self.weights())

    def weights(self) -> Weights:
        """The learning policy's weights, copied."""

        def copy(learner: Any) -> Weights:
            return weights_of(learner.module[DEFAULT_MODULE_ID].unwrapped())

        return next(iter(self.learner_group.foreach_learner(copy))).get()

    def training_step(self) -> None:
        begin = time.perf_counter()
        plays = self._sample()
        if not plays:
            return
        waited = time.perf_counter()
        batch = concat_samples([play["batch"] for play in plays]) if len(plays) > 1 else plays[0]["batch"]
        self.env_steps += batch.env_steps()
        self.metrics.aggregate([play["metrics"] for play in plays], key=ENV_RUNNER_RESULTS)
        results = self.learner_group.update(
            batch=batch,
            timesteps={NUM_ENV_STEPS_SAMPLED_LIFETIME: self.env_steps},
            lr=self.lr,
            entropy=self.entropy,
        )
        losses = {name: float(results[0][DEFAULT_MODULE_ID][name].peek()) for name in LOSSES}
        self.metrics.aggregate(results, key=LEARNER_RESULTS)
        self.updates += 1
        if self.updates % self.config.selfplay.snapshot_every == 0:
            self.pool.add(self.env_steps, self.weights())
            self._slots = self.pool.draw(len(self._slots), self.pool_rng)
            self._slots_version += 1
        self.report = UpdateReport(
            env_steps=batch.env_steps(),
            agent_steps=batch.agent_steps(),
            losses=losses,
            sums={name: sum(play["sums"][name] for play in plays) for name in STATISTICS},
            seconds={"wait": waited - begin, "learn": time.perf_counter() - waited},
        )

    def _request(self, runner: int, weights: Any) -> dict[str, Any]:
        """The arguments of `SelfPlayEnvRunner.play`; past selves travel only when the slots changed."""
        past = None
        if self._sent.get(runner) != self._slots_version:
            past = {slot: self.pool.weights[index] for slot, index in enumerate(self._slots)}
            self._sent[runner] = self._slots_version
        return {"weights": weights, "past_selves": past}

    def _sample(self) -> list[dict[str, Any]]:
        """One rollout of every game; none while no runner is healthy (RLlib restarts them between steps)."""
        if self.config.num_env_runners == 0:
            plays = [self.env_runner.play(**self._request(0, self.weights()))]
        else:
            plays = self._sample_remote()
        for play in plays:
            if "error" in play:
                raise EnvironmentFailure(play["error"])
        return plays

    def _sample_remote(self) -> list[dict[str, Any]]:
        group = self.env_runner_group
        self._dispatch()
        wanted = group.num_healthy_remote_workers()
        deadline = time.monotonic() + SAMPLE_TIMEOUT_SECONDS
        while len(self._pending) < wanted:
            ready = group.fetch_ready_async_reqs(tags="sample", timeout_seconds=1.0)
            self._pending += [play for _, play in ready]
            wanted = group.num_healthy_remote_workers()
            if time.monotonic() > deadline:
                raise RuntimeError(f"no samples from {wanted} runners for {SAMPLE_TIMEOUT_SECONDS:.0f} s")
        if wanted == 0:
            now = time.monotonic()
            self._empty_since = self._empty_since or now
            if now - self._empty_since > SAMPLE_TIMEOUT_SECONDS:
                raise RuntimeError("every runner died and none came back; see the logs under the Ray folder")
            time.sleep(0.1)
            return []
        self._empty_since = None
        plays, self._pending = self._pending, []
        self._dispatch()  # the runners play on, with the weights before this update
        return plays

    def _dispatch(self) -> None:
        """Ask every healthy runner that is idle for a rollout."""
        group = self.env_runner_group
        manager = group._worker_manager
        states = manager._remote_actor_states
        idle = [i for i in group.healthy_env_runner_ids() if states[i].get_num_in_flight_requests("sample") == 0]
        if not idle:
            return
        weights = ray.put(self.weights())
        for runner in idle:
            group.foreach_env_runner_async(
                "play", tag="sample", kwargs=self._request(runner, weights), remote_worker_ids=[runner]
            )

    def restore_env_runners(self, env_runner_group: Any) -> list[int]:
        """A runner that was restarted has lost its games and slots: it starts new ones and is sent everything."""
        restored = env_runner_group.probe_unhealthy_env_runners() or []
        for runner in restored:
            self._sent.pop(runner, None)
        return restored

    def export(self) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, Any]]:
        """All that it takes to continue: arrays by group (a file each), and JSON. Rollouts in flight are not part."""
        learner = self.learner_group._learner if self.learner_group.is_local else None
        if learner is None:
            raise NotImplementedError("checkpoints of ours need a local learner (num_learners=0)")
        (optimizer,) = (optim for _, optim in learner.get_optimizers_for_module(DEFAULT_MODULE_ID))
        network = learner.module[DEFAULT_MODULE_ID].unwrapped().network
        moments: dict[str, np.ndarray] = {}
        for name, parameter in network.named_parameters():
            for key, value in optimizer.state.get(parameter, {}).items():
                moments[f"{name}/{key}"] = value.detach().cpu().numpy().copy()
        arrays = {
            "weights": self.weights(),
            "optimizer": moments,
            "shuffle": {"state": learner.shuffle.get_state().numpy().copy()},
            "pool": {f"{i}/{name}": w for i, past in enumerate(self.pool.weights) for name, w in past.items()},
        }
        games = {}
        for index, (states, state) in self._export_games().items():
            arrays[f"games_{index}"] = states
            games[str(index)] = state
        return arrays, {
            "env_steps": self.env_steps,
            "updates": self.updates,
            "pool_env_steps": self.pool.env_steps,
            "pool_rng": self.pool_rng.bit_generator.state,
            "slots": self._slots,
            "games": games,
        }

    def _export_games(self) -> dict[int, Any]:
        if self.config.num_env_runners == 0:
            return {0: self.env_runner.export_games()}
        ids = self.env_runner_group.healthy_env_runner_ids()
        return dict(
            zip(ids, self.env_runner_group.foreach_env_runner("export_games", remote_worker_ids=ids), strict=False)
        )

    def import_(self, arrays: dict[str, dict[str, np.ndarray]], state: dict[str, Any]) -> None:
        """Continue from `export()`. Runners beyond those saved start new games."""
        learner = self.learner_group._learner
        network = learner.module[DEFAULT_MODULE_ID].unwrapped().network
        network.load_state_dict({name: torch.from_numpy(np.array(w)) for name, w in arrays["weights"].items()})
        (optimizer,) = (optim for _, optim in learner.get_optimizers_for_module(DEFAULT_MODULE_ID))
        for name, parameter in network.named_parameters():
            keys = [key for key in arrays["optimizer"] if key.rpartition("/")[0] == name]
            if keys:
                optimizer.state[parameter] = {
                    key.rpartition("/")[2]: torch.from_numpy(np.array(arrays["optimizer"][key])) for key in keys
                }
        learner.shuffle.set_state(torch.from_numpy(np.array(arrays["shuffle"]["state"])))
        self.env_steps, self.updates = state["env_steps"], state["updates"]
        self.pool.env_steps = list(state["pool_env_steps"])
        names = list(network.state_dict())
        self.pool.weights = [
            {name: np.array(arrays["pool"][f"{i}/{name}"]) for name in names} for i in range(len(self.pool.env_steps))
        ]
        self.pool_rng.bit_generator.state = state["pool_rng"]
        self._slots = list(state["slots"])
        self._slots_version += 1
        for index, games in state["games"].items():
            boards = arrays[f"games_{index}"]
            if self.config.num_env_runners == 0:
                self.env_runner.import_games(boards, games)
            elif int(index) in self.env_runner_group.healthy_env_runner_ids():
                self.env_runner_group.foreach_env_runner(
                    "import_games", kwargs={"arrays": boards, "state": games}, remote_worker_ids=[int(index)]
                )
