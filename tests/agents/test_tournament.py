"""Tournaments: who meets whom, and what follows from results that are known."""

import json

import numpy as np
import pytest

from agents.agent import Forfeit, RandomAgent
from agents.match_files import read_match, write_matches
from agents.names import make_agent
from agents.tournament import FixtureResult, Meeting, Plan, Table, play, summary
from envs import make


def result(a: str, b: str, counts, number: int = 0) -> FixtureResult:
    counts = np.array(counts)
    pairs = int(counts.sum())
    wins = int(counts[2].sum() + counts[:, 2].sum())
    losses = int(counts[0].sum() + counts[:, 0].sum())
    draws = 2 * pairs - wins - losses
    return FixtureResult(
        a, b, number, pairs, 0, counts.tolist(), wins, draws, losses, None,
        [f"{a}{b}{number}{pair}" for pair in range(pairs)], None, 9.0, None, [],
    )  # fmt: skip


def beats(a: str, b: str, of_a_hundred: int = 80) -> FixtureResult:
    """Pairs won and lost whole."""
    counts = np.zeros((3, 3), int)
    counts[2, 2], counts[0, 0] = of_a_hundred, 100 - of_a_hundred
    return result(a, b, counts)


def test_everybody_meets_everybody_round_by_round():
    plan = Plan(("a", "b", "c"), pairs=5, at_once=2)
    met = [(fixture.a, fixture.b, fixture.number, fixture.pairs) for fixture in plan.fixtures()]
    edges = [("a", "b"), ("a", "c"), ("b", "c")]
    assert met == [(*edge, number, pairs) for number, pairs in ((0, 2), (1, 2), (2, 1)) for edge in edges]
    assert len({fixture.seed for fixture in plan.fixtures()}) == 9


def test_in_a_gauntlet_the_first_meets_the_others():
    plan = Plan(("a", "b", "c"), pairs=2, gauntlet=True)
    assert [(fixture.a, fixture.b) for fixture in plan.fixtures()] == [("a", "b"), ("a", "c")]


def test_the_games_of_two_do_not_depend_on_who_else_is_there():
    few = {fixture.key: fixture.seed for fixture in Plan(("a", "b"), pairs=300, seed=3).fixtures()}
    many = {fixture.key: fixture.seed for fixture in Plan(("a", "x", "b"), pairs=300, seed=3).fixtures()}
    assert few.items() <= many.items()
    assert few != {fixture.key: fixture.seed for fixture in Plan(("a", "b"), pairs=300, seed=4).fixtures()}


@pytest.mark.parametrize(("players", "pairs", "fault"), [(("a", "a"), 1, "a: named twice"), (("a",), 1, "two players"),
                                                         (("a", "b"), 0, "1 or more")])  # fmt: skip
def test_nothing_to_play_is_refused(players, pairs, fault):
    with pytest.raises(ValueError, match=fault):
        Plan(players, pairs)


def test_a_fixture_is_summed_up_and_written_and_read():
    game = make("ball_1v1")
    agents = {name: make_agent(name, game) for name in ("scripted:L2", "random")}
    (fixture,) = Plan(tuple(agents), pairs=4, seed=1).fixtures()
    matches = play(fixture, game, agents)
    found = summary(fixture, matches)
    assert (found.wins, found.draws, found.losses) == (matches.wins, matches.draws, matches.losses)
    assert found.goals == [matches.goals_for.sum(), matches.goals_against.sum()]
    assert len(set(found.hashes)) == 4
    assert found.statistics["shots"][0] == pytest.approx(matches.statistics["shots"][..., 0].mean())
    again = FixtureResult.from_json(json.loads(json.dumps(found.to_json())))
    assert again == found
    for change in ({"pairs": 5}, {"wins": 9}, {"more": 1}, {"counts": [[1, 2], [3, 4]]}):
        with pytest.raises(ValueError, match="its"):
            FixtureResult.from_json({**found.to_json(), **change})


def test_games_that_repeat_are_counted_once():
    """Two players without chance, from the empty board, play one game over and over."""
    game = make("connect_four")

    class First:
        name = "first"

        def act(self, states, players, rng):
            return (states["height"] < 6).argmax(axis=1).astype(np.int32)

        def reset(self, rows):
            pass

    agents = {"x": First(), "y": First()}
    (fixture,) = Plan(tuple(agents), pairs=10, opening=0).fixtures()
    found = summary(fixture, play(fixture, game, agents, opening=0))
    assert (found.pairs, len(set(found.hashes))) == (10, 1)
    assert Table.of([found], {}).distinct_share == 0.1
    again = [
        summary(fixture, play(fixture, game, agents, opening=0))
        for fixture in Plan(tuple(agents), 6, at_once=2, opening=0).fixtures()
    ]
    assert Table.of(again, {}).distinct_share == pytest.approx(1 / 6), "also where they repeat over fixtures"


def test_who_gives_a_game_up_has_lost_it_and_the_reason_is_kept(tmp_path):
    game = make("tic_tac_toe")

    class Quitter(RandomAgent):
        name = "quitter"

        def act(self, states, players, rng):
            if (states["num_moves"] >= 2).any():
                rows = np.flatnonzero(states["num_moves"] >= 2)
                raise Forfeit({int(row): "resigned" for row in rows}, super().act(states, players, rng))
            return super().act(states, players, rng)

    agents = {"quitter": Quitter(game), "random": RandomAgent(game)}
    (fixture,) = Plan(tuple(agents), pairs=3, opening=0).fixtures()
    matches = play(fixture, game, agents, opening=0)
    found = summary(fixture, matches)
    assert (found.wins, found.draws, found.losses) == (0, 0, 6)
    assert [entry[2:] for entry in found.forfeits] == [["quitter", "resigned"]] * 6
    assert FixtureResult.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert Table.of([found], {}).meetings["quitter", "random"].forfeits == [("quitter", "resigned")] * 6
    write_matches(tmp_path / "games", matches)
    record = read_match(tmp_path / "games", 0, 0)
    assert (record.result.ended, len(record.actions)) == ("abandoned", 2)


def test_deals_of_cards_differ_though_the_moves_are_the_same_and_a_pair_is_one_result():
    game = make("kuhn_poker")

    class Passive(RandomAgent):
        def act(self, states, players, rng):
            return np.zeros(len(states), np.int32)

    agents = {"x": Passive(game), "y": Passive(game)}
    (fixture,) = Plan(tuple(agents), pairs=40).fixtures()
    found = summary(fixture, play(fixture, game, agents))
    assert len(set(found.hashes)) > 3
    table = Table.of([found], {})
    assert table.standings.advantage is None
    assert table.meetings["x", "y"].paid == 0, "the same cards from both sides"


def test_a_perfect_score_lies_in_its_interval():
    table = Table.of([beats("a", "b", 100)], {})
    assert table.ends[1, table.players.index("a"), table.players.index("b")] == 1
    assert table.ends[0, table.players.index("b"), table.players.index("a")] == 0
    assert 0.9 < table.ends[0, table.players.index("a"), table.players.index("b")] < 1


def test_a_line_of_players_is_told_with_the_best_first():
    results = [beats("b", "random"), beats("c", "random", 96), beats("c", "b")]
    table = Table.of(results, {"random": 0.0})
    assert table.players == ["c", "b", "random"]
    assert table.payoffs[0, 1] == pytest.approx(0.8)
    assert table.payoffs[1, 0] == pytest.approx(0.2)
    assert table.ends[0, 0, 1] < 0.8 < table.ends[1, 0, 1]
    assert table.ends[0, 1, 0] == pytest.approx(1 - table.ends[1, 0, 1])
    assert table.nash.weights == pytest.approx([1, 0, 0])
    assert table.cycles == []
    assert table.standings.ratings["b"].elo == pytest.approx(400 * np.log10(4), abs=15)


def test_a_cycle_is_found_and_everybody_has_a_third():
    table = Table.of([beats("rock", "scissors"), beats("scissors", "paper"), beats("paper", "rock")], {})
    assert len(table.cycles) == 1
    assert set(table.cycles[0]) == {"rock", "paper", "scissors"}
    assert table.cyclic_share == pytest.approx(1)
    assert table.nash.weights == pytest.approx([1 / 3] * 3)
    assert [rating.elo for rating in table.standings.ratings.values()] == pytest.approx([0, 0, 0], abs=1e-6)


def test_fixtures_of_two_add_up():
    first, second = beats("a", "b", 80), beats("a", "b", 60)
    table = Table.of([first, second], {})
    meeting = table.meetings["a", "b"]
    assert meeting.pairs == 200
    assert meeting.score == pytest.approx(0.7)
    assert meeting.pairs_by_points.tolist() == [60, 0, 0, 0, 140]
    low, high = meeting.interval
    assert low == pytest.approx(0.7 - 1.96 * np.sqrt(0.21 / 200), abs=0.01)
    assert high == pytest.approx(0.7 + 1.96 * np.sqrt(0.21 / 200), abs=0.01)


def test_a_meeting_is_written_and_read():
    first, second = beats("a", "b", 80), beats("a", "b", 60)
    meeting = Meeting.of([first, second])
    again = Meeting.from_json(json.loads(json.dumps(meeting.to_json())))
    assert again.to_json() == meeting.to_json()
    assert again.counts.tolist() == meeting.counts.tolist()
    assert again.interval == meeting.interval


def test_the_nash_average_can_be_of_some_alone():
    results = [beats("b", "a"), beats("a", "random"), beats("b", "random", 90), beats("b", "one_ply")]
    table = Table.of_meetings([Meeting.of([result]) for result in results], {}, draws=0, core={"a", "b"})
    weights = dict(zip(table.players, table.nash.weights, strict=True))
    assert (weights["a"], weights["b"]) == pytest.approx((0, 1))
    assert np.isnan([weights["random"], weights["one_ply"]]).all()
    assert table.cyclic_share == pytest.approx(0)
    assert table.standings.ratings["b"].low == table.standings.ratings["b"].elo


def test_in_a_gauntlet_nobody_has_nash_weight_for_not_all_met():
    table = Table.of([beats("a", "b"), beats("a", "c")], {})
    assert table.nash is None
    assert np.isnan(table.payoffs[table.players.index("b"), table.players.index("c")])


def test_anchors_keep_their_ratings_unless_nobody_else_plays():
    anchors = {"random": 0.0, "one_ply": 300.0}
    mixed = Table.of([beats("x", "one_ply"), beats("one_ply", "random", 90)], anchors)
    assert mixed.standings.fixed == anchors
    alone = Table.of([beats("one_ply", "random", 90)], anchors)
    assert alone.standings.fixed == {"random": 0.0}
    assert alone.standings.ratings["one_ply"].elo == pytest.approx(400 * np.log10(9), abs=30)
