"""Go: positions with known answers, and random games against plain Python."""

import numpy as np
import pytest

from envs import make
from envs.batch import Batch, observe_rows
from envs.board.go import GO, area_score, set_up
from tests.envs.board.go_reference import PlainGo, area

BLACK, WHITE = 0, 1  # the seats


def stones(drawing: str) -> np.ndarray:
    """int8 [N, N] from rows of . x o, the top one first."""
    rows = [line.split() for line in drawing.strip().splitlines()]
    return np.array([[".xo".index(cell) for cell in row] for row in rows[::-1]], np.int8)


def position(drawing: str, player: int, **settings: float) -> Batch:
    """A game that begins with this position."""
    board = stones(drawing)
    batch = Batch(make(f"go_{len(board)}x{len(board)}", **settings), 1, autoreset=False)
    set_up(batch.states[0], board, player)
    batch.refresh()
    return batch


def action(batch: Batch, name: str) -> int:
    names = [batch.game.action_to_string(batch.states[0], a) for a in range(batch.game.num_actions)]
    return names.index(name)


def play(batch: Batch, moves: str) -> Batch:
    for name in moves.split():
        batch.step(np.array([action(batch, name)]))
    return batch


def may(batch: Batch, name: str) -> bool:
    return bool(batch.masks[0, action(batch, name)])


def shows(batch: Batch, drawing: str) -> bool:
    return np.array_equal(batch.states["board"][0], stones(drawing))


def points(batch: Batch) -> tuple[int, int]:
    return area_score(batch.states[0])


CORNER = """
. . . . .
. . . . .
. . . . .
x . . . .
o . . . ."""


def test_a_stone_without_liberties_is_captured():
    batch = play(position(CORNER, BLACK), "B1")
    assert shows(
        batch,
        """
        . . . . .
        . . . . .
        . . . . .
        x . . . .
        . x . . .""",
    )
    assert not may(batch, "A1")  # White there would have no liberty


def test_several_stones_and_several_groups_are_captured_by_one_move():
    batch = position(
        """
        . x x . .
        x o o x .
        x o . o x
        . x o o x
        . . x x .""",
        BLACK,
    )
    assert shows(
        play(batch, "C3"),
        """
        . x x . .
        x . . x .
        x . x . x
        . x . . x
        . . x x .""",
    )


def test_groups_that_were_joined_are_captured_as_one():
    """Two stones above, one below, joined by the stone between them, then closed in at A5."""
    batch = play(Batch(GO[5], 1, autoreset=False), "A4 B4 A3 B3 A1 B1 A2 B2 pass A5")
    assert shows(
        batch,
        """
        o . . . .
        . o . . .
        . o . . .
        . o . . .
        . o . . .""",
    )


def test_suicide_is_forbidden_of_one_stone_and_of_several():
    batch = position(
        """
        . o x . .
        o . x . .
        x x x o o
        . . . o .
        . . . o x""",
        BLACK,
    )
    assert not may(batch, "A5")
    assert may(batch, "B4")  # joins stones with liberties
    assert not may(batch, "E2")  # joins E1, and both would have none
    batch = position(
        """
        . o x . .
        o . x . .
        x x x o o
        . . . o .
        . . . o x""",
        WHITE,
    )
    assert may(batch, "A5")
    assert may(batch, "B4")  # A4, A5 is left
    assert may(batch, "E2")


def test_a_move_that_captures_is_no_suicide():
    """White at A1 takes two stones, and lives by it."""
    batch = position(
        """
        . . . . .
        . . . . .
        o o . . .
        x x o . .
        . x o . .""",
        WHITE,
    )
    assert shows(
        play(batch, "A1"),
        """
        . . . . .
        . . . . .
        o o . . .
        . . o . .
        o . o . .""",
    )


KO = """
. . . . .
. x o . .
x o . o .
. x o . .
. . . . ."""


def test_a_ko_is_not_taken_back_at_once():
    batch = play(position(KO, BLACK), "C3")
    assert batch.states["board"][0, 2, 1] == 0
    assert not may(batch, "B3")
    assert [*map(tuple, np.argwhere(batch.observations[0, 10]))] == [(2, 1)]
    assert may(play(batch, "E1 E5"), "B3")  # a threat and its answer make the board another


def test_a_ko_is_not_taken_back_after_two_passes_less_one():
    """The position is what counts, not who is to move nor how long ago it was."""
    batch = play(position(KO, BLACK), "C3 pass")
    assert not batch.terminated[0]
    assert not may(play(batch, "A1 B3"), "C3")


def test_two_stones_are_not_sent_again_for_one():
    """Black sends B1, White takes two at C1, Black takes one at B1; A1 then makes the board after the first B1."""
    drawing = """
        . . . . .
        . . . . .
        . . . . .
        o o x x .
        x . . x ."""
    batch = play(position(drawing, BLACK), "B1 C1")
    assert batch.states["board"][0, 0].tolist() == [0, 0, 2, 1, 0]
    assert may(batch, "B1")
    assert not may(play(batch, "B1 pass"), "A1")
    assert may(play(position(drawing, BLACK), "B1 C1 B1 E5"), "A1")


def test_the_sixth_capture_of_a_triple_ko_is_forbidden():
    batch = position(
        """
        x . x o . . .
        . x o . . . .
        . . . . . . o
        . . . . . o .
        . . . . . x o
        . x o . . . x
        x o . o . . .""",
        BLACK,
    )
    play(batch, "C1 B7 G4 B1 C7")
    assert not may(batch, "G3")
    empty = np.flatnonzero(batch.states["board"][0].ravel() == 0)
    closed = [batch.game.action_to_string(batch.states[0], int(p)) for p in empty if not batch.masks[0, p]]
    assert closed == ["G3", "B7"]  # B7 would make the last position again, G3 the first
    assert may(play(batch, "D4 E4"), "G3")


def test_captures_are_not_mistaken_for_repetitions():
    """Black is taken at A1 and comes back there; the board is another."""
    batch = play(position(CORNER.replace("o .", "o o"), BLACK), "C1")
    assert may(batch, "pass")
    assert batch.states["repeating"].sum() == 0


SPLIT = """
. x . o .
. x . o .
. x . o .
. x . o .
. x . o ."""

SEKI = """
. . . x o . .
. . . x o . .
. . . x o . .
. . . x o . .
x x x x o o o
o o o . x x x
o o o . x x x"""


@pytest.mark.parametrize(
    ("drawing", "expected"),
    [
        ("\n".join([". . . . ."] * 5), (0, 0)),
        ("\n".join([". . . . ."] * 4 + [". . x . ."]), (25, 0)),
        (SPLIT, (10, 10)),  # five points of dame between the walls
        (SPLIT.replace(". x . o .", "o x . o x", 1), (6, 6)),  # what is dead and not taken spoils the points around it
        (SEKI, (26, 21)),  # neither can play D1 or D2, which count for none
    ],
)
def test_points_are_stones_and_what_reaches_one_colour_only(drawing, expected):
    board = stones(drawing)
    assert area(tuple(board.ravel().tolist()), len(board)) == expected
    assert points(position(drawing, BLACK)) == expected


@pytest.mark.parametrize(("komi", "paid"), [(4.5, [1, -1]), (5, [0, 0]), (5.5, [-1, 1]), (7.5, [-1, 1])])
def test_komi_decides(komi, paid):
    batch = play(position(SEKI, BLACK, komi=komi), "pass pass")
    assert batch.terminated[0]
    assert batch.rewards[0].tolist() == paid
    assert batch.states["winner"][0] == {1: BLACK, -1: WHITE, 0: -1}[paid[0]]


def test_default_komi():
    assert {game.id: game.settings["komi"] for game in GO.values()} == {
        "go_5x5": 24.5, "go_7x7": 7.5, "go_9x9": 7.5, "go_13x13": 7.5, "go_19x19": 7.5
    }  # fmt: skip


def test_two_passes_end_it_and_one_of_each_with_a_move_between_does_not():
    batch = play(Batch(GO[5], 1, autoreset=False), "pass")
    assert batch.observations[0, 9].all()
    play(batch, "C3 pass")
    assert not batch.terminated[0]
    play(batch, "pass")
    assert batch.terminated[0]
    assert batch.rewards[0].tolist() == [-1, 1]  # White's one stone has the board


def test_one_stone_has_the_board():
    batch = play(Batch(GO[5], 1, autoreset=False), "C3 pass pass")
    assert batch.rewards[0].tolist() == [1, -1]  # 25 against 24.5


def test_after_two_moves_a_point_the_game_is_truncated_and_pays_nothing():
    batch = position(SPLIT, BLACK)
    batch.states["num_moves"] = 2 * 25 - 2
    batch.refresh()
    play(batch, "pass")
    assert not batch.truncated[0]
    play(batch, "C3")
    assert batch.truncated[0]
    assert not batch.terminated[0]
    assert batch.rewards[0].tolist() == [0, 0]


def test_two_passes_with_the_last_moves_are_counted():
    batch = position(SPLIT, BLACK)
    batch.states["num_moves"] = 2 * 25 - 2
    play(batch, "pass pass")
    assert batch.terminated[0]
    assert not batch.truncated[0]
    assert batch.rewards[0].tolist() == [-1, 1]


def test_points_are_named_as_in_the_go_text_protocol():
    state = np.zeros(1, GO[19].state_dtype)[0]
    named = [GO[19].action_to_string(state, a) for a in (0, 7, 8, 18, 19, 3 * 19 + 15, 360, 361)]
    assert named == ["A1", "H1", "J1", "T1", "A2", "Q4", "T19", "pass"]


def test_observations_are_boards_of_now_and_before_from_either_seat():
    batch = play(Batch(GO[5], 1), "C3 D3 pass")
    states = batch.states
    black, white = (observe_rows(GO[5], states, np.array([seat]))[0] for seat in (BLACK, WHITE))
    c3, d3, none, all_ = np.zeros((5, 5), int), np.zeros((5, 5), int), np.zeros((5, 5), int), np.ones((5, 5), int)
    c3[2, 2] = d3[2, 3] = 1
    mine, theirs = [c3, c3, c3, none], [d3, d3, none, none]
    np.testing.assert_array_equal(black, [*mine, *theirs, none, all_, none])
    np.testing.assert_array_equal(white, [*theirs, *mine, none, all_, none])


def compare(size: int, games: int, seed: int) -> tuple[int, int]:
    """Random games against plain Python, ply by ply. Returns (games ended by passes, moves that superko alone closed
    though the board they make is not that of two moves ago)."""
    game, points_ = GO[size], size * size
    rng, ended, closed = np.random.default_rng(seed), 0, 0
    for _ in range(games):
        batch, plain = Batch(game, 1, autoreset=False), PlainGo(size)
        while not (batch.terminated[0] or batch.truncated[0]):
            legal = plain.moves()
            assert np.flatnonzero(batch.masks[0]).tolist() == [*legal, points_], game.state_to_string(batch.states[0])
            for board in plain.without_superko().values():
                closed += board in plain.boards and board not in plain.boards[-2:]
            # no pass while a stone can be placed but for one time in 20: games full of captures
            point = points_ if not legal or rng.random() < 0.05 else int(rng.choice([*legal]))
            plain.play(point)
            batch.step(np.array([point]))
            assert batch.states["board"][0].ravel().tolist() == list(plain.board)
            black, white = area(plain.board, size)
            assert area_score(batch.states[0]) == (black, white)
            assert batch.terminated[0] == (plain.passes == 2)
        if batch.terminated[0]:
            ended += 1
            lead = black - white - game.settings["komi"]
            assert batch.rewards[0].tolist() == [np.sign(lead), -np.sign(lead)]
    return ended, closed


def test_random_games_are_those_of_plain_python():
    ended, closed = compare(5, games=60, seed=1)
    assert ended > 5
    assert closed > 0


@pytest.mark.slow
@pytest.mark.parametrize(("size", "games"), [(5, 1000), (7, 200), (9, 50), (13, 5), (19, 1)])
def test_many_random_games_are_those_of_plain_python(size, games):
    compare(size, games, seed=2)
