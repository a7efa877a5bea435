"""What a run's agent can do: played against the ladder and the run's league, drilled, kept, the best remembered."""

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from envs.game import Game
from experiments.assembly import network_config
from experiments.config import Config
from experiments.errors import ExitCode, UserError
from experiments.progress import Progress
from experiments.run_folder import RunFolder
from experiments.shift import measure_shift

if TYPE_CHECKING:
    from experiments.league_table import LeagueTable

CLIP_SECONDS = 8.0
LEAGUE_DRAWS = 200  # of the bootstrap at each measurement; the ends of an interval then wander by 5% of its width


@dataclass
class Clock:
    """Where a run stands; all of it is in the checkpoint."""

    training_seconds: float = 0.0
    flops: float = 0.0  # of all networks, playing and learning
    gradient_steps: int = 0
    measured_at: float = 0.0  # training seconds of the last measurement
    shares_passed: int = 0  # of evaluation.at_shares
    saved_at: float = 0.0
    best_lower_bound: float | None = None
    best_env_steps: int = 0
    measurements: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)  # a row per measurement
    league: dict[str, Any] = field(default_factory=dict)  # as experiments/league_table.py writes it

    @property
    def costs(self) -> dict[str, float]:
        """What the run has cost so far."""
        seconds = round(self.training_seconds, 1)
        return {"training_seconds": seconds, "flops": self.flops, "gradient_steps": self.gradient_steps}


class Measuring:
    """Measures the agent of one run, whose place in time is `clock`."""

    def __init__(self, run: RunFolder, config: Config, game: Game, progress: Progress, clock: Clock):
        self.run, self.config, self.game, self.progress, self.clock = run, config, game, progress, clock
        self._solver: Any = None  # made when it is first needed, and kept for what it remembers

    def measure(self, steps: int, weights: dict[str, np.ndarray]) -> None:
        """Save the agent as it is, play it against the ladder and the league, drill it, remember the best."""
        from agents.drills.run import run_drills
        from agents.evaluation import evaluate
        from agents.matches import Matches
        from agents.network import network_of
        from agents.network_agent import NetworkAgent
        from experiments.league_table import LeagueTable

        config, clock = self.config, self.clock
        network = network_of(network_config(config, self.game), weights)
        agent = NetworkAgent(network, self.game, greedy=config.greedy, name=f"{config.name}@{steps}")
        clock.measurements += 1
        seed = int(np.random.SeedSequence([config.training.seed, 3, clock.measurements]).generate_state(1)[0])
        name, league = f"@{steps}", LeagueTable.from_json(clock.league)

        def keep(opponent: str, matches: Matches) -> None:
            league.add(name, opponent, matches)

        result = evaluate(agent, self.game, config.ladder, config.evaluation.games // 2, seed, keep=keep)
        league.join(agent, name, self.run.agents, self.game, greedy=config.greedy, seed=seed)
        clock.league = league.to_json()
        values = result.scalars() | self._log_league(league, steps)
        if config.drilled:
            values |= run_drills(agent, self.game, seed=seed).scalars()
        if config.evaluation.mistakes:
            values |= self._mistakes(agent)
        if config.evaluation.simulations:
            values |= self._with_search(network, seed)
        self.run.log(steps, values, training_seconds=clock.training_seconds)
        rating = result.rating
        self._save_agent(str(steps), network, steps, values)
        point(self.run.agents / "last", str(steps))
        shown: dict[str, Any] = {"win_rates": result.win_rates, "seconds": result.seconds}
        if rating is not None:
            shown |= {"rating": rating.elo, "rating_low": rating.low, "rating_high": rating.high}
        self.progress.evaluation(shown)
        clock.history.append({"env_steps": steps, **clock.costs, **values})
        lower = rating.low if rating is not None else float(np.mean(list(result.win_rates.values())))
        if clock.best_lower_bound is None or lower > clock.best_lower_bound:
            clock.best_lower_bound, clock.best_env_steps = lower, steps
            point(self.run.agents / "best", str(steps))
        if config.evaluation.clip:
            self._clip(agent, steps)
        clock.measured_at = clock.training_seconds

    def measure_shift(self, steps: int) -> None:
        """Play the newest agent in the worlds of `evaluation.shift`."""
        from agents.names import make_agent

        self.progress.say("measuring in other worlds (evaluation.shift)")
        any_size, last = self.config.network.type == "entities", str(self.run.agents / "last")

        def make(game: Game) -> Any:
            return make_agent(last, game, greedy=self.config.greedy)

        results = measure_shift(
            make, self.game, self.config.evaluation.shift, any_size, self.config.ladder, self.config.training.seed
        )
        self.run.log(steps, results.scalars(), training_seconds=self.clock.training_seconds)

    def _mistakes(self, agent: Any) -> dict[str, float]:
        """Against exact play, in the same random positions at each measurement: what took long is solved once."""
        from agents.mistakes import judge
        from agents.solvers import make_solver
        from agents.solvers.agent import progress

        positions, seed = self.config.evaluation.mistakes, self.config.training.seed
        try:
            if self._solver is None:
                self._solver = make_solver(self.game, lambda *done: self.progress.say(progress(*done)))
            return judge(agent, self.game, self._solver, positions, seed).scalars()
        except ValueError as error:
            raise UserError(f"evaluation.mistakes: {error}; set it to 0", ExitCode.USAGE) from None

    def _with_search(self, network: Any, seed: int) -> dict[str, float]:
        """What the agent does with a search of `evaluation.simulations`: the same measures, under search/."""
        from agents.evaluation import evaluate
        from agents.network_agent import searching

        evaluation = self.config.evaluation
        agent = searching(network, self.game, evaluation.simulations, f"{self.config.name}+{evaluation.simulations}")
        values = evaluate(agent, self.game, self.config.ladder, evaluation.games // 2, seed).scalars()
        if evaluation.mistakes:
            values |= self._mistakes(agent)
        return {f"search/{tag}": value for tag, value in values.items()}

    def _log_league(self, league: "LeagueTable", steps: int) -> dict[str, float]:
        """The league as a table and two pictures in TensorBoard; its numbers are returned."""
        from agents.anchors import load_anchors
        from experiments import match_pictures
        from experiments.match_report import as_text, labels

        table = league.table(load_anchors(self.game.id), draws=LEAGUE_DRAWS)
        if table is None:
            return {}
        short = labels(table.players)
        self.run.log_text("league/table", as_text(table, self.game.id), steps)
        self.run.log_image("league/ratings", match_pictures.ratings(table, short, self.game.id), steps)
        if len(league.members) > 1:
            self.run.log_image("league/payoffs", match_pictures.payoffs(table, short, self.game.id), steps)
        return league.scalars(table)

    def keep(self, name: str, weights: dict[str, np.ndarray], steps: int) -> None:
        """Save another learner's agent under this name."""
        from agents.network import network_of

        self._save_agent(name, network_of(network_config(self.config, self.game), weights), steps, {})

    def _save_agent(self, name: str, network: Any, steps: int, values: dict[str, float]) -> None:
        from agents.saved import save_agent

        record = {
            "run": self.config.name,
            "env_steps": steps,
            **self.clock.costs,
            "seed": self.config.training.seed,
            "human_knowledge": self.config.game.human_knowledge,
            "measured": values,
        }
        folder = self.run.agents / name
        if not folder.exists():  # a resumed run may measure where it measured before
            save_agent(folder, network, self.game, record)

    def _clip(self, agent: Any, steps: int) -> None:
        """A short film against the strongest opponent, in TensorBoard and in replays/."""
        from agents.names import make_agent
        from experiments.animation import encode_gif
        from experiments.recording import record_clip

        opponent = make_agent(self.config.ladder[-1], self.game)
        frames = record_clip(self.game, [agent, opponent], CLIP_SECONDS, seed=self.clock.measurements, fps=10)
        self.run.log_video(f"replay/against_{opponent.name}", frames, 10, steps)
        (self.run.replays / f"{steps}.gif").write_bytes(encode_gif(frames, 10))


def point(link: Any, target: str) -> None:
    """Make `link` a symbolic link to its neighbour `target`, in one step."""
    temporary = link.with_name(f".{link.name}.tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    os.replace(temporary, link)
