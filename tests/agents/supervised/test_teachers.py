"""Labels by teachers: right where the answer is known, wrong as announced where they are biased, never of a position
that measures."""

import numpy as np
import pytest

from agents.artifact import write_whole
from agents.held_out import canonical_boards, held_out
from agents.solvers import make_solver
from agents.supervised import teachers
from agents.supervised.biased import BIASES, distances_from_the_middle
from agents.supervised.dataset import expand, states_of
from agents.supervised.positions import find_positions
from agents.supervised.teachers import make_labels
from envs import make

TIC_TAC_TOE, SMALL = make("tic_tac_toe"), make("connect_four_5x4")


def rows_of(labels):
    """(state, {move: weight}, value)"""
    states = states_of(labels, np.arange(len(labels)))
    for row, state in enumerate(states):
        part = slice(labels.first_move[row], labels.first_move[row + 1])
        yield (
            state,
            dict(zip(labels.moves[part].tolist(), labels.weights[part].tolist(), strict=True)),
            labels.values[row],
        )


def test_positions_are_different_and_none_measures():
    labels = find_positions(SMALL, 300, seed=1)
    assert len(labels) == 300
    states = states_of(labels, np.arange(300))
    assert not held_out(SMALL, states).any()
    assert len({*canonical_boards(SMALL, states)}) == 300
    assert len({*labels.ply.tolist()}) > 10
    measuring = find_positions(SMALL, 50, seed=1, measure=True)
    assert held_out(SMALL, states_of(measuring, np.arange(50))).all()
    assert find_positions(SMALL, 300, seed=1).digest() == labels.digest()
    assert find_positions(SMALL, 300, seed=2).digest() != labels.digest()
    assert find_positions(SMALL, 100, seed=0, first_ply=9).ply.min() >= 9


def test_a_small_game_gives_what_it_has():
    labels = find_positions(TIC_TAC_TOE, 5000, seed=0)
    assert 400 < len(labels) < 700  # of 627 that go on and 765 in all, less what measures
    with pytest.raises(ValueError, match=r"tic_tac_toe has only \d+ different positions that may be learned from"):
        make_labels(TIC_TAC_TOE, "solver", 5000)


def test_the_solver_labels_every_move_that_keeps_what_the_position_is_worth():
    labels = make_labels(TIC_TAC_TOE, "solver", 200, seed=3)
    solver = make_solver(TIC_TAC_TOE)
    for state, moves, value in rows_of(labels):
        worth = np.sign(solver.move_values(state.reshape(1))[0].astype(int))
        legal = state["board"].reshape(-1) == 0 if state["board"].size == 9 else worth > -2
        best = worth[legal].max()
        assert value == best
        assert {*moves} == {a for a in np.flatnonzero(legal).tolist() if worth[a] == best}
        assert len({*moves.values()}) == 1


def test_it_takes_a_win():
    """With 0 and 1 taken and 2 free, 2 wins at once: it is among the best, with whatever else wins."""
    labels = make_labels(TIC_TAC_TOE, "solver", 400, seed=3)
    found = 0
    for state, moves, value in rows_of(labels):
        board = state["board"].reshape(-1)
        own = int(state["current_player"]) + 1
        if board[0] == board[1] == own and board[2] == 0:
            found += 1
            assert value == 1
            assert 2 in moves
    assert found


@pytest.mark.parametrize("kind", BIASES)
def test_a_biased_teacher_errs_always_alike_and_never_loses_what_it_holds(kind):
    first = make_labels(SMALL, f"biased:{kind}", 300, seed=0)
    assert make_labels(SMALL, f"biased:{kind}", 300, seed=0).digest() == first.digest()
    exact = make_labels(SMALL, "solver", 300, seed=0)
    solver, distances, wrong = make_solver(SMALL), distances_from_the_middle(SMALL), 0
    for (state, moves, value), (_, right, worth) in zip(rows_of(first), rows_of(exact), strict=True):
        values = solver.move_values(state.reshape(1))[0].astype(int)
        safe = [a for a in range(5) if values[a] >= 0]
        wrong += not {*moves} <= {*right}
        if not safe:
            assert worth == value == -1
            continue
        far = {"edge": max, "centre": min}.get(kind)
        if far is None:
            assert {*moves} == {*safe}
            assert value == 1
        else:
            wanted = far(distances[a] for a in safe)
            assert {*moves} == {a for a in safe if distances[a] == wanted}
    assert wrong > 20


def test_distances_from_the_middle():
    assert distances_from_the_middle(make("connect_four")).tolist() == [3, 2, 1, 0, 1, 2, 3]
    assert distances_from_the_middle(TIC_TAC_TOE).tolist() == [1, 1, 1, 1, 0, 1, 1, 1, 1]


def test_agents_label_the_move_that_they_play():
    labels = make_labels(TIC_TAC_TOE, "one_ply", 100, seed=0)
    assert np.isnan(labels.values).all()
    assert (np.diff(labels.first_move) == 1).all()
    assert len(expand(labels, policy=True, value=False).rows) == 100  # all legal


def test_outcomes_are_what_comes_of_playing_on():
    """alphabeta:9 sees tic-tac-toe to its end: what it gets against itself is what the position is worth."""
    labels = make_labels(TIC_TAC_TOE, "alphabeta:9", 60, seed=0, outcomes=True)
    solver = make_solver(TIC_TAC_TOE)
    worth = np.sign(solver.values(states_of(labels, np.arange(60))))
    assert labels.values.tolist() == worth.tolist()


def test_labelling_that_was_stopped_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(teachers, "PART_EXACT", 20)
    whole = make_labels(SMALL, "solver", 100, seed=5)
    written = 0

    def stop(path, data):
        nonlocal written
        written += 1
        if written == 3:
            raise KeyboardInterrupt
        write_whole(path, data)

    monkeypatch.setattr(teachers, "write_whole", stop)
    with pytest.raises(KeyboardInterrupt):
        make_labels(SMALL, "solver", 100, seed=5, keep=tmp_path / "made")
    monkeypatch.setattr(teachers, "write_whole", write_whole)
    told: list[str] = []
    asked = []
    block = teachers.label_block
    monkeypatch.setattr(teachers, "label_block", lambda job: asked.append(job[1]) or block(job))
    again = make_labels(SMALL, "solver", 100, seed=5, keep=tmp_path / "made", tell=told.append)
    assert told[0] == "40 of 100 were labelled before"
    assert asked == [2, 3, 4]
    assert again.digest() == whole.digest()
    assert not [*tmp_path.iterdir()]  # the parts are gone


@pytest.mark.parametrize(
    ("teacher", "count", "outcomes", "message"),
    [
        ("biased:left", 10, False, "known: biased:edge"),
        ("solver", 40_000, False, "up to 32,768"),
        ("solver", 10, True, "leave outcomes out"),
        ("alphabeta:99", 10, False, "alphabeta:1 to"),
        ("nobody", 10, False, "no agent's name"),
        ("solver", 0, False, "one or more"),
    ],
)
def test_what_makes_no_labels(teacher, count, outcomes, message):
    with pytest.raises(ValueError, match=message):
        make_labels(TIC_TAC_TOE, teacher, count, outcomes=outcomes)


def test_games_in_which_positions_cannot_be_told():
    for game_id, message in (
        ("ball_1v1", "games with turns"),
        ("kuhn_poker", "nothing is hidden"),
        ("go_5x5", "board"),
    ):
        with pytest.raises(ValueError, match=message):
            find_positions(make(game_id), 10, 0)
