"""What every game must keep, whatever its rules: for each id of envs/ids.py, and for a game from outside `envs`."""

import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from envs import make
from envs.batch import Batch, mask_rows, observe_rows
from envs.game import Dynamics, Game, IllegalAction, init
from envs.random_stream import seed_streams
from tests.envs.conftest import DISCRETE, IDS, NUMBERS, marked

B = 64  # games a batch


def several_games(game: Game) -> range:
    """Steps of a batch in which every row plays more than one game."""
    return range(max(100, 2 * game.max_steps + 10))


def advanced(game: Game, steps: int, seed: int = 0, count: int = B, autoreset: bool = True) -> Batch:
    """A batch after so many random steps."""
    batch = Batch(game, count, seed, autoreset=autoreset)
    for _ in range(steps):
        batch.step(batch.random_actions())
    return batch


def some_actions(mask: np.ndarray) -> list[int]:
    """All that are legal, and of those that are not 100 at most, spread evenly."""
    illegal = np.flatnonzero(~mask)
    return [*np.flatnonzero(mask), *illegal[:: -(-len(illegal) // 100) or 1]]


def bits(states: np.ndarray) -> bytes:
    """Every field to the bit, so -0.0 differs from 0.0; not the padding between them, which numpy does not copy."""
    if states.dtype.names is None:
        return states.tobytes()
    return b"".join(bits(states[name]) for name in states.dtype.names)


def everything(batch: Batch) -> tuple[bytes, ...]:
    """All that a step writes."""
    arrays = (batch.states, batch.observations, batch.masks, batch.rewards, batch.terminated, batch.truncated)
    return tuple(bits(array) for array in arrays)


def test_what_is_declared_is_delivered(game):
    seats, shape, actions = game.num_players, game.observation_shape, game.num_actions
    lead = (B,) if game.dynamics is Dynamics.SEQUENTIAL else (B, seats)
    batch = Batch(game, B)
    assert len(game.teams) == seats
    assert batch.observations.shape == (*lead, *shape)
    assert batch.observations.dtype == game.observation_dtype
    assert batch.masks.shape == (*lead, actions)
    assert batch.final_observations.shape == (B, seats, *shape)
    low, high = game.observation_range
    for _ in several_games(game):
        batch.step(batch.random_actions())
        for seat in range(seats):
            seen = observe_rows(game, batch.states, np.full(B, seat))
            assert np.isfinite(seen).all()
            assert seen.min() >= low
            assert seen.max() <= high


def test_observations_and_masks_are_those_of_whoever_chooses(game):
    batch = advanced(game, 7)
    if game.dynamics is Dynamics.SEQUENTIAL:
        players = batch.states["current_player"].astype(np.int64)
        np.testing.assert_array_equal(batch.observations, observe_rows(game, batch.states, players))
        np.testing.assert_array_equal(batch.masks, mask_rows(game, batch.states, players))
    else:
        for seat in range(game.num_players):
            players = np.full(B, seat)
            np.testing.assert_array_equal(batch.observations[:, seat], observe_rows(game, batch.states, players))
            np.testing.assert_array_equal(batch.masks[:, seat], mask_rows(game, batch.states, players))


@pytest.mark.parametrize("game_id", marked(DISCRETE))
@settings(deadline=None, max_examples=20, derandomize=True)
@given(seed=st.integers(0, 2**64), steps=st.integers(0, 30))
def test_the_mask_is_what_step_accepts(game_id, seed, steps):
    game = make(game_id)
    batch = advanced(game, steps, seed, count=1)
    before = batch.states.copy()
    for seat, mask in enumerate(batch.masks.reshape(-1, game.num_actions)):
        for action in [-(2**31), -1, *some_actions(mask), game.num_actions, 2**31 - 1]:
            batch.states[:] = before
            batch.refresh()
            described = everything(batch)
            actions = batch.random_actions().copy()
            batch.states[:] = before  # the draw moved the stream on
            actions.reshape(-1)[seat] = action
            if 0 <= action < game.num_actions and mask[action]:
                batch.step(actions)
                assert everything(batch) != described
            else:
                with pytest.raises(IllegalAction, match=rf"{game.id}, game 0: action {action} is illegal; legal: "):
                    batch.step(actions)
                assert everything(batch) == described


@pytest.mark.parametrize("game_id", marked(NUMBERS))
@settings(deadline=None, max_examples=20, derandomize=True)
@given(seed=st.integers(0, 2**64), steps=st.integers(0, 30), number=st.floats(width=32))
@example(seed=0, steps=3, number=1.0)
@example(seed=0, steps=3, number=-1.0)
@example(seed=0, steps=3, number=float(np.nextafter(np.float32(1), np.float32(2))))
@example(seed=0, steps=3, number=float("nan"))
def test_numbers_are_accepted_within_their_bounds_alone(game_id, seed, steps, number):
    game = make(game_id)
    batch = advanced(game, steps, seed, count=1)
    legal = batch.random_actions().copy()
    described = everything(batch)
    for place in np.ndindex(legal.shape):
        actions = legal.copy()
        actions[place] = number
        if -1 <= number <= 1:
            batch.step(actions)
            assert everything(batch) != described
            return
        said = re.escape(str(actions[0, place[1]].tolist()))
        words = f"{game.id}, game 0: action {said} is illegal; an action is {game.action_shape[0]} numbers in"
        with pytest.raises(IllegalAction, match=words):
            batch.step(actions)
        assert everything(batch) == described


def test_no_game_moves_when_one_action_of_the_batch_is_illegal(game):
    batch = advanced(game, 5)
    actions = batch.random_actions().copy()
    illegal, said = (2, r"\[.*2.0\]") if game.action_shape else (game.num_actions, str(game.num_actions))
    actions.reshape(B, -1)[B // 2, -1] = illegal
    described = everything(batch)
    with pytest.raises(IllegalAction, match=f"game {B // 2}: action {said} is illegal"):
        batch.step(actions)
    assert everything(batch) == described


def test_a_game_that_is_on_has_a_legal_action_and_one_that_is_over_has_none(discrete_game):
    game = discrete_game
    batch = Batch(game, B, autoreset=False)
    for _ in range(game.max_steps + 1):
        over = batch.terminated | batch.truncated
        can_move = batch.masks.any(axis=-1).reshape(B, -1)
        np.testing.assert_array_equal(can_move, np.broadcast_to(~over[:, None], can_move.shape))
        batch.step(batch.random_actions())
    assert over.all()


def test_a_game_that_is_over_stays_over(game):
    batch = advanced(game, game.max_steps, autoreset=False)
    assert (batch.terminated | batch.truncated).all()
    described, states, final = everything(batch), batch.states.copy(), batch.final_observations.copy()
    for _ in range(3):
        batch.step(batch.random_actions())  # any action is passed by
        assert not batch.rewards.any()
        assert bits(batch.states) == bits(states)
        np.testing.assert_array_equal(batch.final_observations, final)
    batch.rewards[:] = np.frombuffer(described[3], np.float32).reshape(batch.rewards.shape)
    assert everything(batch) == described
    batch.states[:] = states
    batch.refresh()
    assert (batch.terminated | batch.truncated).all()


def test_rewards_sum_to_zero_within_range_and_a_team_shares_them(game):
    batch = Batch(game, B)
    paid = 0
    for _ in several_games(game):
        batch.step(batch.random_actions())
        assert (np.abs(batch.rewards) <= game.largest_reward).all()
        np.testing.assert_array_equal(batch.rewards.sum(axis=1), 0)
        for seat, team in enumerate(game.teams):
            np.testing.assert_array_equal(batch.rewards[:, seat], batch.rewards[:, game.teams.index(team)])
        paid += np.count_nonzero(batch.rewards)
        if game.dynamics is Dynamics.SEQUENTIAL:
            assert not batch.rewards[~batch.terminated].any()
    assert paid


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_ones(game):
    one, same, other = (Batch(game, B, seed) for seed in (5, 5, 6))
    for _ in several_games(game):
        for batch in (one, same, other):
            batch.step(batch.random_actions())
        assert everything(one) == everything(same)
    assert everything(one) != everything(other)


def test_resetting_with_a_seed_is_building_with_it(game):
    used = advanced(game, 9, seed=1)
    used.reset(seed=7)
    assert everything(used) == everything(Batch(game, B, seed=7))


@pytest.mark.parametrize("game_id", marked(IDS))
@settings(deadline=None, max_examples=20, derandomize=True)
@given(seed=st.integers(0, 2**64), steps=st.integers(0, 60), ahead=st.integers(1, 30))
def test_a_copied_state_has_the_same_future_and_leaves_the_original_alone(game_id, seed, steps, ahead):
    game = make(game_id)
    original = advanced(game, steps, seed, count=3)
    copy = Batch(game, 3, seed=99)
    copy.states[:] = original.states
    copy.refresh()
    described = everything(original)
    futures = []
    for _ in range(ahead):
        copy.step(copy.random_actions())
        futures.append(everything(copy))
    assert everything(original) == described
    for future in futures:
        original.step(original.random_actions())
        assert everything(original) == future


def test_a_batch_of_many_is_many_batches_of_one_to_the_bit(game):
    for opening_plies in (0, 3) if game.dynamics is Dynamics.SEQUENTIAL else (0,):
        many = Batch(game, 8, seed=3, opening_plies=opening_plies)
        singles = []
        for stream in seed_streams(3, 8):
            single = Batch(game, 1, opening_plies=opening_plies)
            single.states["rng"] = stream
            single.reset()
            singles.append(single)
        for _ in several_games(game):
            many.step(many.random_actions())
            for row, single in enumerate(singles):
                single.step(single.random_actions())
                assert bits(single.states) == bits(many.states[row : row + 1])
                assert single.observations.tobytes() == many.observations[row].tobytes()
                assert single.masks.tobytes() == many.masks[row].tobytes()
                assert single.rewards.tobytes() == many.rewards[row].tobytes()
                assert single.terminated[0] == many.terminated[row]
                assert single.truncated[0] == many.truncated[row]


def test_no_game_of_ten_thousand_is_longer_than_max_steps(game):
    """Of games with turns; of the ball's, as many as come to an end in three times its clock."""
    wanted = 10_000 if game.dynamics is Dynamics.SEQUENTIAL else 0
    batch = Batch(game, 512)
    length = np.zeros(512, np.int64)
    longest = games = steps = 0
    while games < wanted or steps < 3 * game.max_steps:  # long games end late: counting alone would leave them out
        batch.step(batch.random_actions())
        steps += 1
        length += 1
        over = batch.terminated | batch.truncated
        assert not (batch.terminated & batch.truncated).any()
        assert length.max() <= game.max_steps
        longest = max(longest, length.max())
        length[over] = 0
        games += over.sum()
    assert longest > 0


def test_saved_states_go_on_alike(game):
    batch = advanced(game, 7)
    loaded = Batch(game, B, seed=99)
    loaded.states[:] = np.frombuffer(batch.states.tobytes(), game.state_dtype)
    loaded.refresh()
    for _ in range(50):
        batch.step(batch.random_actions())
        loaded.step(loaded.random_actions())
        assert everything(loaded) == everything(batch)


def test_symmetries_commute_with_every_step(game):
    for symmetry in game.symmetries:
        turned_action, turned_view = symmetry.action, symmetry.observation
        assert sorted(turned_action) == list(range(game.num_actions))
        assert not np.array_equal(turned_view, np.arange(len(turned_view))), "the identity is left out"
        plain, turned = Batch(game, B, seed=1, autoreset=False), Batch(game, B, seed=1, autoreset=False)
        while not (plain.terminated | plain.truncated).all():
            np.testing.assert_array_equal(turned.masks[:, turned_action], plain.masks, symmetry.name)
            seen, other = plain.observations.reshape(B, -1), turned.observations.reshape(B, -1)
            np.testing.assert_array_equal(other, seen[:, turned_view], symmetry.name)
            actions = plain.random_actions()
            plain.step(actions)
            turned.step(turned_action[actions])
            for name in ("rewards", "terminated", "truncated"):
                np.testing.assert_array_equal(getattr(turned, name), getattr(plain, name), symmetry.name)
    names = [symmetry.name for symmetry in game.symmetries]
    assert len(set(names)) == len(names)


def test_autoreset_starts_anew_with_the_last_observation_of_every_seat_kept(game):
    """Against the same step without autoreset, from the same states."""
    batch, plain = Batch(game, B, seed=2), Batch(game, B, autoreset=False)
    endings = 0
    for _ in several_games(game):
        actions = batch.random_actions().copy()
        plain.states[:] = batch.states
        plain.refresh()
        batch.step(actions)
        plain.step(actions)
        np.testing.assert_array_equal(batch.rewards, plain.rewards)
        np.testing.assert_array_equal(batch.terminated, plain.terminated)
        np.testing.assert_array_equal(batch.truncated, plain.truncated)
        over = np.flatnonzero(batch.terminated | batch.truncated)
        endings += len(over)
        for seat in range(game.num_players):
            last = observe_rows(game, plain.states[over], np.full(len(over), seat))
            np.testing.assert_array_equal(batch.final_observations[over, seat], last)
        for row in over:
            init(plain.states[row])
        assert bits(batch.states) == bits(plain.states)
    assert endings > B


def test_restart_begins_the_rows_named_and_no_others(game):
    batch = advanced(game, game.max_steps, autoreset=False)
    streams = batch.states["rng"][[1, 5]]
    before = batch.states.copy()
    batch.restart(np.array([1, 5]))
    fresh = Batch(game, 2)
    fresh.states["rng"] = streams
    fresh.reset()
    assert bits(batch.states[[1, 5]]) == bits(fresh.states)
    assert batch.observations[[1, 5]].tobytes() == fresh.observations.tobytes()
    assert batch.masks[[1, 5]].tobytes() == fresh.masks.tobytes()
    others = np.delete(np.arange(B), [1, 5])
    assert bits(batch.states[others]) == bits(before[others])
    np.testing.assert_array_equal(np.flatnonzero(~(batch.terminated | batch.truncated)), [1, 5])


def test_openings_are_random_moves_whose_number_is_drawn_evenly(sequential_id):
    """Of 0 to 3 moves: as many odd as even, told by who is to move, and a quarter none, told by the first position.

    Where three moves can end a game, as at cards, openings are drawn again, and so not evenly."""
    game, plies, count = make(sequential_id), 3, 4000
    opened = Batch(game, count, seed=1, opening_plies=plies)
    assert not (opened.terminated | opened.truncated).any()
    assert opened.masks.any(axis=1).all()
    if game.hidden_information:
        return
    told_by_player = np.bincount(opened.states["current_player"], minlength=2)  # 0 or 2 moves against 1 or 3
    assert abs(told_by_player[0] - count / 2) < 5 * np.sqrt(count / 4)
    untouched = (opened.observations == Batch(game, 1).observations).reshape(count, -1).all(axis=1).sum()
    assert abs(untouched - count / (plies + 1)) < 5 * np.sqrt(count * 3 / 16)


def test_openings_are_refused_where_there_are_no_plies(game):
    if game.dynamics is Dynamics.SIMULTANEOUS:
        with pytest.raises(ValueError, match="has no plies"):
            Batch(game, 1, opening_plies=2)


def test_random_actions_are_even_over_what_is_legal(discrete_game):
    """Five standard deviations of a binomial on either side, in the first position of 7000 games."""
    game = discrete_game
    batch = Batch(game, 7000, seed=4)
    actions = batch.random_actions().reshape(7000, -1)[:, 0]
    legal = np.flatnonzero(batch.masks.reshape(7000, -1, game.num_actions)[0, 0])
    counts = np.bincount(actions, minlength=game.num_actions)
    assert counts[legal].sum() == 7000
    share = 1 / len(legal)
    assert (np.abs(counts[legal] - 7000 * share) < 5 * np.sqrt(7000 * share * (1 - share))).all()


@pytest.mark.parametrize("game_id", marked(NUMBERS))
def test_random_numbers_are_even_over_their_bounds(game_id):
    """Twenty bins of [-1, 1] each within five standard deviations of their share, in 2000 games, for every number."""
    batch = Batch(make(game_id), 2000, seed=4)
    numbers = batch.random_actions().reshape(2000, -1)
    assert numbers.min() >= -1
    assert numbers.max() <= 1
    for column in numbers.T:
        counts, _ = np.histogram(column, 20, (-1, 1))
        assert (np.abs(counts - 100) < 5 * np.sqrt(100 * 0.95)).all()
    assert np.abs(np.corrcoef(numbers.T) - np.eye(numbers.shape[1])).max() < 5 / np.sqrt(2000)


def test_actions_and_states_can_be_written(discrete_game):
    game = discrete_game
    batch = advanced(game, 3, count=1)
    names = [game.action_to_string(batch.states[0], action) for action in range(game.num_actions)]
    assert len(set(names)) == game.num_actions
    assert all(name and name.isprintable() for name in names)
    assert game.state_to_string(batch.states[0]).strip()
