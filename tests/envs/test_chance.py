"""Chance and hidden information, whatever the game: deals, and what a seat may know."""

import numpy as np
import pytest
from numba import njit

from envs import make
from envs.batch import Batch, mask_rows, observe_rows
from envs.game import Dynamics, deal, init
from envs.ids import GAMES, HIDDEN_INFORMATION
from tests.envs.cards.tree import dealt, levels

DEALT = tuple(game_id for game_id in GAMES if make(game_id).num_deals > 1)


@njit(cache=True)
def deal_all(states):
    for index in range(states.shape[0]):
        deal(states[index], index)


def test_the_ids_of_hidden_information_are_the_games_that_have_it():
    assert tuple(game_id for game_id in GAMES if make(game_id).hidden_information) == HIDDEN_INFORMATION
    assert HIDDEN_INFORMATION == DEALT


@pytest.mark.parametrize("game_id", DEALT)
def test_deals_differ_and_compiled_code_deals_alike(game_id):
    game = make(game_id)
    batch = dealt(game)
    assert len({state.tobytes() for state in batch.states}) == game.num_deals
    states = game.new_states(game.num_deals, batch.states["rng"].copy())
    deal_all(states)
    assert states.tobytes() == batch.states.tobytes()


@pytest.mark.parametrize("game_id", DEALT)
def test_a_game_begins_with_one_of_its_deals_each_as_likely(game_id):
    """Chi-square over 300 games a deal; its standard deviation is sqrt(2 (deals - 1)), and 5 of them are allowed."""
    game = make(game_id)
    count = 300 * game.num_deals
    begun = Batch(game, count, seed=1).states
    cards, counts = np.unique(begun["cards"], axis=0, return_counts=True)
    assert cards.tolist() == sorted(dealt(game).states["cards"].tolist())
    chi_square = ((counts - 300) ** 2 / 300).sum()
    assert abs(chi_square - (game.num_deals - 1)) < 5 * np.sqrt(2 * (game.num_deals - 1))


@pytest.mark.parametrize("game_id", ["tic_tac_toe", "hex_3"])
def test_a_game_without_deals_has_its_start_as_the_only_one(game_id):
    game = make(game_id)
    assert game.num_deals == 1
    batch = Batch(game, 1)
    batch.step(batch.random_actions())
    fresh = batch.states.copy()
    init(fresh[0])
    compiled = batch.states.copy()
    deal_all(compiled)
    deal(batch.states[0], 0)
    assert batch.states.tobytes() == fresh.tobytes() == compiled.tobytes()


@pytest.mark.parametrize("game_id", HIDDEN_INFORMATION)
def test_what_a_seat_sees_does_not_depend_on_the_others_cards(game_id):
    """Any course that one deal allows, played with another deal in which the seat's own card is the same: until the
    end, and as long as the shared card is hidden or the same, the seat sees the same and may do the same."""
    game = make(game_id)
    compared = 0
    for batch, moves in levels(game):
        if not moves[0]:
            continue
        for seat in (0, 1):
            views = observe_rows(game, batch.states, np.full(len(moves), seat))
            masks = mask_rows(game, batch.states, np.full(len(moves), seat))
            known: dict[tuple, tuple[bytes, bytes]] = {}
            for row, course in enumerate(moves):
                cards = batch.states["cards"][row].tolist()
                shared = cards[2] if "round" in batch.states.dtype.names and batch.states["round"][row] else None
                place = (cards[seat], shared, course)
                told = (views[row].tobytes(), masks[row].tobytes() if batch.masks[row].any() else b"")
                compared += place in known
                assert known.setdefault(place, told) == told
    assert compared > 10


@pytest.mark.parametrize("game_id", HIDDEN_INFORMATION)
def test_a_seat_forgets_nothing(game_id):
    """Two positions that look alike to a seat came about by the same moves and its same card: perfect recall."""
    game = make(game_id)
    for batch, moves in levels(game):
        came: dict[bytes, tuple] = {}
        for row in np.flatnonzero(batch.masks.any(axis=1)):
            seat = int(batch.states["current_player"][row])
            ranks = batch.states["cards"][row] // (2 if game_id == "leduc_poker" else 1)
            how = (int(ranks[seat]), moves[row])
            assert came.setdefault(batch.observations[row].tobytes(), how) == how


def test_every_game_with_deals_has_turns():
    assert all(make(game_id).dynamics is Dynamics.SEQUENTIAL for game_id in DEALT)
