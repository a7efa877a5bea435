"""Kuhn poker: every course, and the equilibria that Kuhn found."""

import numpy as np
import pytest

from envs.batch import observe_rows
from envs.game import deal
from tests.envs.cards.kuhn import GAME, J, K, Q, first, play, pure, second, strategy
from tests.envs.cards.tree import dealt, levels, value


@pytest.mark.parametrize(
    ("cards", "moves", "paid"),
    [
        ((K, Q), "check check", 1),
        ((J, Q), "check check", -1),
        ((J, K), "bet fold", 1),
        ((Q, J), "bet call", 2),
        ((Q, K), "bet call", -2),
        ((K, J), "check bet fold", -1),
        ((K, J), "check bet call", 2),
        ((J, K), "check bet call", -2),
    ],
)
def test_every_course_pays_what_it_should(cards, moves, paid):
    batch = play(*cards, moves)
    assert batch.terminated[0]
    assert batch.rewards.tolist() == [[paid, -paid]]


@pytest.mark.parametrize("moves", ["", "check", "bet", "check bet"])
def test_the_game_goes_on_until_a_bet_is_answered_or_both_have_checked(moves):
    batch = play(K, Q, moves)
    assert not batch.terminated[0]
    assert batch.states["current_player"][0] == len(moves.split()) % 2


def test_deals_are_the_six_orders_of_the_cards():
    orders = ["".join("JQK"[card] for card in cards) for cards in dealt(GAME).states["cards"]]
    assert orders == ["JQK", "JKQ", "QJK", "QKJ", "KJQ", "KQJ"]


def test_a_seat_sees_its_card_and_the_moves():
    """Q against K after check, bet, as seat 0 sees it: seat 0, Q, pass, bet, nothing."""
    states = play(Q, K, "check bet").states
    assert observe_rows(GAME, states, np.array([0])).tolist() == [[1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0]]
    assert observe_rows(GAME, states, np.array([1])).tolist() == [[0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0]]


def test_the_position_can_be_read():
    assert GAME.state_to_string(play(Q, K, "check bet").states[0]) == "cards Q K, chips 1 2, moves: pass bet"


@pytest.mark.parametrize("alpha", [0, 1 / 6, 1 / 3])
def test_at_equilibrium_the_first_seat_loses_an_eighteenth(alpha):
    assert value(GAME, (first(alpha), second())) == pytest.approx(-1 / 18)


def test_no_strategy_does_better_against_an_equilibrium():
    best = max(value(GAME, (mine, second())) for mine in pure(0))
    worst = min(value(GAME, (first(1 / 6), theirs)) for theirs in pure(1))
    assert best == pytest.approx(-1 / 18)
    assert worst == pytest.approx(-1 / 18)


def test_a_bluff_too_many_is_punished():
    """So the test above can fail: with alpha = 1/2, outside Kuhn's range, some answer takes more."""
    bluffs = strategy({(0, J, ""): 0.5, (0, Q, ""): 0.0, (0, K, ""): 1.0,
                       (0, J, "check bet"): 0.0, (0, Q, "check bet"): 5 / 6, (0, K, "check bet"): 1.0})  # fmt: skip
    assert min(value(GAME, (bluffs, theirs)) for theirs in pure(1)) < -1 / 18 - 0.05


def test_there_are_12_information_sets_and_30_games():
    sets, games = set(), 0
    for batch, moves in levels(GAME):
        on = batch.masks.any(axis=1)
        sets |= {batch.observations[row].tobytes() for row in np.flatnonzero(on)}
        games += int((~on).sum()) if moves[0] else 0
    assert (len(sets), games) == (12, 30)


def test_a_deal_starts_anew():
    batch = play(K, J, "check bet call")
    deal(batch.states[0], 0)
    batch.refresh()
    assert not batch.terminated[0]
    assert GAME.state_to_string(batch.states[0]) == "cards J Q, chips 1 1, moves: none"
