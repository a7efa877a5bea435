"""Self-play PPO as an RLlib Algorithm: its runners, learner, restarts and Tune stay RLlib's.

0 runners     sample, learn, sample, learn in the driver
>= 1          runners sample batch k + 1 with the weights before update k, while the driver learns; the ratio of PPO
              uses the behaviour's log-probability, so it stays valid
"""

import tempfile
import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import ray
from ray.rllib.algorithms.algorithm_config import NotProvided
from ray.rllib.algorithms.ppo import PPO, PPOConfig
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.policy.sample_batch import MultiAgentBatch, concat_samples
from ray.rllib.utils.metrics import ENV_RUNNER_RESULTS, LEARNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME
from ray.rllib.utils.typing import StateDict

from agents.averaging import WeightAverage
from agents.pool import PastSelves, Sampling
from agents.rllib.env_runner import SelfPlayEnvRunner
from agents.rllib.learner import LOSSES, SelfPlayPPOLearner
from agents.rllib.module import MASK, PolicyValueModule, weights_of
from agents.rllib.state import export_state, import_state
from agents.rollouts import STATISTICS, RolloutSettings, Weights
from envs import make
from envs.game import Game

SAMPLE_TIMEOUT_SECONDS = 300.0  # a rollout takes well under a second; a stuck cluster must not hang the run for ever
PROBE_SECONDS = 0.2  # the learner waits so long for a runner that is being restarted, each update
DEATHS_WITHOUT_A_SAMPLE = 3  # for each runner: then something kills them every time
COMPONENT_SELF_PLAY = "self_play"  # of RLlib's own checkpoints


class EnvironmentFailure(RuntimeError):
    """A game raised while it was played; the message is its own traceback."""


class RunnersLost(RuntimeError):
    """The runners cannot start, die again and again, or do not answer; the message says what is known."""


@dataclass(frozen=True)
class SelfPlaySettings:
    """What the runners play, as plain data that travels."""

    game_id: str
    settings: dict[str, Any]
    network: dict[str, Any]  # PolicyValueNetwork's config
    rollouts: RolloutSettings  # num_games over all runners
    pool_size: int = 32
    sampling: Sampling = "uniform"  # how past selves are drawn
    snapshot_every: int = 25  # updates
    averaging: float | None = None  # power of the average of the weights that is the agent; None: the newest are
    before: tuple[tuple[str, dict[str, Any]], ...] = ()  # ids and settings of a curriculum's earlier games, in order

    def game_of(self, stage: int) -> Game:
        """The game of stage 0, 1, ..., len(before); the last is the game itself."""
        game_id, settings = (*self.before, (self.game_id, self.settings))[stage]
        return make(game_id, **settings)

    def rollouts_of(self, worker_index: int, num_runners: int) -> RolloutSettings:
        """The share of runner 1..num_runners; the driver's own runner, index 0, plays all when it is alone."""
        total = self.rollouts.num_games
        if num_runners == 0:
            return self.rollouts
        share = total // num_runners + (worker_index <= total % num_runners)
        return replace(self.rollouts, num_games=share)


class SelfPlayConfig(PPOConfig):
    """PPOConfig with `selfplay`, a SelfPlaySettings: set it with `.self_play(...)`; `.training(target_kl=...)` ends an
    update early."""

    def __init__(self, algo_class: Any = None):
        super().__init__(algo_class=algo_class or SelfPlay)
        self.selfplay: SelfPlaySettings | None = None
        self.learner_threads = 1  # of the CPU learner's gradient
        self.target_kl: float | None = None
        self.env_runners(env_runner_cls=SelfPlayEnvRunner, create_local_env_runner=False, num_env_runners=0)
        self.fault_tolerance(
            restart_failed_env_runners=True,
            delay_between_env_runner_restarts_s=0.0,
            env_runner_health_probe_timeout_s=PROBE_SECONDS,
        )
        self.training(learner_class=SelfPlayPPOLearner, use_kl_loss=False)
        self._dont_auto_sync_env_runner_states = True  # weights travel with each request to sample
        self.log_level = None  # cluster.py sets it; Tune and others keep their own

    def self_play(self, settings: SelfPlaySettings) -> "SelfPlayConfig":
        import gymnasium as gym

        from agents.rllib.env_runner import observation_space

        game = settings.game_of(len(settings.before))
        space: gym.Space = observation_space(game)
        actions: gym.Space = gym.spaces.Discrete(game.num_actions)
        self.selfplay = settings
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

    def training(self, *, target_kl: float | None = NotProvided, **kwargs: Any) -> "SelfPlayConfig":
        super().training(**kwargs)
        if target_kl is not NotProvided:
            self.target_kl = target_kl
        return self

    def validate(self) -> None:
        """RLlib's checks and ours. Raises ValueError."""
        if self.selfplay is None:
            raise ValueError("what is to be played? call SelfPlayConfig().self_play(SelfPlaySettings(...))")
        if self.num_learners:
            raise ValueError(
                f"num_learners is {self.num_learners}, but SelfPlay learns in the driver, which is what makes its "
                "checkpoints exact; leave num_learners at 0 and use more env runners"
            )
        games = self.selfplay.rollouts.num_games
        if self.num_env_runners > games:
            raise ValueError(f"{self.num_env_runners} runners cannot share {games} games; use at most {games} runners")
        # an update takes one rollout of every game, whatever its size; RLlib only compares this with the minibatch
        self.train_batch_size_per_learner = max(games * self.selfplay.rollouts.length, self.minibatch_size or 0)
        super().validate()


@dataclass
class UpdateReport:
    """What one update did."""

    env_steps: int
    agent_steps: int
    losses: dict[str, float]  # by learner.LOSSES
    sums: dict[str, float]  # by rollouts.STATISTICS
    seconds: dict[str, float] = field(default_factory=dict)  # wait (for samples), learn


class SelfPlay(PPO):
    """`train()` is one update; `report` says what it did; `lr` and `entropy`, if set, go before the config's schedules;
    `stage` says which game of the curriculum is played, and `enter` changes it between updates.

    train() raises EnvironmentFailure, RunnersLost and learner.Diverged. It leaves `report` alone where no runner was
    healthy (RLlib is restarting them) or all that had been played is of the stage before.
    """

    @classmethod
    def get_default_config(cls) -> SelfPlayConfig:
        return SelfPlayConfig()

    def setup(self, config: Any) -> None:
        wanted = config.num_env_runners * config.num_cpus_per_env_runner
        if ray.is_initialized() and wanted > (cores := ray.cluster_resources().get("CPU", 0)):
            # RLlib would wait for ever
            raise RunnersLost(f"{config.num_env_runners} runners need {wanted} cores, but Ray has {cores:.0f}")
        self.env_steps = 0
        self.updates = 0
        self.lr: float | None = None
        self.entropy: float | None = None
        self.report: UpdateReport | None = None
        self.stage = 0  # of selfplay.before and the game itself
        self.runner_deaths = 0
        super().setup(config)
        selfplay = self.config.selfplay
        self.pool = PastSelves(selfplay.pool_size, selfplay.sampling)
        self.pool_rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.config.seed or 0, 2])))
        self.slots = [0] * (selfplay.rollouts.slots if selfplay.rollouts.pool_share else 0)  # indices into the pool
        self._slots_version = 0
        self._drawn_version = 0  # the one at which they were drawn; later ones are the same again
        self._sent: dict[int, int] = {}  # runner -> version of the slots that it has
        self._asked: dict[int, list[int]] = {}  # runner -> env steps of the past selves in the slots that it plays with
        self._pending: dict[int, dict[str, Any]] = {}  # runner -> what it played
        self._deaths_in_a_row = 0  # over all runners, since the last sample
        self._empty_since: float | None = None
        self.pool.add(0, self.weights())
        self.average = None if selfplay.averaging is None else WeightAverage(selfplay.averaging)

    def _setup_logdir(self) -> None:
        """Tune's folder under Tune. Else none: RLlib would make an empty one in ~/ray_results for each algorithm."""
        if self._storage:
            super()._setup_logdir()
        else:
            self._logdir = tempfile.gettempdir()

    def weights(self) -> Weights:
        """The learning policy's weights, copied."""
        return weights_of(self.learner.module[DEFAULT_MODULE_ID].unwrapped())

    def agent_weights(self) -> Weights:
        """What to measure and to keep: the average over the run, or the newest weights where none is made."""
        return self.average.weights() if self.average and self.average.count else self.weights()

    @property
    def learner(self) -> SelfPlayPPOLearner:
        return self.learner_group._learner

    def training_step(self) -> None:
        begin = time.perf_counter()
        plays = self._sample()
        if not plays:
            return
        waited = time.perf_counter()
        batch = join_batches([play["batch"] for play in plays])
        self.env_steps += batch.env_steps()
        for play in plays:
            self._count(play["slots"], play["asked"])
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
        if self.average:
            self.average.add(self.weights())
        if self.updates % self.config.selfplay.snapshot_every == 0:
            self.pool.add(self.env_steps, self.weights())
            self.slots = self.pool.draw(len(self.slots), self.pool_rng)
            self._slots_version += 1
            self._drawn_version = self._slots_version
        self.report = UpdateReport(
            env_steps=batch.env_steps(),
            agent_steps=batch.agent_steps(),
            losses=losses,
            sums={name: sum(play["sums"][name] for play in plays) for name in STATISTICS},
            seconds={"wait": waited - begin, "learn": time.perf_counter() - waited},
        )

    def _count(self, against_slots: np.ndarray, asked: list[int]) -> None:
        """Tell the pool what came of games [slots, 2] against past selves of these env steps, if it has them yet."""
        for (games, points), env_steps in zip(against_slots, asked, strict=False):
            if games and env_steps in self.pool.env_steps:
                self.pool.count(self.pool.env_steps.index(env_steps), games, points)

    def _request(self, runner: int, weights: Any) -> dict[str, Any]:
        """The arguments of `SelfPlayEnvRunner.play`; past selves travel only when the slots changed."""
        past, exchanged = None, self.exchanged(runner)
        if self._sent.get(runner) != self._slots_version:
            past = {slot: self.pool.weights[index] for slot, index in enumerate(self.slots)}
            self._sent[runner] = self._slots_version
        self._asked[runner] = [self.pool.env_steps[index] for index in self.slots]
        return {"weights": weights, "past_selves": past, "exchanged": exchanged, "stage": self.stage}

    def exchanged(self, runner: int) -> bool:
        """Whether past selves were drawn since this runner was last asked."""
        return self._sent.get(runner, 0) < self._drawn_version

    def _sample(self) -> list[dict[str, Any]]:
        """One rollout of every game; none while no runner is healthy (RLlib restarts them between steps)."""
        if self.config.num_env_runners:
            return self._sample_remote()
        play = self.env_runner.play(**self._request(0, self.weights()))
        if "error" in play:
            raise EnvironmentFailure(play["error"])
        return [{**play, "asked": self._asked[0]}]

    def _sample_remote(self) -> list[dict[str, Any]]:
        self._dispatch()
        deadline = time.monotonic() + SAMPLE_TIMEOUT_SECONDS
        while not self._healthy() <= self._pending.keys():
            self._fetch()
            if time.monotonic() > deadline:
                stuck = sorted(self._healthy() - self._pending.keys())
                raise RunnersLost(f"no samples from runners {stuck} for {SAMPLE_TIMEOUT_SECONDS:.0f} s")
        if not self._pending:
            now = time.monotonic()
            self._empty_since = self._empty_since or now
            if now - self._empty_since > SAMPLE_TIMEOUT_SECONDS:
                raise RunnersLost("every runner died and none came back; does the cluster still have free cores?")
            return []
        self._empty_since = None
        plays, self._pending = [self._pending[runner] for runner in sorted(self._pending)], {}
        self._dispatch()  # the runners play on, with the weights before this update
        return [play for play in plays if play["stage"] == self.stage]  # a stage ago's may be of another shape

    def _healthy(self) -> set[int]:
        return set(self.env_runner_group.healthy_env_runner_ids())

    def _fetch(self) -> None:
        """Take what arrived within a second, and notice who died."""
        before = self._healthy()
        error = ""
        for result in self.env_runner_group._worker_manager.fetch_ready_async_reqs(tags="sample", timeout_seconds=1.0):
            play = result.get()
            if not result.ok:
                error = str(play)
            elif "error" in play:
                raise EnvironmentFailure(play["error"])
            else:
                self._pending[result.actor_id] = {**play, "asked": self._asked[result.actor_id]}
                self._deaths_in_a_row = 0
        deaths = len(before - self._healthy())
        self.runner_deaths += deaths
        self._deaths_in_a_row += deaths
        if self._deaths_in_a_row > DEATHS_WITHOUT_A_SAMPLE * self.config.num_env_runners:
            raise RunnersLost(
                f"runners died {self._deaths_in_a_row} times without having played; with 0 runners the games are "
                f"played in this process, which shows what happens. The last one: {error}"
            )

    def _dispatch(self) -> None:
        """Ask every healthy runner that is idle for a rollout."""
        group = self.env_runner_group
        states = group._worker_manager._remote_actor_states
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

    def cleanup(self) -> None:
        """RLlib would ask each runner to stop and wait; one that hangs would never answer."""
        if getattr(self, "env_runner_group", None):
            self.env_runner_group._worker_manager.clear()
        super().cleanup()

    def enter(self, stage: int) -> None:
        """From now on play the game of this stage of the curriculum: new games, against the same past selves."""
        self.stage = stage
        self.forget_slots()

    def forget_slots(self, *, exchanged: bool = False) -> None:
        """Every runner is sent its past selves anew, with its next request; `exchanged` if they are others."""
        self._slots_version += 1
        if exchanged:
            self._drawn_version = self._slots_version

    def export(self) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, Any]]:
        """All that it takes to continue: arrays by group (a file each), and JSON. Rollouts in flight are not part."""
        return export_state(self)

    def import_(self, arrays: dict[str, dict[str, np.ndarray]], state: dict[str, Any]) -> None:
        """Continue from `export()`, with as many runners as there are now. Raises ValueError for other games' state."""
        import_state(self, arrays, state)

    def get_state(self, components: Any = None, *, not_components: Any = None, **kwargs: Any) -> StateDict:
        """RLlib's own checkpoints, which Tune uses: ours is one component of them."""
        state = super().get_state(components, not_components=not_components, **kwargs)
        if self._check_component(COMPONENT_SELF_PLAY, components, not_components):
            state[COMPONENT_SELF_PLAY] = self.export()
        return state

    def set_state(self, state: StateDict) -> None:
        super().set_state(state)
        if COMPONENT_SELF_PLAY in state:
            self.import_(*state[COMPONENT_SELF_PLAY])


def join_batches(batches: list[MultiAgentBatch]) -> MultiAgentBatch:
    """One batch of them all. Where only some hold a mask, every action was legal in the others."""
    if len(batches) == 1:
        return batches[0]
    rows = [batch.policy_batches[DEFAULT_MODULE_ID] for batch in batches]
    masked = next((part[MASK] for part in rows if MASK in part), None)
    for part in rows:
        if masked is not None and MASK not in part:
            part[MASK] = np.ones((len(part), masked.shape[1]), np.bool_)
    return concat_samples(batches)
