"""How an agent's strength holds in worlds other than the one it learned in: its rating against the strength of a shift.

    results = evaluate_shift(lambda game: make_agent(name, game), make("ball_2v2"), SHIFTS, (0.5, 1.0), opponents,
                             pairs=32, seed=0)
    results.scalars()                                   # {"shift/heavy_ball/50": 812.0, ...}

A shift is settings of the game, each with its value at strength 1; at strength s a setting is s of the way there from
what the game had. Everybody on the pitch is in the same world, but scripted players, who read the State, are spared
noise and dropout of what is seen. The opponents' ratings are those of the unshifted game, so a rating says how the
agent does against players that lose some of their own strength to the shift, too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.agent import Agent
from agents.evaluation import evaluate
from agents.ratings import Rating
from envs.game import Game, with_settings

Value = bool | str | float | tuple[float, float]
# Held out: a run that randomises its world should keep its own ranges inside of these.
SHIFTS: dict[str, dict[str, Value]] = {
    "heavy_ball": {"ball_mass_factor": (4.0, 4.0)},
    "lively_ball": {"restitution_factor": (1.4, 1.4), "ball_drag_factor": (0.4, 0.4)},
    "slow_players": {"player_speed_factor": (0.6, 0.6), "player_drive_factor": (0.6, 0.6)},
    "poor_kicks": {"kick_speed_factor": (0.6, 0.6), "kick_angle_noise": (20.0, 20.0)},
    "late_actions": {"action_delay": (2, 2)},
    "poor_sight": {"observation_noise": (0.1, 0.1), "observation_dropout": (0.3, 0.3)},
    "pushes": {"push_rate": (1.0, 1.0)},
    "large_pitch": {"pitch_size_factor": (1.5, 1.5)},
}


def shifts_of(game: Game) -> dict[str, dict[str, Value]]:
    """The shifts of this module that the game has the settings for."""
    known = {setting.name for setting in game.schema}
    return {name: shift for name, shift in SHIFTS.items() if known >= set(shift)}


@dataclass(frozen=True)
class ShiftResult:
    """The rating in one world; `goal_share` is of all goals against all opponents."""

    shift: str  # a name of SHIFTS, or another game's id
    strength: float  # 0: the game as it was
    rating: Rating | None
    goal_share: float | None


@dataclass(frozen=True)
class ShiftResults:
    agent: str
    game: str
    seed: int
    games: int  # against each opponent in each world
    results: tuple[ShiftResult, ...]

    def scalars(self) -> dict[str, float]:
        """By tag, for TensorBoard: shift/<name>/<strength in percent>, the rating in Elo."""
        return {f"shift/{r.shift}/{100 * r.strength:g}": r.rating.elo for r in self.results if r.rating is not None}

    def to_json(self) -> dict[str, Any]:
        rows = [
            {
                "shift": r.shift,
                "strength": r.strength,
                "rating": r.rating._asdict() if r.rating else None,
                "goal_share": r.goal_share,
            }
            for r in self.results
        ]
        return {"agent": self.agent, "game": self.game, "seed": self.seed, "games": self.games, "shifts": rows}


def shifted(game: Game, shift: Mapping[str, Any], strength: float) -> Game:
    """The game with the shift at this strength, 0 to 1. Raises InvalidSetting for what the game has not or refuses."""
    known = {setting.name: setting for setting in game.schema}
    settings: dict[str, Any] = {}
    for name, target in shift.items():
        if name not in known:
            with_settings(game, {name: target})  # says what is wrong
        settings[name] = _between(game.settings[name], known[name].check(target), strength)
    return with_settings(game, settings)


def _between(old: Any, new: Any, strength: float) -> Any:
    if isinstance(new, tuple):
        return tuple(_between(a, b, strength) for a, b in zip(old, new, strict=True))
    if isinstance(new, bool | str):
        return new if strength > 0 else old
    value = old + strength * (new - old)
    return round(value) if isinstance(new, int) else value


def evaluate_shift(
    make: Callable[[Game], Agent],
    game: Game,
    shifts: Mapping[str, Mapping[str, Any]],
    strengths: Sequence[float],
    opponents: Sequence[str],
    pairs: int,
    seed: int,
    *,
    other_games: Sequence[Game] = (),
    tell: Callable[[ShiftResult], None] | None = None,
) -> ShiftResults:
    """Rate the agent in the game as it is, in each shift at each strength, and at other games (team sizes).

    `make` gives the agent for a game; `pairs` are played against each opponent in each world, all from `seed`, so that
    worlds differ in nothing else. Raises InvalidSetting before anything is played."""
    worlds = [("none", 0.0, game)]
    worlds += [(name, s, shifted(game, shift, s)) for name, shift in shifts.items() for s in strengths]
    worlds += [(other.id, 1.0, other) for other in other_games]
    results = []
    for name, strength, world in worlds:
        measured = evaluate(make(world), world, opponents, pairs, seed)
        scored = sum(row.goals_for or 0 for row in measured.against)
        conceded = sum(row.goals_against or 0 for row in measured.against)
        share = scored / (scored + conceded) if scored + conceded else None
        results.append(ShiftResult(name, strength, measured.rating, share))
        if tell:
            tell(results[-1])
    return ShiftResults(make(game).name, game.id, seed, 2 * pairs, tuple(results))
