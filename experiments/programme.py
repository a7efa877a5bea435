"""What is watched: who plays whom in which order, game after game, or a drill's scenes one after another."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from experiments.errors import ExitCode, UserError

if TYPE_CHECKING:
    from agents.agent import Agent
    from agents.drills.catalogue import Drill
    from agents.records import Record
    from envs.game import Game
    from experiments.cast import Cast
    from experiments.recording import Match


@dataclass
class Programme:
    """Who plays whom in which order. The agent's tally against each opponent is kept in wins, draws and losses.

    With a `record` there is one game, nobody in it, and it is told again and again."""

    game: "Game"
    agent: "Agent | None"
    opponents: list["Agent"]
    labels: list[str]  # the agent's name, then each opponent's
    side: str  # "0", "1" or "alternate"
    seed: int
    against: int = 0  # index of the opponent
    number: int = 0  # of the game, from 0
    tally: dict[int, list[int]] = field(default_factory=dict)
    winnings: dict[int, list[int]] = field(default_factory=dict)  # of the agent, and of each opponent
    record: "Record | None" = None
    thinking: bool = False  # whether agents' thoughts are shown

    def match(self) -> "Match":
        """The game of this number, from its start."""
        return self._match(self.against, self.seed + self.number, swapped=self.agent_side == 1)

    def rehearsals(self) -> Iterator["Match"]:
        """A game against each, unseen."""
        return (self._match(rival, self.seed) for rival in range(len(self.labels) - 1))

    def _match(self, rival: int, seed: int, *, swapped: bool = False) -> "Match":
        from experiments.recording import Match

        names = [self.labels[0], self.labels[1 + rival]]
        if self.agent is None:
            return Match(self.game, (), seed, names, self.record)
        pair = [self.agent, self.opponents[rival]]
        if swapped:
            pair, names = pair[::-1], names[::-1]
        return Match(self.game, pair, seed, names, thinking=self.thinking)

    @property
    def agent_side(self) -> int:
        return self.number % 2 if self.side == "alternate" else int(self.side)

    def finish(self, match: "Match") -> None:
        """Count the result and go on to the next game."""
        if self.record is None:
            margin = float(match.team_return(self.agent_side))
            row = self.tally.setdefault(self.against, [0, 0, 0])
            row[0 if margin > 0 else 2 if margin < 0 else 1] += 1
            won = self.winnings.setdefault(self.against, [0, 0])
            won[0 if margin > 0 else 1] += abs(round(margin))
        self.number += 1

    def next_opponent(self) -> None:
        self.against = (self.against + 1) % (len(self.labels) - 1)
        self.number += 1

    def score(self, match: "Match") -> tuple[int, int] | None:
        """What side 0 and 1 have won so far, games or chips, for games that keep no score of their own."""
        counted = "score" in (self.game.state_dtype.names or ()) or self.record is not None
        if counted or (self.against not in self.tally and not match.over):
            return None
        won = self.winnings.get(self.against, (0, 0))
        sides = [*won] if self.agent_side == 0 else [*reversed(won)]
        if match.over:
            for side in (0, 1):
                sides[side] += max(0, round(match.team_return(side)))
        return sides[0], sides[1]

    @property
    def line(self) -> str:
        if self.record is not None:
            return f"{self.labels[0]} against {self.labels[1]}, {self.record.time}, {self.record.result.ended}"
        won, drawn, lost = self.tally.get(self.against, (0, 0, 0))
        rivals = f"{self.labels[0]} against {self.labels[1 + self.against]}"
        result = f": won {won}, drawn {drawn}, lost {lost}" if won + drawn + lost else ""
        return f"game {self.number + 1}, seed {self.seed + self.number}, {rivals}{result}"


@dataclass
class DrillProgramme(Programme):
    """The scenes that `experiments.evaluate --drills` judges with the same seed; the agent's team turns about."""

    drill: "Drill" = field(kw_only=True)

    def _match(self, rival: int, seed: int, *, swapped: bool = False) -> "Match":
        from experiments.drill_match import DrillMatch

        assert self.agent is not None
        scene = self.number // 2 if self.side == "alternate" else self.number
        return DrillMatch(self.drill, self.game, self.agent, self.labels[0], self.seed, scene, team=int(swapped))

    def finish(self, match: "Match") -> None:
        from experiments.drill_match import DrillMatch

        assert isinstance(match, DrillMatch)
        self.tally.setdefault(0, [0, 0, 0])[0 if match.passed else 2] += 1
        self.number += 1

    @property
    def line(self) -> str:
        passed, _, failed = self.tally.get(0, (0, 0, 0))
        result = f": passed {passed} of {passed + failed}" if passed + failed else ""
        return f"{self.drill.name}, scene {self.number + 1}, {self.labels[0]}{result}"


def drill_programme(name: str, found: "Cast", side: str, seed: int) -> DrillProgramme:
    """Raises UserError where there is no such drill or the game has not what it takes."""
    from agents.drills.catalogue import find_drill, has_drills
    from agents.drills.run import starting
    from agents.drills.starts import NoRoom

    if not has_drills(found.game):
        raise UserError(f"--drill: the drills are of the ball games, not of {found.game.id}", ExitCode.USAGE)
    try:
        drill = find_drill(name)
    except ValueError as error:
        raise UserError(f"--drill: {error}", ExitCode.USAGE) from None
    if drill.least_size > found.game.num_players // 2:
        raise UserError(f"--drill {name}: it needs {drill.least_size} players a side", ExitCode.USAGE)
    try:
        starting(drill, found.game, 2, seed)
    except NoRoom:
        raise UserError(f"--drill {name}: it needs a larger pitch", ExitCode.USAGE) from None
    labels = [found.labels[0], "the drill"]
    return DrillProgramme(found.game, found.agent, [], labels, side, seed, drill=drill)
