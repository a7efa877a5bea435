"""SGF: what is written is read back, setup stones are set up, and what is wrong is named with its place."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs import make
from envs.batch import Batch
from envs.board.go import PLANES, area_score
from envs.game import observe
from envs.notation import NotationError
from envs.notation.moves import read_moves, write_moves
from envs.notation.sgf import counted, read_sgf, write_sgf

SMALL = "go_5x5"  # compiled once for all tests here
# 3 . . x o .    white puts c2 into black's mouth, black takes it from d2
# 2 . x . . o
# 1 . . x o .
#   a b c d e
KO = "b2 d3 c3 d1 c1 e2 a5 c2 d2"


def random_game(komi: float, seed: int, plies: int) -> tuple:
    game = make(SMALL, komi=komi)
    batch = Batch(game, 1, seed, autoreset=False)
    batch.states["rng"] = 0
    batch.reset()
    rng, actions, states = np.random.default_rng(seed), [], [batch.states.copy()]
    while len(actions) < plies and not (batch.terminated[0] or batch.truncated[0]):
        actions.append(int(rng.choice(np.flatnonzero(batch.masks[0]))))
        batch.step(np.array(actions[-1:]))
        states.append(batch.states.copy())
    return game, actions, np.concatenate(states)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([24.5, 0.0, -7.5, 6.0]),
    st.integers(0, 10_000),
    st.integers(0, 50),
    st.tuples(st.text(st.characters(exclude_categories=["C", "Z"])), st.sampled_from(["", "a [b] \\ c;", "Bö: 棋"])),
)
def test_a_game_is_read_back_as_it_was_written(komi, seed, plies, names):
    game, actions, states = random_game(komi, seed, plies)
    text = write_sgf(game, actions, names)
    for read in (read_sgf(text), read_sgf(text.encode())):
        assert read.game.id == SMALL
        assert read.game.settings == {"komi": komi}
        assert read.actions.tolist() == actions
        assert read.states.tobytes() == states.tobytes()
        assert read.names == names
        assert read.result == counted(states[-1])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 20), st.integers(0, 10))
def test_a_position_set_up_is_read_back_as_it_was_written(seed, before, after):
    """White or black to move; the history begins anew with the position."""
    game, _, states = random_game(24.5, seed, before)
    stones, size = states[-1]["board"], 5
    points = ["".join(f"[{'abcde'[c]}{'abcde'[size - 1 - r]}]" for r, c in np.argwhere(stones == k)) for k in (1, 2)]
    setup = "".join(key + found for key, found in zip(("AB", "AW"), points, strict=True) if found)
    read = read_sgf(f"(;SZ[5]KM[24.5]{setup}PL[{'BW'[states[-1]['current_player']]}])")
    assert (read.states[0]["board"] == stones).all()
    assert read.states[0]["current_player"] == states[-1]["current_player"]
    assert read.states[0]["num_moves"] == 0
    batch, actions = Batch(game, 1, autoreset=False), []
    batch.states[:] = read.states[:1]
    batch.refresh()
    while len(actions) < after and not (batch.terminated[0] or batch.truncated[0]):
        actions.append(int(batch.random_actions()[0]))
        batch.step(np.array(actions[-1:]))
    again = read_sgf(write_sgf(game, actions, start=read.states[0]))
    assert again.actions.tolist() == actions
    assert again.states[0].tobytes() == read.states[0].tobytes()
    assert (again.states[-1]["board"] == batch.states[0]["board"]).all()


def test_what_a_file_says():
    text = """(;FF[4]GM[1]SZ[5]KM[0.5]CA[UTF-8]PB[Ada \\[9p\\]]PW[Bo]RE[B+24.5]RU[Japanese]
    ;B[bc];W[cc];B[cb];W[ea];B[dc];W[]
    (;B[cd]C[takes];W[tt];B[])(;B[aa];W[ab]))"""
    read = read_sgf(text)
    assert read.game.id == "go_5x5"
    assert read.game.settings["komi"] == 0.5
    assert read.names == ("Ada [9p]", "Bo")
    assert read.result == "B+24.5"
    assert write_moves(read.game, read.actions) == "B3 C3 C4 E5 D3 pass C2 pass pass"
    assert read.game.state_to_string(read.states[-1]).splitlines() == [
        " 5 . . . . o",
        " 4 . . x . .",
        " 3 . x . x .",
        " 2 . . x . .",
        " 1 . . . . .",
        "   A B C D E",
    ]
    assert counted(read.states[-1]) == "B+3.5"  # four stones and C3 against a stone and komi


def test_what_a_file_leaves_out_is_as_usual():
    read = read_sgf("(;SZ[5])")
    assert read.game.settings["komi"] == 24.5
    assert (len(read.states), len(read.actions), read.names, read.result) == (1, 0, ("", ""), "")
    with pytest.raises(NotationError, match="no point of a 19 x 19 board"):
        read_sgf("(;B[zz])")


def test_handicap_stones_lie_there_and_white_begins():
    read = read_sgf("(;SZ[5]HA[2]AB[bb][dd];W[cc];B[cd])")
    assert read.states[0]["board"][::-1].tolist()[1] == [0, 1, 0, 0, 0]
    assert read.states[0]["current_player"] == 1
    assert read.actions.tolist() == [12, 7]
    assert "HA[2]" in write_sgf(read.game, read.actions, start=read.states[0])
    assert read_sgf("(;SZ[5]HA[2]AB[bb][dd])").states[0]["current_player"] == 1  # nobody has moved yet
    assert read_sgf("(;SZ[5]AB[aa:bb];B[cc])").states[0]["board"].sum() == 4  # a rectangle; black moves again
    assert read_sgf("(;SZ[5];W[cc])").states[0]["current_player"] == 1


def test_the_result_is_counted_only_at_the_end():
    game = make(SMALL)
    states, actions = read_moves(game, "c3 pass pass")
    assert area_score(states[-1]) == (25, 0)
    assert "RE[B+0.5]" in write_sgf(game, actions)
    assert "RE" not in write_sgf(game, actions[:2])
    assert "RE[W+R]" in write_sgf(game, actions[:1], result="W+R")
    out_of_moves = states[1].copy()
    out_of_moves["num_moves"] = game.max_steps
    assert counted(out_of_moves) == "Void"
    whole = make(SMALL, komi=25.0)
    assert "RE[0]" in write_sgf(whole, actions)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"no SGF: a game begins with \(;"),
        ("hello", r"no SGF: a game begins with \(;"),
        ("(;SZ[5]\n;B[aa];W[bb]", r"line 2, character 13: the game is not closed with \)"),
        ("(;SZ[5]\n;B[aa];W[bb)", r"line 2, character 9: a value is not closed with \]"),
        ("(;SZ[5];B[aa]\n ;W?[bb])", r"line 2, character 4: '\?\[bb\]\)' is no property, value or node"),
        ("(;SZ[5];B;W[bb])", "line 1, character 10: property with no values"),
        ("(;SZ[5];[aa])", "line 1, character 12: unexpected value"),
        ("(;SZ[5]\n;B[aa]();W[bb])", "line 2, character 8: empty sequence"),
        ("(;GM[2]SZ[5])", r"GM\[2\] is not Go"),
        ("(;SZ[10])", r"SZ\[10\]: boards have 5 x 5, 7 x 7, 9 x 9, 13 x 13, 19 x 19 points"),
        ("(;SZ[19:9])", r"SZ\[19:9\]: boards have"),
        ("(;SZ[5]KM[much])", r"KM\[much\]: komi is a number"),
        ("(;SZ[5]KM[375])", r"KM\[375\]: setting 'komi' is 375.0; it must be in \[-25, 25\]"),
        ("(;SZ[5];B[aa];W[zz])", r"move 2, W\[zz\]: no point of a 5 x 5 board, on which aa is at the upper left"),
        ("(;SZ[5];B[abc])", r"move 1, B\[abc\]: no point of"),
        ("(;SZ[5];B[aa][bb])", r"move 1, B\[aa\]B\[bb\]: a node has one move"),
        ("(;SZ[5];B[aa]W[bb])", r"move 1, B\[aa\]W\[bb\]: a node has one move"),
        ("(;SZ[5];B[aa];B[bb])", "move 2, B B4: white is to move"),
        ("(;SZ[5]PL[W];B[aa])", "move 1, B A5: white is to move"),
        ("(;SZ[5]PL[red];B[aa])", r"PL\[red\]: the colour to move is B or W"),
        ("(;SZ[5];B[aa];W[aa])", "move 2, W A5: a black stone lies there"),
        ("(;SZ[5];B[ab];W[];B[ba];W[aa])", r"move 4, W A5: the stone would have no liberty \(suicide\)"),
        ("(;SZ[5];B[];W[];B[aa])", "move 3, B A5: the game is over after two passes"),
        ("(;SZ[5];B[aa];AW[bb])", "after move 1: setup stones"),
        ("(;SZ[5]AB[aa][ff])", "setup stones .*: each is a point of a 5 x 5 board"),
        ("(;SZ[5]AB[aa]AW[aa])", "setup stones .*: two on one point"),
        ("(;SZ[5]AB[aa]AW[ab][ba])", "setup stones .*: two on one point, or a group without a liberty"),
        (b"(;SZ[5]CA[klingon])", r"CA\[klingon\] is no encoding known here"),
        (b"(;SZ[5]CA[UTF-8]PB[\xff])", r"PB\[.*\] is not written in UTF-8"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text, message):
    with pytest.raises(NotationError, match=message):
        read_sgf(text)


def test_a_ko_is_named_with_the_position_that_would_come_again():
    game = make(SMALL)
    _, actions = read_moves(game, KO)
    with pytest.raises(NotationError, match=r"move 10, W C2: the position after move 8 would come again \(ko\)"):
        write_sgf(game, [*actions, 7])


def test_every_point_that_superko_closes_is_explained():
    """In random games: the position named has as many stones, and they lie where the move would put or leave them."""
    rules = set()
    for seed in range(60):
        game, actions, states = random_game(24.5, seed, 50)
        for plies, state in enumerate(states[:-1]):
            seen = np.zeros(game.observation_shape, np.uint8)
            observe(state, state["current_player"], seen)
            for point in np.flatnonzero(seen[PLANES - 1].ravel()):
                with pytest.raises(NotationError) as raised:
                    write_sgf(game, [*actions[:plies], int(point)])
                pattern = rf"move {plies + 1}, [BW] \w\d: the position after move (\d+) would come again \((.*)\)"
                found = re.fullmatch(pattern, str(raised.value))
                before, after = state["board"].ravel(), states[int(found[1])]["board"].ravel()
                mover = state["current_player"] + 1
                assert after[point] == mover
                assert ((after == before) | ((before == 3 - mover) & (after == 0)) | (np.arange(25) == point)).all()
                assert (found[2] == "ko") == (int(found[1]) == plies - 1)
                rules.add(found[2])
    assert rules == {"ko", "superko"}


def test_illegal_actions_are_not_written():
    game = make(SMALL)
    with pytest.raises(NotationError, match="move 2, W A1: a black stone lies there"):
        write_sgf(game, [0, 0])
    with pytest.raises(NotationError, match="move 1, B action 99: the game has the actions 0 to 25"):
        write_sgf(game, [99])
