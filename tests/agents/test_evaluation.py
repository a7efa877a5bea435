"""Measuring an agent: exact counts, tags, which games count for the rating; and the anchors that ship."""

import json
import zlib

import numpy as np
import pytest

import envs
from agents.agent import RandomAgent
from agents.anchors import load_anchors, load_round_robin
from agents.evaluation import evaluate
from agents.matches import play_pairs
from agents.names import check_name, make_agent
from agents.ratings import rate
from agents.scripted.one_ply import OnePlyAgent
from agents.standings import fit_anchors
from envs.ids import GAMES
from experiments.config import WITHOUT_ONE_PLY
from tests.envs.conftest import marked

# Of the ball games these; at the other sizes a rating counts what is won against the random player alone.
RATED_BALL = ("ball_1v1", "ball_2v2", "ball_3v3")
RATED = [
    game_id
    for game_id in GAMES
    if not game_id.startswith(WITHOUT_ONE_PLY) and (game_id in RATED_BALL or not game_id.startswith("ball_"))
]


class Lowest:
    """Tic-Tac-Toe: takes the lowest empty cell, so that whoever takes wins beats it from almost anywhere."""

    name = "lowest"

    def __init__(self, game):
        self.game = game

    def act(self, states, players, rng):
        return (states["board"] == 0).argmax(axis=1).astype(np.int32)

    def reset(self, rows):
        pass


def test_counts_scalars_and_json_agree():
    game = envs.make("connect_four")
    told = []
    result = evaluate(OnePlyAgent(game), game, ["random", "one_ply"], pairs=30, seed=4, tell=told.append)
    assert [row.opponent for row in result.against] == ["random", "one_ply"]
    assert tuple(told) == result.against
    for row in result.against:
        assert row.wins + row.draws + row.losses == row.games == 60
        assert row.score == pytest.approx((row.wins + row.draws / 2) / 60)
        assert row.win_rate == row.wins / 60
    assert result.win_rates == {row.opponent: row.wins / 60 for row in result.against}
    scalars = result.scalars()
    assert scalars == {
        "eval/win_rate/random": result.against[0].wins / 60,
        "eval/draw_rate/random": result.against[0].draws / 60,
        "eval/win_rate/one_ply": result.against[1].wins / 60,
        "eval/draw_rate/one_ply": result.against[1].draws / 60,
        "rating/elo": result.rating.elo,
        "rating/low": result.rating.low,
        "rating/high": result.rating.high,
    }
    assert result.against[1].wins == result.against[1].losses, "an agent against itself"
    assert json.loads(json.dumps(result.to_json()))["against"][0]["wins"] == result.against[0].wins
    assert result.seconds >= sum(row.seconds for row in result.against) > 0


def test_goals_are_counted_and_colons_leave_the_tags():
    game = envs.make("ball_1v1")
    result = evaluate(make_agent("scripted:L3", game), game, ["scripted:L0", "scripted:L2"], pairs=4, seed=0)
    still = result.against[0]
    assert (still.wins, still.draws, still.losses) == (8, 0, 0)
    assert still.goal_share > 0.95
    scalars = result.scalars()
    assert scalars["eval/goal_share/scripted_L0"] == still.goal_share
    assert scalars["eval/win_rate/scripted_L2"] == result.win_rates["scripted:L2"]
    assert not any(":" in tag for tag in scalars)


def test_an_opponents_games_do_not_depend_on_the_list():
    game = envs.make("tic_tac_toe")
    alone = evaluate(RandomAgent(game), game, ["one_ply"], 20, seed=9)
    together = evaluate(RandomAgent(game), game, ["random", "one_ply"], 20, seed=9)
    assert (alone.against[0].wins, alone.against[0].draws) == (together.against[1].wins, together.against[1].draws)
    again = evaluate(RandomAgent(game), game, ["one_ply"], 20, seed=9)
    assert again.rating == alone.rating
    assert evaluate(RandomAgent(game), game, ["one_ply"], 20, seed=10).rating != alone.rating


def test_wrong_opponents_are_named_before_any_game():
    game = envs.make("connect_four")
    with pytest.raises(ValueError, match="did you mean 'one_ply'"):
        evaluate(RandomAgent(game), game, ["random", "oneply"], 5, seed=0, tell=lambda row: pytest.fail("played"))
    with pytest.raises(ValueError, match="named twice: random"):
        evaluate(RandomAgent(game), game, ["random", "random"], 5, seed=0)


def test_the_games_themselves_can_be_kept():
    game = envs.make("tic_tac_toe")
    kept = {}
    result = evaluate(OnePlyAgent(game), game, ["random", "one_ply"], 20, seed=0, keep=kept.__setitem__)
    for row in result.against:
        matches = kept[row.opponent]
        assert (matches.wins, matches.draws, matches.losses) == (row.wins, row.draws, row.losses)
        assert len(matches.actions) == matches.lengths.max()
    assert result.rating == evaluate(OnePlyAgent(game), game, ["random", "one_ply"], 20, seed=0).rating


def test_the_rating_is_that_of_the_games_played():
    game = envs.make("tic_tac_toe")
    result = evaluate(Lowest(game), game, ["random", "one_ply"], 40, seed=2)
    anchors = load_anchors("tic_tac_toe")
    points = {}
    for row in result.against:
        # the same games once more, from the seed that evaluate derives
        seed = int(np.random.SeedSequence([2, zlib.crc32(row.opponent.encode())]).generate_state(1)[0])
        matches = play_pairs(game, Lowest(game), make_agent(row.opponent, game), 40, seed)
        assert (matches.wins, matches.draws, matches.losses) == (row.wins, row.draws, row.losses)
        points[row.opponent] = matches.pair_points
    assert rate(points, anchors, seed=2) == result.rating


def test_a_game_of_ones_own_is_rated_against_random():
    from tests.own_game import nim  # noqa: F401  registers the game

    game = envs.make("tests.own_game.nim:nim")
    assert load_anchors("nim") == {"random": 0.0}
    rating = evaluate(OnePlyAgent(game), game, ["random", "one_ply"], 100, seed=0).rating
    assert rating.low > 0


@pytest.mark.parametrize("game_id", RATED)
def test_every_games_anchors_ship_and_follow_from_their_results(game_id):
    found = load_round_robin(game_id)
    assert found is not None
    anchors = load_anchors(game_id)
    assert anchors["random"] == 0
    for name in anchors:
        check_name(name)
    points = {(r["a"], r["b"]): np.repeat(np.arange(5) / 2, r["pairs_by_points"]) for r in found["results"]}
    for r, won in zip(found["results"], points.values(), strict=True):
        assert len(won) == found["how"]["pairs_of_each_two"]
        assert r["wins"] + r["draws"] + r["losses"] == 2 * len(won)
        assert won.sum() == r["wins"] + r["draws"] / 2
    for name, elo in fit_anchors(points).items():
        assert anchors[name] == pytest.approx(elo, abs=0.06)
    if game_id.startswith("ball_"):
        assert anchors["scripted:L1"] == 0, "L1 is the random player"
        assert anchors["scripted:L3"] > anchors["scripted:L2"] > anchors["scripted:L1"]
    assert found["how"]["git"]["commit"]


@pytest.mark.parametrize("game_id", marked(RATED))
def test_the_shipped_anchors_are_those_of_todays_rules(game_id):
    """A few of the round robin's games anew: each two score as they did, within 4 standard errors."""
    game = envs.make(game_id)
    pairs = 60 if game_id.startswith("ball_") else 1000 if game.num_actions < 80 else 100
    for result in load_round_robin(game_id)["results"]:
        a, b = make_agent(result["a"], game), make_agent(result["b"], game)
        now = play_pairs(game, a, b, pairs, seed=1).pair_points
        before = np.repeat(np.arange(5) / 2, result["pairs_by_points"])
        error = np.sqrt(before.var() / pairs + 0.25 / pairs**2)
        assert now.mean() == pytest.approx(before.mean(), abs=4 * error), (result["a"], result["b"])
