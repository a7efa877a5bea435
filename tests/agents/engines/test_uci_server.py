"""Our agents as UCI engines: what a chess program asks, and rubbish."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.agent import Forfeit, RandomAgent
from agents.engines.uci_server import UciServer
from agents.scripted.one_ply import OnePlyAgent
from envs import make

CHESS = make("chess")
SHUFFLE = "g1f3 g8f6 f3g1 f6g8 "


def answers(*lines: str, agent=OnePlyAgent) -> list[str]:
    """All that is said to these lines, but how long a move took."""
    said: list[str] = []
    UciServer("one_ply", CHESS, lambda: agent(CHESS), said.append, seed=0).serve(lines)
    assert all(text.endswith("\n") and text.count("\n") == 1 for text in said)
    return [text[:-1] for text in said if not text.startswith("info time")]


def test_the_handshake_needs_no_agent():
    def refuse(game):
        raise AssertionError("made")

    said = answers("uci\n", "debug on\n", "setoption name Hash value 64\n", "quit\n", "isready\n", agent=refuse)
    assert said == ["id name Bitterball one_ply", "id author Bitterball", "uciok"]


@pytest.mark.parametrize(
    ("position", "move"),
    [
        ("fen 6k1/5ppp/8/8/8/8/8/R3K3 w Q - 0 1", "a1a8"),  # the one mate; one_ply takes it
        ("fen r3k3/8/8/8/8/8/5PPP/6K1 b q - 0 1", "a8a1"),
        ("startpos moves f2f3 e7e5 g2g4", "d8h4"),  # fool's mate
        ("fen 6br/5Ppk/6pp/8/8/8/8/K7 w - - 0 1", "f7f8n"),
        ("startpos moves f2f3 e7e5 g2g4 d8h4", "(none)"),  # mated
        ("fen 7k/5Q2/8/8/8/8/8/6K1 b - - 0 1", "(none)"),  # stalemate
        ("startpos moves " + 2 * SHUFFLE + "f2f3 e7e5 g2g4", "d8h4"),  # played on after a third repetition
        ("startpos moves f2f3 e7e5 g2g4 " + 3 * "b8c6 b1c3 c6b8 c3b1 ", "d8h4"),  # asked in one
        ("fen 7k/8/8/8/8/8/R7/1R4K1 w - - 110 90", None),  # after fifty moves
    ],
)
def test_the_move_of_a_position(position, move):
    said = answers(f"position {position}", "go movetime 100 wtime 1 nodes 5")
    assert len(said) == 1
    assert said[0] == f"bestmove {move}" if move else said[0] not in ("bestmove (none)", "bestmove 0000")


def test_the_move_waits_for_stop_after_go_infinite_and_go_ponder():
    mate = "position startpos moves f2f3 e7e5 g2g4"
    assert answers(mate, "go infinite", "isready", "stop", "stop") == ["readyok", "bestmove d8h4"]
    assert answers(mate, "go ponder wtime 100", "isready", "ponderhit") == ["readyok", "bestmove d8h4"]


@pytest.mark.parametrize(
    ("position", "said"),
    [
        ("startpos moves e2e5", "info string move 1, 'e2e5', is no legal move"),
        ("startpos moves e2e4 e2e4", "info string move 2, 'e2e4', is no legal move"),
        ("startpos moves e2e4q", "info string move 1, 'e2e4q', is no legal move"),
        ("fen 6br/5Ppk/6pp/8/8/8/8/K7 w - - 0 1 moves f7f8", "info string move 1, 'f7f8', is no legal move"),
        ("fen nothing", "info string 'nothing' has 1 fields; a FEN has 6"),
        ("fen 8/8/8/8/8/8/8/8 w - - 0 1", "info string FEN: White has no king"),
        ("here", "info string a position is startpos or fen, then moves"),
        ("", "info string a position is startpos or fen, then moves"),
    ],
)
def test_a_position_that_is_none_is_told_and_not_played_from(position, said):
    first, *rest = answers("position startpos", f"position {position}", "go")
    assert first.startswith(said)
    assert rest == ["info string there is no position", "bestmove (none)"]


def test_what_is_unknown_is_passed_by():
    assert answers("", "   ", "hello", "joho isready", "ISREADY", "isready now") == ["readyok", "readyok"]


def test_an_agent_that_gives_up_has_no_move():
    class Quitter(RandomAgent):
        def act(self, states, players, rng):
            raise Forfeit({0: "resigned"}, np.zeros(1, np.int32))

    assert answers("position startpos", "go", agent=Quitter) == ["info string resigned", "bestmove (none)"]


VOCABULARY = (
    "uci isready ucinewgame position startpos fen moves go stop ponderhit infinite ponder setoption debug e2e4 e7e5 "
    "0000 (none) 8/8/8/8/8/8/8/8 rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w b KQkq - 0 1 -1 ²"
)
WORDS = st.sampled_from(VOCABULARY.split())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.lists(WORDS, max_size=8).map(" ".join), st.text(max_size=20)), max_size=8))
def test_no_line_ends_it(lines):
    lines = [line for line in lines if "quit" not in line]
    assert answers(*lines, "stop", "isready")[-1] == "readyok"


def test_another_game_is_refused():
    with pytest.raises(ValueError, match="UCI is a protocol for chess, not for go_9x9"):
        UciServer("random", make("go_9x9"), lambda: None, print)
