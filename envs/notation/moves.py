"""A game as a line of moves, in the notation of its action_to_string: `read_moves(game, "d3 c5 f6")`.

    states = read_moves(game, "4 4 3")          after each move, [T + 1]
    write_moves(game, actions)                  "4 4 3"
    read_action(game, state, "d3")              19

For games with turns. Upper and lower case are alike where that leaves no doubt.
"""

from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np

from envs.batch import mask_rows
from envs.game import Dynamics, Game, init, is_terminal, is_truncated, step
from envs.notation import NotationError


def read_action(game: Game, state: np.void, text: str) -> int:
    """The legal action of that name. Raises NotationError with the legal ones that come nearest."""
    names = _legal_names(game, state)
    if text in names:
        return names[text]
    alike = [action for name, action in names.items() if name.lower() == text.lower()]
    if len(alike) == 1:
        return alike[0]
    near = get_close_matches(text, names, n=3, cutoff=0.5) or list(names)
    shown = ", ".join(near[:12]) + (" ..." if len(near) > 12 else "")
    raise NotationError(f"'{text}' is no move here; legal: {shown or 'none, the game is over'}")


def _legal_names(game: Game, state: np.void) -> dict[str, int]:
    if is_terminal(state) or is_truncated(state):
        return {}
    states = np.array([state])
    legal = np.flatnonzero(mask_rows(game, states, states["current_player"])[0])
    return {game.action_to_string(state, int(action)): int(action) for action in legal}


def read_moves(game: Game, text: str) -> tuple[np.ndarray, np.ndarray]:
    """(states [T + 1], actions [T] int32) of a game from its first position; moves are parted by blanks or commas.

    Raises NotationError naming the number and the place of the first move that is wrong.
    """
    state = first_state(game)
    states, actions, place = [state.copy()], [], 0
    for number, word in enumerate(text.replace(",", " ").split(), start=1):
        place = text.index(word, place)
        try:
            action = read_action(game, state[0], word)
        except NotationError as error:
            raise NotationError(f"move {number}, character {place + 1}: {error}") from None
        step(state[0], action)
        states.append(state.copy())
        actions.append(action)
        place += len(word)
    return np.concatenate(states), np.array(actions, np.int32)


def write_moves(game: Game, actions: Sequence[int]) -> str:
    """The line that `read_moves` reads. Raises NotationError for an action that is illegal in its turn."""
    state, words = first_state(game), []
    for number, action in enumerate(actions, start=1):
        if action not in _legal_names(game, state[0]).values():
            raise NotationError(f"move {number}: action {action} is illegal\n{game.state_to_string(state[0])}")
        words.append(game.action_to_string(state[0], int(action)))
        step(state[0], action)
    return " ".join(words)


def first_state(game: Game) -> np.ndarray:
    """[1]: the position before the first move, of a game with turns."""
    if game.dynamics is not Dynamics.SEQUENTIAL:
        raise ValueError(f"{game.id} has no turns, so that it cannot be written as a line of moves")
    state = game.new_states(1, np.zeros(1, np.uint64))
    init(state[0])
    return state
