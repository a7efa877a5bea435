"""Chess against python-chess, an independent implementation: random games, compared after every ply."""

import chess
import numpy as np
import pytest

from envs import make
from envs.batch import Batch
from envs.board.chess.position import ENDINGS
from envs.notation.chess import write_fen

TERMINATIONS = {
    chess.Termination.CHECKMATE: "checkmate",
    chess.Termination.STALEMATE: "stalemate",
    chess.Termination.INSUFFICIENT_MATERIAL: "insufficient material",
    chess.Termination.SEVENTYFIVE_MOVES: "fifty moves",
    chess.Termination.FIVEFOLD_REPETITION: "repetition",
}


def expected(board: chess.Board, claims: bool) -> tuple[str, int]:
    """How the game ended, or "on", and who won, -1 nobody.

    python-chess would also claim a draw that the next move can bring about (FIDE 9.2.1, 9.3.1), which takes a decision
    of the player; here a claim is made when the position is on the board.
    """
    outcome = board.outcome()
    if outcome:
        return TERMINATIONS[outcome.termination], {True: 0, False: 1, None: -1}[outcome.winner]
    if claims and board.is_fifty_moves():
        return "fifty moves", -1
    if claims and board.is_repetition(3):
        return "repetition", -1
    return "on", -1


def compare(plies: int, seed: int, claims: bool, reluctant: bool = False, count: int = 16) -> list[str]:
    """Plays at least so many plies in `count` games at once. Returns how the games ended.

    Reluctant players avoid captures and pawn moves where they can, and so come to repetitions and fifty moves.
    """
    game = make("chess", claims=claims)
    batch, rng = Batch(game, count, seed, autoreset=False), np.random.default_rng(seed)
    boards, endings = [chess.Board() for _ in range(count)], []
    for _ in range(-(-plies // count)):
        actions = batch.random_actions().copy()
        for row, board in enumerate(boards):
            state, legal = batch.states[row], np.flatnonzero(batch.masks[row])
            names = {game.action_to_string(state, int(action)): int(action) for action in legal}
            assert names.keys() == {move.uci() for move in board.legal_moves}, board.fen()
            if reluctant:
                quiet = [
                    move.uci()
                    for move in board.legal_moves
                    if not board.is_irreversible(move) and board.piece_type_at(move.from_square) != chess.QUEEN
                ]
                if quiet:
                    actions[row] = names[quiet[rng.integers(len(quiet))]]
            board.push_uci(game.action_to_string(state, int(actions[row])))
        batch.step(actions)
        for row, board in enumerate(boards):
            state = batch.states[row]
            found = ENDINGS[state["ending"]], int(state["winner"])
            assert found == expected(board, claims), board.fen()
            assert write_fen(state) == board.fen()
            assert state["in_check"] == board.is_check()
            won = {0: [1, -1], 1: [-1, 1], -1: [0, 0]}[found[1]]
            assert batch.rewards[row].tolist() == won
        over = np.flatnonzero(batch.terminated | batch.truncated)
        batch.restart(over)
        for row in over:
            endings.append(expected(boards[row], claims)[0])
            boards[row] = chess.Board()
    return endings


def test_random_games_are_the_same():
    assert len(compare(plies=8_000, seed=0, claims=True)) > 5


@pytest.mark.parametrize("claims", [True, False])
def test_games_that_shun_progress_are_the_same(claims):
    assert {"repetition", "fifty moves"} & set(compare(plies=3_000, seed=0, claims=claims, reluctant=True))


@pytest.mark.slow
@pytest.mark.timeout(4000)
@pytest.mark.parametrize(
    ("plies", "claims", "reluctant"),
    [(600_000, True, False), (200_000, False, False), (100_000, True, True), (100_000, False, True)],
)
def test_a_million_plies_are_the_same(plies, claims, reluctant):
    endings = set(compare(plies, seed=1, claims=claims, reluctant=reluctant))
    if reluctant:
        assert endings & {"repetition", "fifty moves"}
    else:
        assert endings >= {"checkmate", "stalemate", "insufficient material", "fifty moves"}
        assert ("repetition" in endings) == claims  # nothing comes five times by chance
