"""Positions for a teacher to label: from games of mixed quality, each once, none that measures (or only those).

    labels = find_positions(make("connect_four"), 8000, seed=0)      # rows without labels yet

A game begins with 0 to 2 random moves, then a player by rule goes on, one_ply or (where the game has it) alphabeta:2,
who plays any legal move with a probability of the game's own, from EPSILONS: what good play, poor play and nonsense
lead to is all there. Of each game some positions are drawn evenly, whatever their ply.
"""

import numpy as np

from agents.agent import Agent, RandomAgent
from agents.held_out import canonical_boards, measures_alone, told_by_boards
from agents.supervised.labels import Labels
from envs.batch import Batch
from envs.game import Dynamics, Game

EPSILONS = (0.05, 0.15, 0.3, 0.6, 1.0)
OPENING = 2  # random moves before the players', at most
OF_A_GAME = 4  # positions
GAMES_AT_ONCE = 512
FRUITLESS = 5  # rounds in a row without a new position: then there are no more


def find_positions(game: Game, count: int, seed: int, *, first_ply: int = 0, measure: bool = False) -> Labels:
    """`count` rows without labels, or as many as there are in a small game.

    Raises ValueError for a game without turns or with hidden cards, or told by no board (held_out.py)."""
    if game.dynamics is not Dynamics.SEQUENTIAL or game.hidden_information:
        raise ValueError(f"positions are found in games with turns in which nothing is hidden, not in {game.id}")
    if not told_by_boards(game):
        raise ValueError(f"{game.id}: its positions are not told by a board, so none can be kept apart to measure")
    rng = np.random.default_rng([seed, 17])
    players, seen = _players(game), set[bytes]()
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []  # first state, moves, plies of a game
    total = fruitless = 0
    while total < count and fruitless < FRUITLESS:
        before = total
        games = _games(game, players, rng)
        drawn = [_draw(len(states), first_ply, rng) for *_, states in games]
        candidates = [states[plies] for (*_, states), plies in zip(games, drawn, strict=True)]
        boards = iter(canonical_boards(game, np.concatenate(candidates)))
        for (start, moves, _), plies in zip(games, drawn, strict=True):
            taken = [int(ply) for ply, board in zip(plies, boards, strict=False) if _new(board, measure, seen)]
            taken = sorted(taken[: count - total])
            if taken:
                found.append((start, moves, np.array(taken, np.int32)))
                total += len(taken)
        fruitless = 0 if total > before else fruitless + 1
    return _labels(game, found)


def _draw(length: int, first_ply: int, rng: np.random.Generator) -> np.ndarray:
    """Some plies of a game of that many moves."""
    return rng.permutation(np.arange(first_ply, max(first_ply, length)))[:OF_A_GAME]


def _new(board: bytes, measure: bool, seen: set[bytes]) -> bool:
    """Whether a position is one that is wanted and did not come up before."""
    if board in seen or measures_alone(board) != measure:
        return False
    seen.add(board)
    return True


def _players(game: Game) -> list[Agent]:
    from agents.names import make_agent

    made = []
    for name in ("one_ply", "alphabeta:2"):
        try:
            made.append(make_agent(name, game))
        except ValueError:  # not every game has it
            continue
    return made or [RandomAgent(game)]


def _games(
    game: Game, players: list[Agent], rng: np.random.Generator
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """GAMES_AT_ONCE of them: the first state [1], moves [T] and the states before each of them [T]."""
    count = GAMES_AT_ONCE
    batch = Batch(game, count, int(rng.integers(2**63)), autoreset=False)
    starts, random = batch.states.copy(), RandomAgent(game)
    whose = rng.integers(len(players), size=count)
    epsilon, opening = rng.choice(EPSILONS, count), rng.integers(OPENING + 1, size=count)
    moves: list[list[int]] = [[] for _ in range(count)]
    states: list[list[np.void]] = [[] for _ in range(count)]
    for ply in range(game.max_steps):
        live = np.flatnonzero(~(batch.terminated | batch.truncated))
        if not len(live):
            break
        seats = batch.states["current_player"].astype(np.int64)
        actions = np.zeros(count, np.int32)
        by_chance = (rng.random(count) < epsilon) | (ply < opening)
        for number, player in enumerate([random, *players]):
            mine = live[by_chance[live]] if not number else live[~by_chance[live] & (whose[live] == number - 1)]
            if len(mine):
                player.reset(np.arange(len(mine)))
                actions[mine] = player.act(np.take(batch.states, mine), seats[mine], rng)
        for row in live:
            moves[row].append(int(actions[row]))
            states[row].append(batch.states[row].copy())
        batch.step(actions)
    return [
        (starts[row : row + 1], np.array(moves[row], np.int32), np.array(states[row], game.state_dtype))
        for row in range(count)
    ]


def _labels(game: Game, found: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Labels:
    """Rows in order; of each game the moves up to its last position."""
    from agents.supervised.dataset import states_of

    moves = [played[: plies[-1]] for _, played, plies in found]
    starts = np.concatenate([start for start, *_ in found]) if found else np.zeros(0, game.state_dtype)
    rows = sum(len(plies) for *_, plies in found)
    labels = Labels(
        game, starts, np.arange(len(found), dtype=np.int32), np.cumsum([0, *map(len, moves)]).astype(np.int64),
        np.concatenate(moves).astype(np.int32) if moves else np.zeros(0, np.int32),
        np.repeat(np.arange(len(found)), [len(plies) for *_, plies in found]).astype(np.int32),
        np.concatenate([plies for *_, plies in found]).astype(np.int32) if found else np.zeros(0, np.int32),
        np.zeros(rows, np.int8), np.zeros(rows + 1, np.int64), np.zeros(0, np.uint16), np.zeros(0, np.float32),
        np.full(rows, np.nan, np.float32),
    )  # fmt: skip
    seats = states_of(labels, np.arange(rows))["current_player"].astype(np.int8)
    labels.seat[:] = seats
    return labels
