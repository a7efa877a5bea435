"""The twelve drills of the ball game: how each starts, against whom, for how long, and what is asked."""

from dataclasses import dataclass

from agents.drills import rules, starts
from agents.drills.opposition import CHASER, DRIBBLER, STILL
from envs.game import Game

KEEPER = STILL  # who keeps the goal in three_against_keeper


@dataclass(frozen=True)
class Drill:
    """A start, opponents and a rule that says what passes. The agent plays all seats of its team."""

    name: str
    task: str  # one sentence for people
    seconds: float  # the drill ends then, or with a goal
    start: starts.Start
    rule: rules.Rule
    least_size: int = 1  # players a side that it takes
    opponents: tuple[str, ...] = ()  # by seat
    others: str = STILL  # who plays the rest of their seats

    def opponent_of(self, seat: int) -> str:
        """Who plays the opponents' seat 0, 1, ... of their team."""
        return self.opponents[seat] if seat < len(self.opponents) else self.others


DRILLS = (
    Drill("empty_goal", "Score from 4 to 6 m; nobody is in the way.",
          4.0, starts.empty_goal, rules.scored),
    Drill("run_to_score", "Fetch the ball from 7 to 9 m before the goal and score; nobody is in the way.",
          7.0, starts.run_to_score, rules.scored),
    Drill("still_goalie", "Score from 4 to 5.5 m past a goalie who stands still in the way.",
          5.0, starts.still_goalie, rules.scored, opponents=(STILL,)),
    Drill("pass_and_shoot", "A defender stands in the way: pass to the free team-mate, and score.",
          6.0, starts.pass_and_shoot, rules.scored_after_a_pass, least_size=2, opponents=(STILL,)),
    Drill("three_against_keeper", "Three score against a defender and a keeper.",
          6.0, starts.three_against_keeper, rules.scored, least_size=3, opponents=(KEEPER, CHASER)),
    Drill("intercept", "Touch a pass across the pitch before it arrives.",
          2.5, starts.intercept, rules.intercepted, opponents=(STILL,)),
    Drill("tackle", "Take the ball off an opponent who runs with it at the own goal.",
          3.0, starts.tackle, rules.tackled, opponents=(DRIBBLER,)),
    Drill("clear", "Get the ball from the own goal line out of the own third while an attacker comes.",
          5.0, starts.clear, rules.cleared, opponents=(CHASER,)),
    Drill("own_net", "Running at the own net with the ball before it, turn and bring it out of the own third.",
          5.0, starts.own_net, rules.cleared),
    Drill("goalie_angle", "Out of place in the own mouth, keep out an attacker from the other side to the end.",
          6.0, starts.goalie_angle, rules.not_conceded, opponents=(CHASER,)),
    Drill("spacing", "Two begin at the ball: one scores, the other keeps 3 m away from it.",
          7.0, starts.spacing, rules.scored_apart, least_size=2),
    Drill("kick_off", "From a kick-off against chasers: score, or have the ball in the other half at the end.",
          5.0, starts.kick_off, rules.ahead, others=CHASER),
)  # fmt: skip


def has_drills(game: Game) -> bool:
    """Whether it is a ball game."""
    return game.id.startswith("ball_")


def find_drill(name: str) -> Drill:
    """Raises ValueError, with the names that there are."""
    for drill in DRILLS:
        if drill.name == name:
            return drill
    raise ValueError(f"there is no drill '{name}'; known: {', '.join(drill.name for drill in DRILLS)}")
