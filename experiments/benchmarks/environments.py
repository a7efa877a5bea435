"""What is timed in this process: the games themselves, their faces, and sampling for training."""

import random
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from envs import make
from envs.batch import Batch
from envs.game import Dynamics, Game
from experiments.benchmarks.windows import Play, Window, calibrate, summary, window

BATCH_SIZES = (1, 64, 1024, 4096)
VECTOR_GAMES = 1024
PETTINGZOO_NAMES = {
    "chess": "chess_v6", "connect_four": "connect_four_v3", "go_19x19": "go_v5", "tic_tac_toe": "tictactoe_v3",
}  # fmt: skip


def batch_play(game: Game, num_games: int) -> Play:
    """Random legal play with observations, masks, rewards and new games in place of those that end."""
    batch = Batch(game, num_games)

    def play(steps: int) -> int:
        for _ in range(steps):
            batch.step(batch.random_actions())
        return steps * num_games

    return play


def sampling_play(game: Game, num_games: int, length: int) -> Play:
    """Self-play of the default network as runners do it: forward, draw, step, advantages. Counts agents' steps."""
    from agents.rollouts import Rollouts, RolloutSettings
    from experiments.assembly import network_config
    from experiments.config import Config
    from experiments.config_learning import PPOSection

    config, algorithm = Config(name="benchmark"), PPOSection()
    settings = RolloutSettings(num_games, length, config.training.gamma, algorithm.gae_lambda)
    rollouts = Rollouts(game, network_config(config, game), settings, seed=0)

    def play(repetitions: int) -> int:
        return sum(len(rollouts.collect()[0]["actions"]) for _ in range(repetitions))

    return play


def network_match_play(game: Game, pairs: int) -> Play:
    """Paired matches of two networks of the default size, fresh from their seeds, drawing their moves. Counts moves."""
    import torch

    from agents.matches import play_pairs
    from agents.network import PolicyValueNetwork
    from agents.network_agent import NetworkAgent
    from experiments.assembly import network_config
    from experiments.config import Config

    def fresh(seed: int) -> NetworkAgent:
        torch.manual_seed(seed)
        return NetworkAgent(PolicyValueNetwork(**network_config(Config(name="benchmark"), game)), game)

    a, b = fresh(0), fresh(1)

    def play(repetitions: int) -> int:
        return sum(int(play_pairs(game, a, b, pairs, seed).lengths.sum()) for seed in range(repetitions))

    return play


def scripted_match_play(game: Game, a: str, b: str, pairs: int) -> Play:
    """Paired matches of two named agents. Counts matches."""
    from agents.matches import play_pairs
    from agents.names import make_agent

    first, second = make_agent(a, game), make_agent(b, game)

    def play(repetitions: int) -> int:
        return sum(play_pairs(game, first, second, pairs, seed).games for seed in range(repetitions))

    return play


def parallel_play(env: Any) -> Play:
    """Whole games of a PettingZoo Parallel environment."""
    draw = random.Random(0).random

    def choose(info: dict[str, np.ndarray]) -> int:
        legal = info["action_mask"].nonzero()[0]
        return int(legal[int(draw() * len(legal))])

    def play(games: int) -> int:
        steps = 0
        for _ in range(games):
            _, infos = env.reset()
            while env.agents:
                *_, infos = env.step({agent: choose(infos[agent]) for agent in env.agents})
                steps += 1
        return steps

    return play


def seat_play(env: Any) -> Play:
    """Whole games of a Gymnasium environment, against random opponents; a step is one action of the learner's."""
    draw = random.Random(0).random

    def play(games: int) -> int:
        steps = 0
        for _ in range(games):
            _, info = env.reset()
            over = False
            while not over:
                legal = info["action_mask"].nonzero()[0]
                _, _, terminated, truncated, info = env.step(legal[int(draw() * len(legal))])
                over = terminated or truncated
                steps += 1
        return steps

    return play


def seat_vector_play(env: Any) -> Play:
    """Steps of a Gymnasium vector environment, counted in games."""
    rng = np.random.default_rng(0)
    _, infos = env.reset(seed=0)

    def play(steps: int) -> int:
        nonlocal infos
        for _ in range(steps):
            masks = infos["action_mask"]
            actions = np.where(masks, rng.random(masks.shape, np.float32), -1).argmax(axis=1)
            infos = env.step(actions)[4]
        return steps * env.num_envs

    return play


def faces(game_id: str) -> Iterator[tuple[str, Play]]:
    """(name, play) of the game's PettingZoo and Gymnasium faces, PettingZoo's own game first where it has the game."""
    from envs import pettingzoo_env
    from envs.gymnasium_env import SeatEnv, SeatVectorEnv
    from experiments.benchmarks.peers.pettingzoo_games import aec_play, classic

    if game_id in PETTINGZOO_NAMES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = classic(PETTINGZOO_NAMES[game_id])
            yield "PettingZoo's own", aec_play(theirs.env())
            yield "PettingZoo's own, without its wrappers", aec_play(theirs.raw_env())
    if make(game_id).dynamics is Dynamics.SEQUENTIAL:
        yield "PettingZoo AEC", aec_play(pettingzoo_env.env(game_id))
    else:
        yield "PettingZoo Parallel", parallel_play(pettingzoo_env.parallel_env(game_id))
    yield "Gymnasium", seat_play(SeatEnv(game_id))
    yield f"Gymnasium vector, {VECTOR_GAMES} games", seat_vector_play(SeatVectorEnv(game_id, num_envs=VECTOR_GAMES))


def take_turns(plays: dict[str, Play], seconds: float, count: int) -> dict[str, list[Window]]:
    """`count` windows of each, one of each at a time, so that a change of the machine's speed meets them all."""
    repetitions = {name: calibrate(play, seconds) for name, play in plays.items()}
    windows: dict[str, list[Window]] = {name: [] for name in plays}
    for _ in range(count):
        for name, play in plays.items():
            windows[name].append(window(play, repetitions[name]))
    return windows


def rates(windows: list[Window]) -> dict[str, Any]:
    """Steps per CPU-second: median, low, high, and each window's."""
    return summary([one.rate for one in windows])


def ratios(ours: list[Window], theirs: list[Window]) -> dict[str, Any]:
    """Ours over theirs, pair by pair."""
    return summary([mine.rate / other.rate for mine, other in zip(ours, theirs, strict=True)])
