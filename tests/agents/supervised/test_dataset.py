"""Labels as a network learns from them: the games played again, what measures left out."""

import numpy as np
import pytest

from agents.fast_heads import NO_ACTION
from agents.held_out import held_out
from agents.search_game import WHOLE
from agents.supervised.dataset import (
    BadLabels,
    Selection,
    expand,
    first_of_its_board,
    load_dataset,
    measures,
    states_of,
    trainable,
)
from agents.supervised.labels import save_labels
from envs import make
from envs.batch import Batch, mask_rows, observe_rows
from tests.agents.supervised.made import labels_of, random_labels

CONNECT_FOUR = make("connect_four")


def test_games_are_played_again():
    """Against Batch, which plays them move by move."""
    labels = random_labels(CONNECT_FOUR, 20)
    states = states_of(labels, np.arange(len(labels)))
    data = expand(labels, policy=True, value=True)
    for row in range(0, len(labels), 7):
        batch = Batch(CONNECT_FOUR, 1)
        for action in labels.actions[labels.first[labels.game[row]] :][: labels.ply[row]]:
            batch.step(np.array([action]))
        assert np.array_equal(states[row]["board"], batch.states[0]["board"])
        assert np.array_equal(data.samples["observations"][row], batch.observations[0])
        legal = data.samples["legal_actions"][row]
        assert legal[legal != NO_ACTION].tolist() == np.flatnonzero(batch.masks[0]).tolist()
        chosen = data.samples["policies"][row].argmax()
        assert legal[chosen] == labels.moves[row]
        assert data.samples["policies"][row].sum() == WHOLE
    assert np.array_equal(data.samples["targets"], labels.values)


def test_states_come_in_the_order_asked_for():
    labels = random_labels(CONNECT_FOUR, 3)
    rows = np.array([9, 2, 17, 2])
    states = states_of(labels, rows)
    for state, row in zip(states, rows, strict=True):
        assert (state["board"] != 0).sum() == labels.ply[row]


def test_weights_become_policies():
    labels = labels_of(CONNECT_FOUR, [[0]], [(0, 0, 0)], [{6: 0.75, 1: 0.25}])
    assert expand(labels, policy=True, value=False).samples["policies"][0].tolist() == [0, 16384, 0, 0, 0, 0, 49151]


def test_only_rows_with_the_wanted_labels_are_learned_from():
    labels = labels_of(
        CONNECT_FOUR, [[3, 3, 3]], [(0, 0, 0), (0, 1, 1), (0, 2, 0)], [{3: 1.0}, {}, {3: 1.0}], [np.nan, 1, -1]
    )
    assert expand(labels, policy=True, value=False).rows.tolist() == [0, 2]
    assert expand(labels, policy=False, value=True).rows.tolist() == [1, 2]
    both = expand(labels, policy=True, value=True)
    assert (both.rows.tolist(), both.dropped) == ([2], 2)
    assert not expand(labels, policy=False, value=True).samples["policies"].any()
    with pytest.raises(ValueError, match="neither"):
        expand(labels, policy=False, value=False)


def test_seats_of_a_simultaneous_game():
    game = make("ball_1v1")
    rng = np.random.default_rng(0)
    actions = rng.integers(0, game.num_actions, (30, 2)).astype(np.int32)
    rows = [(0, ply, seat) for ply in range(30) for seat in range(2)]
    data = expand(labels_of(game, [list(actions)], rows), policy=True, value=False)
    batch = Batch(game, 1)
    batch.states[:] = states_of(labels_of(game, [list(actions)], rows[:1]), np.array([0]))
    for ply in range(30):
        for seat in range(2):
            seen = observe_rows(game, batch.states, np.array([seat]))[0]
            assert np.array_equal(data.samples["observations"][2 * ply + seat], seen)
        batch.step(actions[ply : ply + 1])


@pytest.mark.parametrize(
    ("games", "row", "moves", "problem"),
    [
        ([[0] * 7], (0, 6, 0), None, "game 1, before move 7: the label is not a legal move"),
        ([[0] * 8], (0, 8, 0), [{1: 1.0}], "game 1, before move 9: a move is not legal"),
        ([[0, 1, 0, 1, 0, 1, 0, 1]], (0, 7, 1), None, "game 1, before move 8: the game is over"),
    ],
)
def test_what_the_rules_do_not_allow(games, row, moves, problem):
    with pytest.raises(BadLabels, match=problem):
        expand(labels_of(CONNECT_FOUR, games, [row], moves), policy=True, value=False)


def test_positions_that_measure_are_those_held_out():
    labels = random_labels(CONNECT_FOUR, 60)
    states = states_of(labels, np.arange(len(labels)))
    assert np.array_equal(measures(labels), held_out(CONNECT_FOUR, states))
    assert np.array_equal(trainable(labels), ~measures(labels))
    assert 0.05 < measures(labels).mean() < 0.25


def test_where_boards_do_not_tell_whole_games_measure():
    labels = random_labels(make("go_5x5"), 80)
    held = measures(labels)
    for game in range(labels.games):
        assert len({*held[labels.game == game].tolist()}) == 1
    shares = [held[labels.game == game].any() for game in range(labels.games)]
    assert 0.03 < np.mean(shares) < 0.3


def test_a_mirror_image_is_no_new_board():
    labels = labels_of(CONNECT_FOUR, [[0, 3], [6, 3], [1, 3]], [(0, 1, 1), (1, 1, 1), (2, 1, 1)])
    assert first_of_its_board(labels).tolist() == [True, False, True]


def test_a_dataset_is_what_may_be_learned_from(tmp_path):
    labels = random_labels(CONNECT_FOUR, 40)
    save_labels(tmp_path / "made", labels)
    data = load_dataset([tmp_path / "made"], CONNECT_FOUR, Selection())
    assert len(data.rows) == trainable(labels).sum()
    assert data.sources[0]["digest"] == labels.digest()
    some = load_dataset([tmp_path / "made"], CONNECT_FOUR, Selection(positions=100))
    more = load_dataset([tmp_path / "made"], CONNECT_FOUR, Selection(positions=200))
    assert np.array_equal(more.samples["observations"][:100], some.samples["observations"])
    other = load_dataset([tmp_path / "made"], CONNECT_FOUR, Selection(positions=100, seed=1))
    assert not np.array_equal(other.samples["observations"], some.samples["observations"])
    assert len({data.digest, some.digest, more.digest, other.digest}) == 4
    with pytest.raises(ValueError, match=r"100,000 positions are wanted, but [\d,]+ that say a move and a value"):
        load_dataset([tmp_path / "made"], CONNECT_FOUR, Selection(positions=100_000))


def test_an_empty_split_is_refused(tmp_path):
    labels = random_labels(CONNECT_FOUR, 5, values=False)
    save_labels(tmp_path / "moves", labels)
    with pytest.raises(ValueError, match=r"none of \d+ labels may be learned from.*must say a move and a value"):
        load_dataset([tmp_path / "moves"], CONNECT_FOUR, Selection())
    save_labels(tmp_path / "held", labels.select(measures(labels)))
    with pytest.raises(ValueError, match="not held out to measure"):
        load_dataset([tmp_path / "held"], CONNECT_FOUR, Selection(value=False))


def test_legal_actions_are_the_game_s():
    labels = random_labels(make("othello_6x6"), 4)
    rows = np.arange(len(labels))
    data = expand(labels, policy=True, value=False)
    masks = mask_rows(labels.rules, states_of(labels, rows), labels.seat.astype(np.int64))
    for legal, mask in zip(data.samples["legal_actions"], masks, strict=True):
        assert legal[legal != NO_ACTION].tolist() == np.flatnonzero(mask).tolist()
