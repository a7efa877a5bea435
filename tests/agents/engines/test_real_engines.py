"""Matches against Stockfish and GNU Go, where they are installed."""

from collections import Counter

import numpy as np
import pytest

from agents.agent import RandomAgent
from agents.engines.options import find_program
from agents.matches import play_pairs
from agents.names import make_agent
from envs import make
from envs.notation.chess import read_fen


def _installed(program: str) -> bool:
    try:
        find_program(program)
    except ValueError:
        return False
    return True


needs_stockfish = pytest.mark.skipif(
    not _installed("stockfish"), reason="Stockfish is not installed (apt-get install stockfish)"
)
needs_gnugo = pytest.mark.skipif(not _installed("gnugo"), reason="GNU Go is not installed (apt-get install gnugo)")


def _move(agent, game, states) -> str:
    action = agent.act(states, states["current_player"].astype(np.int64), np.random.default_rng(0))[0]
    return game.action_to_string(states[0], int(action))


@needs_stockfish
def test_stockfish_mates_in_one_as_either_side_and_promotes_to_a_knight():
    game = make("chess")
    agent = make_agent("uci:stockfish,depth=3", game)
    assert agent.name.startswith("uci:stockfish,depth=3 [Stockfish ")
    assert _move(agent, game, read_fen(game, "6k1/5ppp/8/8/8/8/8/R3K3 w Q - 0 1")) == "a1a8"
    assert _move(agent, game, read_fen(game, "r3k3/8/8/8/8/8/5PPP/6K1 b q - 0 1")) == "a8a1"
    assert _move(agent, game, read_fen(game, "6br/5Ppk/6pp/8/8/8/8/K7 w - - 0 1")) == "f7f8n"


@needs_stockfish
def test_stockfish_names_the_bounds_of_its_elo():
    with pytest.raises(ValueError, match=r"Stockfish .* takes elo \d+ to \d+, not 100"):
        make_agent("uci:stockfish,elo=100", make("chess"))
    make_agent("uci:stockfish,elo=1500,nodes=10", make("chess"))


@needs_gnugo
def test_gnu_go_beats_random_play():
    game = make("go_7x7")
    agent = make_agent("gtp:gnugo,level=0", game)
    assert agent.name.startswith("gtp:gnugo,level=0 [GNU Go ")
    matches = play_pairs(game, agent, RandomAgent(game), 2, seed=0)
    assert matches.wins == 4, matches.forfeits


@needs_stockfish
@pytest.mark.slow
def test_a_hundred_games_of_stockfish():
    game = make("chess")
    matches = play_pairs(game, make_agent("uci:stockfish,nodes=100", game), RandomAgent(game), 50, seed=0)
    assert matches.forfeits == {}
    assert matches.wins >= 98  # a stalemate may happen


@needs_gnugo
@pytest.mark.slow
@pytest.mark.parametrize(("game_id", "level"), [("go_5x5", 1), ("go_9x9", 0)])
def test_a_hundred_games_of_gnu_go(game_id, level):
    game = make(game_id)
    agent = make_agent(f"gtp:gnugo,level={level}", game)
    matches = play_pairs(game, agent, RandomAgent(game), 50, seed=0)
    assert set(Counter(matches.forfeits.values())) <= {"resigned"}
    assert matches.wins >= 95 or game_id == "go_5x5"  # there Black must take the whole board, and resigns
