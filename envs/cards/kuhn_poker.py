"""Kuhn poker: three cards, one bet. The smallest game of hidden cards: read it first of those.

Cards        J, Q, K (0, 1, 2): cards[0] and cards[1] are the seats', cards[2] is left over. Each seat puts in one chip
Action 0     check; once there is a bet, fold
Action 1     bet one chip; once there is a bet, call it with one
Course           seat 0     seat 1     seat 0
                 check      check                 the higher card wins 1
                 check      bet        fold       seat 1 wins 1
                 check      bet        call       the higher card wins 2
                 bet        fold                  seat 0 wins 1
                 bet        call                  the higher card wins 2
Deals        the six orders of the three cards
Observation  [11] uint8: my seat, one of 2; my card, one of 3; each of up to three moves, one of 2 (none before it is
             made). It is all that a seat knows and remembers; a showdown's other card is left out
Rewards      chips won or lost, when the game ends
Source       Kuhn, "A simplified two-person poker", Contributions to the Theory of Games 1 (1950): seat 0 loses 1/18 a
             game where both play best. OpenSpiel's `kuhn_poker` numbers cards and actions alike
"""

import numpy as np
from numba import njit

from envs.cards.chips import behind, rewards
from envs.cards.deck import draw, num_draws
from envs.game import Dynamics, Game, register
from envs.random_stream import randint

RANKS = "JQK"
PASS, BET = 0, 1
MOVES = 3  # at most
DEALS = num_draws(3, 3)

STATE = np.dtype([
    ("rng", np.uint64),           # the next deal comes from it
    ("cards", np.int8, 3),
    ("chips", np.int8, 2),        # that each seat has put in
    ("moves", np.int8, MOVES),
    ("num_moves", np.int8),
    ("current_player", np.int8),  # 0 moves first
    ("folded", np.int8),          # the seat that has, -1 if none
    ("winner", np.int8),          # -1 while the game is on
    ("kuhn_poker", np.int8),      # the game's name makes the dtype its own
])  # fmt: skip


@njit(cache=True)
def init(state):
    deal(state, randint(state, DEALS))


@njit(cache=True)
def deal(state, index):
    """Deals in the order of their cards: JQK, JKQ, QJK, QKJ, KJQ, KQJ."""
    draw(index, len(RANKS), state.cards)
    state.chips[:] = 1
    state.moves[:] = 0
    state.num_moves = 0
    state.current_player = 0
    state.folded = -1
    state.winner = -1


@njit(cache=True)
def step(state, action):
    player = state.current_player
    answers_bet = behind(state, player)
    state.moves[state.num_moves] = action
    state.num_moves += 1
    state.chips[player] += action == BET
    state.current_player = 1 - player
    if answers_bet and action == PASS:
        state.folded = player
        state.winner = 1 - player
    elif answers_bet or (action == PASS and state.num_moves == 2):
        state.winner = 0 if state.cards[0] > state.cards[1] else 1


@njit(cache=True)
def legal_action_mask(state, player, out):
    out[PASS] = out[BET] = True


@njit(cache=True)
def observe(state, player, out):
    for seat in range(2):
        out[seat] = seat == player
    for rank in range(3):
        out[2 + rank] = rank == state.cards[player]
    for move in range(MOVES):
        for action in range(2):
            out[5 + 2 * move + action] = move < state.num_moves and state.moves[move] == action


@njit(cache=True)
def is_terminal(state):
    return state.winner >= 0


@njit(cache=True)
def is_truncated(state):
    return False


def action_to_string(state: np.void, action: int) -> str:
    player = int(state["current_player"])
    return (("check", "bet"), ("fold", "call"))[bool(behind(state, player))][action]


def state_to_string(state: np.void) -> str:
    cards = " ".join(RANKS[card] for card in state["cards"][:2])
    chips = " ".join(map(str, state["chips"]))
    moves = " ".join(("pass", "bet")[move] for move in state["moves"][: state["num_moves"]])
    return f"cards {cards}, chips {chips}, moves: {moves or 'none'}"


KUHN_POKER = register(
    Game("kuhn_poker", STATE, Dynamics.SEQUENTIAL, num_players=2, teams=(0, 1), num_actions=2,
         observation_shape=(2 + 3 + 2 * MOVES,), observation_dtype=np.dtype(np.uint8), max_steps=MOVES,
         action_to_string=action_to_string, state_to_string=state_to_string, num_deals=DEALS,
         hidden_information=True, largest_reward=2),
    init=init, deal=deal, step=step, legal_action_mask=legal_action_mask, observe=observe,
    is_terminal=is_terminal, is_truncated=is_truncated, rewards=rewards)  # fmt: skip
