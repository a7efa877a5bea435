"""The games of cards against OpenSpiel's, an independent implementation: the whole tree, not a sample.

Its deals are moves of a chance player, one when the card is shown; ours lie there from the start. Its information
states of Leduc hold'em tell suits apart, 936 of them, ours ranks only, 288.
"""

import numpy as np
import pytest

from envs import make
from tests.envs.cards.tree import levels

pyspiel = pytest.importorskip("pyspiel")


# A deal of Kuhn poker has 4 places to decide and 5 ends; one round of Leduc has 6, 4 folds and 5 calls, each of which
# leads into a second round or ends it.
NODES = [("kuhn_poker", 6 * (4 + 5), 12), ("leduc_poker", 120 * (6 + 4 + 5 * (6 + 4 + 5)), 936)]


def along(reference, cards: list[int], moves: tuple[int, ...]):
    """Its state after these moves, cards dealt as they are asked for."""
    state, deck = reference.new_initial_state(), iter(cards)
    for move in moves:
        while state.is_chance_node():
            state.apply_action(next(deck))
        state.apply_action(move)
    while state.is_chance_node():
        state.apply_action(next(deck))
    return state


@pytest.mark.parametrize(("game_id", "nodes", "theirs"), NODES)
def test_every_position_of_every_deal_is_the_same(game_id, nodes, theirs):
    game, reference = make(game_id), pyspiel.load_game(game_id)
    known: dict[str, bytes] = {}  # by its information state, what our seat sees
    count = 0
    for batch, all_moves in levels(game):
        for row, moves in enumerate(all_moves):
            state = along(reference, batch.states["cards"][row].tolist(), moves)
            legal = np.flatnonzero(batch.masks[row]).tolist()
            assert legal == state.legal_actions(), str(state)
            assert (not legal) == state.is_terminal(), str(state)
            if legal:
                player = int(batch.states["current_player"][row])
                assert player == state.current_player(), str(state)
                seen = batch.observations[row].tobytes()
                assert known.setdefault(state.information_state_string(player), seen) == seen, str(state)
            else:
                assert batch.rewards[row].tolist() == state.returns(), str(state)
            count += 1
    assert (count, len(known)) == (nodes, theirs)
