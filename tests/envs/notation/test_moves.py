"""Games as lines of moves: what is written is read back to the bit, and what is wrong is named with its place."""

import numpy as np
import pytest

from envs import make
from envs.batch import Batch
from envs.notation import NotationError
from envs.notation.moves import first_state, read_action, read_moves, write_moves


def test_a_random_game_is_read_back_as_it_was_written(sequential_id):
    game = make(sequential_id)
    batch = Batch(game, 1, seed=3, autoreset=False)
    batch.states["rng"] = 0
    batch.reset()
    rng, actions, states = np.random.default_rng(0), [], [batch.states.copy()]
    while not (batch.terminated[0] or batch.truncated[0]):
        actions.append(int(rng.choice(np.flatnonzero(batch.masks[0]))))
        batch.step(np.array(actions[-1:]))
        states.append(batch.states.copy())
    line = write_moves(game, actions)
    read, moves = read_moves(game, line)
    assert moves.tolist() == actions
    assert read.tobytes() == np.concatenate(states).tobytes()
    assert read_moves(game, line.replace(" ", ", "))[1].tolist() == actions


def test_legal_moves_have_names_of_their_own(sequential_id):
    game = make(sequential_id)
    batch = Batch(game, 16, seed=1)
    for _ in range(60):
        batch.step(batch.random_actions())
        for state, mask in zip(batch.states[:2], batch.masks[:2], strict=True):
            names = [game.action_to_string(state, int(action)) for action in np.flatnonzero(mask)]
            assert len(set(names)) == len(names)
            for action, name in zip(np.flatnonzero(mask), names, strict=True):
                assert read_action(game, state, name) == action


def test_moves_of_connect_four():
    game = make("connect_four")
    states, actions = read_moves(game, "4 4 3")
    assert actions.tolist() == [3, 3, 2]
    assert len(states) == 4
    assert game.state_to_string(states[-1]).splitlines()[-2:] == ["...o...", "..xx..."]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("4 8", r"move 2, character 3: '8' is no move here; legal: 1, 2"),
        ("1 1 1 1 1 1 1", r"move 7, character 13: '1' is no move here; legal: 2, 3"),
        ("1 2 1 2 1 2 1 2", r"move 8, character 15: '2' is no move here; legal: none, the game is over"),
    ],
)
def test_a_wrong_move_is_named_with_its_place(line, message):
    with pytest.raises(NotationError, match=message):
        read_moves(make("connect_four"), line)


def test_letters_may_be_large_or_small():
    game = make("tic_tac_toe")
    state = first_state(game)[0]
    assert read_action(game, state, "A1") == read_action(game, state, "a1") == 6


def test_illegal_actions_are_not_written():
    with pytest.raises(NotationError, match="move 3: action 0 is illegal"):
        write_moves(make("tic_tac_toe"), [0, 1, 0])


def test_the_ball_has_no_moves_in_turn():
    with pytest.raises(ValueError, match="ball_1v1 has no turns"):
        first_state(make("ball_1v1"))
