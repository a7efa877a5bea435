"""How often an agent errs, and by how much, where exact play is known.

    result = judge(agent, make("connect_four"), make_solver(game), positions=200, seed=1)
    result.total.rate, result.total.regret, result.scalars()

A mistake is a move that gives away a win, or a draw that was to be had. The regret of a move is how much less it is
worth than the best, in the solver's points; the value error how far the agent's own value lies from 1, 0 or -1, what
exact play gets (of agents that have one, networks).

Positions    half from games of random moves, half from the agent's games against itself, which begin with as many
             random moves as matches do; drawn evenly from all different ones (mirror images are the same) that came up,
             are held out from training (held_out.py) and can be solved in little time. What one half lacks the other
             gives; where a small game has fewer, all that came up are judged. The same seed and agent give the same
             positions, and the same seed the same random half
Phases       thirds of the longest of those random games, by moves made
Intervals    95%: Wilson's of rates, 1.96 standard errors of means
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from agents.agent import Agent, RandomAgent
from agents.held_out import canonical_boards, held_out
from agents.matches import opening_plies
from agents.solvers import Solver
from envs.batch import Batch
from envs.game import Game

GAMES_AT_ONCE = 256
MOST_ROUNDS = 20  # of so many games, in search of enough different positions
PHASES = ("first third", "second third", "last third")


@dataclass(frozen=True)
class Mean:
    """Of n numbers; the mean lies within `margin` of the truth in 95% of such measurements (None for a single one)."""

    mean: float
    margin: float | None

    @classmethod
    def of(cls, numbers: np.ndarray) -> "Mean":
        margin = 1.96 * float(numbers.std(ddof=1)) / len(numbers) ** 0.5 if len(numbers) > 1 else None
        return cls(float(numbers.mean()), margin)


@dataclass(frozen=True)
class Judged:
    """What the agent's moves were worth in some of the positions."""

    phase: str
    positions: int
    mistakes: int
    regret: Mean
    value_error: Mean | None  # of agents with a value

    @property
    def rate(self) -> float:
        return self.mistakes / self.positions

    @property
    def interval(self) -> tuple[float, float]:
        """Of the rate."""
        from scipy.stats import binomtest  # takes a second to import, and training does without

        low, high = binomtest(self.mistakes, self.positions).proportion_ci(method="wilson")
        return float(low), float(high)

    def to_json(self) -> dict[str, Any]:
        low, high = self.interval
        return {**asdict(self), "rate": self.rate, "low": low, "high": high}


@dataclass(frozen=True)
class Mistakes:
    agent: str
    game: str
    seed: int
    scale: str  # what a point of regret is
    first_ply: int  # no position has fewer moves made
    total: Judged
    phases: tuple[Judged, ...]  # those in which there were positions

    def scalars(self) -> dict[str, float]:
        """By tag, for TensorBoard: mistakes/rate, mistakes/regret and, of networks, mistakes/value_error."""
        values = {"mistakes/rate": self.total.rate, "mistakes/regret": self.total.regret.mean}
        if self.total.value_error:
            values["mistakes/value_error"] = self.total.value_error.mean
        return values

    def to_json(self) -> dict[str, Any]:
        about: dict[str, Any] = {"agent": self.agent, "game": self.game, "seed": self.seed, "scale": self.scale}
        about |= {"first_ply": self.first_ply}
        return {**about, "total": self.total.to_json(), "phases": [phase.to_json() for phase in self.phases]}


def judge(agent: Agent, game: Game, solver: Solver, positions: int, seed: int = 0) -> Mistakes:
    """One move of the agent in each position, against exact play. Raises ValueError for fewer than 2 positions, or for
    a game in which none comes up that can be solved and is held out."""
    if positions < 2:
        raise ValueError(f"positions is {positions}; two or more are judged")
    states, plies, longest = sample(agent, game, solver, positions, seed)
    if not len(states):
        raise ValueError(f"{game.id}: no position came up that can be solved and is held out from training")
    players = states["current_player"].astype(np.int64)
    agent.reset(np.arange(len(states)))
    actions = agent.act(states, players, np.random.default_rng([seed, 2]))
    values = solver.move_values(states).astype(np.int64)
    best, chosen = values.max(axis=1), values[np.arange(len(states)), actions]
    wrong, regret = np.sign(chosen) < np.sign(best), best - chosen
    errors = np.abs(agent.values(states, players) - np.sign(best)) if hasattr(agent, "values") else None

    def judged(phase: str, rows: np.ndarray) -> Judged:
        error = None if errors is None else Mean.of(errors[rows])
        return Judged(phase, int(rows.sum()), int(wrong[rows].sum()), Mean.of(regret[rows]), error)

    third = np.minimum(3 * plies // longest, 2)
    phases = tuple(judged(name, third == i) for i, name in enumerate(PHASES) if (third == i).any())
    total = judged("all", np.ones(len(states), np.bool_))
    return Mistakes(agent.name, game.id, seed, solver.scale, solver.first_ply, total, phases)


def sample(agent: Agent, game: Game, solver: Solver, count: int, seed: int) -> tuple[np.ndarray, np.ndarray, int]:
    """The positions to be judged, states [N]; moves made before each [N]; moves of the longest random game. N is
    `count`, or all that came up."""
    half = count - count // 2
    rng = np.random.default_rng([seed, 0])
    by_chance, longest = _find(RandomAgent(game), game, solver, 0, half, set(), rng)
    order = rng.permutation(len(by_chance))
    drawn, spare = [by_chance[i] for i in np.sort(order[:half])], [by_chance[i] for i in order[half:]]
    rng = np.random.default_rng([seed, 1])
    wanted, taken = count - len(drawn), {position.board for position in drawn}
    own, _ = _find(agent, game, solver, opening_plies(game), wanted, taken, rng)
    drawn += [own[i] for i in np.sort(rng.permutation(len(own))[:wanted])]
    taken = {position.board for position in drawn}
    drawn += [position for position in spare if position.board not in taken][: count - len(drawn)]
    states = np.concatenate([position.state for position in drawn]) if drawn else np.empty(0, game.state_dtype)
    return states, np.array([position.ply for position in drawn], np.int64), longest


class _Position(NamedTuple):
    state: np.ndarray  # [1]
    ply: int
    board: bytes  # the same for all its images


def _find(
    player: Agent, game: Game, solver: Solver, opening: int, wanted: int, taken: set[bytes], rng: np.random.Generator
) -> tuple[list[_Position], int]:
    """Different positions of the player's games against itself that may be judged, none of those taken, more than are
    wanted if there are; and moves of the longest game."""
    found: list[_Position] = []
    seen, longest = set(taken), 0
    for _ in range(MOST_ROUNDS):
        before = len(found)
        for reached, ply in _games(player, game, opening, rng):
            found += _new(game, solver, reached, ply, seen)
            longest = max(longest, ply + 1)
        # enough that what is drawn is not the first games' alone; or there are hardly any more
        if len(found) >= 2 * wanted or len(found) - before < len(found) / 20:
            break
    return found, longest


def _games(player: Agent, game: Game, opening: int, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, int]]:
    """GAMES_AT_ONCE games of the player against itself, after 0 to `opening` random moves, drawn evenly: the states
    [n] that go on, and how many moves were made."""
    batch = Batch(game, GAMES_AT_ONCE, int(rng.integers(2**63)), autoreset=False)
    random, openings = RandomAgent(game), rng.integers(opening + 1, size=GAMES_AT_ONCE)
    player.reset(np.arange(GAMES_AT_ONCE))
    for ply in range(game.max_steps):
        live = np.flatnonzero(~(batch.terminated | batch.truncated))
        if not len(live):
            return
        states = np.take(batch.states, live)
        players = states["current_player"].astype(np.int64)
        actions = np.zeros(GAMES_AT_ONCE, np.int32)
        drawn = ply < openings[live]
        for who, rows in ((random, drawn), (player, ~drawn)):
            if rows.any():
                actions[live[rows]] = who.act(np.take(states, np.flatnonzero(rows)), players[rows], rng)
        yield states, ply
        batch.step(actions)


def _new(game: Game, solver: Solver, states: np.ndarray, ply: int, seen: set[bytes]) -> list[_Position]:
    """Those of the states that may be judged and were not seen before."""
    if ply < solver.first_ply:
        return []
    fresh = []
    for b in np.flatnonzero(held_out(game, states) & solver.solvable(states)):
        (board,) = canonical_boards(game, states[b : b + 1])
        if board not in seen:
            seen.add(board)
            fresh.append(_Position(states[b : b + 1].copy(), ply, board))
    return fresh
