"""The whole tree of a game of cards, by the shipped rules: every deal, every course."""

from collections.abc import Callable, Iterator

import numpy as np

from envs.batch import Batch
from envs.game import Game, deal

Strategy = Callable[[bytes], np.ndarray]  # of what a seat sees, as bytes: [A] the probability of each action


def dealt(game: Game) -> Batch:
    """Every deal, one a row."""
    batch = Batch(game, game.num_deals, autoreset=False)
    for index in range(game.num_deals):
        deal(batch.states[index], index)
    batch.refresh()
    return batch


def levels(game: Game) -> Iterator[tuple[Batch, list[tuple[int, ...]]]]:
    """Ply by ply, all positions that are on or have just ended, and the moves that led to each from its deal."""
    batch, moves = dealt(game), [()] * game.num_deals
    while len(moves):
        yield batch, moves
        rows, actions = np.nonzero(batch.masks)
        after = Batch(game, max(1, len(rows)), autoreset=False)
        if len(rows):
            after.states[:] = batch.states[rows]
            after.refresh()
            after.step(actions)
        moves = [(*moves[row], int(action)) for row, action in zip(rows, actions, strict=True)]
        batch = after


def value(game: Game, strategies: tuple[Strategy, Strategy]) -> float:
    """What a game pays seat 0 on average."""
    total, reach = 0.0, np.ones(game.num_deals)
    for batch, moves in levels(game):
        total += float((reach * batch.rewards[:, 0]).sum()) if moves[0] else 0.0
        chances = np.zeros((len(moves), game.num_actions))
        for row in np.flatnonzero(batch.masks.any(axis=1)):
            player = int(batch.states["current_player"][row])
            chances[row] = strategies[player](batch.observations[row].tobytes())
        rows, actions = np.nonzero(batch.masks)
        reach = reach[rows] * chances[rows, actions]
    return total / game.num_deals
