"""A run's league: who meets whom, what follows from it, and how it is kept."""

import json

import pytest

from agents.agent import RandomAgent
from agents.alphabeta.agent import AlphaBetaAgent
from agents.artifact import CorruptArtifact
from agents.evaluation import evaluate
from agents.scripted.one_ply import OnePlyAgent
from agents.tournament import Meeting
from envs import make
from experiments.league_table import PAIRS, LeagueTable, read_league
from experiments.match_report import as_text
from tests.agents.test_tournament import beats

GAME = make("connect_four")


@pytest.fixture
def saved(tmp_path, monkeypatch):
    """A folder of saved agents, in which "100" stands for whoever `make_agent` is told to make of it."""
    made = {}
    monkeypatch.setattr("experiments.league_table.make_agent", lambda name, game, greedy: made[name.split("/")[-1]])

    def save(folder: str, agent):
        (tmp_path / folder).mkdir()
        made[folder] = agent
        return agent

    return tmp_path, save


def join(league: LeagueTable, saved, steps: int, agent, *, ladder=()) -> None:
    folder, save = saved
    name = f"@{steps}"
    evaluate(agent, GAME, ladder, 16, steps, keep=lambda other, matches: league.add(name, other, matches))
    league.join(agent, name, folder, GAME, greedy=True, seed=steps)
    save(str(steps), agent)


def of_three(saved, ladder=()) -> LeagueTable:
    league = LeagueTable([], [])
    for steps, agent in ((100, RandomAgent(GAME)), (200, AlphaBetaAgent(GAME, 4)), (300, OnePlyAgent(GAME))):
        join(league, saved, steps, agent, ladder=ladder)
    return league


def edges(league: LeagueTable) -> list[tuple[str, str]]:
    return [(meeting.a, meeting.b) for meeting in league.meetings]


def test_known_strengths_are_rated_in_their_order_on_the_scale_of_the_ladder(saved):
    league = of_three(saved, ladder=["random", "one_ply"])
    table = league.table({"random": 0.0, "one_ply": 484.0})
    assert [name for name in table.players if name.startswith("@")] == ["@200", "@300", "@100"]
    found = table.standings.ratings
    assert table.standings.fixed == {"random": 0.0, "one_ply": 484.0}
    assert found["@100"].low < 0 < found["@100"].high, "it is the random player"
    assert found["@300"].low < 484 < found["@300"].high, "it is one_ply"
    assert found["@200"].low > 484
    assert [table.nash.weights[table.players.index(name)] for name in ("@200", "@300", "@100")] == [1, 0, 0]
    assert table.cyclic_share < 0.5


def test_the_newest_against_earlier_selves_is_the_forgetting_curve(saved):
    league = of_three(saved)
    assert edges(league) == [("@200", "@100"), ("@300", "@100"), ("@300", "@200")]
    assert {meeting.pairs for meeting in league.meetings} == {PAIRS}
    values = league.scalars(league.table({}))
    assert values["eval/win_rate/self_100"] > 0.8 > 0.4 > values["eval/win_rate/self_200"]
    assert {name for name in values if "rate" in name} == {
        "eval/win_rate/self_100", "eval/draw_rate/self_100", "eval/win_rate/self_200", "eval/draw_rate/self_200",
    }  # fmt: skip
    assert values["league/newest_low"] < values["league/newest_elo"] < values["league/newest_high"]
    assert 0 <= values["league/cyclic_share"] <= 1
    join(league, saved, 400, RandomAgent(GAME))
    later = league.scalars(league.table({}))
    assert "eval/win_rate/self_300" not in later, "the third is not among 1, 2, 4, 8, ..."
    assert "eval/win_rate/self_200" in later


def test_another_learner_s_newest_agent_plays_as_its_folder_is_called(saved):
    _, save = saved
    league = LeagueTable([], [])
    join(league, saved, 100, RandomAgent(GAME))
    save("main_exploiter_0-110", RandomAgent(GAME))
    save("main_exploiter_0-150", OnePlyAgent(GAME))
    join(league, saved, 200, RandomAgent(GAME))
    exploiter = "main_exploiter_0@150"
    assert league.members == ["@100", exploiter, "@200"]
    assert edges(league) == [(exploiter, "@100"), ("@200", "@100"), ("@200", exploiter)]
    table = league.table({})
    assert table.players[0] == exploiter
    assert exploiter in as_text(table, GAME.id)
    assert "nan" not in as_text(table, GAME.id)
    join(league, saved, 300, RandomAgent(GAME))
    assert edges(league)[3:] == [("@300", "@100"), ("@300", exploiter), ("@300", "@200")], "it joins once"


def test_the_games_of_two_do_not_depend_on_who_else_is_there(saved):
    league = of_three(saved)
    alone = LeagueTable(["@200"], [])
    folder, _ = saved
    alone.join(OnePlyAgent(GAME), "@300", folder, GAME, greedy=True, seed=300)
    assert alone.meetings[0].to_json() == league.meetings[2].to_json()


def test_members_whose_folders_are_gone_leave(saved):
    league = of_three(saved)
    (saved[0] / "200").rmdir()
    join(league, saved, 400, RandomAgent(GAME))
    assert league.members == ["@100", "@300", "@400"]
    assert edges(league) == [("@300", "@100"), ("@400", "@100"), ("@400", "@300")]


def test_it_is_written_and_read(saved, tmp_path):
    league = of_three(saved, ladder=["random"])
    text = json.dumps({"measurements": [], "league": league.to_json()})
    (tmp_path / "league.json").write_text(text)
    again = read_league(tmp_path)
    assert again.to_json() == league.to_json()
    assert again.table({"random": 0.0}).standings == league.table({"random": 0.0}).standings
    (tmp_path / "league.json").write_text(json.dumps({"measurements": []}))
    assert read_league(tmp_path).table({}) is None, "of a run before there were leagues"
    (tmp_path / "league.json").unlink()
    assert read_league(tmp_path).members == []


def altered(**changes):
    def damage(told: dict) -> None:
        told["league"]["meetings"][0].update(changes)

    return damage


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (altered(counts=[[0, 0, 0], [0, 9, 0], [0, 0, 100]]), "meeting 1 of the league was altered"),
        (altered(counts=[[1, 2], [3, 4]]), "not numbers of pairs"),
        (altered(wins=3), "games are not those of its counts"),
        (altered(distinct=101), "different pairs"),
        (altered(a="@300"), "not those of its members"),
        (altered(a="@100"), "not those of its members"),
        (altered(more=1), "its keys"),
        (lambda told: told["league"]["meetings"].append(told["league"]["meetings"][0]), "once each"),
        (lambda told: told["league"]["members"].append("me"), "not called as one"),
        (lambda told: told["league"].pop("members"), "keys are not"),
        (lambda told: told.update(league=[1]), "keys are not"),
    ],
)
def test_a_damaged_league_is_refused(tmp_path, damage, fault):
    league = LeagueTable(["@100", "@200"], [Meeting.of([beats("@200", "@100")])])
    told = {"league": json.loads(json.dumps(league.to_json()))}
    damage(told)
    (tmp_path / "league.json").write_text(json.dumps(told))
    with pytest.raises(CorruptArtifact, match=rf"league\.json: is damaged: .*{fault}.*; delete it"):
        read_league(tmp_path)


@pytest.mark.parametrize("text", ["", '{"league": {"mem', "[]", '{"league": {"members": 3, "meetings": []}}', "\xff"])
def test_a_league_that_was_cut_off_is_refused(tmp_path, text):
    (tmp_path / "league.json").write_bytes(text.encode("latin1"))
    with pytest.raises(CorruptArtifact, match="it is not what a run writes; delete it"):
        read_league(tmp_path)
