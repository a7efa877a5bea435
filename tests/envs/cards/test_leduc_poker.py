"""Leduc hold'em: courses with known answers, and the size of its tree."""

import numpy as np
import pytest

from envs import make
from envs.batch import Batch, observe_rows
from tests.envs.cards.tree import dealt, levels

GAME = make("leduc_poker")
CARDS = ["Js", "Jh", "Qs", "Qh", "Ks", "Kh"]


def play(cards: str, moves: str) -> Batch:
    """A game of seat 0's card, seat 1's and the shared one; moves as they are written, rounds parted by |."""
    batch = Batch(GAME, 1, autoreset=False)
    batch.states["cards"] = [CARDS.index(card) for card in cards.split()]
    batch.refresh()
    for move in moves.replace("|", "").split():
        assert not batch.terminated[0]
        names = [GAME.action_to_string(batch.states[0], action) for action in range(3)]
        batch.step(np.array([names.index(move)]))
    return batch


@pytest.mark.parametrize(
    ("cards", "moves", "paid"),
    [
        ("Ks Qs Js", "check check | check check", 1),  # the higher card
        ("Ks Qs Qh", "check check | check check", -1),  # a pair beats it
        ("Js Ks Jh", "check check | check check", 1),
        ("Qs Qh Ks", "check raise call | raise call", 0),  # equal cards share
        ("Ks Qs Js", "raise fold", 1),
        ("Js Qs Ks", "raise raise fold", -3),
        ("Ks Qs Js", "raise raise call | check check", 5),
        ("Ks Qs Js", "check raise call | check raise call", 7),
        ("Qs Kh Js", "check raise raise call | check raise raise call", -13),
        ("Ks Qs Js", "raise call | raise raise fold", -7),
        ("Ks Qs Qh", "raise call | raise fold", 3),  # whoever folds loses, even with a pair
    ],
)
def test_courses_pay_what_they_should(cards, moves, paid):
    batch = play(cards, moves)
    assert batch.terminated[0]
    assert batch.rewards.tolist() == [[paid, -paid]]


@pytest.mark.parametrize(
    ("moves", "legal", "player"),
    [
        ("", "check raise", 0),
        ("check", "check raise", 1),
        ("raise", "fold call raise", 1),
        ("raise raise", "fold call", 0),  # two raises a round
        ("check raise raise", "fold call", 1),
        ("check check |", "check raise", 0),  # seat 0 begins the second round
        ("raise call |", "check raise", 0),
        ("check raise call |", "check raise", 0),
        ("raise raise call | raise", "fold call raise", 1),  # raises are counted anew
        ("check check | check raise raise", "fold call", 1),
    ],
)
def test_what_may_be_said(moves, legal, player):
    batch = play("Ks Qs Js", moves)
    names = [GAME.action_to_string(batch.states[0], action) for action in np.flatnonzero(batch.masks[0])]
    assert " ".join(names) == legal
    assert batch.states["current_player"][0] == player


def test_a_raise_is_two_chips_then_four():
    assert play("Ks Qs Js", "raise").states["chips"].tolist() == [[3, 1]]
    assert play("Ks Qs Js", "raise raise").states["chips"].tolist() == [[3, 5]]
    assert play("Ks Qs Js", "check check | raise").states["chips"].tolist() == [[5, 1]]
    assert play("Ks Qs Js", "check check | raise raise").states["chips"].tolist() == [[5, 9]]


def test_a_seat_sees_its_rank_the_moves_and_later_the_shared_rank():
    """Q against K, J to come: check, raise, call; then check."""
    blank = [0, 0, 0]
    fold, call, raised = np.eye(3, dtype=int).tolist()
    states = play("Qs Kh Jh", "check raise").states
    mine = [1, 0, 0, 1, 0, *blank, *call, *raised, *blank * 6]
    assert observe_rows(GAME, states, np.array([0]))[0].tolist() == mine
    states = play("Qs Kh Jh", "check raise call | check").states
    theirs = [0, 1, 0, 0, 1, 1, 0, 0, *call, *raised, *call, *blank, *call, *blank * 3]
    assert observe_rows(GAME, states, np.array([1]))[0].tolist() == theirs
    states = play("Qs Kh Jh", "raise fold").states
    assert observe_rows(GAME, states, np.array([0]))[0].tolist()[8:17] == [*raised, *fold, *blank]


def test_the_position_can_be_read():
    batch = play("Qs Kh Jh", "check raise call | check")
    text = "cards Qs Kh, shared Jh, chips 3 3, moves: call raise call | call"
    assert GAME.state_to_string(batch.states[0]) == text
    assert GAME.state_to_string(play("Qs Kh Jh", "").states[0]) == "cards Qs Kh, chips 1 1, moves: none"


def test_deals_are_all_ways_to_draw_three_cards():
    cards = [tuple(row) for row in dealt(GAME).states["cards"].tolist()]
    assert len(set(cards)) == 120
    assert cards == sorted(cards)
    assert all(len({*row}) == 3 and {*row} <= set(range(6)) for row in cards)


def test_there_are_288_information_sets():
    """6 places to decide in a round, 3 of either seat; 3 ranks; 5 ways into the second round, with 3 shared ranks:
    (3 + 3) * 3 + 5 * (3 + 3) * 3 * 3."""
    sets = set()
    for batch, _ in levels(GAME):
        sets |= {batch.observations[row].tobytes() for row in np.flatnonzero(batch.masks.any(axis=1))}
    assert len(sets) == 288
