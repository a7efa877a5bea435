"""The Connect Four solver: published scores, a solver that knows nothing but the rules, mirror images, the book."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.solvers import ILLEGAL, connect_four, make_solver
from agents.solvers.book import Book
from agents.solvers.connect_four import ConnectFourSolver
from agents.solvers.exhaustive import ExhaustiveSolver
from envs import make
from tests.agents.solvers.positions import after, random_positions

# Pascal Pons' test positions (Test_L3_R1, Test_L2_R1, Test_L1_R1; jonathan-laurent/AlphaZero.jl, MIT): columns, score
PONS = [
    ("5662362246131516744425675174211452577", 0),
    ("574613716631655465371534672443752241", 0),
    ("2451367362275677627221173553431", 1),
    ("2261162514277464457255271557416", 3),
    ("27276777463565452156715224532644631413311", 0),
    ("2252576253462244111563365343671351441", -1),
    ("7422341735647741166133573473242566", 1),
    ("23163416124767223154467471272416755633", 0),
    ("7112723762211635722163641576", -6),
    ("13535226466176614423", -7),
    ("4613772257673165753573", -9),
    ("376413276517776646542444", -6),
    ("534662722356656634324", -7),
    ("152117431454445563245653333", 2),
    ("5746741223753516274755", 8),
    ("254277677723265661326312", 4),
    ("1233722555341451114725221333", -1),
    ("77434635", 13),
    ("244133355142", 14),
    ("43613216614", -11),
    ("514715175644", 12),
    ("665565", 17),
    ("1475174", 17),
    ("32164625", 11),
    ("6146", 18),
    ("243335424257", 12),
]
# All seven moves, by a published solver; '.' is a full column
MOVES = [
    ("673653532654757576676", "-2 -2 6 4 -2 . -2"),
    ("124444272422521637577", "-8 . -9 -4 1 -10 -4"),
    ("3353531534576217666356627427474", "0 -4 . -5 -1 . -1"),
    ("77461231562172146114", ". -11 -11 -11 2 -11 -11"),
    ("16325212732332351271", "-11 . -11 -11 -11 -11 -11"),
    ("544131115451653212444625", ". 3 8 . 0 7 0"),
    ("5441311154516532124446256776626725", ". 2 2 . . . 0"),
    ("65426566575161764314445", "-9 -9 -9 -9 -3 . -9"),
]


@pytest.fixture(scope="module")
def solver() -> ConnectFourSolver:
    return ConnectFourSolver(make("connect_four"))


def test_published_scores(solver):
    states = np.concatenate([after(solver.game, moves) for moves, _ in PONS])
    assert solver.values(states).tolist() == [score for _, score in PONS]


def test_published_scores_of_all_moves(solver):
    states = np.concatenate([after(solver.game, moves) for moves, _ in MOVES])
    wanted = [[ILLEGAL if score == "." else int(score) for score in scores.split()] for _, scores in MOVES]
    assert solver.move_values(states).tolist() == wanted
    assert solver.values(states).tolist() == [max(scores) for scores in wanted]


def _score(game, plies: np.ndarray, values: np.ndarray) -> np.ndarray:
    """From the exhaustive solver's scale, plies until the end, to this one's, discs left."""
    with_the_winning_one = plies + game.max_steps + 1 - np.abs(values)
    return np.sign(values) * ((game.max_steps + 2 - with_the_winning_one) // 2)


@pytest.mark.parametrize(
    ("game_id", "plies"),
    [("connect_four_5x4", 11), ("connect_four_6x5", 21), ("connect_four", 33), ("connect_four_8x7", 47)],
)
def test_against_the_rules_played_out(game_id, plies):
    """Every move's score, in late positions of every board."""
    game = make(game_id)
    exact = ConnectFourSolver(game)
    states = np.concatenate([random_positions(game, plies + more, more, 3000)[:12] for more in range(3)])
    assert len(states) > 15
    by_rules = ExhaustiveSolver(game).move_values(states).astype(np.int64)
    placed = states["num_moves"].astype(np.int64)[:, None]
    found = exact.move_values(states)
    legal = by_rules != ILLEGAL
    assert (found == ILLEGAL).tolist() == (~legal).tolist()
    assert found[legal].tolist() == _score(game, placed, by_rules)[legal].tolist()
    assert exact.values(states).tolist() == found.max(axis=1).tolist()


@given(seed=st.integers(0, 2**32), plies=st.integers(16, 36))
@settings(max_examples=15, deadline=None)
def test_mirror_images_and_moves_agree(solver, seed, plies):
    """A mirrored position has the mirrored scores; a move's score is what the position after it costs the other."""
    states = random_positions(solver.game, plies, seed, 6)
    if not len(states):
        return
    mirrored = states.copy()
    mirrored["board"], mirrored["height"] = states["board"][:, :, ::-1], states["height"][:, ::-1]
    found = solver.move_values(states)
    assert (solver.move_values(mirrored) == found[:, ::-1]).all()
    assert (solver.values(states) == found.max(axis=1)).all()


def test_a_small_board_from_its_start():
    """5 x 4 is drawn (John Tromp's table of Connect Four on other boards)."""
    game = make("connect_four_5x4")
    scores = ConnectFourSolver(game).move_values(after(game, ""))[0]
    assert scores.max() == 0
    assert scores.tolist() == scores[::-1].tolist()


def test_a_position_that_is_over_is_refused(solver):
    states = np.concatenate([after(solver.game, "12"), after(solver.game, "1212121")])
    with pytest.raises(ValueError, match="position 1 is over"):
        solver.move_values(states)
    with pytest.raises(ValueError, match="position 1 is over"):
        solver.values(states)


def test_what_took_long_is_found_in_the_book(tmp_path, monkeypatch):
    game = make("connect_four")
    states = np.concatenate([after(game, moves) for moves, _ in MOVES])
    monkeypatch.setattr(connect_four, "KEPT", 0)
    first = ConnectFourSolver(game, Book("connect_four", 7, tmp_path)).move_values(states)
    book = Book("connect_four", 7, tmp_path)
    assert len(book) == len(MOVES)
    again = ConnectFourSolver(game, book)
    monkeypatch.setattr(connect_four, "move_scores", None)  # nothing is searched
    monkeypatch.setattr(connect_four, "solve", None)
    assert (again.move_values(states) == first).all()
    assert (again.values(states) == first.max(axis=1)).all()


def test_a_damaged_book_is_begun_anew(tmp_path):
    book = Book("x", 3, tmp_path)
    book.add(np.uint64(2**63 + 1), np.array([1, -2, ILLEGAL], np.int16))
    book.save()
    again = Book("x", 3, tmp_path)
    scores = again.get(np.uint64(2**63 + 1))
    assert scores is not None
    assert scores.tolist() == [1, -2, ILLEGAL]
    assert again.get(np.uint64(1)) is None
    with pytest.warns(UserWarning, match="begun anew"):
        assert len(Book("x", 4, tmp_path)) == 0  # of a game with other actions
    file = tmp_path / "x" / "positions.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.warns(UserWarning, match="was altered"):
        damaged = Book("x", 3, tmp_path)
    assert len(damaged) == 0
    damaged.add(np.uint64(5), np.zeros(3, np.int16))
    damaged.save()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(Book("x", 3, tmp_path)) == 1


def test_it_says_how_far_it_is(monkeypatch):
    game, heard = make("connect_four"), []
    monkeypatch.setattr(connect_four, "TELL_SECONDS", -1.0)
    solver = ConnectFourSolver(game, tell=lambda done, total: heard.append((done, total)))
    solver.move_values(np.concatenate([after(game, moves) for moves, _ in MOVES[:3]]))
    assert heard == [(1, 3), (2, 3), (3, 3)]


def test_it_says_beforehand_that_it_may_take_minutes(monkeypatch):
    """Once a call, before the first position of few moves; a known or a late one needs no such word."""
    game, heard = make("connect_four"), []
    monkeypatch.setattr(connect_four, "move_scores", lambda *arguments: heard.append("solved"))
    solver = ConnectFourSolver(game, tell=lambda done, total: heard.append((done, total)))
    states = np.concatenate([after(game, moves) for moves in ("12345671", "1", "", "12")])
    solver.move_values(states)
    assert heard == ["solved", (1, 4), "solved", "solved", "solved"]


def test_what_was_solved_is_kept_when_it_is_told_and_when_it_ends_early(tmp_path, monkeypatch):
    game, kept, solved, search = make("connect_four"), [], [], connect_four.move_scores
    states = np.concatenate([after(game, moves) for moves, _ in MOVES[:4]])

    def interrupted(*arguments):
        solved.append(search(*arguments))
        if len(solved) == 4:
            raise KeyboardInterrupt

    def tell(done: int, total: int) -> None:
        kept.append(len(Book("connect_four", 7, tmp_path)))

    monkeypatch.setattr(connect_four, "KEPT", 0)
    monkeypatch.setattr(connect_four, "move_scores", interrupted)
    monkeypatch.setattr(connect_four, "TELL_SECONDS", -1.0)
    with pytest.raises(KeyboardInterrupt):
        ConnectFourSolver(game, Book("connect_four", 7, tmp_path), tell).move_values(states)
    assert kept == [1, 2, 3]
    solved.clear()
    with pytest.raises(KeyboardInterrupt):  # not told at all
        ConnectFourSolver(game, Book("silent", 7, tmp_path)).move_values(states)
    assert len(Book("silent", 7, tmp_path)) == 3


def test_games_with_a_solver_are_listed():
    with pytest.raises(ValueError, match="chess has no exact solver; these have one: tic_tac_toe, connect_four, "):
        make_solver(make("chess"))


def test_results_are_the_signs_of_scores(solver):
    """Of positions of random games, all columns; by the short way, and out of the book."""
    from agents.solvers import ILLEGAL, make_solver, move_results
    from agents.supervised.dataset import states_of
    from tests.agents.supervised.made import random_labels

    labels = random_labels(solver.game, 12)
    states = states_of(labels, np.flatnonzero(labels.ply >= 14))
    scores = solver.move_values(states)
    wanted = np.where(scores == ILLEGAL, ILLEGAL, np.sign(scores))
    assert np.array_equal(solver.move_results(states), wanted)
    small = make_solver(make("tic_tac_toe"))  # without a way of its own
    labels = random_labels(small.game, 5)
    states = states_of(labels, np.arange(len(labels)))
    values = small.move_values(states)
    assert np.array_equal(move_results(small, states), np.where(values == ILLEGAL, ILLEGAL, np.sign(values)))
