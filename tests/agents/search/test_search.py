"""Positions with known answers, and what a search of many games owes each of them."""

import numpy as np
import pytest

from agents.search import search as search_module
from agents.search.agent import SearchAgent
from agents.search.cache import hashed
from agents.search.search import GUMBEL, PUCT, Found, Search, SearchSettings
from agents.search.tree import replant_rows
from envs import make
from envs.batch import Batch
from envs.game import Game, step
from envs.notation.chess import read_fen
from tests.agents.alphabeta.positions import random_positions
from tests.agents.search.reference import evaluate

TWICE = "tests.agents.search.twice:twice"
QUIET = SearchSettings(32, gumbel_scale=0)


def after(game: Game, moves: str) -> np.ndarray:
    batch = Batch(game, 1, autoreset=False)
    for move in moves:
        batch.step(np.array([int(move)], np.int32))
    return batch.states


def indifferent(game: Game):
    """A network that likes everything as much and expects nothing."""
    return lambda observations: np.zeros((len(observations), game.num_actions + 1), np.float32)


def found(game: Game, states: np.ndarray, settings: SearchSettings, network: bool) -> Found:
    search = Search(game, len(states), settings, indifferent(game) if network else None)
    return search.search(states, np.arange(1, len(states) + 1, dtype=np.uint64))


@pytest.mark.parametrize("network", [False, True])
@pytest.mark.parametrize(
    ("moves", "value", "answers", "simulations"),
    [
        # x x .   X wins at once by 2
        # o o .
        ("0314", 1, {2}, 60),
        # x . x
        # . o .   O has lost: X threatens to win by 1 and by 3
        # x . o
        ("04286", -1, {1, 3, 5, 7}, 400),
        # x o .   X wins by each of three moves that threaten at once and let it threaten twice next
        # . . .
        # . . .
        ("01", 1, {3, 4, 6}, 3000),
    ],
)
def test_tic_tac_toe_is_solved(moves, value, answers, simulations, network):
    """Proven, and so told exactly, and by no more simulations than it takes."""
    game = make("tic_tac_toe")
    settings = SearchSettings(simulations, root=PUCT, noise_share=0, exploration=2)
    search = Search(game, 1, settings, indifferent(game) if network else None)
    result = search.search(after(game, moves), np.ones(1, np.uint64))
    assert result.values[0] == value
    assert result.actions[0] in answers
    assert set(np.flatnonzero(result.policies[0])) <= answers
    assert search._nodes[0, 0]["proven"] != 0
    assert result.visits.sum() < simulations


def test_a_draw_is_proven():
    """O answers the corner with the centre: everything else loses."""
    game = make("tic_tac_toe")
    result = found(game, after(game, "0"), SearchSettings(60_000, root=PUCT, noise_share=0), network=True)
    assert result.values[0] == 0
    assert np.flatnonzero(result.policies[0]).tolist() == [4]
    assert result.visits.sum() < 60_000


@pytest.mark.parametrize("root", [GUMBEL, PUCT])
def test_a_mate_that_the_network_does_not_see_is_found(root):
    """Ra8 mates; in the second position 1 Ra7 and 2 Rb8, or the other way round."""
    game = make("chess")
    mate = read_fen(game, "6k1/5ppp/8/8/8/8/8/R6K w - - 0 1")
    settings = SearchSettings(64, root=root, gumbel_scale=0, noise_share=0)
    result = found(game, mate, settings, network=True)
    assert game.action_to_string(mate[0], int(result.actions[0])) == "a1a8"
    assert result.values[0] == 1
    ladder = read_fen(game, "7k/8/8/8/8/8/R7/1R5K w - - 0 1")
    result = found(game, ladder, SearchSettings(5_000, root=PUCT, noise_share=0), network=True)
    assert result.values[0] == 1
    assert game.action_to_string(ladder[0], int(result.actions[0])) in {"a2a7", "b1b7"}


def test_random_play_sees_a_double_threat_in_connect_four():
    """Discs of seat 0 on columns 2 and 3 of the bottom row, all else empty: a third beside them wins by force."""
    game = make("connect_four")
    result = found(game, after(game, "2233")[:1], SearchSettings(3000, exploration=2), network=False)
    assert result.actions[0] in {1, 4}
    assert result.values[0] > 0.5


def signed(value: float):
    """A network for `twice` to which the game is worth `value` to seat 0, whoever looks."""

    def heads(observations: np.ndarray) -> np.ndarray:
        out = np.zeros((len(observations), 7), np.float32)
        out[:, 6] = np.where(observations[:, 6] == 0, value, -value)
        return out

    return heads


@pytest.mark.parametrize("root", [GUMBEL, PUCT])
@pytest.mark.parametrize("moves", ["", "0", "1", "10", "11"])
def test_values_are_of_the_seat_to_move_even_where_it_moves_twice(moves, root):
    """By a network that says 1/2 for seat 0 wherever it looks, one simulation into coin a is worth 1/2 and the coin."""
    game = make(TWICE)
    batch = Batch(game, 1, autoreset=False)
    taken = np.zeros(6, bool)
    for move in moves:
        coin = int(np.flatnonzero(~taken)[int(move)])
        taken[coin] = True
        batch.step(np.array([coin], np.int32))
    seat = int(batch.states["current_player"][0])
    search = Search(game, 1, SearchSettings(1, root=root, gumbel_scale=0, noise_share=0), signed(0.5))
    result = search.search(batch.states, np.ones(1, np.uint64))
    visited = int(result.visits[0].argmax())
    child = next(node for node in search._nodes[0, 1:7] if node["action"] == visited and node["visits"])
    assert child["value"] == pytest.approx(0.5 + (1 if seat == 0 else -1) * (visited + 1) / 8)


@pytest.mark.parametrize("game_id", ["connect_four", "othello_6x6", TWICE])
@pytest.mark.parametrize("kind", ["puct", "gumbel", "random play"])
def test_many_searches_are_as_many_single_ones(game_id, kind):
    """Bit for bit; also where the next take the place of those that are over."""
    game, count = make(game_id), 12
    states, streams = (
        random_positions(game, count, seed=4),
        np.random.default_rng(2).integers(2**64, size=count, dtype=np.uint64),
    )
    settings = SearchSettings(20, root=kind if kind in (GUMBEL, PUCT) else GUMBEL)
    network = None if kind == "random play" else evaluate(game)
    single = Search(game, 1, settings, network, seed=1)
    alone = [single.search(states[b : b + 1], streams[b : b + 1]) for b in range(count)]
    for num_games in (12, 5):
        together = Search(game, num_games, settings, network).search(states, streams)
        for field, parts in zip(together, zip(*alone, strict=True), strict=True):
            assert np.array_equal(field, np.concatenate(parts))


def test_nobody_waits_for_the_slowest():
    """Whoever is over is given the next root and is evaluated in the next tick with all the others."""
    game = make("connect_four")
    asked: list[int] = []
    heads = evaluate(game)

    def counted(observations: np.ndarray) -> np.ndarray:
        asked.append(len(observations))
        return heads(observations)

    search = Search(game, 6, SearchSettings(10), counted)
    states = random_positions(game, 200, seed=9)
    search.start(np.arange(6), states[:6])
    begun, done = 6, 0
    while begun < 190:
        rows = search.tick()
        search.start(rows, states[begun : begun + len(rows)])
        begun, done = begun + len(rows), done + len(rows)
    assert set(asked) == {6}
    assert done > 180
    assert len(asked) < 190 * 11 / 6 + 11


@pytest.mark.parametrize("root", [GUMBEL, PUCT])
def test_a_cache_changes_nothing_but_how_often_the_network_is_asked(root):
    """Also where a place is taken by the next, and where trees have no room to go on without waiting."""
    game = make("connect_four")
    heads, asked = evaluate(game), [0]

    def counted(observations: np.ndarray) -> np.ndarray:
        asked[0] += len(observations)
        return heads(observations)

    states, streams = random_positions(game, 30, seed=5), np.arange(30, dtype=np.uint64)
    states = np.concatenate([states, states[:10]])
    streams = np.concatenate([streams, streams[:10]])
    counts: list[int] = []
    results: list[Found] = []
    for cache in (0, 60, 100_000):
        asked[0] = 0
        search = Search(game, 8, SearchSettings(40, root=root), counted, cache=cache)
        results.append(search.search(states, streams))
        counts.append(asked[0])
        assert all(np.array_equal(*pair) for pair in zip(results[-1], results[0], strict=True))
    assert counts[0] > counts[1] > counts[2]
    asked[0] = 0
    search.search(states, streams)
    assert asked[0] < counts[2] / 20  # it knows all but what lost its place
    search.forget()
    asked[0] = 0
    search.search(states, streams)
    assert asked[0] == counts[2]


def test_fewer_simulations_as_if_the_search_were_made_for_them():
    game = make("connect_four")
    states = random_positions(game, 20, seed=3)
    streams = np.arange(1, len(states) + 1, dtype=np.uint64)
    search = Search(game, len(states), SearchSettings(32), evaluate(game))
    first = search.search(states, streams)
    assert search.simulations_made == first.visits.sum()
    for simulations in (5, 16, 32):
        search.set_simulations(simulations)
        wanted = Search(game, len(states), SearchSettings(simulations), evaluate(game)).search(states, streams)
        for ours, theirs in zip(search.search(states, streams), wanted, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(ValueError, match="33; this search makes 1 to 32"):
        search.set_simulations(33)


def test_hashes_tell_observations_apart():
    """All 21 bytes count, and which is where."""
    seen = np.random.default_rng(0).integers(2, size=(5000, 21), dtype=np.uint8)
    different = len({row.tobytes() for row in seen})
    assert len({int(hashed(seen, row)) for row in range(5000)}) == different
    one = np.zeros((22, 21), np.uint8)
    one[np.arange(21), np.arange(21)] = 1
    keys = {int(hashed(one, row)) for row in range(22)}
    assert len(keys) == 22
    assert 0 not in keys


def subtree(nodes: np.ndarray, at: int) -> dict:
    """Where a node stands, the order of its children, and those visited by their actions."""
    node = nodes[at]
    children = range(node["first_child"], node["first_child"] + node["num_children"])
    below = {int(nodes[i]["action"]): subtree(nodes, i) for i in children if nodes[i]["visits"]}
    order = [int(nodes[i]["action"]) for i in children]
    return {"stands": (node["visits"], node["value"], node["seat"], node["proven"]), "order": order, "below": below}


@pytest.mark.parametrize("network", [False, True])
def test_what_was_found_behind_the_move_made_is_kept(network):
    game = make("connect_four")
    settings = SearchSettings(60, root=PUCT, noise_share=0)
    search = Search(game, 2, settings, evaluate(game) if network else None)
    states = after(game, "33").repeat(2)
    search.start(np.arange(2), states)
    rows = np.empty(0, np.int64)
    while len(rows) < 2:
        rows = np.append(rows, search.tick())
    actions = search.read(np.arange(2)).actions
    nodes, searches = search._nodes.copy(), search._searches.copy()
    made = next(i for i in range(1, 8) if nodes[0, i]["action"] == actions[0])
    before = subtree(nodes[0], made)
    replant_rows(np.zeros(1, np.int64), actions[:1].astype(np.int64), searches, nodes, np.zeros(1, bool))
    assert subtree(nodes[0], 0) == before
    step(states[0], int(actions[0]))
    search.start(np.zeros(1, np.int64), states[:1], actions[:1])
    while not len(search.tick()):
        pass
    result = search.read(np.zeros(1, np.int64))
    assert result.visits.sum() == 60  # those kept among them
    assert before["below"]
    assert all(result.visits[0, action] >= child["stands"][0] for action, child in before["below"].items())


def test_trees_get_more_room_when_they_need_it(monkeypatch):
    game = make("othello_6x6")
    states, streams = random_positions(game, 5, seed=6), np.arange(5, dtype=np.uint64)
    expected = [Search(game, 5, SearchSettings(90), heads).search(states, streams) for heads in (evaluate(game), None)]
    monkeypatch.setattr(search_module, "most_legal", lambda game: 0)
    for heads, roomy in zip((evaluate(game), None), expected, strict=True):
        search = Search(game, 5, SearchSettings(90), heads)
        room = search._nodes.shape[1]
        tight = search.search(states, streams)
        assert search._nodes.shape[1] > room
        assert all(np.array_equal(*pair) for pair in zip(tight, roomy, strict=True))


def test_the_improved_policy_is_the_softmax_of_logits_and_completed_values():
    """Danihelka et al., equations 10 and 33, in numpy from the visits and values of the children."""
    game = make("connect_four")
    states = after(game, "3323")
    search = Search(game, 1, SearchSettings(13, considered=4), evaluate(game))
    result = search.search(states, np.array([7], np.uint64))
    root, children = search._nodes[0, 0], search._nodes[0, 1:8]
    logits = np.log(children["prior"])
    visited, visits = children["visits"] > 0, children["visits"]
    values = np.where(visited, children["value"] / np.maximum(visits, 1), 0)  # seat 0 moves
    network = float(search._searches[0]["root_value"])
    likely, expected = children["prior"][visited].sum(), (children["prior"] * values)[visited].sum()
    mixed = (network + visits.sum() * expected / likely) / (1 + visits.sum())
    completed = np.where(visited, values, mixed)
    weights = np.exp(logits + (50 + visits.max()) * completed / 2)
    policy = weights / weights.sum()
    assert root["proven"] == 0
    assert visited.sum() == 4
    assert visits.sum() == 13
    assert result.policies[0][children["action"]] == pytest.approx(policy, abs=1e-5)
    assert result.values[0] == pytest.approx((policy * completed).sum(), abs=1e-5)


def test_without_chance_a_search_repeats_itself_and_with_it_it_does_not():
    game = make("connect_four")
    states = after(game, "").repeat(40)
    agent = SearchAgent(game, QUIET, evaluate(game))
    assert len(set(agent.act(states, np.zeros(40), np.random.default_rng(0)).tolist())) == 1
    noisy = SearchAgent(game, SearchSettings(8, gumbel_scale=3.0), evaluate(game))
    drawn = [noisy.act(states, np.zeros(40), np.random.default_rng(seed)).tolist() for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(set(drawn[0])) > 2
    noise = SearchSettings(1, root=PUCT, noise_share=0.5)
    search = Search(game, 40, noise, indifferent(game))
    search.search(states, np.arange(40, dtype=np.uint64))
    priors = search._nodes[:, 1:8]["prior"]
    assert priors.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert priors.min() >= 0.5 / 7 - 1e-6
    assert priors.std(axis=0).min() > 0.01


@pytest.mark.parametrize("game_id", ["ball_1v1", "kuhn_poker", "leduc_poker"])
@pytest.mark.parametrize("network", [False, True])
def test_games_that_cannot_be_searched_are_refused(game_id, network):
    game = make(game_id)
    said = "plays games with turns, not ball_1v1" if game_id == "ball_1v1" else f"would see what {game_id} hides"
    with pytest.raises(ValueError, match=said):
        SearchAgent(game, QUIET, indifferent(game) if network else None)


def test_trees_that_do_not_fit_are_refused_with_their_size():
    settings = SearchSettings(1_000_000)
    with pytest.raises(ValueError, match=r"1,000,000 simulations take [0-9,.]+ GB; [0-9.]+ GB are free: ask for fewer"):
        Search(make("connect_four"), 4096, settings, indifferent(make("connect_four")))


def test_a_game_that_is_over_is_refused():
    game = make("tic_tac_toe")
    with pytest.raises(ValueError, match="row 0: nobody is to move in a game that is over"):
        Search(game, 2, QUIET, indifferent(game)).start(np.arange(2), after(game, "03142").repeat(2))


def test_a_network_of_another_game_is_refused():
    game = make("connect_four")
    agent = SearchAgent(game, QUIET, indifferent(make("tic_tac_toe")))
    with pytest.raises(ValueError, match=r"gave heads of shape \(1, 10\); connect_four wants \(1, 8\)"):
        agent.act(after(game, ""), np.zeros(1), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"simulations": 0}, "a search makes 1 to 1,000,000 simulations, not 0"),
        ({"simulations": 1_000_001}, "not 1000001"),
        ({"root": "ucb"}, "root is 'gumbel' or 'puct', not 'ucb'"),
        ({"considered": 0}, "considered is 0; one action or more is"),
        ({"noise_share": 1.0}, "noise_share is a part of 1, not 1.0"),
        ({"exploration": -1.0}, "exploration is 0 or more, not -1.0"),
        ({"value_scale": float("nan")}, "value_scale is 0 or more, not nan"),
    ],
)
def test_settings_without_sense_are_refused(changed, said):
    with pytest.raises(ValueError, match=said):
        SearchSettings(**changed)
