"""Self-play by search: what is written down of a game and what becomes of it, told from the boards."""

import json
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import chisquare

from agents import search_game, search_rollouts
from agents.fast_heads import NO_ACTION
from agents.rollouts import RolloutSettings, SearchPlay
from agents.search_game import GAME, PLY, WHOLE
from agents.search_rollouts import SEARCH_STATISTICS, SearchRollouts
from envs import make
from envs.batch import Batch
from envs.random_stream import seed_streams

TIC_TAC_TOE = make("tic_tac_toe")


def network(game, hidden: int = 8) -> dict:
    size = int(np.prod(game.observation_shape))
    return {"observation_size": size, "num_actions": game.num_actions, "hidden": [hidden], "activation": "relu"}


def rollouts(game=TIC_TAC_TOE, seed: int = 0, num_games: int = 12, search: dict | None = None, **changes):
    """With a network that has opinions, and sees no game through without changing its mind."""
    settings = RolloutSettings(num_games, 4, 1.0, 1.0, search=SearchPlay(8, **(search or {})), **changes)
    made = SearchRollouts(game, network(game), settings, seed)
    rng = np.random.default_rng(3)
    for each in (made.learner, *made.past_selves):
        weights = {name: w.numpy() for name, w in each.state_dict().items()}
        drawn = {name: rng.normal(0, 0.5, w.shape).astype(np.float32) for name, w in weights.items()}
        if each is made.learner:
            made.set_weights(drawn)
        else:
            made.set_past_self(made.past_selves.index(each), drawn)
    return made


def collected(made: SearchRollouts, times: int = 6) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    parts, total = [], dict.fromkeys(SEARCH_STATISTICS, 0.0)
    for _ in range(times):
        samples, sums = made.collect()
        parts.append(samples)
        total = {name: total[name] + sums[name] for name in total}
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, total


def games_of(samples: dict[str, np.ndarray], sides: int = 2) -> list[slice]:
    """Tic-Tac-Toe: a game's samples follow one another with more and more stones."""
    stones = samples["observations"][:, :2].reshape(len(samples["targets"]), -1).sum(1)
    begins = np.flatnonzero(np.diff(stones, prepend=10) <= 0)
    return [slice(a, b) for a, b in zip(begins, [*begins[1:], len(stones)], strict=True)]


def lines(stones: np.ndarray) -> int:
    """Full lines of three in [3, 3] bool."""
    return sum(map(np.all, [*stones, *stones.T, stones.diagonal(), stones[::-1].diagonal()]))


def test_a_game_s_samples_are_its_positions_and_its_outcome():
    """From the boards alone: the seats alternate, and who made the last move won, or the board was full."""
    samples, sums = collected(rollouts(opening_plies=3))
    games = games_of(samples)
    assert len(games) == sums["episodes"] > 20
    assert sum(len(samples["targets"][game]) for game in games) == sums["episode_steps"]
    outcomes = set()
    for game in games:
        boards = samples["observations"][game][:, :2].astype(bool)  # one's own stones, the other's
        for before, after in pairwise(boards):
            assert np.array_equal(before[1], after[0])  # the other's stones are now one's own
            assert (after[1] & ~before[0]).sum() == 1
        targets = samples["targets"][game]
        assert (targets[1:] == -targets[:-1]).all()
        own, other = boards[-1]
        free = np.flatnonzero(~(own | other).ravel())
        assert lines(own) == lines(other) == 0
        wins = [cell for cell in free if lines(own | (np.arange(9) == cell).reshape(3, 3))]
        assert targets[-1] == 1 if wins and targets[-1] else targets[-1] == 0
        assert targets[-1] or len(free) == 1
        outcomes.add(float(targets[0]))
        for row in range(game.start, game.stop):
            legal = samples["legal_actions"][row]
            cells = np.flatnonzero(~samples["observations"][row, :2].any(axis=0).ravel())
            np.testing.assert_array_equal(legal[legal != NO_ACTION], cells)
            assert (samples["policies"][row][legal == NO_ACTION] == 0).all()
            assert abs(int(samples["policies"][row].sum()) - WHOLE) <= len(cells)
    assert outcomes == {-1.0, 0.0, 1.0}


def test_a_win_in_one_is_found_and_learned():
    """The search proves it: the whole policy is on moves that win, whatever the network thinks."""
    samples, _ = collected(rollouts(search={"considered": 9}))
    found = 0
    for row in range(len(samples["targets"])):
        own = samples["observations"][row, 0].astype(bool)
        legal = [int(a) for a in samples["legal_actions"][row] if a != NO_ACTION]
        wins = [a for a in legal if lines(own | (np.arange(9) == a).reshape(3, 3))]
        if wins and len(legal) <= 8:  # as many simulations as moves: each is tried
            weight = samples["policies"][row][: len(legal)]
            assert weight[[a not in wins for a in legal]].sum() == 0
            found += 1
    assert found > 20


def written(moves: list[int], values: list[float], random: list[int], td_lambda: float) -> np.ndarray:
    """The targets of one game of Tic-Tac-Toe in which seat 0 searches, seat 1 does not learn."""
    count = len(moves)
    states = TIC_TAC_TOE.new_states(1, seed_streams(0, 1))
    states[:] = Batch(TIC_TAC_TOE, 1).states
    games, plies = np.zeros(1, GAME), np.zeros((1, 9), PLY)
    games["plies"] = count
    plies["action"][0, :count], plies["value"][0, :count] = moves, values
    plies["player"][0, :count] = np.arange(count) % 2
    plies["learns"][0, :count] = np.arange(count) % 2 == 0
    plies["random"][0, random] = True
    plies["payment"][0, count - 1] = 1  # x wins
    policies = np.zeros((1, 9, 9), np.float32)
    policies[0, :, 0] = 1
    n = search_game.count_samples(np.array([0]), games, plies)
    out = (np.zeros((n, *TIC_TAC_TOE.observation_shape), np.uint8), *np.zeros((2, n, 9), np.uint16))
    targets = np.zeros(n, np.float32)
    mask = np.zeros(9, np.bool_)
    args = (np.array([0]), states, states.copy(), games, plies, policies, mask, np.float32(td_lambda), *out, targets)
    assert search_game.write_samples(*args) == n
    return targets


def test_targets_of_a_game_written_out():
    """x at 0, o at 3, x at 1, o at 4, x at 2 wins: positions of x are 0, 2, 4.

    values to x   0.5  0.1  0.4  -  0.9      ("-": nobody searched for o's second move)
    lambda 1      1         1       1
    lambda 0.5    G4 = 1; ahead of 3: (1 + 0.9) / 2 = 0.95; of 2: 0.95, for 3 has no value; G2 = 0.95;
                  of 1: (0.95 + 0.4) / 2 = 0.675; of 0: (0.675 + 0.1) / 2 = 0.3875
    """
    moves, values = [0, 3, 1, 4, 2], [0.5, 0.1, 0.4, np.nan, 0.9]
    np.testing.assert_allclose(written(moves, values, [], 1.0), [1, 1, 1])
    np.testing.assert_allclose(written(moves, values, [], 0.5), [0.3875, 0.95, 1], rtol=1e-6)
    # a move drawn evenly at 2: that position is worth what its search said, and so are those before
    np.testing.assert_allclose(written(moves, values, [2], 1.0), [0.4, 0.4, 1], rtol=1e-6)
    np.testing.assert_allclose(written(moves, values, [2], 0.5), [(0.4 + 0.1) / 2, 0.4, 1], rtol=1e-6)


def drawn_moves(temperature: float, plies: int, random_moves: float, count: int = 6000) -> np.ndarray:
    """First moves of Tic-Tac-Toe, by `search_game.play`, of a policy of 1/2, 1/4, 1/4 on cells 2, 4, 7; 8 is chosen."""
    states = np.repeat(Batch(TIC_TAC_TOE, 1).states, count)
    games, logged = np.zeros(count, GAME), np.zeros((count, 9), PLY)
    games["rng"] = seed_streams(5, count)
    policy = np.zeros((count, 9), np.float32)
    policy[:, [2, 4, 7]] = 0.5, 0.25, 0.25
    over = np.zeros(count, np.int8)
    bad = search_game.play(
        np.arange(count), np.full(count, 8, np.int32), policy, np.zeros(count, np.float32), True, True, states, games,
        logged, np.zeros((count, 9, 9), np.float32), np.zeros((count, 2), np.float32), np.zeros(count, np.int64),
        np.zeros(2, np.float32), np.zeros(9, np.bool_), over, temperature, plies, random_moves,
    )  # fmt: skip
    assert bad == -1
    assert not over.any()
    assert (games["plies"] == 1).all()
    return np.bincount(logged["action"][:, 0], minlength=9)


def test_moves_early_in_a_game_are_drawn_from_the_policy():
    assert drawn_moves(1.0, 0, 0.0)[8] == 6000  # later, what the search chose
    assert drawn_moves(0.0, 1, 0.0)[2] == 6000  # at temperature 0 the likeliest
    for temperature, weights in ((1.0, [2, 1, 1]), (0.5, [4, 1, 1])):
        counts = drawn_moves(temperature, 1, 0.0)
        assert counts.sum() == counts[[2, 4, 7]].sum()
        assert chisquare(counts[[2, 4, 7]], 6000 * np.array(weights) / sum(weights)).pvalue > 1e-4
    counts = drawn_moves(1.0, 0, 0.9)  # a ninth of nine tenths each, and the rest to what was chosen
    assert chisquare(counts, 6000 * np.array([0.1] * 8 + [0.2])).pvalue > 1e-4


def test_a_share_of_the_games_begins_with_random_moves():
    made = rollouts(num_games=4000, opening_plies=4, search={"opening_share": 0.5})
    stones = made._states["board"].reshape(4000, -1).astype(bool).sum(1)
    counts = np.bincount(stones, minlength=5)
    # half begin with none; the others with 0 to 4, as likely each
    assert chisquare(counts, 4000 * np.array([0.6, 0.1, 0.1, 0.1, 0.1])).pvalue > 1e-4


def test_against_past_selves_and_fixed_agents_only_the_learning_seat_is_sampled():
    """A quarter against a past self, half against `one_ply`; half of the rows of those games are samples, about."""
    made = rollouts(num_games=16, pool_share=0.25, slots=1, fixed_share=0.5, fixed_agents=("one_ply",))
    samples, sums = collected(made, 12)
    assert sums["pool_episodes"] > 10 < sums["fixed_episodes"]
    learned, rest = len(samples["targets"]), sums["episode_steps"]
    alone = sums["episodes"] - sums["pool_episodes"] - sums["fixed_episodes"]
    assert alone > 10
    assert 0.5 * rest < learned < 0.8 * rest
    against = made.tally.against_slots
    assert against.shape == (1, 2)
    assert 0 <= against[0, 1] <= against[0, 0]
    # nobody samples for the other side: of a game's samples those of one seat skip every other number of stones
    stones = samples["observations"][:, :2].reshape(learned, -1).sum(1)
    assert (np.diff(stones) == 2).sum() > 50


def test_every_move_has_the_simulations_that_the_schedule_says():
    made = rollouts(make("connect_four"), num_games=6)
    for wanted in (8, 3):
        made.set_schedule(simulations=wanted, temperature=1.0)
        _, sums = made.collect()
        assert made.env_steps >= 6 * 4
        # but for the first evaluation, and games whose root is proven sooner
        assert 0.8 * wanted * made.env_steps < sums["simulations"] <= wanted * made.env_steps


@pytest.mark.parametrize(
    ("game_id", "changes"),
    [
        ("tic_tac_toe", {}),
        ("tic_tac_toe", {"pool_share": 0.5, "slots": 2, "fixed_share": 0.25, "fixed_agents": ("random",)}),
        ("connect_four", {"opening_plies": 20, "search": {"temperature_plies": 5, "random_moves": 0.1}}),
        ("go_5x5", {"search": {"td_lambda": 0.8, "root": "puct"}}),
    ],
)
def test_saved_games_go_on_bit_for_bit(game_id, changes):
    """Through JSON, into an object that was seeded otherwise and has played something else."""
    straight, other = (rollouts(make(game_id), seed=seed, **changes) for seed in (0, 99))
    collected(straight, 3)
    arrays, state = straight.state()
    other.collect()
    other.load_state(arrays, json.loads(json.dumps(state)))
    learned = 0
    for _ in range(12):
        (wanted, wanted_sums), (found, found_sums) = straight.collect(), other.collect()
        assert wanted_sums == found_sums
        for name in wanted:
            np.testing.assert_array_equal(wanted[name], found[name], err_msg=name)
        learned += len(wanted["targets"])
    assert learned


def test_a_long_game_finds_room(monkeypatch):
    monkeypatch.setattr(search_rollouts, "FIRST_ROOM", 2)
    samples, sums = collected(rollouts(num_games=4))
    monkeypatch.undo()
    wanted, wanted_sums = collected(rollouts(num_games=4))
    assert sums == wanted_sums
    for name in wanted:
        np.testing.assert_array_equal(samples[name], wanted[name])


def test_refusals(monkeypatch):
    for game_id, problem in (("ball_1v1", "games with turns"), ("kuhn_poker", "hides")):
        with pytest.raises(ValueError, match=problem):
            rollouts(make(game_id))
    made = rollouts()
    arrays, state = made.state()
    with pytest.raises(ValueError, match="not 12 games of go_5x5"):
        rollouts(make("go_5x5")).load_state(arrays, state)
    monkeypatch.setattr(search_game, "MANY_ACTIONS", 5)
    monkeypatch.setattr(search_game, "MOST_LEGAL", 4)
    with pytest.raises(ValueError, match="more than 4 legal actions"):
        rollouts().collect()


def test_games_begin_in_given_positions(tmp_path):
    """None of them held out to measure; each game goes on from one of them."""
    from agents.supervised.dataset import states_of, trainable
    from agents.supervised.labels import save_labels
    from tests.agents.supervised.made import random_labels

    labels = random_labels(TIC_TAC_TOE, 30)
    save_labels(tmp_path / "made", labels)
    given = {state["board"].tobytes() for state in states_of(labels, np.flatnonzero(trainable(labels)))}
    held = {state["board"].tobytes() for state in states_of(labels, np.flatnonzero(~trainable(labels)))} - given
    made = rollouts(num_games=64, search={"start_positions": str(tmp_path / "made")})
    begun = {state["board"].tobytes() for state in made.state()[0]["starts"]}
    assert begun <= given
    assert not begun & held
    assert len(begun) > 20
    made.collect()
    assert {state["board"].tobytes() for state in made.state()[0]["starts"]} <= given
    save_labels(tmp_path / "none", labels.select(~trainable(labels)))
    with pytest.raises(ValueError, match="no position there may be learned from"):
        rollouts(search={"start_positions": str(tmp_path / "none")})
