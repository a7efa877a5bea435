"""Legal moves of chess: published counts of games, positions with known moves, and castling and passing one by one."""

import numpy as np
import pytest

from envs.game import step
from envs.notation.chess import read_fen, write_fen
from envs.notation.moves import first_state, read_action
from tests.envs.board.chess_perft import GAME, perft

# The counts of whole lists are those of the Chess Programming Wiki's page "Perft Results"; those of one depth are from
# Martin Sedlak's and Steven Edwards' collections of traps, one trap a position.
START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"
KIWIPETE = "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1"
PERFTS = {
    "start": (START, {1: 20, 2: 400, 3: 8902, 4: 197_281}),
    "kiwipete": (KIWIPETE, {1: 48, 2: 2039, 3: 97_862}),
    "pins along the rank": ("8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - - 0 1", {1: 14, 2: 191, 3: 2812, 4: 43_238}),
    "promotions": ("r3k2r/Pppp1ppp/1b3nbN/nP6/BBP1P3/q4N2/Pp1P2PP/R2Q1RK1 w kq - 0 1", {1: 6, 2: 264, 3: 9467}),
    "promotions of Black": (
        "r2q1rk1/pP1p2pp/Q4n2/bbp1p3/Np6/1B3NBn/pPPP1PPP/R3K2R b KQ - 0 1",
        {1: 6, 2: 264, 3: 9467},
    ),
    "promotion on d8": (
        "rnbq1k1r/pp1Pbppp/2p5/8/2B5/8/PPP1NnPP/RNBQK2R w KQ - 1 8",
        {1: 44, 2: 1486, 3: 62_379},
    ),
    "middle game": ("r4rk1/1pp1qppp/p1np1n2/2b1p1B1/2B1P1b1/P1NP1N2/1PP1QPPP/R4RK1 w - - 0 10", {2: 2079, 3: 89_890}),
    "passing would open the rank": ("3k4/3p4/8/K1P4r/8/8/8/8 b - - 0 1", {6: 1_134_888}),
    "passing would open a diagonal": ("8/8/4k3/8/2p5/8/B2P2K1/8 w - - 0 1", {6: 1_015_133}),
    "passing out of check": ("8/8/1k6/2b5/2pP4/8/5K2/8 b - d3 0 1", {6: 1_440_467}),
    "castling gives check": ("5k2/8/8/8/8/8/8/4K2R w K - 0 1", {6: 661_072}),
    "castling long gives check": ("3k4/8/8/8/8/8/8/R3K3 w Q - 0 1", {6: 803_711}),
    "rights lost to a capture": ("r3k2r/1b4bq/8/8/8/8/7B/R3K2R w KQkq - 0 1", {4: 1_274_206}),
    "castling prevented": ("r3k2r/8/3Q4/8/8/5q2/8/R3K2R b KQkq - 0 1", {4: 1_720_476}),
    "promoting out of check": ("2K2r2/4P3/8/8/8/8/8/3k4 w - - 0 1", {6: 3_821_001}),
    "discovered check": ("8/8/1P2K3/8/2n5/1q6/8/5k2 b - - 0 1", {5: 1_004_658}),
    "promotion gives check": ("4k3/1P6/8/8/8/8/K7/8 w - - 0 1", {6: 217_342}),
    "underpromotion gives check": ("8/P1k5/K7/8/8/8/8/8 w - - 0 1", {6: 92_683}),
    "stalemate": ("K1k5/8/P7/8/8/8/8/8 w - - 0 1", {6: 2217}),
    "stalemate and mate": ("8/k1P5/8/1K6/8/8/8/8 w - - 0 1", {7: 567_584}),
    "double check": ("8/8/2k5/5q2/5n2/8/5K2/8 b - - 0 1", {4: 23_527}),
}


@pytest.mark.parametrize("name", PERFTS)
def test_games_are_as_many_as_published(name):
    fen, counts = PERFTS[name]
    position = read_fen(GAME, fen)
    assert {depth: perft(position, depth) for depth in counts} == counts


@pytest.mark.slow
def test_games_of_five_moves():
    assert perft(first_state(GAME), 5) == 4_865_609
    assert perft(read_fen(GAME, KIWIPETE), 5) == 193_690_690


def legal(fen: str) -> set[str]:
    state = read_fen(GAME, fen)[0]
    return {GAME.action_to_string(state, int(action)) for action in state["moves"][: state["num_legal"]]}


def after(fen: str, *moves: str) -> np.void:
    state = read_fen(GAME, fen)[0]
    for move in moves:
        step(state, read_action(GAME, state, move))
    return state


CASTLING = "r3k2r/8/8/8/8/8/8/R3K2R {} KQkq - 0 1"


@pytest.mark.parametrize(("side", "rank"), [("w", 1), ("b", 8)])
def test_castling_moves_king_and_rook(side, rank):
    for move, row in (("e{0}g{0}", "r4rk1"), ("e{0}c{0}", "2kr3r")):
        state = after(CASTLING.format(side), move.format(rank))
        board, _, rights, *_ = write_fen(state).split()
        ranks = board.split("/")
        assert ranks[8 - rank] == (row.upper() if side == "w" else row)
        assert rights == ("kq" if side == "w" else "KQ")


@pytest.mark.parametrize(
    ("attacker", "allowed"),
    [
        ("8/8/8/4r3", set()),  # the king is in check
        ("8/8/8/5r2", {"e1c1"}),  # passes over f1
        ("8/8/8/6r1", {"e1c1"}),  # arrives on g1
        ("8/8/8/7r", {"e1g1", "e1c1"}),  # only the rook is attacked
        ("8/8/8/3r4", {"e1g1"}),
        ("8/8/8/2r5", {"e1g1"}),
        ("8/8/8/1r6", {"e1g1", "e1c1"}),  # only the rook passes over b1
    ],
)
def test_a_king_castles_neither_out_of_check_nor_through_nor_into_it(attacker, allowed):
    assert legal(f"4k3/{attacker}/8/8/R3K2R w KQ - 0 1") & {"e1g1", "e1c1"} == allowed


@pytest.mark.parametrize(
    ("row", "allowed"),
    [("R3KN1R", {"e1c1"}), ("R3K1NR", {"e1c1"}), ("RN2K2R", {"e1g1"}), ("R1N1K2R", {"e1g1"}), ("R2NK2R", {"e1g1"})],
)
def test_nothing_stands_between_king_and_rook(row, allowed):
    assert legal(f"4k3/8/8/8/8/8/8/{row} w KQ - 0 1") & {"e1g1", "e1c1"} == allowed


@pytest.mark.parametrize(
    ("moves", "rights"),
    [
        (["e1e2"], "kq"),
        (["a1b1"], "Kkq"),
        (["h1g1"], "Qkq"),
        (["a1a8"], "Kk"),  # captures the other's rook, and its own has left home
        (["h1h8"], "Qq"),
        (["a1b1", "e8e7"], "K"),
        (["a1b1", "h8g8", "b1a1", "g8h8"], "Kq"),  # a rook that came back has moved
    ],
)
def test_rights_are_lost_where_king_or_rook_left_home(moves, rights):
    assert write_fen(after(CASTLING.format("w"), *moves)).split()[2] == rights


def test_a_pawn_that_passes_is_captured_at_once_or_never():
    state = after("4k3/8/8/8/3p4/8/4P3/4K3 w - - 0 1", "e2e4")
    assert write_fen(state).split()[3] == "e3"
    passed = state.copy()
    step(passed, read_action(GAME, passed, "d4e3"))
    assert write_fen(passed) == "4k3/8/8/8/8/4p3/8/4K3 w - - 0 2"
    for move in ("e8e7", "e1d1"):
        step(state, read_action(GAME, state, move))
    assert "d4e3" not in {GAME.action_to_string(state, int(a)) for a in state["moves"][: state["num_legal"]]}


@pytest.mark.parametrize(
    "fen",
    [
        "4k3/8/8/8/3pP3/8/8/4K3 b - e3 0 1",
        "4k3/8/8/8/5Pp1/8/8/4K3 b - f3 0 1",
    ],
)
def test_passing_stands_in_the_position_where_it_is_legal(fen):
    assert write_fen(read_fen(GAME, fen)[0]) == fen


@pytest.mark.parametrize(
    "fen",
    [
        "rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq e3 0 1",  # no pawn is near
        "8/8/8/8/k2pP2R/8/8/4K3 b - e3 0 1",  # both pawns would leave the rank
        "3k4/8/8/8/3pP3/8/8/3RK3 b - e3 0 1",  # the pawn is pinned
    ],
)
def test_passing_does_not_stand_in_the_position_where_it_is_illegal(fen):
    assert write_fen(read_fen(GAME, fen)[0]).split()[3] == "-"


def test_the_most_moves_there_are():
    """Petrovic's 218."""
    assert len(legal("R6R/3Q4/1Q4Q1/4Q3/2Q4Q/Q4Q2/pp1Q4/kBNN1KB1 w - - 0 1")) == 218
