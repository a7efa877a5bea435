"""Tree search from the start of a game: by random play, against OpenSpiel's, and with a network, against mctx, in
turns."""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from agents.search.agent import ROLLOUTS_AT_ONCE, UCT_EXPLORATION
from agents.search.search import Evaluate, Search, SearchSettings
from envs import make
from envs.batch import Batch
from envs.game import Game
from envs.random_stream import seed_streams
from experiments.benchmarks.comparison import Peer, compare
from experiments.benchmarks.environments import rates
from experiments.benchmarks.tables import MCTX, OPEN_SPIEL_MCTS
from experiments.benchmarks.windows import Play, measure, pinned

UNIT = "simulations per CPU-second"
NETWORK_GAMES, NETWORK_SIMULATIONS, HIDDEN = 256, 32, (128, 128)
# by game: OpenSpiel's name, and simulations a search
ROLLOUTS = {
    "tic_tac_toe": ("tic_tac_toe", 1000),
    "connect_four": ("connect_four", 1000),
    "othello": ("othello", 1000),
    "hex_11": ("hex(board_size=11)", 1000),
    "go_9x9": ("go(board_size=9,komi=7.5)", 1000),
    "chess": ("chess", 200),
}


def rows(
    games: Sequence[str], python: str, environment: Mapping[str, str], core: int | None, seconds: float, count: int,
    say: Callable[[str], None],
) -> list[dict[str, Any]]:  # fmt: skip
    """Of those of the games that are measured; `python` has the peers; where it is empty, this one may."""
    found: list[dict[str, Any]] = []
    for game_id in games:
        if game_id in ROLLOUTS:
            say(f"search {game_id}")
            found += _of_game(game_id, python, environment, core, seconds, count)
    return found


def _of_game(
    game_id: str, python: str, environment: Mapping[str, str], core: int | None, seconds: float, count: int
) -> list[dict[str, Any]]:
    game, (name, simulations) = make(game_id), ROLLOUTS[game_id]

    def row(evaluator: str, simulations: int, play: Play, package: str, name: str, *script: str) -> dict[str, Any]:
        about = {"game": game_id, "evaluator": evaluator, "simulations": simulations, "unit": UNIT}
        if interpreter := python or (sys.executable if find_spec(package) else ""):
            compared = compare(Peer(game_id, name, script), interpreter, environment, core, seconds, count, play)
            return about | compared | {"unit": UNIT}
        with pinned(core):
            return about | {"ours": rates(measure(play, seconds, count))}

    rollouts = ("pyspiel", OPEN_SPIEL_MCTS, "open_spiel_search", name, str(simulations))
    found = [row("random play", simulations, rollout_play(game, simulations), *rollouts)]
    if game_id == "connect_four":
        evaluator = f"MLP {'x'.join(map(str, HIDDEN))}"
        numbers = map(str, (NETWORK_GAMES, NETWORK_SIMULATIONS, *HIDDEN))
        network = ("mctx", MCTX, "mctx_search", "connect_four", *numbers)
        found.append(row(evaluator, NETWORK_SIMULATIONS, network_play(game), *network))
    return found


def rollout_play(game: Game, simulations: int) -> Play:
    """Searches by random play, all made to their last simulation but for what is proven. Counts simulations."""
    settings = SearchSettings(simulations, exploration=UCT_EXPLORATION)
    return _play(game, ROLLOUTS_AT_ONCE, settings, None)


def network_play(game: Game) -> Play:
    """Searches with a network of two hidden layers, fresh from its seed, Gumbel noise and sequential halving at the
    root, as self-play makes them. Counts simulations."""
    import torch

    from agents.fast_network import FastNetwork
    from agents.network import PolicyValueNetwork, observation_size

    torch.manual_seed(0)
    network = PolicyValueNetwork(observation_size("mlp", game.observation_shape), game.num_actions, HIDDEN, "relu")
    settings = SearchSettings(NETWORK_SIMULATIONS)
    return _play(game, NETWORK_GAMES, settings, FastNetwork(network).forward)


def _play(game: Game, num_games: int, settings: SearchSettings, evaluate: Evaluate | None) -> Play:
    search = Search(game, num_games, settings, evaluate)
    start = np.repeat(Batch(game, 1).states, num_games)

    def play(repetitions: int) -> int:
        return sum(int(search.search(start, seed_streams(seed, num_games)).visits.sum()) for seed in range(repetitions))

    return play
