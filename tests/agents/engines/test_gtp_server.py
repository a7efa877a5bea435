"""Our agents as GTP engines: what a program for Go asks, and rubbish."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.agent import Forfeit, RandomAgent
from agents.engines.gtp_server import GtpServer
from agents.scripted.one_ply import OnePlyAgent
from envs import make
from envs.batch import mask_rows


class FirstPoint(RandomAgent):
    """Plays the first legal point in the order of actions: A1, B1, ..."""

    def act(self, states, players, rng):
        return mask_rows(self.game, states, players).argmax(axis=1).astype(np.int32)


def answers(*lines: str, game="go_5x5", agent=FirstPoint) -> list[str]:
    """What each command is answered; every answer ends with an empty line, and none has one inside."""
    said: list[str] = []
    GtpServer("first", make(game), agent, said.append, seed=0).serve(lines)
    assert all(re.fullmatch(r"[=?][^\n]*(\n[^\n]+)*\n\n", text) for text in said), said
    return [text[:-2] for text in said]


def test_what_it_is_and_knows():
    said = answers("protocol_version\n", "7 name\n", "known_command play\n", "known_command dance\n", "list_commands\n")
    assert said[:4] == ["= 2", "=7 Bitterball first", "= true", "= false"]
    required = "protocol_version name version known_command list_commands quit boardsize clear_board komi play genmove"
    assert set(required.split()) <= set(said[4].removeprefix("= ").split("\n"))
    assert answers("12 quit\n", "name\n") == ["=12"]


def test_a_capture_and_its_count():
    said = answers("komi 0.5", "play b B1", "play W a1", "play black a2", "showboard", "final_score")
    assert said[:4] == ["="] * 4
    assert said[4].endswith("\n 3 . . . . .\n 2 x . . . .\n 1 . x . . .\n   A B C D E")
    assert said[5] == "= B+24.5"  # 25 points, all black's


def test_undo_takes_a_move_back():
    said = answers("play b C3", "undo", "undo", "play b C3", "genmove w")
    assert said == ["=", "=", "? cannot undo", "=", "= A1"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("dance", "? unknown command"),
        ("3 dance", "?3 unknown command"),
        ("3", "?3 unknown command"),
        ("PLAY b C3", "? unknown command"),
        ("play b", "? syntax error: play takes 2 arguments"),
        ("play b C3 C4", "? syntax error: play takes 2 arguments"),
        ("play green C3", "? invalid color or coordinate"),
        ("play b I3", "? invalid color or coordinate"),
        ("play b F1", "? invalid color or coordinate"),
        ("play b C0", "? invalid color or coordinate"),
        ("play b resign", "? invalid color or coordinate"),
        ("play b D4", "? illegal move"),  # a stone lies there
        ("genmove", "? syntax error: genmove takes 1 arguments"),
        ("genmove green", "? invalid color or coordinate"),
        ("boardsize 6", "? unacceptable size"),
        ("boardsize 99999999999999999999", "? unacceptable size"),
        ("boardsize big", "? unacceptable size"),
        ("komi lots", "? syntax error: komi is a number"),
        ("komi nan", "? setting 'komi' is nan; it must be a finite number"),
        ("komi 1e9", "? setting 'komi' is 1000000000.0; it must be in [-25, 25]"),
    ],
)
def test_an_error_is_answered_and_changes_nothing(line, said):
    played, before, found, after = answers("play b D4", "showboard", line, "showboard")
    assert (played, found) == ("=", said)
    assert before == after
    assert after.endswith("\n 4 . . . x .\n 3 . . . . .\n 2 . . . . .\n 1 . . . . .\n   A B C D E")


def test_comments_blank_lines_and_control_characters():
    assert answers("", "   # nothing\n", "\tname\x07  # who?\r\n", "#") == ["= Bitterball first"]


def test_ko_and_suicide_are_illegal():
    """Black takes the ko at C2; White may not take back at once, but after two more moves."""
    moves = [f"play {'bw'[i % 2]} {at}" for i, at in enumerate(["A2", "D2", "B3", "C3", "B1", "C1", "A5", "B2", "C2"])]
    said = answers(*moves, "play w B2", "play w E5", "play b A4", "play w B2")
    assert said == [*["="] * 9, "? illegal move", "=", "=", "="]
    assert answers("play b A2", "play w E5", "play b B1", "play w A1")[-1] == "? illegal move"  # without a liberty


def test_a_colour_may_move_twice_and_the_game_go_on_after_two_passes():
    said = answers("play b A5", "play b B5", "play w pass", "play b pass", "genmove b", "genmove b", "showboard")
    assert said[:-1] == ["="] * 4 + ["= A1", "= B1"]
    assert said[-1].endswith("\n 5 x x . . .\n 4 . . . . .\n 3 . . . . .\n 2 . . . . .\n 1 x x . . .\n   A B C D E")


def test_the_board_may_change_its_size_where_the_agent_can_follow():
    said = answers("boardsize 9", "showboard", "genmove b")
    assert said[0] == "="
    assert said[1].endswith("A B C D E F G H J")
    assert said[2] == "= A1"

    def only_small(game):
        if game.id != "go_5x5":
            raise ValueError("trained on another size")
        return FirstPoint(game)

    assert answers("play b C3", "boardsize 9", "boardsize 5", "genmove b", agent=only_small) == [
        "=", "? unacceptable size", "=", "= A1"
    ]  # fmt: skip


def test_reg_genmove_plays_nothing():
    assert answers("reg_genmove w", "reg_genmove b", "genmove b") == ["= A1"] * 3


def test_clear_board_keeps_the_komi():
    assert answers("komi 3.5", "play b C3", "clear_board", "final_score") == ["=", "=", "=", "= W+3.5"]


def test_an_agent_that_gives_up_resigns():
    class Quitter(RandomAgent):
        def act(self, states, players, rng):
            raise Forfeit({0: "had enough"}, np.zeros(1, np.int32))

    assert answers("genmove b", "reg_genmove w", agent=Quitter) == ["= resign", "= resign"]


VOCABULARY = (
    "1 play genmove b w B white C3 a1 pass undo komi boardsize 5 7 clear_board showboard final_score -3 ² nan E5 J9 # "
    "known_command list_commands reg_genmove time_left time_settings"
)
WORDS = st.sampled_from(VOCABULARY.split())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.lists(WORDS, max_size=4).map(" ".join), st.text(max_size=20)), max_size=12))
def test_no_line_ends_it_and_every_command_is_answered_once(lines):
    lines = [line for line in lines if "quit" not in line]
    commands = [line for line in lines if re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", line.partition("#")[0]).split()]
    said = answers(*lines, "99 protocol_version", agent=OnePlyAgent)
    assert said[-1] == "=99 2"
    assert len(said) == len(commands) + 1


def test_another_game_is_refused():
    with pytest.raises(ValueError, match="GTP is a protocol for Go, not for chess"):
        GtpServer("random", make("chess"), RandomAgent, print)
