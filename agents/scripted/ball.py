"""The ball games' scripted ladder: rungs of known strength to measure learned play against.

L0 still     never moves                  L1 random   any action, each as likely (references without an order)
L2 ram       runs at the ball from behind, kicks whenever it is on its forward side
L3 chaser    goes round to the goal side of the ball, kicks only when aimed within 25° of the goal
L4 goalie    and strikers: chasers, one of whom keeps the goal (ball_chase.py has the rules of L2 to L4)
L5 team      presses, keeps the goal, takes places, and judges a kick by where the ball would roll (ball_team.py)

    agent = make_scripted("L3", make("ball_2v2"))       # an Agent; a team is its seats, each deciding for itself
    agent = make_scripted("L3", make("ball_2v2"), Knobs(speed=0.8))        # `scripted:L3,speed=0.8`

Everything is computed in the seat's own frame, which attacks +x (team 1's is rotated by 180°). Metres, m/s, seconds.
A rule gives an intent, the way to run and whether to kick; ball_controls.py makes an action of it.

The rules are deterministic, so that a rung without noise against itself plays a kick-off, which is the same for both
teams, exactly the same way on both sides: the two can block each other for a whole match.
"""

from pathlib import Path

import numpy as np
from numba import njit

from agents.agent import RandomAgent
from agents.names import Knobs, scripted_name
from agents.scripted.ball_chase import chase, goalie_and_strikers, ram
from agents.scripted.ball_controls import CONTROLS
from agents.scripted.ball_reckoning import SAMPLES, forward_of
from agents.scripted.ball_team import team_player
from envs import compile_cache
from envs.ball.actions import control_of
from envs.game import Game

# What a rule gives for each row: the way to run in the own frame, of any length but 0 to stand, and whether to kick.
# The last field's name holds a hash of the rules: drivers compiled from others have other signatures and are not found.
_RULES_HASH = compile_cache.fingerprint(sorted(Path(__file__).parent.glob("ball_*.py")))
INTENT = np.dtype([("run", np.float64, 2), ("kick", np.bool_), (f"rules_{_RULES_HASH}", np.int8)])


class StillAgent:
    """Stands where it is."""

    name = "scripted:L0"

    def __init__(self, game: Game):
        self.game = game

    def act(self, states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.zeros((len(states), *self.game.action_shape), self.game.action_dtype)

    def reset(self, rows: np.ndarray) -> None:
        pass


class RuleAgent:
    """Plays one of the compiled rules, weakened by the knobs; nothing is remembered.

    Without knobs nothing is random, and `rng` is not drawn from.
    """

    def __init__(self, level: str, game: Game, knobs: Knobs):
        self.name = scripted_name(level, knobs)
        self.game, self.knobs = game, knobs
        self._anything = RandomAgent(game)
        self._act = CONTROLS[control_of(game.new_states(1, np.zeros(1, np.uint64))[0])]
        self._rule = RULES[level]

    def act(self, states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        knobs, rows = self.knobs, len(states)
        players = np.asarray(players, np.int64)
        intents = np.empty(rows, INTENT)
        self._rule(states, players, intents)
        runs = rng.random(rows) < knobs.speed if knobs.speed < 1 else np.ones(rows, np.bool_)
        if knobs.decision > 1:
            _carry_on(states, players, knobs.decision, intents, runs)
        actions = np.empty((rows, *self.game.action_shape), self.game.action_dtype)
        self._act(states, players, intents, runs, actions)
        if knobs.noise > 0:
            noisy = rng.random(rows) < knobs.noise
            actions[noisy] = self._anything.act(states, players, rng)[noisy]
        return actions

    def reset(self, rows: np.ndarray) -> None:
        pass


def make_scripted(level: str, game: Game, knobs: Knobs | None = None) -> StillAgent | RandomAgent | RuleAgent:
    """The agent of that rung. Raises ValueError for another rung or a game without a ball."""
    names = game.state_dtype.names or ()
    if not game.id.startswith("ball_") or "position" not in names:
        raise ValueError(f"scripted:{level} plays ball games, not {game.id}")
    if level == "L0":
        return StillAgent(game)
    if level == "L1":
        agent = RandomAgent(game)
        agent.name = "scripted:L1"
        return agent
    if level in RULES:
        return RuleAgent(level, game, knobs or Knobs())
    raise ValueError(f"there is no scripted:{level}; known: L0, L1, {', '.join(RULES)}")


@njit(cache=True)
def _carry_on(states, players, every, intents, runs):
    """In all but every n-th decision, staggered in the team: run on as in the last one, and do not kick."""
    for i in range(states.shape[0]):
        state, player = states[i], players[i]
        seat_in_team = player % (state.kick_asked.shape[0] // 2)
        if (state.decision + seat_in_team) % every != 0:
            forward = forward_of(state, player)
            intents[i].run[0] = forward * state.drive[player, 0]
            intents[i].run[1] = forward * state.drive[player, 1]
            intents[i].kick = False
            runs[i] = True


@njit(cache=True)
def _ram(states, players, intents):
    for i in range(states.shape[0]):
        intents[i].run[0], intents[i].run[1], intents[i].kick = ram(states[i], players[i])


@njit(cache=True)
def _chase(states, players, intents):
    for i in range(states.shape[0]):
        intents[i].run[0], intents[i].run[1], intents[i].kick = chase(states[i], players[i])


@njit(cache=True)
def _goalie_and_strikers(states, players, intents):
    path, spread = _scratch(states)
    for i in range(states.shape[0]):
        intent = intents[i]
        intent.run[0], intent.run[1], intent.kick = goalie_and_strikers(states[i], players[i], path, spread)


@njit(cache=True)
def _team_player(states, players, intents):
    path, spread = _scratch(states)
    for i in range(states.shape[0]):
        intents[i].run[0], intents[i].run[1], intents[i].kick = team_player(states[i], players[i], path, spread)


@njit
def _scratch(states):
    """The arrays that the rules reckon with, see ball_reckoning.py."""
    return np.empty((SAMPLES, 2)), np.empty((states[0].kick_asked.shape[0], SAMPLES, 3))


RULES = {"L2": _ram, "L3": _chase, "L4": _goalie_and_strikers, "L5": _team_player}
