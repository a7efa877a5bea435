"""A game from outside the package does all that the package's own do; README, "Add your own game", shows this one."""

import numpy as np
import pytest

from envs import make, pettingzoo_env
from envs.batch import Batch
from envs.gymnasium_env import SeatEnv, SeatVectorEnv
from tests.own_game.nim import MOST

NIM = "tests.own_game.nim:nim"


def best_moves(states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bouton's: leave heaps whose exclusive or is 0; where that cannot be, take one stick. An opponent's signature."""
    moves = np.zeros(len(states), np.int32)
    for row, heaps in enumerate(states["heaps"].astype(int)):
        total = np.bitwise_xor.reduce(heaps)
        for heap, sticks in enumerate(heaps):
            if sticks and total == 0:
                moves[row] = heap * MOST
            elif sticks > sticks ^ total:
                moves[row] = heap * MOST + (sticks - (sticks ^ total)) - 1
                break
    return moves


def play(moves: list[str], **settings: bool) -> Batch:
    """Moves as they are written: a3 takes three sticks of the first heap."""
    batch = Batch(make(NIM, **settings), 1, autoreset=False)
    for move in moves:
        names = [batch.game.action_to_string(batch.states[0], action) for action in range(batch.game.num_actions)]
        batch.step(np.array([names.index(move)]))
    return batch


@pytest.mark.parametrize(("misere", "paid"), [(False, [1, -1]), (True, [-1, 1])])
def test_whoever_takes_the_last_stick_wins_or_loses(misere, paid):
    batch = play(["c5", "b4", "a3"], misere=misere)  # seat 0 takes the last
    assert batch.terminated[0]
    assert batch.rewards[0].tolist() == paid


def test_the_mask_follows_the_heaps():
    batch = play(["a3", "b2"])
    assert batch.game.state_to_string(batch.states[0]) == "a0 b2 c5"
    legal = [batch.game.action_to_string(batch.states[0], action) for action in np.flatnonzero(batch.masks[0])]
    assert legal == ["b1", "b2", "c1", "c2", "c3", "c4", "c5"]
    assert batch.observations[0].tolist() == [0, 2, 5]


def test_the_first_player_wins_with_best_play():
    """3 xor 4 xor 5 is 2, not 0: won for whoever moves. 1000 games of Bouton's moves against random ones."""
    envs = SeatVectorEnv(NIM, num_envs=100, seat=1, opponents=best_moves)
    _, infos = envs.reset(seed=0)
    won = lost = 0
    while won + lost < 1000:
        actions = np.where(infos["action_mask"], envs.np_random.random((100, 15)), -1).argmax(axis=1)
        _, rewards, *_, infos = envs.step(actions)
        won, lost = won + (rewards > 0).sum(), lost + (rewards < 0).sum()
    assert won == 0


def test_every_face_takes_it():
    assert pettingzoo_env.env(NIM, misere=True).game.settings == {"misere": True}
    env = SeatEnv(NIM, opponents=best_moves, seat=1)
    observation, info = env.reset(seed=0)
    assert observation.tolist() == [1, 4, 5]  # two of the first heap: the only move that wins
    assert info["action_mask"].sum() == 10
