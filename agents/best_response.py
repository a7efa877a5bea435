"""How much an agent can be made to lose, exactly: the best response to it in a game small enough to write out.

    result = exploitability(make_agent("one_ply", game), game := make("tic_tac_toe"))
    result.best_response_values, result.nash_conv, result.exploitability

The best response of a seat is the strategy that takes most while the agent plays all other seats. NashConv is what all
seats together gain by going over to it (Lanctot et al., "A unified game-theoretic approach to multiagent reinforcement
learning", 2017), exploitability the mean over the seats, as in OpenSpiel. Both
are 0 at an equilibrium and nowhere else.

    deals -> positions after 1 ply -> after 2 -> ...    through the game's own rules, every position once
    values <- ... <- ends                               backwards, a position after all that follow it

Perfect information: the best responder takes the best move of each position; positions that are the same to the last
byte (the random stream left out) are one. Hidden information: it cannot tell apart positions that look alike to it, so
it has one move for all of them, the best on average over what may be hidden, weighted by how likely chance and the
agent bring each about. Nothing is merged then, and a seat must remember its own moves (perfect recall), which the
contract of `observe` promises and which is checked.

Letters: N positions, P seats, A actions, I information states. Positions are numbered as they are found, so that what
follows has a higher number.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from agents.agent import Agent, Policy
from envs.batch import mask_rows, observe_rows
from envs.game import Dynamics, Game, deal, is_terminal, is_truncated, rewards, step

MOST_POSITIONS = 500_000
MOVES_TO_A_POSITION = 4  # of one ply: where there are more than so many for each of the most positions, it is given up
MOST_BYTES = 1 << 27  # of what these moves lead to, before equal positions are merged
CHUNK = 65_536  # positions that an agent is asked about at a time
BY_POLICY, BEST = -2, -1  # instead of an action: as the agent, the best


class TooManyPositions(ValueError):
    """The game is too large to be written out; the message says so."""


@dataclass(frozen=True)
class Exploitability:
    """What a game pays each seat on average, undiscounted."""

    agent: str
    game: str
    positions: int
    policy_values: tuple[float, ...]  # of each seat, where the agent plays all
    best_response_values: tuple[float, ...]  # of each seat that responds best, where the agent plays the others

    @property
    def nash_conv(self) -> float:
        return sum(self.best_response_values) - sum(self.policy_values)

    @property
    def exploitability(self) -> float:
        return self.nash_conv / len(self.policy_values)

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "nash_conv": self.nash_conv, "exploitability": self.exploitability}


@dataclass(frozen=True)
class Positions:
    """All that play can reach, the deals first.

    states [N]; movers [N] int8, -1 where the game is over; children [N, A] int32, -1 where illegal; paid [N, P]
    float32, what the step into the position paid
    """

    states: np.ndarray
    movers: np.ndarray
    children: np.ndarray
    paid: np.ndarray


def exploitability(agent: Agent, game: Game, most_positions: int = MOST_POSITIONS) -> Exploitability:
    """NashConv of the agent's policy, and what leads to it.

    Raises TooManyPositions, or ValueError for an agent that cannot tell its probabilities, and for a game of another
    kind: seats that move at once or in teams, chance after the deal, seats that forget.
    """
    return exploitability_in(agent, game, positions_of(game, most_positions))


def exploitability_in(agent: Agent, game: Game, found: Positions) -> Exploitability:
    """The same, of a game that is written out already, for several agents."""
    policy = _policy(agent, game, found)
    plain = np.full(len(found.states), BY_POLICY, np.int32)
    seats = range(game.num_players)
    return Exploitability(
        agent.name,
        game.id,
        len(found.states),
        tuple(_value(game, found, policy, seat, plain) for seat in seats),
        tuple(_value(game, found, policy, seat, _best_response(game, found, policy, seat)) for seat in seats),
    )


def positions_of(game: Game, most_positions: int = MOST_POSITIONS) -> Positions:
    """Write the game out. Raises TooManyPositions, or ValueError for a game of another kind."""
    if game.dynamics is not Dynamics.SEQUENTIAL:
        raise ValueError(f"in {game.id} all seats move at once; exact best responses are for games with turns")
    if game.teams != tuple(range(game.num_players)):
        raise ValueError(f"in {game.id} seats play together; exact best responses are for seats of their own")
    level = game.new_states(game.num_deals, np.zeros(game.num_deals, np.uint64))
    over = np.empty(len(level), np.bool_)
    _deal(level, over)
    levels = [(level, np.zeros((len(level), game.num_players), np.float32))]
    all_movers, all_children, total = [], [], 0
    while True:
        if level["rng"].any():
            raise ValueError(f"{game.id} leaves something to chance other than the deal; no exact best response to it")
        movers = np.where(over, -1, level["current_player"]).astype(np.int8)
        masks = mask_rows(game, level, np.maximum(movers, 0)) & ~over[:, None]
        total += len(level)
        rows, actions = np.nonzero(masks)
        most_moves = min(MOVES_TO_A_POSITION * most_positions, MOST_BYTES // level.itemsize)
        if total > most_positions or len(rows) > most_moves:
            raise TooManyPositions(f"{game.id} is too large for an exact best response: more than {most_positions:,} "
                                   f"positions, or {MOST_BYTES >> 20} MB in a ply")  # fmt: skip
        children = np.full(masks.shape, -1, np.int32)
        all_movers.append(movers)
        all_children.append(children)
        if not len(rows):
            break
        after = np.empty(len(rows), level.dtype)
        paid = np.zeros((len(rows), game.num_players), np.float32)
        ended = np.empty(len(rows), np.bool_)
        _play(level, rows, actions, after, paid, ended)
        number = np.arange(len(rows))
        if not game.hidden_information:
            whole = after.view(np.dtype((np.void, after.itemsize)))
            _, first, number = np.unique(whole, return_index=True, return_inverse=True)
            after, paid, ended = after[first], paid[first], ended[first]
        children[rows, actions] = total + number.ravel()
        level, over = after, ended
        levels.append((level, paid))
    states, paid = (np.concatenate(arrays) for arrays in zip(*levels, strict=True))
    return Positions(states, np.concatenate(all_movers), np.concatenate(all_children), paid)


def _policy(agent: Agent, game: Game, found: Positions) -> np.ndarray:
    """[N, A] float64: how likely the agent plays each action; zeros where the game is over."""
    if not isinstance(agent, Policy):
        raise ValueError(f"'{agent.name}' cannot tell how likely it plays each action, which an exact best response to "
                         "it needs")  # fmt: skip
    policy = np.zeros(found.children.shape)
    on = np.flatnonzero(found.movers >= 0)
    for begin in range(0, len(on), CHUNK):
        rows = on[begin : begin + CHUNK]
        policy[rows] = agent.probabilities(np.take(found.states, rows), found.movers[rows].astype(np.int64))
    legal = found.children >= 0
    wrong = (policy < 0) | ~np.isfinite(policy) | ((policy > 0) & ~legal)
    if wrong.any() or not np.allclose(policy[on].sum(axis=1), 1, atol=1e-6):
        raise ValueError(f"'{agent.name}': its probabilities are not 0 or more, sum 1 over the legal actions")
    return policy


def _value(game: Game, found: Positions, policy: np.ndarray, seat: int, chosen: np.ndarray) -> float:
    """What a game pays the seat on average, if it moves as chosen [N] says."""
    values = _backward(found.movers, found.children, found.paid, policy, seat, chosen)
    return float(values[: game.num_deals].mean())


def _best_response(game: Game, found: Positions, policy: np.ndarray, seat: int) -> np.ndarray:
    """[N] int32, for the seat's own positions: BEST where all is seen, else the action of the information state."""
    chosen = np.full(len(found.states), BEST, np.int32)
    if not game.hidden_information:
        return chosen
    movers, children = found.movers, found.children
    own = np.flatnonzero(movers == seat)
    if not len(own):
        return chosen
    seen = observe_rows(game, np.take(found.states, own), np.full(len(own), seat)).reshape(len(own), -1)
    _, sets = np.unique(seen, axis=0, return_inverse=True)
    sets = sets.ravel()
    information_state = np.full(len(movers), -1, np.int64)
    information_state[own] = sets
    reach, last, moved = _forward(movers, children, policy, seat, game.num_deals, information_state)
    _check_recall(game, seat, sets, last[own])
    count = int(sets.max()) + 1
    legal = np.zeros((count, game.num_actions), np.bool_)
    legal[sets] = children[own] >= 0
    actions = np.full(count, -1, np.int32)
    for before in range(int(moved[own].max()), -1, -1):  # its last moves first: the others are judged by them
        values = _backward(movers, children, found.paid, policy, seat, chosen)
        now = own[moved[own] == before]
        following = children[now]
        worth = np.where(following >= 0, reach[now, None] * (found.paid[following, seat] + values[following]), 0)
        totals = np.zeros(legal.shape)
        np.add.at(totals, information_state[now], worth)
        deciding = np.unique(information_state[now])
        actions[deciding] = np.where(legal, totals, -np.inf)[deciding].argmax(axis=1)
        chosen[now] = actions[information_state[now]]
    return chosen


def _check_recall(game: Game, seat: int, sets: np.ndarray, last: np.ndarray) -> None:
    """Positions that look alike must come after the same own move, or the seat forgets. Raises ValueError."""
    one = np.empty(int(sets.max()) + 1, np.int64)
    one[sets] = last
    if (one[sets] != last).any():
        raise ValueError(f"{game.id}: what seat {seat} observes does not tell which moves it made; exact best "
                         "responses need seats that remember")  # fmt: skip


@njit(cache=True)
def _deal(states, over):
    for index in range(states.shape[0]):
        deal(states[index], index)
        over[index] = is_terminal(states[index]) or is_truncated(states[index])


@njit(cache=True)
def _play(states, rows, actions, after, paid, over):
    """after[i] is states[rows[i]] after actions[i]."""
    for i in range(rows.shape[0]):
        after[i] = states[rows[i]]
        step(after[i], np.int32(actions[i]))
        rewards(after[i], paid[i])
        over[i] = is_terminal(after[i]) or is_truncated(after[i])


@njit(cache=True)
def _backward(movers, children, paid, policy, seat, chosen):
    """[N] float64: what each position will still pay the seat, which moves as chosen [N] says, the others by policy."""
    values = np.zeros(movers.shape[0])
    for n in range(movers.shape[0] - 1, -1, -1):
        if movers[n] < 0:
            continue
        how = chosen[n] if movers[n] == seat else BY_POLICY
        best, mean = -np.inf, 0.0
        for action in range(children.shape[1]):
            child = children[n, action]
            if child < 0:
                continue
            value = paid[child, seat] + values[child]
            mean += policy[n, action] * value
            if how in (action, BEST):
                best = max(best, value)
        values[n] = mean if how == BY_POLICY else best
    return values


@njit(cache=True)
def _forward(movers, children, policy, seat, deals, information_state):
    """Of each position: how likely chance and the others bring it about, the seat's last own move (information state
    and action as one number, -1 for none), and how many it has made. Every position has one parent."""
    reach, last = np.zeros(movers.shape[0]), np.full(movers.shape[0], -1)
    moved = np.zeros(movers.shape[0], np.int64)
    reach[:deals] = 1 / deals
    for n in range(movers.shape[0]):
        for action in range(children.shape[1]):
            child = children[n, action]
            if child < 0:
                continue
            own = movers[n] == seat
            reach[child] = reach[n] * (1.0 if own else policy[n, action])
            last[child] = information_state[n] * children.shape[1] + action if own else last[n]
            moved[child] = moved[n] + own
    return reach, last, moved
