"""Deeper beats shallower, in every family of games: two plies more, so that the same side moves last in both searches.

An odd depth ends with one's own move, which looks better than it is; so one ply more, from even to odd, may not help.
"""

import numpy as np
import pytest

import envs
from agents.matches import play_pairs
from agents.names import make_agent


@pytest.mark.slow
@pytest.mark.parametrize("shallow", ["random", "alphabeta:1", "alphabeta:2"])
@pytest.mark.parametrize(
    ("game_id", "opening"),
    [("tic_tac_toe", 2), ("connect_four", 8), ("othello_6x6", 6), ("gomoku_9", 4), ("hex_7", 2), ("breakthrough_6", 4),
     ("go_5x5", 4), ("chess", 6)],
)  # fmt: skip
def test_two_plies_more_win_more(game_id, shallow, opening):
    """The lower end of the 95% interval, by pairs, is above one half."""
    game = envs.make(game_id)
    depth = 1 if shallow == "random" else int(shallow.partition(":")[2]) + 2
    deep = make_agent(f"alphabeta:{depth}", game)
    share = play_pairs(game, deep, make_agent(shallow, game), 60, seed=4, opening=opening).pair_points / 2
    assert share.mean() - 1.96 * share.std(ddof=1) / np.sqrt(len(share)) > 0.5
