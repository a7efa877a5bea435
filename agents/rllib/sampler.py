"""Asking the runners for rollouts, one learner of the league at a time.

0 runners     the driver's own plays, then the learner learns
>= 1          when all have answered, they are asked for the next rollout before the learner learns from this one
"""

import time
from typing import TYPE_CHECKING, Any

import ray

from agents.league import Learner

if TYPE_CHECKING:
    from agents.rllib.algorithm import SelfPlay

SAMPLE_TIMEOUT_SECONDS = 300.0  # a rollout takes well under a second; a stuck cluster must not hang the run for ever
DEATHS_WITHOUT_A_SAMPLE = 3  # for each runner: then something kills them every time


class EnvironmentFailure(RuntimeError):
    """A game raised while it was played; the message is its own traceback."""


class RunnersLost(RuntimeError):
    """The runners cannot start, die again and again, or do not answer; the message says what is known."""


class Sampler:
    """What each runner has, what it was asked for, what it played. `deaths` counts runners that died.

    A play is what `SelfPlayEnvRunner.play` returns and `asked`, the members of the pool in the slots it played with.
    """

    def __init__(self, algorithm: "SelfPlay"):
        self.algorithm = algorithm
        self.deaths = 0
        self._deaths_in_a_row = 0  # over all runners, since the last sample
        self._turn: Learner | None = None  # whose rollout the runners play now
        self._sent: dict[tuple[int, int], int] = {}  # (runner, learner) -> version of the slots that it has
        self._asked: dict[int, list[Any]] = {}  # runner -> members in the slots that it plays with
        self._pending: dict[int, dict[str, Any]] = {}  # runner -> what it played
        self._empty_since: float | None = None

    def sample(self) -> tuple[Learner, list[dict[str, Any]]]:
        """A learner's next rollout of every game; no plays while no runner is healthy (RLlib restarts them between
        steps)."""
        league = self.algorithm.league
        if self.algorithm.config.num_env_runners:
            return self._sample_remote()
        learner = league.next_turn()
        play = self.algorithm.env_runner.play(**self._request(0, learner, self.algorithm.weights(learner.index)))
        if "error" in play:
            raise EnvironmentFailure(play["error"])
        return learner, [{**play, "asked": self._asked[0]}]

    def _sample_remote(self) -> tuple[Learner, list[dict[str, Any]]]:
        learner = self._turn = self._turn or self.algorithm.league.next_turn()
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
            return learner, []
        self._empty_since = None
        plays, self._pending = [self._pending[runner] for runner in sorted(self._pending)], {}
        self._turn = self.algorithm.league.next_turn(after=learner)
        self._dispatch()  # the runners play on; whoever's turn it is again has the weights before this update
        stage = self.algorithm.stage
        return learner, [play for play in plays if play["stage"] == stage]  # a stage ago's may be of another shape

    def _request(self, runner: int, learner: Learner, weights: Any) -> dict[str, Any]:
        """The arguments of `SelfPlayEnvRunner.play`; past selves travel only when the slots changed."""
        past, exchanged = None, self.exchanged(runner, learner)
        if self._sent.get((runner, learner.index)) != learner.slots_version:
            past = {slot: member.weights for slot, member in enumerate(learner.slots)}
            self._sent[runner, learner.index] = learner.slots_version
        self._asked[runner] = list(learner.slots)
        return {
            "weights": weights, "past_selves": past, "exchanged": exchanged, "stage": self.algorithm.stage,
            "learner": learner.index, "options": self.algorithm.runner_options,
        }  # fmt: skip

    def exchanged(self, runner: int, learner: Learner) -> bool:
        """Whether others were drawn for the learner since this runner was last asked."""
        return self._sent.get((runner, learner.index), 0) < learner.drawn_version

    def _healthy(self) -> set[int]:
        return set(self.algorithm.env_runner_group.healthy_env_runner_ids())

    def _fetch(self) -> None:
        """Take what arrived within a second, and notice who died."""
        before, manager = self._healthy(), self.algorithm.env_runner_group._worker_manager
        error = ""
        for result in manager.fetch_ready_async_reqs(tags="sample", timeout_seconds=1.0):
            play = result.get()
            if not result.ok:
                error = str(play)
            elif "error" in play:
                raise EnvironmentFailure(play["error"])
            else:
                self._pending[result.actor_id] = {**play, "asked": self._asked[result.actor_id]}
                self._deaths_in_a_row = 0
        deaths = len(before - self._healthy())
        self.deaths += deaths
        self._deaths_in_a_row += deaths
        if self._deaths_in_a_row > DEATHS_WITHOUT_A_SAMPLE * self.algorithm.config.num_env_runners:
            raise RunnersLost(
                f"runners died {self._deaths_in_a_row} times without having played; with 0 runners the games are "
                f"played in this process, which shows what happens. The last one: {error}"
            )

    def _dispatch(self) -> None:
        """Ask every healthy runner that is idle for a rollout of whose turn it is."""
        group, learner = self.algorithm.env_runner_group, self._turn
        assert learner is not None
        states = group._worker_manager._remote_actor_states
        idle = [i for i in group.healthy_env_runner_ids() if states[i].get_num_in_flight_requests("sample") == 0]
        if not idle:
            return
        weights = ray.put(self.algorithm.weights(learner.index))
        for runner in idle:
            group.foreach_env_runner_async(
                "play", tag="sample", kwargs=self._request(runner, learner, weights), remote_worker_ids=[runner]
            )

    def forget(self, runner: int) -> None:
        """A runner that was restarted has lost its games and slots: it starts new ones and is sent everything."""
        for key in [key for key in self._sent if key[0] == runner]:
            del self._sent[key]
