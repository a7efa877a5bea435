"""The compiled search against plain recursion, visit for visit."""

import numpy as np
import pytest

from agents.search.search import GUMBEL, PUCT, Search, SearchSettings
from agents.search.selection import halving_schedules
from envs import make
from tests.agents.alphabeta.positions import random_positions
from tests.agents.search.reference import Reference, evaluate

NIM = "tests.own_game.nim:nim"
TWICE = "tests.agents.search.twice:twice"  # a seat may move twice in a row, and is paid in between
GAMES = ("tic_tac_toe", "connect_four_5x4", "othello_6x6", "hex_3", NIM, TWICE)


def compare(game_id: str, settings: SearchSettings, count: int, network: bool) -> None:
    game = make(game_id)
    states = random_positions(game, count, seed=settings.simulations)
    streams = np.random.default_rng(1).integers(1, 2**63, count, np.uint64)
    search = Search(game, count, settings, evaluate(game) if network else None)
    found = search.search(states, streams)
    for b in range(count):
        expected = Reference(game, settings, states[b : b + 1], int(streams[b]), network=network)
        visits, proven = np.zeros(game.num_actions, int), np.zeros(game.num_actions, bool)
        for child in expected.children:
            visits[child.action], proven[child.action] = child.visits, child.proven
        assert found.visits[b].tolist() == visits.tolist()
        assert (search._nodes[b, 0]["proven"] != 0) == expected.root.proven
        first, number = (int(search._nodes[b, 0][name]) for name in ("first_child", "num_children"))
        children = search._nodes[b, first : first + number]
        assert {int(child["action"]) for child in children if child["proven"]} == set(np.flatnonzero(proven).tolist())
        worth = {child.action: child.value for child in expected.children}
        assert [worth[int(child["action"])] for child in children] == pytest.approx(children["value"], abs=1e-4)


@pytest.mark.parametrize("game_id", GAMES)
@pytest.mark.parametrize("simulations", [1, 7, 40])
def test_puct_is_the_recursive_one(game_id, simulations):
    compare(game_id, SearchSettings(simulations, root=PUCT, noise_share=0), 8, network=True)


@pytest.mark.parametrize("game_id", GAMES)
@pytest.mark.parametrize(("simulations", "considered", "noise"), [(1, 16, 1.0), (8, 4, 1.0), (40, 4, 0.0), (33, 16, 1)])
def test_sequential_halving_is_the_recursive_one(game_id, simulations, considered, noise):
    compare(game_id, SearchSettings(simulations, GUMBEL, considered, gumbel_scale=noise), 8, network=True)


@pytest.mark.parametrize("game_id", GAMES)
@pytest.mark.parametrize("simulations", [1, 9, 150])
def test_search_by_random_play_is_the_recursive_one(game_id, simulations):
    compare(game_id, SearchSettings(simulations), 6, network=False)


def test_who_is_visited_when_in_sequential_halving():
    """Karnin et al.: log2 k phases share the visits, and each drops half. 32 among 16: once each; the best 8 once more;
    the best 4 twice more."""
    schedules = halving_schedules(16, 32)
    assert schedules[16].tolist() == [0] * 16 + [1] * 8 + [2] * 4 + [3] * 4
    assert schedules[2].tolist() == [visits for visits in range(16) for _ in range(2)]
    assert schedules[1].tolist() == list(range(32))
