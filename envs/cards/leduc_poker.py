"""Leduc hold'em: six cards, two rounds of bets, one card that both share. Small enough to solve, large enough to bluff.

Cards        two each of J, Q, K: card 2 r + s has rank r (0 is J) and suit s; cards[0] and cards[1] are the seats',
             cards[2] lies face down until the second round. Suits do not matter. Each seat puts in one chip
Action 0     fold: only where there is a raise to answer
Action 1     call: put in what the other seat has put in; where that is nothing more, it is a check
Action 2     raise: call, and 2 chips more in the first round, 4 in the second; twice a round in all
Course       seat 0 begins each round; it ends when both have moved and have put in the same, the game after the second.
             Then a pair with the shared card wins, else the higher card; equal cards share the chips
Deals        the 120 ways to draw three cards in order
Observation  [32] uint8: my seat, one of 2; my rank, one of 3; the shared rank, one of 3 (none in the first round); each
             of up to four moves of either round, one of 3 (none before it is made). It is all that a seat knows and
             remembers; a showdown's other card is left out
Rewards      chips won or lost, when the game ends
Source       Southey, Bowling et al., "Bayes' bluff: opponent modelling in poker" (UAI 2005). OpenSpiel's `leduc_poker`
             numbers cards and actions alike
"""

import numpy as np
from numba import njit

from envs.cards.chips import behind, rewards
from envs.cards.deck import draw, num_draws
from envs.game import Dynamics, Game, register
from envs.random_stream import randint

RANKS, SUITS = "JQK", "sh"  # spades and hearts
CARDS = 6
FOLD, CALL, RAISE = 0, 1, 2
ROUNDS, MOVES = 2, 4  # moves of a round at most: check, raise, raise, call
MOST_RAISES = 2  # in a round
DEALS = num_draws(CARDS, 3)
LARGEST_LOSS = 1 + MOST_RAISES * (2 + 4)

STATE = np.dtype([
    ("rng", np.uint64),           # the next deal comes from it
    ("cards", np.int8, 3),
    ("chips", np.int8, 2),        # that each seat has put in
    ("moves", np.int8, (ROUNDS, MOVES)),
    ("round", np.int8),           # 0 or 1; the game that is over stays in the round it ended in
    ("num_moves", np.int8),       # of this round
    ("raises", np.int8),          # of this round
    ("first_round_moves", np.int8),  # how many the first round had, once it is over
    ("current_player", np.int8),  # 0 begins each round
    ("folded", np.int8),          # the seat that has, -1 if none
    ("winner", np.int8),          # -1 while the game is on, and where the chips are shared
    ("over", np.bool_),
    ("leduc_poker", np.int8),     # the game's name makes the dtype its own
])  # fmt: skip


@njit(cache=True)
def init(state):
    deal(state, randint(state, DEALS))


@njit(cache=True)
def deal(state, index):
    draw(index, CARDS, state.cards)
    state.chips[:] = 1
    state.moves[:] = 0
    state.round = 0
    state.num_moves = 0
    state.raises = 0
    state.first_round_moves = 0
    state.current_player = 0
    state.folded = -1
    state.winner = -1
    state.over = False


@njit(cache=True)
def step(state, action):
    player = state.current_player
    other = 1 - player
    state.moves[state.round, state.num_moves] = action
    state.num_moves += 1
    state.current_player = other
    if action == FOLD:
        state.folded = player
        state.winner = other
        state.over = True
        return
    state.chips[player] = state.chips[other]
    if action == RAISE:
        state.chips[player] += 2 + 2 * state.round
        state.raises += 1
    elif state.num_moves > 1:  # a call that answers ends the round
        _end_round(state)


@njit(cache=True)
def _end_round(state):
    if state.round == 1:
        state.over = True
        mine, theirs = _strength(state, 0), _strength(state, 1)
        if mine != theirs:
            state.winner = 0 if mine > theirs else 1
    else:
        state.round = 1
        state.first_round_moves = state.num_moves
        state.num_moves = 0
        state.raises = 0
        state.current_player = 0


@njit(cache=True)
def _strength(state, seat):
    """A pair with the shared card counts more than any rank."""
    rank = state.cards[seat] // 2
    return rank + 3 * (rank == state.cards[2] // 2)


@njit(cache=True)
def legal_action_mask(state, player, out):
    out[FOLD] = behind(state, player)
    out[CALL] = True
    out[RAISE] = state.raises < MOST_RAISES


@njit(cache=True)
def observe(state, player, out):
    for seat in range(2):
        out[seat] = seat == player
    for rank in range(3):
        out[2 + rank] = rank == state.cards[player] // 2
        out[5 + rank] = state.round == 1 and rank == state.cards[2] // 2
    for turn in range(ROUNDS):
        made = state.num_moves if turn == state.round else state.first_round_moves * (turn < state.round)
        for move in range(MOVES):
            for action in range(3):
                out[8 + 3 * (MOVES * turn + move) + action] = move < made and state.moves[turn, move] == action


@njit(cache=True)
def is_terminal(state):
    return state.over


@njit(cache=True)
def is_truncated(state):
    return False


def action_to_string(state: np.void, action: int) -> str:
    player = int(state["current_player"])
    return ("fold", "call" if behind(state, player) else "check", "raise")[action]


def state_to_string(state: np.void) -> str:
    cards = " ".join(RANKS[card // 2] + SUITS[card % 2] for card in state["cards"][:2])
    shared = int(state["cards"][2])
    board = f", shared {RANKS[shared // 2]}{SUITS[shared % 2]}" if state["round"] else ""
    counts = (int(state["first_round_moves"] if state["round"] else state["num_moves"]), int(state["num_moves"]))
    rounds = [
        " ".join(("fold", "call", "raise")[move] for move in moves[:count])
        for moves, count in zip(state["moves"], counts, strict=True)
    ][: 1 + state["round"]]
    return f"cards {cards}{board}, chips {' '.join(map(str, state['chips']))}, moves: {' | '.join(rounds) or 'none'}"


LEDUC_POKER = register(
    Game("leduc_poker", STATE, Dynamics.SEQUENTIAL, num_players=2, teams=(0, 1), num_actions=3,
         observation_shape=(2 + 3 + 3 + 3 * ROUNDS * MOVES,), observation_dtype=np.dtype(np.uint8),
         max_steps=ROUNDS * MOVES, action_to_string=action_to_string, state_to_string=state_to_string,
         num_deals=DEALS, hidden_information=True, largest_reward=LARGEST_LOSS),
    init=init, deal=deal, step=step, legal_action_mask=legal_action_mask, observe=observe,
    is_terminal=is_terminal, is_truncated=is_truncated, rewards=rewards)  # fmt: skip
