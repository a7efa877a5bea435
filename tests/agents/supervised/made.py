"""Labels written by hand, for the tests of this folder and of others."""

import numpy as np

from agents.supervised.labels import Labels
from envs.game import Dynamics, Game, init


def first_positions(game: Game, count: int = 1) -> np.ndarray:
    states = game.new_states(count, np.arange(1, count + 1, dtype=np.uint64))
    for b in range(count):
        init(states[b])
    return states


def labels_of(
    game: Game,
    games: list[list],
    rows: list[tuple[int, int, int]],  # game, ply, seat
    moves: list[dict[int, float]] | None = None,  # of each row; None: the move that was played
    values: list[float] | None = None,
    **about: object,
) -> Labels:
    """All games begin in one first position."""
    first = np.cumsum([0, *map(len, games)]).astype(np.int64)
    shape = (0,) if game.dynamics is Dynamics.SEQUENTIAL else (0, game.num_players)
    actions = np.concatenate([np.array(each, np.int32).reshape(-1, *shape[1:]) for each in games])
    if moves is None:
        moves = [{int(np.atleast_1d(games[g][ply])[seat if len(shape) > 1 else 0]): 1.0} for g, ply, seat in rows]
    columns = np.array(rows, np.int32).reshape(-1, 3)
    return Labels(
        game, first_positions(game), np.zeros(len(games), np.int32), first, actions,
        columns[:, 0].copy(), columns[:, 1].copy(), columns[:, 2].astype(np.int8),
        np.cumsum([0, *map(len, moves)]).astype(np.int64),
        np.array([move for each in moves for move in each], np.uint16),
        np.array([weight for each in moves for weight in each.values()], np.float32),
        np.array([np.nan] * len(rows) if values is None else values, np.float32), dict(about),
    )  # fmt: skip


def random_labels(game: Game, games: int, seed: int = 0, values: bool = True) -> Labels:
    """Of every position of so many random games of a game with turns: the random move, and the outcome."""
    from envs.game import is_terminal, is_truncated, legal_action_mask, rewards, step

    rng = np.random.default_rng(seed)
    played, rows, outcomes = [], [], []
    mask, paid = np.zeros(game.num_actions, np.bool_), np.zeros(game.num_players, np.float32)
    for number in range(games):
        state, moves, total = first_positions(game)[0], [], np.zeros(game.num_players)
        while not (is_terminal(state) or is_truncated(state)):
            seat = int(state["current_player"])
            legal_action_mask(state, seat, mask)
            rows.append((number, len(moves), seat))
            moves.append(int(rng.choice(np.flatnonzero(mask))))
            step(state, np.int32(moves[-1]))
            rewards(state, paid)
            total += paid
        outcomes += [float(total[seat]) for g, _, seat in rows if g == number]
        played.append(moves)
    return labels_of(game, played, rows, values=outcomes if values else None)
