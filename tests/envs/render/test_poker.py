"""The card table: what a viewer must not see is not in the picture, and buttons are where they are drawn."""

import numpy as np
import pytest

from envs import make
from envs.game import deal, is_terminal, step
from envs.render import animate, draw
from envs.render.poker import BACK, Table, action_at
from tests.envs.cards.tree import dealt

SIZE = (380, 360)


def state_of(game, cards: list[int]) -> np.void:
    states = dealt(game).states
    return states[[row.tolist()[: len(cards)] for row in states["cards"]].index(cards)]


@pytest.mark.parametrize(
    ("game_id", "mine", "others", "moves"),
    [
        ("kuhn_poker", 1, (0, 2), []),
        ("kuhn_poker", 1, (0, 2), [0, 1]),
        ("kuhn_poker", 1, (0, 2), [0, 1, 0]),  # a fold shows nothing
        ("leduc_poker", 2, (0, 5), [2, 2]),
        ("leduc_poker", 2, (0, 5), [2, 0]),
    ],
)
@pytest.mark.parametrize("viewer", [0, 1])
def test_a_viewer_sees_nothing_of_the_others_card(game_id, mine, others, moves, viewer):
    """Also not in any picture on the way; without a viewer the same pictures differ, so that this can fail."""
    game, pictures = make(game_id), {}
    for other in others:
        state = state_of(game, [mine, other] if viewer == 0 else [other, mine])
        animation = animate(game)
        animation.begin(state)
        shown = [draw(game, state, size=SIZE, viewer=viewer)]
        for move in moves:
            for moment in animation.play(state, np.int32(move)):
                shown.append(draw(game, state, size=SIZE, viewer=viewer, **moment))
        pictures[other] = np.stack(shown), draw(game, state, size=SIZE)
    (one, open_one), (two, open_two) = pictures.values()
    np.testing.assert_array_equal(one, two)
    assert (open_one != open_two).any()


@pytest.mark.parametrize("game_id", ["kuhn_poker", "leduc_poker"])
def test_a_showdown_shows_both_cards(game_id):
    game = make(game_id)
    state = dealt(game).states[1]
    before = covered(draw(game, state, size=SIZE, viewer=0))
    while not is_terminal(state):
        step(state, np.int32(1))  # call, or bet and call
    assert before > 200
    assert covered(draw(game, state, size=SIZE, viewer=0)) == 0


def covered(picture: np.ndarray) -> int:
    """How many pixels have the colour of a card's back."""
    return int((np.abs(picture.astype(int) - BACK).max(axis=2) < 12).sum())


def test_the_shared_card_lies_face_down_in_the_first_round():
    game = make("leduc_poker")
    one, two = state_of(game, [0, 2, 4]), state_of(game, [0, 2, 5])
    for moves, same in (([1], True), ([1], False)):
        for state in (one, two):
            for move in moves:
                step(state, np.int32(move))
        assert (draw(game, one, size=SIZE) == draw(game, two, size=SIZE)).all() == same


@pytest.mark.parametrize("viewer", [None, 0, 1])
def test_a_click_on_a_button_is_its_action(viewer):
    game = make("leduc_poker")
    state = dealt(game).states[7]
    step(state, np.int32(2))  # fold, call and raise may follow
    table = Table(SIZE, viewer)
    found = []
    for place in range(3):
        left, top, width, height = table.button(place, 3)
        centre = (left + width / 2, top + height / 2)
        found.append(action_at(game, state, SIZE, centre, centre, viewer))
        assert action_at(game, state, SIZE, centre, (5, 200), viewer) is None
    assert found == [0, 1, 2]
    assert action_at(game, state, SIZE, (5, 200), (5, 200), viewer) is None


def test_buttons_are_drawn_for_those_who_play():
    game = make("kuhn_poker")
    state = game.new_states(1, np.array([3], np.uint64))[0]
    deal(state, 2)
    row = int(Table(SIZE, 0).button(0, 2)[1]) + 5
    marks: tuple[dict, ...] = ({}, {"legal": True}, {"legal": True, "hint": 1})
    plain, offered, hinted = (draw(game, state, size=SIZE, viewer=0, **shown) for shown in marks)
    assert (plain[:row] == offered[:row]).mean() > 0.99
    assert (plain[row:] != offered[row:]).any()
    assert (offered != hinted).any()
