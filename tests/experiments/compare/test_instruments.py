"""The judges of a study: positions that are read as they were written, mistakes counted by hand."""

import numpy as np
import pytest

from agents.artifact import CorruptArtifact
from agents.solvers import ILLEGAL, make_solver
from envs import make
from envs.batch import mask_rows
from experiments.compare.instruments import Positions, find_positions, judge, labelled_positions
from tests.agents.supervised.made import labels_of, random_labels

TIC_TAC_TOE = make("tic_tac_toe")


class Lowest:
    """Plays the first legal action."""

    name = "lowest"

    def __init__(self, game):
        self.game = game

    def act(self, states, players, rng):
        return mask_rows(self.game, states, players).argmax(axis=1).astype(np.int32)

    def reset(self, rows):
        pass


def same(one: Positions, other: Positions) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name == "label_regrets")
        for name in ("states", "values", "plies", "groups", "label_regrets")
    )


def test_positions_are_read_as_they_were_written(tmp_path):
    found = find_positions(TIC_TAC_TOE, 40)
    turned = Positions(
        found.states, np.asfortranarray(found.values), found.plies, found.longest, found.groups, found.label_regrets
    )  # as a solver may lay them out
    turned.save(tmp_path / "positions")
    read = Positions.load(tmp_path / "positions", TIC_TAC_TOE)
    assert same(read, found)
    assert np.array_equal(read.values, make_solver(TIC_TAC_TOE).move_values(read.states))
    with pytest.raises(CorruptArtifact, match="other rules"):
        Positions.load(tmp_path / "positions", make("connect_four"))


def test_mistakes_and_regrets_by_hand():
    """Three positions, whose first legal action keeps a win, gives it away for a draw, and loses where all is lost."""
    states = find_positions(TIC_TAC_TOE, 40).states
    legal = mask_rows(TIC_TAC_TOE, states, states["current_player"].astype(np.int64))
    several = np.flatnonzero(legal.sum(axis=1) > 1)[:3]
    states, legal = states[several], legal[several]
    values = np.full((3, 9), ILLEGAL, np.int16)
    for row, (first, others) in enumerate(((5, -1), (0, 4), (-7, -2))):
        actions = np.flatnonzero(legal[row])
        values[row, actions] = others
        values[row, actions[0]] = first
    positions = Positions(states, values, np.array([0, 4, 8]), 9, np.arange(3), np.full(3, np.nan, np.float32))
    scores, regrets = judge(Lowest(TIC_TAC_TOE), positions)
    assert regrets.tolist() == [0, 4, 5]
    assert scores["mistakes"] == pytest.approx(100 / 3)
    assert scores["regret"] == 3
    assert (scores["mistakes/first third"], scores["mistakes/second third"], scores["mistakes/last third"]) == (
        0,
        100,
        0,
    )


def test_who_made_the_labels_is_judged_in_their_positions():
    """Of random moves, in positions that measure: a label's regret is what its move gives away, by its weight."""
    labels = random_labels(TIC_TAC_TOE, 60)
    found = labelled_positions(labels, 30)
    assert len(found) == 30
    assert (found.label_regrets >= 0).all()
    assert found.label_regrets.max() > 0
    assert set(found.groups.tolist()) <= set(range(60))
    solver = make_solver(TIC_TAC_TOE)
    assert np.array_equal(found.values, solver.move_values(found.states))
    none = labels_of(TIC_TAC_TOE, [[0]], [(0, 0, 0)])
    with pytest.raises(ValueError, match="can be solved"):
        labelled_positions(none.select(np.zeros(1, np.bool_)), 5)


def test_othello_s_values_are_of_legal_moves():
    """Its solver lays its answers out otherwise than Connect Four's."""
    game = make("othello_6x6")
    found = find_positions(game, 12)
    legal = mask_rows(game, found.states, found.states["current_player"].astype(np.int64))
    assert np.array_equal(found.values != ILLEGAL, legal)
