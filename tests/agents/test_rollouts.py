"""Self-play: whose steps are sampled, who plays which seat, what is counted, and that a saved rollout goes on.

A rigged network has zero weights and a bias for each action, so it always plays the legal action that it likes best.
Tic-tac-toe's squares are numbered 0 1 2 / 3 4 5 / 6 7 8.
"""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from agents.names import make_agent
from agents.network import PolicyValueNetwork
from agents.rollouts import Rollouts, RolloutSettings, assign_controllers
from agents.tally import STATISTICS
from envs import make
from envs.batch import Batch

SETTINGS = RolloutSettings(num_games=16, length=21, gamma=1.0, gae_lambda=1.0)
TIC_TAC_TOE = {"observation_size": 18, "num_actions": 9, "hidden": [8], "activation": "tanh"}
CONNECT_FOUR = {"observation_size": 84, "num_actions": 7, "hidden": [16, 16], "activation": "tanh"}


def network_of(game, hidden=(16,)) -> dict:
    size = int(np.prod(game.observation_shape))
    return {"observation_size": size, "num_actions": game.num_actions, "hidden": list(hidden), "activation": "tanh"}


def rigged(config: dict, likes: list[float], value: float = 0.0) -> dict[str, np.ndarray]:
    """Weights of a network that plays the legal action of the highest number in `likes`, and always says `value`."""
    weights = {
        name: np.zeros(tuple(w.shape), np.float32) for name, w in PolicyValueNetwork(**config).state_dict().items()
    }
    weights["heads.bias"][:] = [*(1000 * like for like in likes), value]
    return weights


def plain(config: dict, seed: int, scale: float = 1.0) -> dict[str, np.ndarray]:
    """Weights of a network with opinions."""
    rng = np.random.default_rng(seed)
    return {
        name: (scale * rng.normal(size=tuple(w.shape)) / max(1, w.shape[-1]) ** 0.5).astype(np.float32)
        for name, w in PolicyValueNetwork(**config).state_dict().items()
    }


LOW, HIGH = [-a for a in range(9)], list(range(9))  # plays the lowest, the highest free square


def tic_tac_toe(**changes) -> Rollouts:
    rollouts = Rollouts(make("tic_tac_toe"), TIC_TAC_TOE, replace(SETTINGS, **changes), seed=0)
    rollouts.set_weights(rigged(TIC_TAC_TOE, LOW))
    for slot in range(len(rollouts.past_selves)):
        rollouts.set_past_self(slot, rigged(TIC_TAC_TOE, HIGH))
    return rollouts


def test_latest_against_latest_is_all_sampled():
    """Both play the lowest free square: x 0 2 4 6, o 1 3 5; x completes 2 4 6 with its fourth. Three games each."""
    samples, sums = tic_tac_toe().collect()
    assert {name: len(array) for name, array in samples.items()} == dict.fromkeys(samples, 21 * 16)
    moves = samples["actions"].reshape(21, 16)
    assert (moves == np.tile(np.arange(7), 3)[:, None]).all()
    assert sums == {
        "episodes": 48, "episode_steps": 48 * 7, "decisive": 48, "truncated": 0, "first_seat_return": 48,
        "pool_episodes": 0, "pool_return": 0, "fixed_episodes": 0, "fixed_return": 0,
    }  # fmt: skip


def test_every_move_of_a_won_game_is_worth_one_and_of_a_lost_game_minus_one():
    """gamma = lambda = 1 and values of 0: the advantage is the outcome, seen by the mover. x wins all games."""
    samples, _ = tic_tac_toe().collect()
    wanted = np.tile([1, -1, 1, -1, 1, -1, 1], 3)[:, None]
    assert (samples["advantages"].reshape(21, 16) == wanted).all()
    assert (samples["targets"] == samples["advantages"]).all()


def test_past_selves_play_their_seats_and_only_the_learner_is_sampled():
    """Half of the games are against the one that plays the highest free square.

    The learner as x: 0 8 1 7 2, a win with 0 1 2. The learner as o: 8 0 7 1 6, a loss to 6 7 8. Five moves each.
    """
    rollouts = tic_tac_toe(pool_share=0.5, length=35)
    samples, sums = rollouts.collect()
    # 8 games of latest against latest: 35 rows each; of 8 against the past, 4 as x (3 of 5 moves), 4 as o (2 of 5)
    assert len(samples["actions"]) == 8 * 35 + 4 * 7 * 3 + 4 * 7 * 2
    masks, lowest = samples["masks"], samples["masks"].argmax(axis=1)
    assert masks[np.arange(len(masks)), samples["actions"]].all()
    assert (samples["actions"] == lowest).all()  # no move of the past self is among them
    assert sums["episodes"] == 8 * 5 + 8 * 7
    assert sums["pool_episodes"] == 8 * 7
    assert sums["pool_return"] == 4 * 7 - 4 * 7  # all games as x won, all as o lost
    assert sums["first_seat_return"] == 8 * 5 + 8 * 7
    assert sums["episode_steps"] == 8 * 35 + 8 * 35


def test_past_selves_really_play_on_the_board():
    """Two moves into a game against the past: 0 and 8 are taken, by whoever sits where."""
    rollouts = tic_tac_toe(pool_share=0.5, length=2)
    samples, _ = rollouts.collect()
    observations = samples["observations"].reshape(-1, 2, 9)
    as_second = observations[observations.sum(axis=(1, 2)) == 1]  # the learner sits second and sees one stone
    theirs = as_second[:, 1].argmax(axis=1)
    assert sorted(np.unique(theirs, return_counts=True)[1].tolist()) == [4, 8]
    assert np.unique(theirs).tolist() == [0, 8]  # its own kind's first move, and the past self's


def test_a_new_past_self_in_a_slot_takes_over_at_once():
    rollouts = tic_tac_toe(pool_share=1.0, slots=2, length=1)
    likes_four = [float(a == 4) - a / 100 for a in range(9)]
    rollouts.set_past_self(1, rigged(TIC_TAC_TOE, likes_four))
    rollouts.collect()
    states = rollouts.batch.states
    first = [np.flatnonzero(state["board"].ravel())[0] for state in states]
    by_slot = {
        slot: {int(first[b]) for b in range(16) if rollouts.tally.controller[b, 0] == 1 + slot} for slot in range(2)
    }  # the games in which that slot's past self sits first
    assert by_slot == {0: {8}, 1: {4}}


def test_controllers():
    """B = 10, half against the past: the learning team alternates, slots in equal runs, team mates together."""
    settings = replace(SETTINGS, num_games=10, pool_share=0.5, slots=2)
    found = assign_controllers((0, 1), settings)
    assert found.tolist() == [[0, 0]] * 5 + [[0, 1], [1, 0], [0, 1], [2, 0], [0, 2]]
    assert assign_controllers((0, 0, 1, 1), settings)[5:].tolist() == [
        [0, 0, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1], [2, 2, 0, 0], [0, 0, 2, 2]
    ]  # fmt: skip
    assert not assign_controllers((0, 1), replace(settings, pool_share=0.0)).any()


def test_games_against_fixed_agents_come_last():
    """B = 10: two against the latest, three against one past self, five against three agents, in equal runs."""
    settings = replace(
        SETTINGS, num_games=10, pool_share=0.3, slots=1, fixed_share=0.5, fixed_agents=("random", "one_ply", "random")
    )
    found = assign_controllers((0, 1), settings)
    past, fixed = [[0, 1], [1, 0], [0, 1]], [[0, -1], [-1, 0], [0, -2], [-2, 0], [0, -3]]
    assert found.tolist() == [[0, 0]] * 2 + past + fixed
    alone = replace(settings, pool_share=0.0, fixed_share=1.0, fixed_agents=("random",), num_games=3)
    assert assign_controllers((0, 0, 1, 1), alone).tolist() == [[0, 0, -1, -1], [-1, -1, 0, 0], [0, 0, -1, -1]]


def test_fixed_agents_play_their_seats_and_only_the_learner_is_sampled():
    """One-ply as the other in every game: the learner, who plays the lowest free square, never wins, and each move of
    a game that it loses is worth -1. Its samples are exactly its moves, replayed here on a board of our own."""
    rollouts = tic_tac_toe(fixed_share=1.0, fixed_agents=("one_ply",), length=63, num_games=8)
    samples, sums = rollouts.collect()
    assert (samples["actions"] == samples["masks"].argmax(axis=1)).all()
    assert sums["fixed_episodes"] == sums["episodes"] > 8
    assert sums["pool_episodes"] == 0
    game, own, moves, result = make("tic_tac_toe"), 0, 0, 0.0
    judge = make_agent("one_ply", game)
    mirror = Batch(game, 8, seed=0)
    for actions in rollouts._actions:
        movers = mirror.states["current_player"].astype(np.int64)
        learns = movers == np.arange(8) % 2
        told = judge.probabilities(mirror.states, movers)[np.arange(8), actions]
        assert (told[~learns] > 0).all()  # each move of the others is one that one-ply could choose
        own += int(learns.sum())
        mirror.step(actions)
        over = np.flatnonzero(mirror.terminated | mirror.truncated)
        result += float(mirror.rewards[over, over % 2].sum())
        moves += 8
    assert len(samples["actions"]) == own
    assert sums["fixed_return"] == result < 0
    assert set(np.unique(samples["advantages"][:8])) <= {-1.0, 0.0, 1.0}


def test_a_team_of_a_fixed_agent_moves_as_that_agent_would():
    """2 against 2 at once: L0 stands still on its two seats, whichever team it is."""
    game = make("ball_2v2")
    settings = replace(SETTINGS, num_games=4, length=5, fixed_share=0.5, fixed_agents=("scripted:L0",))
    rollouts = Rollouts(game, network_of(game), settings, seed=0)
    rollouts.set_weights(rigged(network_of(game), [float(a == 7) for a in range(game.num_actions)]))
    samples, _ = rollouts.collect()
    assert (rollouts._actions[:, :2] == 7).all()
    assert (rollouts._actions[:, 2] == [7, 7, 0, 0]).all()
    assert (rollouts._actions[:, 3] == [0, 0, 7, 7]).all()
    assert len(samples["actions"]) == 5 * (4 + 4 + 2 + 2)


def test_fewer_games_than_slots_leave_no_slot_unused():
    found = assign_controllers((0, 1), replace(SETTINGS, num_games=8, pool_share=0.25, slots=6))
    assert found.tolist() == [[0, 0]] * 6 + [[0, 1], [2, 0]]
    assert len(tic_tac_toe(num_games=8, pool_share=0.25, slots=6).past_selves) == 2


GAMES = [
    ("connect_four", {}, 0.5),
    ("connect_four", {}, 0.0),
    ("ball_1v1", {}, 0.5),
    ("tests.own_game.nim:nim", {}, 0.25),
]


def test_games_against_each_slot_are_counted_by_the_points_of_the_learning_team():
    """Tic-Tac-Toe, 40 games, half of them against two past selves: whoever ends a game is known from the boards."""
    rollouts = tic_tac_toe(num_games=40, pool_share=0.5, slots=2, length=1)
    games, points = np.zeros(2), np.zeros(2)
    for _ in range(60):
        rollouts.collect()
        over = rollouts._terminated[0]
        for row in np.flatnonzero(over & (rollouts.tally.controller > 0).any(axis=1)):
            slot, seat = rollouts.tally.controller[row].max() - 1, rollouts.tally.controller[row].argmin()
            games[slot] += 1
            points[slot] += (1 + rollouts._rewards[0, row, seat]) / 2
            assert rollouts.tally.against_slots[slot, 0] > 0
        counted = rollouts.tally.against_slots.sum(axis=0)
        assert counted[0] == (over & (rollouts.tally.controller > 0).any(axis=1)).sum()
        games -= rollouts.tally.against_slots[:, 0]
        points -= rollouts.tally.against_slots[:, 1]
    assert not games.any()
    assert not points.any()


def test_a_game_in_which_the_past_self_was_exchanged_counts_for_nobody():
    rollouts = tic_tac_toe(num_games=20, pool_share=1.0, slots=2, length=1)
    for _ in range(3):
        rollouts.collect()
    begun = rollouts.tally.steps_of_game > 0
    weights = {name: value.numpy() for name, value in rollouts.learner.state_dict().items()}
    rollouts.set_past_self(1, weights)
    counted = np.zeros(20, bool)
    for _ in range(7):  # no game is longer than nine moves, so every game ends once, and some twice
        ending = rollouts.tally._mixed.copy()
        rollouts.collect()
        over = rollouts._terminated[0]
        of_slot = (rollouts.tally.controller == 2).any(axis=1)
        assert rollouts.tally.against_slots[1, 0] == (over & of_slot & ~ending).sum()
        counted |= over
    assert begun.any()
    assert not rollouts.tally._mixed.any()
    assert counted.all()


games = pytest.mark.parametrize(("game_id", "settings", "pool_share"), GAMES, ids=[f"{g[0]}-{g[2]}" for g in GAMES])


def with_opinions(game_id: str, settings: dict, pool_share: float, seed: int = 0, **changes) -> Rollouts:
    game = make(game_id, **settings)
    network = network_of(game)
    wanted = replace(SETTINGS, gamma=0.9, gae_lambda=0.8, pool_share=pool_share, slots=2, **changes)
    rollouts = Rollouts(game, network, wanted, seed)
    rollouts.set_weights(plain(network, 1))
    for slot in range(len(rollouts.past_selves)):
        rollouts.set_past_self(slot, plain(network, 2 + slot))
    return rollouts


@games
def test_the_first_ratio_is_one(game_id, settings, pool_share):
    """With the same weights torch gives every sampled action the very probability that was recorded."""
    rollouts = with_opinions(game_id, settings, pool_share)
    samples, _ = rollouts.collect()
    with torch.no_grad():
        logits, values = rollouts.learner(torch.from_numpy(samples["observations"]))
    logits = logits.masked_fill(~torch.from_numpy(samples["masks"]), -1e9)
    now = torch.log_softmax(logits, 1).gather(1, torch.from_numpy(samples["actions"]).long()[:, None])[:, 0].numpy()
    assert np.abs(np.exp(now - samples["logps"]) - 1).max() < 1e-5
    np.testing.assert_allclose(samples["targets"] - samples["advantages"], values.numpy(), atol=2e-5)


@pytest.mark.parametrize(
    ("game_id", "settings", "pool_share", "fixed"),
    [
        *((*game, ()) for game in GAMES),
        ("tic_tac_toe", {}, 0.25, ("random", "one_ply")),
        ("ball_1v1", {}, 0.0, ("scripted:L2,noise=0.5",)),
    ],
)
def test_a_saved_rollout_goes_on_bit_for_bit(game_id, settings, pool_share, fixed):
    """Through JSON, into an object that was seeded otherwise and has played something else."""
    changes = {"fixed_share": 0.5, "fixed_agents": fixed} if fixed else {}
    straight = with_opinions(game_id, settings, pool_share, **changes)
    straight.collect()
    arrays, state = straight.state()
    other = with_opinions(game_id, settings, pool_share, seed=99, **changes)
    other.collect()
    other.load_state(arrays, json.loads(json.dumps(state)))
    for _ in range(2):
        (wanted, wanted_sums), (found, found_sums) = straight.collect(), other.collect()
        assert wanted_sums == found_sums
        for name in wanted:
            np.testing.assert_array_equal(wanted[name], found[name], err_msg=name)


@games
def test_what_was_collected_is_the_caller_s_own(game_id, settings, pool_share):
    rollouts = with_opinions(game_id, settings, pool_share)
    samples, _ = rollouts.collect()
    before = {name: array.copy() for name, array in samples.items()}
    rollouts.collect()
    for name, array in before.items():
        np.testing.assert_array_equal(samples[name], array, err_msg=name)


def test_the_same_seed_plays_the_same_games_and_another_does_not():
    first, same, other = (with_opinions(*GAMES[0], seed=seed).collect()[0]["actions"] for seed in (3, 3, 4))
    assert np.array_equal(first, same)
    assert len(first) != len(other) or not np.array_equal(first, other)


def test_fewer_saved_games_fill_the_first_rows():
    """The others, and the random stream, stay what they were."""
    arrays, _ = with_opinions("connect_four", {}, 0.0).state()
    arrays["states"]["num_moves"], arrays["steps_of_game"][:] = 40, 40
    larger = with_opinions("connect_four", {}, 0.0, num_games=20)
    before, stream = larger.batch.states.copy(), larger.rng.bit_generator.state
    larger.load_state(arrays, None)
    assert np.array_equal(larger.batch.states[:16], arrays["states"])
    assert np.array_equal(larger.batch.states[16:], before[16:])
    assert larger.rng.bit_generator.state == stream


def test_after_an_error_the_games_begin_anew():
    """Three moves, restart, nine more: each game has ended once, after the seven moves since then."""
    rollouts = tic_tac_toe(length=3)
    rollouts.collect()
    rollouts.restart()
    assert not rollouts.batch.observations.any()
    assert rollouts.batch.masks.all()
    sums = [rollouts.collect()[1] for _ in range(3)]
    assert sum(s["episodes"] for s in sums) == 16
    assert sum(s["episode_steps"] for s in sums) == 16 * 7


def test_games_of_another_size_or_kind_are_refused():
    arrays, state = with_opinions("connect_four", {}, 0.0).state()
    with pytest.raises(ValueError, match="not 8 games of connect_four"):
        with_opinions("connect_four", {}, 0.0, num_games=8).load_state(arrays, state)
    with pytest.raises(ValueError, match="not 16 games of tic_tac_toe"):
        tic_tac_toe().load_state(arrays, state)


@pytest.mark.parametrize("bootstrap", [False, True])
def test_the_clock_s_end_is_bootstrapped_where_asked(bootstrap: bool):
    """A network that says 8 everywhere, gamma 1/2, lambda 0: targets are reward + 4, and at the end by the clock reward
    alone, unless it is bootstrapped."""
    game = make("ball_1v1", time_limit=1.0)
    network = network_of(game)
    settings = replace(
        SETTINGS, length=3 * game.max_steps, gamma=0.5, gae_lambda=0.0, bootstrap_time_limit=bootstrap, num_games=4
    )
    rollouts = Rollouts(game, network, settings, seed=0)
    rollouts.set_weights(
        rigged(network, [float(a == 0) for a in range(game.num_actions)], value=8.0)
    )  # all stand still
    samples, sums = rollouts.collect()
    assert sums["truncated"] == sums["episodes"] == 3 * 4
    assert sums["decisive"] == 0
    targets = samples["targets"].reshape(3 * game.max_steps, 4, 2)
    ends = np.arange(1, 3 * game.max_steps + 1) % game.max_steps == 0
    assert (targets[~ends] == 4).all()
    assert (targets[ends] == (4 if bootstrap else 0)).all()


def test_openings_are_not_sampled():
    """With up to four random first moves the samples begin on boards with 0 to 4 stones; all of these occur."""
    rollouts = tic_tac_toe(opening_plies=4, num_games=200, length=1)
    stones = rollouts.collect()[0]["observations"].sum(axis=(1, 2, 3))
    assert set(stones.tolist()) == {0, 1, 2, 3, 4}


@games
def test_the_statistics_add_up(game_id, settings, pool_share):
    """Counted again by hand: the same seed, the same moves, in a Batch of our own."""
    rollouts = with_opinions(game_id, settings, pool_share)
    mirror = Batch(rollouts.game, SETTINGS.num_games, seed=0)
    ended = steps = 0
    since = np.zeros(SETTINGS.num_games, int)
    total = dict.fromkeys(STATISTICS, 0.0)
    for _ in range(6):
        _, sums = rollouts.collect()
        for name in STATISTICS:
            total[name] += sums[name]
        for actions in rollouts._actions:
            mirror.step(actions)
            over = mirror.terminated | mirror.truncated
            since += 1
            ended, steps = ended + over.sum(), steps + since[over].sum()
            since[over] = 0
    assert (total["episodes"], total["episode_steps"]) == (ended, steps)
    assert ended > 0 or game_id == "ball_1v1"
