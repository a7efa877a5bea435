"""The one-ply player: positions with known answers, and a check against the rules over random games."""

import numpy as np
import pytest

import envs
from agents.scripted.one_ply import RULED_OUT, SAFE, UNSAFE, WINS, OnePlyAgent
from envs.batch import Batch, mask_rows
from envs.game import is_terminal, rewards, step


def _position(game_id: str, moves: str) -> tuple[OnePlyAgent, np.ndarray, np.ndarray]:
    """After moves given as digits: actions of tic_tac_toe, columns 1 to 7 of connect_four."""
    game = envs.make(game_id)
    batch = Batch(game, 1, autoreset=False)
    for move in moves:
        batch.step(np.array([int(move) - (game_id == "connect_four")], np.int32))
    assert not batch.terminated[0]
    return OnePlyAgent(game), batch.states, batch.states["current_player"].astype(np.int64)


def _played(game_id: str, moves: str, count: int = 200) -> set[int]:
    agent, states, players = _position(game_id, moves)
    return set(agent.act(np.repeat(states, count), np.repeat(players, count), np.random.default_rng(0)).tolist())


@pytest.mark.parametrize(
    ("game_id", "moves", "answers"),
    [
        # x x .   X completes the top row, although O threatens the middle one
        # o o .
        ("tic_tac_toe", "0314", {2}),
        # x x .   O must block
        # . o .
        ("tic_tac_toe", "041", {2}),
        # x . .   X to move, nothing is urgent: any empty cell
        # . o .
        ("tic_tac_toe", "04", {1, 2, 3, 5, 6, 7, 8}),
        # x o x   X has two wins and takes either, never the rest
        # o x o   (6 and 8)
        ("tic_tac_toe", "012345", {6, 8}),
        # x . x
        # . o .   O cannot block both 1 and the corner line 0-3-6: whatever it does loses, so any move is as good
        # x . o
        ("tic_tac_toe", "04286", {1, 3, 5, 7}),
        # three on the ground row, both ends open: a win on either side
        ("connect_four", "334455", {1, 5}),
        # the opponent has three on the ground: blocked at the one open end (column 1 is the wall's side: x x x in 1-3)
        ("connect_four", "17273", {3}),
        # three in a column are stopped on top
        ("connect_four", "41424", {3}),
    ],
)
def test_known_positions(game_id, moves, answers):
    assert _played(game_id, moves) == answers


def test_it_does_not_play_below_the_opponents_winning_cell():
    # row 1  . . . . . . .      seat 0 (x) has 2, 3, 4 of the second row; column 5 is empty, so a disc dropped into it
    # row 0  . . o x o . .      fills the cell below the fifth, which then wins for x
    agent, states, players = _position("connect_four", "")
    board = states["board"]
    board[0, 0, 1:4] = (2, 1, 2)
    board[0, 1, 1:4] = 1
    board[0, 0, 0] = 2
    board[0, 1, 0] = 2  # the other end is closed
    states["height"][0, :4] = 2
    states["num_moves"], states["current_player"], players[:] = 8, 1, 1
    grades = agent.grade(states, players)[0]
    assert grades[4] == UNSAFE
    assert (np.delete(grades, 4) == SAFE).all()


def test_grades_against_the_rules_played_out():
    """In 300 random positions, a move is WINS, UNSAFE or SAFE exactly if stepping through the rules says so."""
    game = envs.make("connect_four")
    agent, rng = OnePlyAgent(game), np.random.default_rng(1)
    batch = Batch(game, 300, seed=2)
    for _ in range(14):
        batch.step(batch.random_actions())
    before = batch.states.copy()
    players = batch.states["current_player"].astype(np.int64)
    grades = agent.grade(batch.states, players)
    assert (batch.states == before).all()
    assert (grades == RULED_OUT).any()
    assert {UNSAFE, SAFE, WINS} <= set(grades.ravel().tolist())
    for b in rng.choice(300, 60, replace=False):
        for action in range(7):
            assert grades[b, action] == _grade(game, batch.states[b : b + 1], players[b], action, grades[b])


def _grade(game, states: np.ndarray, player: int, action: int, found: np.ndarray) -> int:
    if not mask_rows(game, states, np.array([player]))[0, action]:
        return RULED_OUT
    after, paid = states.copy(), np.zeros(2, np.float32)
    step(after[0], action)
    rewards(after[0], paid)
    if paid[player] > 0:
        return WINS
    if is_terminal(after[0]):
        return SAFE
    for reply in np.flatnonzero(mask_rows(game, after, np.array([1 - player]))[0]):
        last = after.copy()
        step(last[0], reply)
        rewards(last[0], paid)
        if paid[1 - player] > 0:
            return UNSAFE
    # after a win was found the remaining moves are left ungraded, for they will not be played
    return UNSAFE if found[action] == UNSAFE and WINS in found[:action] else SAFE


def test_a_move_that_loses_by_itself_is_avoided():
    """Misere Nim: whoever takes the last stick loses. With 2 sticks in one heap, take one."""
    from tests.own_game import nim  # noqa: F401  registers the game

    game = envs.make("tests.own_game.nim:nim", misere=True)
    batch = Batch(game, 1)
    batch.states["heaps"] = (0, 0, 2)
    agent = OnePlyAgent(game)
    assert agent.grade(batch.states, np.zeros(1, np.int64))[0, 10:12].tolist() == [SAFE, UNSAFE]
    assert (
        agent.act(np.repeat(batch.states, 50), np.zeros(50, np.int64), np.random.default_rng(0)).tolist() == [10] * 50
    )


def test_choices_are_even():
    agent, states, players = _position("tic_tac_toe", "")
    chosen = agent.act(np.repeat(states, 9000), np.repeat(players, 9000), np.random.default_rng(3))
    counts = np.bincount(chosen, minlength=9)
    assert ((counts - 1000) ** 2 / 1000).sum() < 26.1  # chi-square with 8 degrees of freedom: passes 99.9%


def test_it_beats_random_play():
    from agents.agent import RandomAgent
    from agents.matches import play_pairs

    game = envs.make("connect_four")
    assert play_pairs(game, OnePlyAgent(game), RandomAgent(game), 500, seed=0).score > 0.9
