"""The search against plain minimax over the same verbs, and positions with known answers."""

import numpy as np
import pytest
from numba import types

import envs
from agents.agent import Policy
from agents.alphabeta.agent import AlphaBetaAgent
from agents.alphabeta.heuristics import evaluate, ply_dtype, register
from agents.alphabeta.search import DECIDED, WIN, _value_of
from agents.matches import play_pairs
from agents.names import make_agent
from envs.batch import Batch
from envs.game import Game, is_terminal, is_truncated, rewards, step
from tests.agents.alphabeta.positions import legal_actions, random_positions
from tests.exactness import bits

NIM = "tests.own_game.nim:nim"


def minimax(game: Game, states: np.ndarray, depth: int, ply: int = 0) -> dict[int, int]:
    """What each legal action in states[0] is worth to the mover, by looking at everything."""
    mover = int(states["current_player"][0])
    values = {}
    for action in legal_actions(game, states[0]):
        after, paid = states.copy(), np.zeros(2, np.float32)
        step(after[0], action)
        if is_terminal(after[0]) or is_truncated(after[0]):
            rewards(after[0], paid)
            values[action] = int(np.sign(paid[mover])) * (WIN - ply - 1)
            continue
        value = evaluate(after[0]) if depth == 1 else max(minimax(game, after, depth - 1, ply + 1).values())
        values[action] = value if after["current_player"][0] == mover else -value
    return values


def check(game_id: str, depth: int, count: int, **settings) -> None:
    game = envs.make(game_id, **settings)
    states = random_positions(game, count, seed=depth)
    before = bits(states)
    values, best = AlphaBetaAgent(game, depth).search(states)
    assert bits(states) == before
    for b in range(count):
        expected = minimax(game, states[b : b + 1], depth)
        assert values[b] == max(expected.values())
        assert set(np.flatnonzero(best[b])) == {a for a, value in expected.items() if value == values[b]}


@pytest.mark.parametrize(
    ("game_id", "depth", "count"),
    [
        ("tic_tac_toe", 1, 20),
        ("tic_tac_toe", 2, 20),
        ("tic_tac_toe", 5, 4),
        ("connect_four_5x4", 1, 20),
        ("connect_four_5x4", 3, 10),
        ("connect_four_5x4", 4, 4),
        ("othello_6x6", 2, 20),
        ("othello_6x6", 3, 6),
        ("breakthrough_6", 2, 8),
        ("breakthrough_6", 3, 2),
        ("hex_3", 3, 6),
    ],
)
def test_it_is_minimax(game_id, depth, count):
    check(game_id, depth, count)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("game_id", "depth", "count"),
    [("chess", 1, 10), ("chess", 2, 4), ("go_5x5", 1, 10), ("go_5x5", 2, 6), ("gomoku_9", 1, 5), ("gomoku_9", 2, 2),
     ("hex_7", 2, 2), ("connect_four", 4, 5), ("connect_four_8x7", 3, 3), ("othello", 3, 3)],
)  # fmt: skip
def test_it_is_minimax_in_larger_games(game_id, depth, count):
    check(game_id, depth, count)


@pytest.mark.parametrize("misere", [False, True])
def test_a_game_from_outside_is_searched_to_its_end(misere):
    """Bouton: of heaps of 1, 2 and 2 sticks whoever moves wins by taking the first, whichever way the last one counts;
    no game is longer than five plies from there, so that seven see the end."""
    check(NIM, 4, 8, misere=misere)
    game = envs.make(NIM, misere=misere)
    states = Batch(game, 1).states
    states["heaps"] = (1, 2, 2)
    values, best = AlphaBetaAgent(game, 7).search(states)
    assert values[0] > DECIDED
    assert game.action_to_string(states[0], int(best[0].argmax())) == "a1"


def _after(game_id: str, moves: str) -> np.ndarray:
    batch = Batch(envs.make(game_id), 1, autoreset=False)
    for move in moves:
        batch.step(np.array([int(move)], np.int32))
    return batch.states


def test_tic_tac_toe_is_a_draw_from_everywhere():
    values, best = AlphaBetaAgent(envs.make("tic_tac_toe"), 9).search(_after("tic_tac_toe", ""))
    assert values[0] == 0
    assert best[0].all()


@pytest.mark.parametrize(
    ("moves", "depth", "value", "answers"),
    [
        # x x .   X wins at once by 2, and in three plies by others; it does not dally
        # o o .
        ("0314", 5, WIN - 1, {2}),
        # x . x
        # . o .   O has lost, in two plies whatever it does, except that 1 (then 3) and 3 (then 1) block once
        # x . o   and all four replies leave another line: each loses after two plies
        ("04286", 4, 2 - WIN, {1, 3, 5, 7}),
        # x . .   O answers the corner with the centre: everything else loses
        # . . .
        ("0", 8, 0, {4}),
    ],
)
def test_it_wins_soon_and_loses_late(moves, depth, value, answers):
    values, best = AlphaBetaAgent(envs.make("tic_tac_toe"), depth).search(_after("tic_tac_toe", moves))
    assert values[0] == value
    assert set(np.flatnonzero(best[0])) == answers


def test_equal_moves_are_drawn_evenly():
    agent = AlphaBetaAgent(envs.make("tic_tac_toe"), 2)
    states = np.repeat(_after("tic_tac_toe", ""), 9000)
    chosen = agent.act(states, np.zeros(9000, np.int64), np.random.default_rng(3))
    counts = np.bincount(chosen, minlength=9)
    assert ((counts - 1000) ** 2 / 1000).sum() < 26.1  # chi-square with 8 degrees of freedom: passes 99.9%


def test_a_position_is_searched_alike_alone_and_among_others():
    game = envs.make("othello_6x6")
    states = random_positions(game, 12, seed=8)
    agent = AlphaBetaAgent(game, 3)
    values, best = agent.search(states)
    for b in range(12):
        value, alone = agent.search(states[b : b + 1])
        assert value[0] == values[b]
        assert (alone[0] == best[b]).all()


@pytest.mark.parametrize(
    ("game_id", "said"),
    [
        ("ball_1v1", "'alphabeta:2' plays games with turns, not ball_1v1"),
        ("kuhn_poker", "'alphabeta:2' would see what kuhn_poker hides"),
    ],
)
def test_other_games_are_refused(game_id, said):
    with pytest.raises(ValueError, match=said):
        make_agent("alphabeta:2", envs.make(game_id))


@pytest.mark.parametrize("depth", [0, 21, -1])
def test_a_depth_has_bounds(depth):
    with pytest.raises(ValueError, match=f"the depth of 'alphabeta' is 1 to 20, not {depth}"):
        AlphaBetaAgent(envs.make("tic_tac_toe"), depth)


def test_an_edited_evaluation_is_compiled_anew(tmp_path, monkeypatch):
    """The type of a scratch array, by which compiled code is found, changes with the sources of the evaluation."""
    game = envs.make("tic_tac_toe")
    monkeypatch.setattr("agents.alphabeta.heuristics._rules", {})
    monkeypatch.setattr("agents.alphabeta.heuristics._rules_of_dtype", {})
    monkeypatch.syspath_prepend(tmp_path)
    source = tmp_path / "my_evaluation.py"
    source.write_text("def rule(state):\n    return 1\n")
    import my_evaluation  # type: ignore[import-not-found]

    without = ply_dtype(game)
    register(game, my_evaluation.rule)
    before = ply_dtype(game)
    source.write_text("def rule(state):\n    return 2\n")
    assert len({without, before, ply_dtype(game)}) == 3


@pytest.mark.parametrize(("game_id", "stronger"), [("connect_four_5x4", 4), ("othello_6x6", 3)])
def test_who_looks_further_ahead_wins_more(game_id, stronger):
    game = envs.make(game_id)
    deep, shallow = (make_agent(f"alphabeta:{depth}", game) for depth in (stronger, 1))
    assert play_pairs(game, deep, shallow, 40, seed=0, opening=6).score > 0.6


def test_what_is_compiled_can_be_loaded_again():
    """No version of the recursive search is for a literal: numba cannot load from disk two that call each other."""
    game = envs.make("tic_tac_toe")
    AlphaBetaAgent(game, 2).search(Batch(game, 1).states)
    for signature in _value_of.signatures:
        assert not any(isinstance(argument, types.Literal) for argument in signature)


def test_it_tells_how_likely_it_plays_each_action():
    """Evenly among the best: O must stop X on the bottom row; on an empty board at one ply all are worth as much."""
    game = envs.make("tic_tac_toe")
    batch = Batch(game, 2)
    batch.states["board"][1, :2], batch.states["board"][1, 4] = 1, 2
    batch.states["current_player"][1], batch.states["num_moves"][1] = 1, 3
    agent = AlphaBetaAgent(game, 2)
    assert isinstance(agent, Policy)
    found = agent.probabilities(batch.states, np.array([0, 1]))
    assert found[0].tolist() == [1 / 9] * 9
    assert found[1].tolist() == [0, 0, 1, 0, 0, 0, 0, 0, 0]
