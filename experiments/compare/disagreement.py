"""Where the best agent that learned from reward disagrees with a teacher of the study, and is right by exact play: the
list that a "move 37" would stand on.

    found = disagreements(study, arm label's agent folder, game, positions)
"""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np

from agents.supervised.teachers import SOLVER, label_block
from envs.game import Game
from experiments.compare.config import CompareConfig
from experiments.compare.instruments import Positions

SHOWN = 6
WIDTH = 320  # pixels of a board


def disagreements(
    study: CompareConfig, arm: str, agent_folder: Path, game: Game, positions: Positions
) -> list[dict[str, Any]]:
    """As the report's schema says; the agent's surest moves first, each position once."""
    from agents.network_agent import NetworkAgent
    from agents.saved import load_agent

    network, _ = load_agent(agent_folder, game)
    agent = NetworkAgent(network, game)
    seats = positions.states["current_player"].astype(np.int64)
    sure = agent.probabilities(positions.states, seats)
    chosen = sure.argmax(axis=1)
    values = positions.values.astype(np.int64)
    rows = np.arange(len(values))
    worth = np.sign(values[rows, chosen])
    candidates: dict[int, tuple[float, str, int]] = {}  # by position: how sure, which teacher, its move
    used = dict.fromkeys(name for other in study.arms.values() for name in other.labels)
    for name in used:
        teacher = study.labels[name].teacher
        if teacher is None or teacher == SOLVER:
            continue
        answers = label_block(((game.id, game.settings, teacher, False, study.labels[name].seed), 0, positions.states))
        first = np.cumsum(answers.counts) - answers.counts
        for row in rows:
            moves = answers.moves[first[row] : first[row] + answers.counts[row]].astype(np.int64)
            best = moves[values[row, moves].argmax()]
            if worth[row] > np.sign(values[row, best]) and int(row) not in candidates:
                candidates[int(row)] = (float(sure[row, chosen[row]]), teacher, int(best))
    order = sorted(candidates, key=lambda row: -candidates[row][0])[:SHOWN]
    return [
        {
            "arm": arm,
            "board": game.state_to_string(positions.states[row]),
            "png": _picture(game, positions.states[row]),
            "label_source": candidates[row][1],
            "label_move": game.action_to_string(positions.states[row], candidates[row][2]),
            "agent_move": game.action_to_string(positions.states[row], int(chosen[row])),
            "label_value": float(values[row, candidates[row][2]]),
            "agent_value": float(values[row, chosen[row]]),
        }
        for row in order
    ]


def _picture(game: Game, state: np.void) -> str:
    """A PNG, in base64."""
    import imageio.v3 as imageio

    from envs.render import draw, picture_size

    buffer = io.BytesIO()
    imageio.imwrite(buffer, draw(game, state, size=picture_size(game, WIDTH)), extension=".png")
    return base64.b64encode(buffer.getvalue()).decode()
