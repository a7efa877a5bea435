"""Self-play as an RLlib Algorithm, whatever learns (ppo.py, alphazero.py): runners, restarts, Tune stay RLlib's.

0 runners     sample, learn, sample, learn in the driver
>= 1          runners sample batch k + 1 with the weights before update k, while the driver learns (the ratio of PPO
              uses the behaviour's log-probability, so it stays valid)
"""

import tempfile
import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import ray
from ray.rllib.algorithms.algorithm import Algorithm
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core.rl_module.multi_rl_module import MultiRLModuleSpec
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.policy.sample_batch import MultiAgentBatch, concat_samples
from ray.rllib.utils.metrics import ENV_RUNNER_RESULTS, LEARNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME
from ray.rllib.utils.typing import StateDict

from agents.flops import GRADIENT, forward_flops
from agents.league import League, LeagueSettings, Learner, rollouts_of
from agents.matches import play_pairs
from agents.network import network_of
from agents.network_agent import NetworkAgent
from agents.pool import Member, Sampling
from agents.ratings import counts_of
from agents.rllib.env_runner import SelfPlayEnvRunner
from agents.rllib.learner import SelfPlayLearner
from agents.rllib.module import MASK, PolicyValueModule, module_ids, weights_of
from agents.rllib.sampler import RunnersLost, Sampler
from agents.rllib.state import export_state, import_state
from agents.rollouts import RolloutSettings, Weights
from envs import make
from envs.game import Dynamics, Game

PROBE_SECONDS = 0.2  # the learner waits so long for a runner that is being restarted, each update
COMPONENT_SELF_PLAY = "self_play"  # of RLlib's own checkpoints


@dataclass(frozen=True)
class SelfPlaySettings:
    """What the runners play, as plain data that travels."""

    game_id: str
    settings: dict[str, Any]
    network: dict[str, Any]  # PolicyValueNetwork's config
    rollouts: RolloutSettings  # num_games over all runners
    pool_size: int = 32
    sampling: Sampling = "uniform"  # how past selves are drawn
    snapshot_every: int = 25  # updates of a learner
    league: LeagueSettings = field(default_factory=LeagueSettings)
    averaging: float | None = None  # power of the average of the weights that is the agent; None: the newest are
    before: tuple[tuple[str, dict[str, Any]], ...] = ()  # ids and settings of a curriculum's earlier games, in order

    def game_of(self, stage: int) -> Game:
        """The game of stage 0, 1, ..., len(before); the last is the game itself."""
        game_id, settings = (*self.before, (self.game_id, self.settings))[stage]
        return make(game_id, **settings)

    def rollouts_of(self, worker_index: int, num_runners: int, learner: int = 0) -> RolloutSettings:
        """Of a learner, the share of runner 1..num_runners; the driver's own runner, index 0, plays all when it is
        alone."""
        rollouts = rollouts_of(self.league, self.rollouts, learner)
        total = rollouts.num_games
        if num_runners == 0:
            return rollouts
        return replace(rollouts, num_games=total // num_runners + (worker_index <= total % num_runners))


class SelfPlayConfig(AlgorithmConfig):
    """AlgorithmConfig with `selfplay`, a SelfPlaySettings: set it with `.self_play(...)`."""

    def __init__(self, algo_class: Any = None):
        super().__init__(algo_class=algo_class)
        self.selfplay: SelfPlaySettings | None = None
        self.learner_threads = 1  # of the CPU learner's gradient
        self.env_runners(env_runner_cls=SelfPlayEnvRunner, create_local_env_runner=False, num_env_runners=0)
        self.fault_tolerance(
            restart_failed_env_runners=True,
            delay_between_env_runner_restarts_s=0.0,
            env_runner_health_probe_timeout_s=PROBE_SECONDS,
        )
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

        def module() -> RLModuleSpec:
            return RLModuleSpec(
                module_class=PolicyValueModule,
                observation_space=space,
                action_space=actions,
                model_config={"network": settings.network},
            )

        ids = module_ids(settings.league)
        league = MultiRLModuleSpec(rl_module_specs={name: module() for name in ids})
        self.rl_module(rl_module_spec=module() if len(ids) == 1 else league)
        return self

    def get_default_rl_module_spec(self) -> RLModuleSpec:
        return RLModuleSpec(module_class=PolicyValueModule)

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
    losses: dict[str, float]  # by the learner's LOSSES
    sums: dict[str, float]  # by tally.STATISTICS and, of searches, search_rollouts.SEARCH_STATISTICS
    seconds: dict[str, float] = field(default_factory=dict)  # wait (for samples), learn
    learner: int = 0  # whose update it was
    gradient_steps: int = 0
    flops: float = 0.0  # of all networks, in play and learning (flops.py)


class SelfPlay(Algorithm):
    """`train()` is one update; `report` says what it did. `learner_options` go to the learner with each, before the
    config's schedules (`lr` and more), `runner_options` to the runners; `stage` says which game of the curriculum is
    played, and `enter` changes it between updates.

    train() raises sampler.EnvironmentFailure, sampler.RunnersLost and learner.Diverged. It leaves `report` alone where
    no runner was healthy (RLlib is restarting them) or all that had been played is of the stage before.
    """

    def setup(self, config: Any) -> None:
        wanted = config.num_env_runners * config.num_cpus_per_env_runner
        if ray.is_initialized() and wanted > (cores := ray.cluster_resources().get("CPU", 0)):
            # RLlib would wait for ever
            raise RunnersLost(f"{config.num_env_runners} runners need {wanted} cores, but Ray has {cores:.0f}")
        self.env_steps = 0
        self.learner_options: dict[str, float] = {}
        self.runner_options: dict[str, float] = {}
        self.report: UpdateReport | None = None
        self.joined: list[Member] = []  # exploiters that did since the caller last emptied it
        self.stage = 0  # of selfplay.before and the game itself
        super().setup(config)
        selfplay = self.config.selfplay
        self.league = League(
            selfplay.league, selfplay.rollouts, selfplay.pool_size, selfplay.sampling, selfplay.averaging,
            self.config.seed or 0,
        )  # fmt: skip
        self.sampler = Sampler(self)
        game = selfplay.game_of(len(selfplay.before))
        self.forward_flops = forward_flops(self.learner.network(self.module_ids[0]), game)
        self.seats_deciding = 1 if game.dynamics is Dynamics.SEQUENTIAL else game.num_players  # in a step of a game
        for main in self.league.learners[: selfplay.league.mains]:
            self.league.pool.add(main.index, 0, self.weights(main.index))
        for learner in self.league.learners:
            self.league.draw(learner)

    def _setup_logdir(self) -> None:
        """Tune's folder under Tune. Else none: RLlib would make an empty one in ~/ray_results for each algorithm."""
        if self._storage:
            super()._setup_logdir()
        else:
            self._logdir = tempfile.gettempdir()

    @property
    def updates(self) -> int:
        """Over all learners."""
        return sum(learner.updates for learner in self.league.learners)

    def weights(self, learner: int = 0) -> Weights:
        """A learner's weights, copied."""
        return weights_of(self.learner.module[self.module_ids[learner]].unwrapped())

    def agent_weights(self) -> Weights:
        """What to measure and to keep of the first learner: the average over the run, or the newest weights where none
        is made."""
        average = self.league.learners[0].average
        return average.weights() if average and average.count else self.weights()

    @property
    def learner(self) -> SelfPlayLearner:
        return self.learner_group._learner

    @property
    def module_ids(self) -> list[str]:
        """By learner."""
        return module_ids(self.config.selfplay.league)

    def training_step(self) -> None:
        begin = time.perf_counter()
        learner, plays = self.sampler.sample()
        if not plays:
            return
        waited = time.perf_counter()
        batch = join_batches([play["batch"] for play in plays])
        self.env_steps += batch.env_steps()
        for play in plays:
            for (games, points), member in zip(play["slots"], play["asked"], strict=False):
                if games:
                    member.count(learner.index, games, points)
        self.metrics.aggregate([play["metrics"] for play in plays], key=ENV_RUNNER_RESULTS)
        sums = {name: sum(play["sums"][name] for play in plays) for name in plays[0]["sums"]}
        self.report = self.learn(learner, batch, sums)
        self.report.seconds["wait"] = waited - begin
        if learner.updates % self.config.selfplay.snapshot_every == 0:
            self._snapshot(learner)

    def learn(self, learner: Learner, batch: MultiAgentBatch, sums: dict[str, float]) -> UpdateReport:
        """An update of a learner from what was played; `sums` are what became of it."""
        begin = time.perf_counter()
        steps, rows = self.learner.gradient_steps, self.learner.rows_learned
        results = self.learner_group.update(
            batch=batch,
            timesteps={NUM_ENV_STEPS_SAMPLED_LIFETIME: self.env_steps},
            options=self.learner_options,
        )
        of_module = results[0][self.module_ids[learner.index]]
        losses = {name: float(of_module[name].peek()) for name in self.learner.LOSSES}
        self.metrics.aggregate(results, key=LEARNER_RESULTS)
        learner.updates += 1
        if learner.average:
            learner.average.add(self.weights(learner.index))
        passes = sums.get("evaluations", batch.env_steps() * self.seats_deciding)
        passes += GRADIENT * (self.learner.rows_learned - rows)
        return UpdateReport(
            env_steps=batch.env_steps(),
            agent_steps=batch.agent_steps(),
            losses=losses,
            sums=sums,
            seconds={"wait": 0.0, "learn": time.perf_counter() - begin},
            learner=learner.index,
            gradient_steps=self.learner.gradient_steps - steps,
            flops=float(passes * self.forward_flops),
        )

    def begin_from(self, weights: Weights) -> None:
        """Every main, and its first self in the pool, begins with these weights. Before the first update."""
        for main in self.league.learners[: self.league.settings.mains]:
            self.learner.begin_anew(self.module_ids[main.index], weights)
        for member in self.league.pool.members:
            member.weights = {name: np.array(value) for name, value in weights.items()}
        self.forget_slots()

    def _snapshot(self, learner: Learner) -> None:
        """A learner's chance to join the pool."""
        weights = self.weights(learner.index)
        outcome = self.league.snapshot(learner, self.env_steps, weights, partial(self._play_pairs, weights))
        if outcome.member and learner.kind != "main":
            self.joined.append(outcome.member)
        if outcome.anew:
            main = self.league.target(learner)
            self.learner.begin_anew(self.module_ids[learner.index], self.weights(main))

    def _play_pairs(self, weights: Weights, member: Member, pairs: int, seed: int) -> np.ndarray:
        """[5]: pairs of games of these weights against a member by points, both playing as they train."""
        game, config = self.config.selfplay.game_of(self.stage), self.config.selfplay.network
        first, second = (
            NetworkAgent(network_of(config, each), game, name=name)
            for each, name in ((weights, "candidate"), (member.weights, "member"))
        )
        matches = play_pairs(game, first, second, pairs, seed, record=False)
        return counts_of(matches.pair_points)

    def restore_env_runners(self, env_runner_group: Any) -> list[int]:
        """A runner that was restarted has lost its games and slots: it starts new ones and is sent everything."""
        restored = env_runner_group.probe_unhealthy_env_runners() or []
        for runner in restored:
            self.sampler.forget(runner)
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

    def forget_slots(self) -> None:
        """Every runner is sent its past selves anew, with its next request."""
        for learner in self.league.learners:
            learner.slots_version += 1

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
    rows = [part for batch in batches for part in batch.policy_batches.values()]
    masked = next((part[MASK] for part in rows if MASK in part), None)
    for part in rows:
        if masked is not None and MASK not in part:
            part[MASK] = np.ones((len(part), masked.shape[1]), np.bool_)
    return concat_samples(batches)
