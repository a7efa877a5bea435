"""Between the config and the finished run: train, measure, save, until a bound is reached or a signal comes.

    update, update, ...  every `checkpoint_minutes` a checkpoint, every `every_minutes` a measurement, an agent, a clip

The clock that bounds a run counts updates only: measuring, saving and starting are shown but not counted.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from agents.artifact import write_whole
from envs.game import Game, with_settings
from experiments.assembly import choose_runners, first_weights, game_settings, label_sources, probe, schedules, started
from experiments.checkpoint import load, newest, save
from experiments.config import Config
from experiments.curriculum import games_before, stage_now
from experiments.errors import ExitCode
from experiments.measuring import Clock, Measuring, point
from experiments.progress import Progress
from experiments.run_folder import RunFolder
from experiments.stop import StopRequest

LOG_SECONDS = 2.0  # between two rows of metrics
TAGS = {"steps": "selfplay/gradient_steps", "window": "selfplay/window"}  # of what learners report beside losses


def train(
    run: RunFolder,
    game: Game,
    resume: tuple[Config, Sequence[str]] | None = None,
    *,
    command: str = "experiments.run",
) -> int:
    """Train until the config's bound; returns the exit code. `command` is what goes on with the run, by --resume.

    Raises UserError for what the user can mend."""
    config = resume[0] if resume else run.config
    game = with_settings(game, game_settings(config, game))
    checkpoint, extended = None, config.training != run.config.training
    if resume:
        boards = [made.state_dtype for _, made in games_before(config, game)]
        checkpoint = load(newest(run.checkpoints), record_dtypes=[game.state_dtype, *boards])
        run.resume(checkpoint.env_steps, resume[1], config)
    with Progress(config) as progress, StopRequest(progress.say) as stop:
        progress.say(f"{config.name}: {game.id}, run folder {_short(run)}")
        runners = choose_runners(config)
        sources = label_sources(config, game)
        if sources and not resume:
            run.describe("labels", sources)
        weights = None if checkpoint else first_weights(config, game)
        probe(config, game, progress)
        progress.say("starting Ray (about 5 s)")
        with started(config, game, runners) as algorithm:
            if weights:
                algorithm.begin_from(weights)
            session = Training(run, config, game, algorithm, progress, command)
            if checkpoint:
                session.restore(checkpoint.arrays, checkpoint.state)
                progress.say(f"going on from {checkpoint.env_steps:,} environment steps")
                if extended:
                    progress.say("a longer budget: the schedules (learning rate and others) now run over all of it")
            else:
                run.log_text("config", (run.path / "config.yaml").read_text())
                run.log_hparams(["rating/elo", "rating/low"])
            with _saved_on_failure(session):
                session.loop(stop)
            return stop.exit_code


@contextmanager
def _saved_on_failure(session: "Training") -> Iterator[None]:
    """A run that ends early can be gone on with, unless it diverged: then the checkpoints from before are better."""
    from agents.rllib.sampler import EnvironmentFailure, RunnersLost

    try:
        yield
    except (EnvironmentFailure, RunnersLost):
        session.save()
        session.progress.say(f"saved; go on with: {session.going_on}")
        raise


class Training:
    """The loop of one run."""

    def __init__(self, run: RunFolder, config: Config, game: Game, algorithm: Any, progress: Progress, command: str):
        self.going_on = f"python -m {command} --resume {_short(run)}"
        self.run, self.config, self.game, self.algorithm, self.progress = run, config, game, algorithm, progress
        self.clock = Clock()
        self._measuring = Measuring(run, config, game, progress, self.clock)
        self._since_log: list[Any] = []
        self._last_own: list[Any] = []
        self._logged_at = 0.0
        self._deaths = 0

    def loop(self, stop: StopRequest) -> None:
        clock, config = self.clock, self.config
        while not stop and self.share() < 1:
            begin = time.perf_counter()
            self._go_on()
            self._set_schedules()
            self.algorithm.report = None
            self.algorithm.train()
            clock.training_seconds += time.perf_counter() - begin
            if self.algorithm.sampler.deaths > self._deaths:
                self._deaths = self.algorithm.sampler.deaths
                self.progress.say("a runner died; another takes its place, with new games")
            if self.algorithm.report is None:
                continue  # no runner was healthy; RLlib is restarting them
            self._since_log.append(self.algorithm.report)
            clock.flops += self.algorithm.report.flops
            clock.gradient_steps += self.algorithm.report.gradient_steps
            self._keep_exploiters()
            if clock.training_seconds - self._logged_at >= LOG_SECONDS:
                self._log()
            every = config.evaluation.every_minutes
            due = every and clock.training_seconds - clock.measured_at >= 60 * every
            passed = sum(share <= self.share() for share in config.evaluation.at_shares)
            if (due or passed > clock.shares_passed) and self.share() < 1:
                self._log()
                self.measure()
            clock.shares_passed = passed
            if clock.training_seconds - clock.saved_at >= 60 * config.checkpoint_minutes:
                self.save()
        self._log()
        measured = clock.history and clock.history[-1]["env_steps"] == self.algorithm.env_steps
        if not stop and not measured:
            self.measure()
        if not stop and config.evaluation.shift.at_end:
            self._measuring.measure_shift(self.algorithm.env_steps)
        self.save()
        self._farewell(bool(stop))

    def share(self) -> float:
        """Of the budget, used; the first bound that is reached counts."""
        bounds, clock = self.config.training, self.clock
        return max(
            used / bound
            for used, bound in (
                (self.algorithm.env_steps, bounds.env_steps),
                (clock.training_seconds / 60, bounds.minutes),
                (clock.flops, bounds.flops),
                (clock.gradient_steps, bounds.gradient_steps),
            )
            if bound
        )

    def _go_on(self) -> None:
        """To the next stage of the curriculum, once the last measurement or the budget says so."""
        low = self.clock.history[-1].get("rating/low") if self.clock.history else None
        stage = stage_now(self.config, self.algorithm.stage, low, self.share())
        if stage != self.algorithm.stage:
            self.algorithm.enter(stage)
            last = len(self.config.training.curriculum)
            now = f"stage {stage + 1}" if stage < last else "the game itself"
            reached = "no rating yet" if low is None else f"rating at least {low:.0f}"
            self.progress.say(f"curriculum: on to {now} ({reached}, {self.share():.0%} of the budget)")

    def _set_schedules(self) -> None:
        algorithm = self.algorithm
        algorithm.learner_options, algorithm.runner_options = schedules(self.config, self.share())

    def _log(self) -> None:
        """Means over the updates since the last row."""
        reports, clock = self._since_log, self.clock
        own = [report for report in reports if report.learner == 0] or self._last_own  # of the run's agent
        if not reports or not own:
            return
        seconds = max(clock.training_seconds - self._logged_at, 1e-9)
        env_steps = sum(report.env_steps for report in reports)
        agent_steps = sum(report.agent_steps for report in reports)
        waited = sum(report.seconds["wait"] for report in reports)
        self._last_own = own[-1:]
        sums = {name: sum(report.sums[name] for report in own) for name in own[0].sums}
        values = _losses(own)
        episodes = sums["episodes"]
        if episodes:
            values["selfplay/episode_length"] = sums["episode_steps"] / episodes
            values["selfplay/decisive_share"] = sums["decisive"] / episodes
            values["selfplay/truncated_share"] = sums["truncated"] / episodes
            values["selfplay/first_seat_return"] = sums["first_seat_return"] / episodes
        if sums["pool_episodes"]:
            values["selfplay/return_against_past"] = sums["pool_return"] / sums["pool_episodes"]
        if sums["fixed_episodes"]:
            values["selfplay/return_against_fixed"] = sums["fixed_return"] / sums["fixed_episodes"]
        values |= {
            **{f"selfplay/{name}": value for name, value in self._scheduled().items()},
            "cost/flops": clock.flops,
            "cost/gradient_steps": clock.gradient_steps,
            "speed/env_steps_per_second": env_steps / seconds,
            "speed/agent_steps_per_second": agent_steps / seconds,
            "speed/learner_idle_share": waited / seconds,
            "speed/resident_gigabytes": _resident_gigabytes(),
        }
        if "simulations" in sums:
            made = sum(report.sums["simulations"] for report in reports)
            values["speed/simulations_per_second"] = made / seconds
            values["speed/evaluations_per_simulation"] = sums["evaluations"] / max(1.0, sums["simulations"])
        values |= self._league_values()
        if self.config.training.curriculum:
            values["selfplay/stage"] = self.algorithm.stage
        self.run.log(self.algorithm.env_steps, values, training_seconds=clock.training_seconds)
        shown = {
            "training_seconds": clock.training_seconds,
            "env_steps": self.algorithm.env_steps,
            "steps_per_second": env_steps / seconds,
            "share": self.share(),
        }
        if "loss/entropy" in values:
            shown["entropy"] = values["loss/entropy"]
        if episodes:
            shown["game_length"] = values["selfplay/episode_length"]
        self.progress.update(shown)
        self._since_log, self._logged_at = [], clock.training_seconds

    def _scheduled(self) -> dict[str, float]:
        """What changes during a run, by the names of its tags."""
        options = {**self.algorithm.learner_options, **self.algorithm.runner_options}
        return {"entropy_coefficient" if name == "entropy" else name: value for name, value in options.items()}

    def _league_values(self) -> dict[str, float]:
        """How the first learner does against the pool, and the others against whom they meet."""
        if not self.config.opponents.pool or self.config.algorithm.name == "supervised":
            return {}
        league = self.algorithm.league
        shares = [member.share(0) for member in league.pool.members]
        values = {
            "league/share_of_points_against_the_first": shares[0],
            "league/share_of_points_against_the_hardest": min(shares),
        }
        for learner in league.learners[1:]:
            met = [member.share(learner.index) for member in learner.slots]
            values[f"league/share_of_points/{learner.name}"] = float(np.mean(met))
            values[f"league/joined/{learner.name}"] = learner.joined
        if league.promotion_games:
            values["league/promotion_games"] = league.promotion_games
        return values

    def _keep_exploiters(self) -> None:
        """Those that joined the league become agents of the run."""
        names = self.algorithm.league.settings.names
        for member in self.algorithm.joined:
            name = names[member.learner]
            self._measuring.keep(f"{name}-{member.env_steps}", member.weights, member.env_steps)
            self.progress.say(f"{name} joined the league at {member.env_steps:,} environment steps")
        self.algorithm.joined.clear()

    def measure(self) -> None:
        """Save the agent as it is, play it against the ladder, remember the best."""
        self._measuring.measure(self.algorithm.env_steps, self.algorithm.agent_weights())

    def save(self) -> None:
        """A checkpoint, and the league as people can read it."""
        self.clock.saved_at = self.clock.training_seconds
        arrays, state = self.algorithm.export()
        folder = self.run.checkpoints / str(self.algorithm.env_steps)
        if not folder.exists():
            save(folder, arrays, {"algorithm": state, "clock": vars(self.clock)}, keep=self.config.keep_checkpoints)
        names = self.algorithm.league.settings.names
        league = {
            "learners": [
                {"name": learner.name, "updates": learner.updates, "joined": learner.joined}
                for learner in self.algorithm.league.learners
            ],
            "pool": [
                {
                    "learner": names[member.learner],
                    "env_steps": member.env_steps,
                    "share_of_points_against": {name: member.share(i) for i, name in enumerate(names)},
                }
                for member in self.algorithm.league.pool.members
            ],
            "measurements": self.clock.history,
            "league": self.clock.league,
        }
        write_whole(self.run.path / "league.json", json.dumps(league, indent=1).encode())

    def restore(self, arrays: dict[str, dict[str, np.ndarray]], state: dict[str, Any]) -> None:
        """Go on where `save` left off."""
        self.algorithm.import_(arrays, state["algorithm"])
        self.clock = self._measuring.clock = Clock(**state["clock"])
        self._logged_at = self.clock.training_seconds
        for folder in self.run.agents.iterdir():  # saved after the checkpoint by a run that then died
            steps = folder.name.rpartition("-")[2]
            if steps.isdigit() and int(steps) > self.algorithm.env_steps:
                shutil.rmtree(folder)
        if self.clock.history:
            point(self.run.agents / "best", str(self.clock.best_env_steps))
            point(self.run.agents / "last", str(self.clock.history[-1]["env_steps"]))

    def _farewell(self, stopped: bool) -> None:
        say, folder = self.progress.say, _short(self.run)
        self.progress.settle()
        clock = self.clock
        say(f"{'stopped' if stopped else 'done'}: {self.algorithm.env_steps:,} environment steps in "
            f"{clock.training_seconds / 60:.1f} minutes of training")  # fmt: skip
        if stopped:
            say(f"go on:   {self.going_on}")
        if (self.run.agents / "last").exists():
            say(f"watch:   python -m experiments.watch {folder}")
            say(f"measure: python -m experiments.evaluate {folder}")
        say(f"curves:  tensorboard --logdir {self.run.path.parent.parent.name}")


def _losses(reports: list[Any]) -> dict[str, float]:
    """Means over updates, by tag; of those in which something was learned."""
    values = {}
    for name in reports[0].losses:
        each = np.array([report.losses[name] for report in reports])
        if not np.isnan(each).all():
            values[TAGS.get(name, f"loss/{name}")] = float(np.nanmean(each))
    return values


def dry_run(config: Config, game: Game) -> int:
    """Train for a few seconds without a run folder, and say what the run would cost."""
    game = with_settings(game, game_settings(config, game))
    with Progress(config) as progress:
        runners = choose_runners(config)
        probe(config, game, progress)
        progress.say("starting Ray (about 5 s)")
        with started(config, game, runners) as algorithm:
            for _ in range(2):
                algorithm.train()
            begin, steps, flops, gradient_steps = time.perf_counter(), algorithm.env_steps, 0.0, 0
            while time.perf_counter() - begin < 5:
                algorithm.train()
                flops += algorithm.report.flops if algorithm.report else 0
                gradient_steps += algorithm.report.gradient_steps if algorithm.report else 0
            minutes = (time.perf_counter() - begin) / 60
            speed = (algorithm.env_steps - steps) / (60 * minutes)
            memory = _tree_gigabytes()
        bounds = config.training
        ends = [bounds.minutes] if bounds.minutes else []
        for bound, done in (
            (bounds.env_steps, algorithm.env_steps - steps), (bounds.flops, flops),
            (bounds.gradient_steps, gradient_steps),
        ):  # fmt: skip
            if bound and done:
                ends.append(bound / done * minutes)
        progress.say(f"runners       {runners} ({'as configured' if config.resources.runners != 'auto' else 'auto'})")
        progress.say(f"speed         {speed:,.0f} environment steps/s, {speed * 60 * min(ends):,.0f} in the whole run")
        progress.say(f"compute       {flops / minutes / 60 / 1e9:,.0f} GFLOP/s")
        progress.say(f"memory        {memory:.2f} GB over all processes")
        progress.say(f"training      {min(ends):.1f} minutes, measuring and saving not counted")
        progress.say(f"run folder    runs/{config.name}/<time>-<id>/")
    return ExitCode.DONE


def _short(run: RunFolder) -> str:
    try:
        return os.path.relpath(run.path)
    except ValueError:
        return str(run.path)


def _resident_gigabytes() -> float:
    import psutil

    return psutil.Process().memory_info().rss / 1e9


def _tree_gigabytes() -> float:
    """Proportional set size over this process and its children: shared pages are counted once."""
    import psutil

    total = 0.0
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        try:
            total += process.memory_full_info().pss
        except (psutil.Error, AttributeError):
            continue
    return total / 1e9
