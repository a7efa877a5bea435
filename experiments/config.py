"""What a config can say: every key, its default, its bounds. config_file.py reads a file into a Config.

A default stands here and nowhere else; a file in configs/ says only what differs. Nothing heavy is imported, so that a
mistake in a config is reported at once.
"""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from agents.names import MAX_SIMULATIONS
from agents.solvers import ENDS, SOLVED
from envs.ids import GAMES, HIDDEN_INFORMATION
from experiments.config_learning import AlgorithmSection, NetworkSection, PPOSection
from experiments.config_types import (
    AgentNames,
    AutoOrWhole,
    Section,
    SettingValue,
    Whole,
    as_tuple,
    nearest,
    problem,
    show,
)

# `budget: quick` puts these in place of what the file says; the command line still wins.
QUICK = {"training.minutes": 1.0, "evaluation.every_minutes": 0.5, "evaluation.games": 32, "checkpoint_minutes": 0.5}

# Games in which looking one move ahead tells next to nothing (in Go a win comes with the second pass of two), or too
# much: hidden cards.
WITHOUT_ONE_PLY = ("go_", *HIDDEN_INFORMATION)


class GameSection(Section):
    id: str = Field(default="ball_2v2", description="which game; a game of your own is named module:id")
    settings: dict[str, SettingValue] = Field(default={}, description="the game's own settings, over its defaults")
    human_knowledge: Literal["none", "ball_progress"] = Field(
        default="none", description="ball_progress pays for moving the ball forward; none leaves the goal reward alone"
    )

    @field_validator("id")
    @classmethod
    def _known(cls, value: str) -> str:
        if ":" in value:
            if re.fullmatch(r"[A-Za-z_][\w.]*:[\w-]+", value):
                return value
            raise problem(f"is {show(value)}; a game of your own is named 'module:id'")
        if value not in GAMES:
            raise problem(f"is {show(value)}, an unknown game; {nearest(value, GAMES)}")
        return value

    @model_validator(mode="after")
    def _shaping_fits(self) -> "GameSection":
        if self.human_knowledge == "ball_progress" and self.id in GAMES and not self.id.startswith("ball_"):
            raise problem(f"is ball_progress, which {self.id} does not have; use none", "human_knowledge")
        return self


class Stage(Section):
    """A game that a run is trained on before its own: what differs from it, and when to go on."""

    until_rating: float = Field(
        description="Elo; goes on once the rating in the run's own game is above this, its whole interval"
    )
    until_share: float = Field(default=0.5, gt=0, lt=1, description="goes on at this share of the budget all the same")
    team_size: Whole | None = Field(
        default=None, ge=1, le=11, description="players a side, of networks that can (entities); null: the game's own"
    )
    settings: dict[str, SettingValue] = Field(default={}, description="of the game, over the run's")


class TrainingSection(Section):
    env_steps: Whole | None = Field(default=None, ge=1, description="ends the run; null: no such bound")
    minutes: float | None = Field(default=10.0, gt=0, description="of training, measuring not counted; ends the run")
    flops: float | None = Field(
        default=None, gt=0, description="of all networks, playing and learning; ends the run; null: no such bound"
    )
    gradient_steps: Whole | None = Field(default=None, ge=1, description="ends the run; null: no such bound")
    start_from: str | None = Field(
        default=None, description="a saved agent or a run, whose weights to begin with; null: random ones"
    )
    seed: Whole = Field(default=0, ge=0, lt=2**63, description="of everything that is drawn at random")
    lr: float = Field(default=1e-3, gt=0, le=10, description="learning rate at the start")
    lr_final: float | None = Field(default=2e-4, ge=0, le=10, description="learning rate at the end; null: constant")
    gamma: float = Field(default=0.993, gt=0, le=1, description="discount per decision")
    num_games: Whole = Field(default=512, ge=1, le=1 << 20, description="played at once, over all runners")
    random_opening_plies: Whole = Field(
        default=0, ge=0, le=1000, description="up to so many random first moves (turn games)"
    )
    bootstrap_time_limit: bool = Field(default=False, description="whether the clock's end counts as if play went on")
    averaging: float | None = Field(
        default=3.0,
        ge=0,
        le=100,
        description="the agent is the average of the weights so far, counted by time to this power; null: the newest",
    )
    curriculum: Annotated[tuple[Stage, ...], BeforeValidator(as_tuple)] = Field(
        default=(), max_length=16, description="games to be trained on first, in order"
    )

    @model_validator(mode="after")
    def _ends(self) -> "TrainingSection":
        if not (self.env_steps or self.minutes or self.flops or self.gradient_steps):
            message = "is null, and so are the other bounds: set minutes, env_steps, flops or gradient_steps"
            raise problem(message, "minutes", "env_steps")
        return self


class LeagueSection(Section):
    """Several learners in one run, agents/league.py: the first main is the run's agent."""

    mains: Whole = Field(default=1, ge=1, le=16, description="learners that play themselves and the pool")
    main_exploiters: Whole = Field(
        default=0, ge=0, le=16, description="learners that play the newest main of the pool, nobody else"
    )
    league_exploiters: Whole = Field(
        default=0, ge=0, le=16, description="learners that play everybody in the pool, first who beats them"
    )
    exploiter_share: float = Field(
        default=0.4, gt=0, lt=1, description="share of the updates that exploiters get, together"
    )
    promotion: Literal["every", "sprt"] = Field(
        default="every",
        description="when a main's self joins the pool: every snapshot_every, or if a test says it is stronger then",
    )
    promotion_elo: float = Field(default=50.0, gt=0, le=1000, description="the sequential test is of 0 against so much")
    promotion_pairs: Whole = Field(default=128, ge=1, le=100_000, description="of games, at most, in such a test")
    patience: Whole = Field(
        default=10, ge=1, description="times snapshot_every, after which an exploiter without success begins anew"
    )


class OpponentsSection(Section):
    latest: float = Field(default=0.65, ge=0, le=1, description="share of the games against the newest self")
    pool: float = Field(default=0.35, ge=0, le=1, description="share of the games against earlier selves")
    fixed: float = Field(default=0.0, ge=0, le=1, description="share of the games against fixed_agents")
    fixed_agents: AgentNames = Field(
        default=(), max_length=32, description="names of agents that share these games; they do not learn"
    )
    pool_size: Whole = Field(default=32, ge=2, le=10_000, description="earlier selves kept")
    slots: Whole = Field(default=4, ge=1, le=64, description="earlier selves a runner holds at a time")
    snapshot_every: Whole = Field(default=50, ge=1, description="updates between two new members of the pool")
    sampling: Literal["uniform", "recent", "prioritised"] = Field(
        default="uniform", description="how earlier selves are drawn: evenly, the newest quarter, those that still win"
    )
    league: LeagueSection = Field(default=LeagueSection(), description="several learners in one run")

    @model_validator(mode="after")
    def _league_fits(self) -> "OpponentsSection":
        league = self.league
        exploiters = league.main_exploiters + league.league_exploiters
        if exploiters and not self.pool:
            raise problem("is 0, so the mains would never meet the exploiters; give it a share", "pool")
        learners = league.mains + exploiters
        if self.pool_size < 2 * learners:
            message = f"is {self.pool_size}; the first and the newest self of {learners} learners need {2 * learners}"
            raise problem(message, "pool_size")
        return self

    @model_validator(mode="after")
    def _shares(self) -> "OpponentsSection":
        total = self.latest + self.pool + self.fixed
        if abs(total - 1) > 1e-6:
            message = f"does not fit: latest, pool and fixed are shares and must sum to 1, not {total:g}"
            raise problem(message, "fixed", "pool", "latest")
        if self.fixed and not self.fixed_agents:
            raise problem("is a share of the games, but opponents.fixed_agents names nobody to play them", "fixed")
        if self.fixed_agents and not self.fixed:
            raise problem("are named, but opponents.fixed, their share of the games, is 0", "fixed_agents")
        return self


class ShiftSection(Section):
    """Worlds other than the one trained in: `experiments.evaluate RUN --shift`; with `at_end`, each run's last word."""

    worlds: dict[str, dict[str, SettingValue]] | None = Field(
        default=None, description="by name, settings of the game at strength 1; null: the ball games' own"
    )
    strengths: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], BeforeValidator(as_tuple)] = Field(
        default=(0.25, 0.5, 1.0), min_length=1, max_length=16, description="how far of the way to those settings"
    )
    team_sizes: Annotated[tuple[Annotated[Whole, Field(ge=1, le=11)], ...], BeforeValidator(as_tuple)] = Field(
        default=(1, 2, 3), max_length=11, description="of other ball games to be tried, by networks that can (entities)"
    )
    at_end: bool = Field(default=False, description="measured when the run is done; some minutes")
    games: Whole = Field(
        default=64, ge=2, le=1_000_000, multiple_of=2, description="against each opponent in each world, in pairs"
    )


class EvaluationSection(Section):
    every_minutes: float | None = Field(
        default=1.0, gt=0, description="of training, between two measurements; null: at the end"
    )
    at_shares: Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], BeforeValidator(as_tuple)] = Field(
        default=(), max_length=100, description="shares of the budget at which it is measured too, and at the end"
    )
    games: Whole = Field(default=128, ge=2, le=1_000_000, multiple_of=2, description="against each opponent, in pairs")
    opponents: AgentNames | None = Field(
        default=None, max_length=32, description="whom to measure against; null: the game's own ladder"
    )
    north_star: Literal["rating"] = Field(
        default="rating", description="the one number that says whether the run goes well"
    )
    greedy: bool | None = Field(
        default=None,
        description="whether the measured agent plays its best action or samples; null: best, but at cards",
    )
    drills: bool = Field(default=True, description="the drills of the ball games at each measurement")
    mistakes: Whole = Field(
        default=0, ge=0, le=100_000, description="positions judged by exact play at each measurement; 0: none"
    )
    simulations: Whole = Field(
        default=0,
        ge=0,
        le=MAX_SIMULATIONS,
        description="the agent is measured with a search of so many as well; 0: without alone",
    )
    shift: ShiftSection = Field(default=ShiftSection(), description="ratings in worlds other than the one trained in")
    clip: bool = Field(default=True, description="a short film of a game at each measurement")


class ResourcesSection(Section):
    runners: AutoOrWhole = Field(
        default="auto", description="processes that play; 0: play in the learner's own process"
    )
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="where the learner computes")
    ray_address: str | None = Field(
        default=None, description="a running cluster to join (auto: the one here); null: start Ray"
    )
    learner_threads: AutoOrWhole = Field(default="auto", description="of the gradient on a CPU; auto: up to 4 cores")


class Config(Section):
    """One run. Keys that a file leaves out keep these defaults, which are the 2v2 self-play run."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", description="the run's folder is runs/<name>/")
    experiment: Literal["train"] = Field(
        default="train", description="what to do: train; compare is a study, with keys of its own"
    )
    game: GameSection = GameSection()
    network: NetworkSection = NetworkSection()
    algorithm: AlgorithmSection = PPOSection()
    training: TrainingSection = TrainingSection()
    opponents: OpponentsSection = OpponentsSection()
    evaluation: EvaluationSection = EvaluationSection()
    resources: ResourcesSection = ResourcesSection()
    budget: Literal["full", "quick"] = Field(default="full", description="quick: a minute's run, to see that it works")
    keep_checkpoints: Whole = Field(default=3, ge=1, le=1000, description="older ones are deleted")
    checkpoint_minutes: float = Field(default=2.0, gt=0, description="of training, between two checkpoints")

    @model_validator(mode="after")
    def _fits_the_game(self) -> "Config":
        game, ball = self.game.id, self.game.id.startswith("ball_")
        for position, stage in enumerate(self.training.curriculum):
            self._check_stage(stage, f"training.curriculum.{position}")
        if ball and self.training.random_opening_plies:
            raise problem(f"must be 0: {game} has no turns, so no opening moves", "training.random_opening_plies")
        for key, names in (
            ("evaluation.opponents", self.evaluation.opponents or ()),
            ("opponents.fixed_agents", self.opponents.fixed_agents),
        ):
            for position, name in enumerate(names if game in GAMES else ()):
                self._check_plays(name, f"{key}.{position}")
        if self.evaluation.mistakes and game in GAMES and game not in SOLVED:
            known = f"exact play is known for {', '.join(SOLVED)}"
            raise problem(f"must be 0, for {game} has no exact solver; {known}", "evaluation.mistakes")
        if self.evaluation.mistakes == 1:
            raise problem("is 1; two or more positions are judged", "evaluation.mistakes")
        if self.algorithm.name == "alphazero":
            self._check_searched("algorithm.name", "is alphazero, which searches")
            self._check_alphazero()
        if self.algorithm.name == "supervised":
            self._check_supervised()
        if self.evaluation.simulations:
            self._check_searched("evaluation.simulations", "asks for a search")
        return self

    def _check_searched(self, key: str, what: str) -> None:
        if self.game.id.startswith("ball_"):
            raise problem(f"{what}; {self.game.id} has no turns, so there is nothing to search", key)
        if self.game.id in HIDDEN_INFORMATION:
            raise problem(f"{what}; a search would see what {self.game.id} hides", key)

    def _check_alphazero(self) -> None:
        training, usual = self.training, TrainingSection.model_fields
        if training.gamma != usual["gamma"].default:
            raise problem("is set, but alphazero does not discount; leave it out", "training.gamma")
        if training.bootstrap_time_limit:
            raise problem(
                "is true, but alphazero takes a game that the clock ended as it is", "training.bootstrap_time_limit"
            )
        if training.curriculum:
            raise problem("is for ppo", "training.curriculum")

    def _check_supervised(self) -> None:
        usual = OpponentsSection()
        if self.opponents != usual:
            raise problem("is about games, and supervised plays none; leave the section out", "opponents")
        if self.training.curriculum:
            raise problem("is for ppo", "training.curriculum")
        if self.resources.runners not in ("auto", 0):
            raise problem(f"is {self.resources.runners}, but supervised plays nothing", "resources.runners")

    def _check_plays(self, name: str, key: str) -> None:
        if key.startswith("opponents.") and name.startswith(("uci:", "gtp:")):
            raise problem(f"names '{name}'; engines do not play in training: they may give up a game", key)
        game, turns, family = self.game.id, "games with turns", name.partition(":")[0]
        plays = turns if family in ("one_ply", "alphabeta", "mcts") else {"scripted": "ball games"}.get(family)
        if plays == (turns if game.startswith("ball_") else "ball games"):
            raise problem(f"names '{name}', which plays {plays}, not {game}", key)
        if plays == turns and game in HIDDEN_INFORMATION:
            raise problem(f"names '{name}', which would see what {game} hides", key)
        players = [known for known in SOLVED if known not in ENDS]
        if name == "solver" and game not in players:
            raise problem(f"names 'solver', which plays {', '.join(players)}, not {game}", key)

    def _check_stage(self, stage: Stage, key: str) -> None:
        if not stage.settings and stage.team_size is None:
            raise problem("is the game as it is; give settings or a team_size", key)
        if stage.team_size is not None and not (self.game.id.startswith("ball_") and self.network.type == "entities"):
            reader = "a ball game with network.type entities, whose networks read any team size"
            raise problem(f"needs {reader}", f"{key}.team_size")
        if self.evaluation.every_minutes is None:
            raise problem("is null, so no rating would end a stage of training.curriculum", "evaluation.every_minutes")

    @property
    def drilled(self) -> bool:
        """Whether measurements have drills."""
        return self.evaluation.drills and self.game.id.startswith("ball_")

    @property
    def greedy(self) -> bool:
        """Whether the measured agent plays its best action: as configured, or where nothing is hidden. A hidden card
        makes a player who always does the same easy to read."""
        wanted = self.evaluation.greedy
        return self.game.id not in HIDDEN_INFORMATION if wanted is None else wanted

    @property
    def ladder(self) -> tuple[str, ...]:
        """The opponents to measure against, as configured or the game's own."""
        if self.evaluation.opponents is not None:
            return self.evaluation.opponents
        if self.game.id not in GAMES:
            return ("random",)
        if self.game.id.startswith("ball_"):
            return tuple(f"scripted:L{n}" for n in range(6))
        return ("random",) if self.game.id.startswith(WITHOUT_ONE_PLY) else ("random", "one_ply")
