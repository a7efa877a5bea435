"""python -m tests.playthroughs.record [ID ...]      write three golden games of each id anew (default: of RECORDED_IDS)

A golden game is a text: the seed and settings, then for each move the position, what every seat may do and sees, what
is played and paid. The test plays it again and compares line by line, so that no change of a rule goes unseen. After
a change that was meant, record anew and read the difference.
"""

import hashlib
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from envs import make
from envs.batch import Batch, mask_rows, observe_rows
from envs.game import Game
from envs.ids import GAMES

FOLDER = Path(__file__).parent
PLAYTHROUGHS = 3  # of each id
LARGE, SHOWN_EVERY = 100, 20  # of games with more actions, masks are digested and every 20th position is shown
# Sizes of one control of the ball share every rule: these stand for all.
BALL_IDS = ("ball_1v1", "ball_2v2", "ball_3v3", "ball_5v5", "ball_11v11", "ball_1v1_continuous", "ball_2v2_heading")
RECORDED_IDS = [game_id for game_id in GAMES if not game_id.startswith("ball_") or game_id in BALL_IDS]
TRIES, TRIES_LARGE = 3000, 30  # games drawn to find three that end differently
SEATS = 6  # of more, fewer games are drawn: each takes so much longer
SETTINGS: dict[str, list[dict[str, Any]]] = {  # by the beginning of the id; the ball rolls for seconds, not minutes
    "ball_": [{"time_limit": 6.0}, {"time_limit": 6.0}, {"time_limit": 6.0, "mode": "match"}]
}


def digest(observation: np.ndarray) -> str:
    """8 hex digits; floats to 4 decimals, so that another processor's last bit does not matter."""
    if observation.dtype.kind == "f":
        observation = np.round(observation, 4) + 0.0  # + 0.0: -0.0 is 0.0
    return hashlib.sha256(observation.tobytes()).hexdigest()[:8]


def permission(mask: np.ndarray) -> str:
    """What may be played, action by action; of a large game how many, and a digest."""
    if mask.all():
        return "all"
    if len(mask) <= LARGE:
        return "".join("01"[int(legal)] for legal in mask)
    return f"{mask.sum()} of {len(mask)}, {digest(mask)}"


def drawn(game: Game, masks: np.ndarray, rng: np.random.Generator) -> list:
    """A random legal action for each mask; numbers have few digits, so that the text is the action."""
    if game.action_shape:
        return np.round(rng.uniform(-1, 1, (len(masks), *game.action_shape)), 2).tolist()
    return [int(rng.choice(np.flatnonzero(mask))) for mask in masks]


def written(game_id: str, settings: dict[str, Any], seed: int, moves: list[list] | None = None) -> Iterator[str]:
    """The lines of a game: of these moves, or of random ones (drawn apart from the game's own stream)."""
    game = make(game_id, **settings)
    batch, rng = Batch(game, 1, seed, autoreset=False), np.random.default_rng(seed)
    seats = np.arange(game.num_players)
    yield f"game      {game_id}"
    yield f"settings  {json.dumps(settings)}"
    yield f"seed      {seed}"
    step = 0
    while True:
        over = bool(batch.terminated[0] or batch.truncated[0])
        ending = "" if not over else ", terminated" if batch.terminated[0] else ", truncated"
        yield ""
        yield f"after {step}{ending}"
        if over or game.num_actions <= LARGE or step % SHOWN_EVERY == 0:
            yield from game.state_to_string(batch.states[0]).splitlines()
        copies = batch.states.repeat(game.num_players)
        for seat, seen in zip(seats, observe_rows(game, copies, seats), strict=True):
            yield f"seat {seat}    sees {digest(seen)}"
        if step:
            yield f"paid      {' '.join(f'{paid:g}' for paid in batch.rewards[0] + 0.0)}"
        if over:
            return
        masks = batch.masks.reshape(math.prod(batch.masks.shape[:-1]), game.num_actions)
        asked = seats if len(masks) > 1 else batch.states["current_player"]
        assert (mask_rows(game, batch.states.repeat(len(asked)), asked) == masks).all()
        for seat, mask in zip(asked, masks, strict=True) if game.num_actions else ():
            yield f"seat {seat}    may {permission(mask)}"
        move = drawn(game, masks, rng) if moves is None else moves[step]
        names = ", ".join(game.action_to_string(batch.states[0], action) for action in move)
        yield f"play      {' '.join(json.dumps(action, separators=(',', ':')) for action in move)}  {names}"
        batch.step(np.array(move, game.action_dtype).reshape(*batch.masks.shape[:-1], *game.action_shape))
        step += 1


def replayed(lines: list[str]) -> Iterator[str]:
    """The lines as the game of today writes them, from the head and the moves of a recorded game."""
    head = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines[:3]}
    moves = [
        [json.loads(action) for action in line.removeprefix("play").split("  ")[-2].split()]
        for line in lines
        if line.startswith("play ")
    ]
    return written(head["game"], json.loads(head["settings"]), int(head["seed"]), moves)


def ending(lines: list[str]) -> tuple[str, str]:
    """How a game ended and what it paid in the end."""
    last = max(i for i, line in enumerate(lines) if line.startswith("after "))
    return lines[last].partition(", ")[2], next(line for line in lines[last:] if line.startswith("paid"))


def record(game_id: str) -> None:
    """Three games, each with another ending than those before it if one is found."""
    prefix = next((prefix for prefix in SETTINGS if game_id.startswith(prefix)), None)
    game, seed, endings = make(game_id), 0, set()
    tries = TRIES * SEATS // max(SEATS, game.num_players) if game.num_actions <= LARGE else TRIES_LARGE
    for number, settings in enumerate(SETTINGS[prefix] if prefix else [{}] * PLAYTHROUGHS, start=1):
        for _ in range(tries):
            seed += 1
            lines = list(written(game_id, settings, seed))
            if ending(lines) not in endings:
                break
        endings.add(ending(lines))
        path = FOLDER / f"{game_id}_{number}.txt"
        path.write_text("\n".join(lines) + "\n")
        print(f"{path.name}: seed {seed}, {' '.join(ending(lines))}")


def main() -> None:
    for game_id in sys.argv[1:] or RECORDED_IDS:
        record(game_id)


if __name__ == "__main__":
    main()
