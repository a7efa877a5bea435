"""Who meets whom: every mistake is a line before anything is written, and a match goes on with those that began it."""

import json
import os
import shutil
from pathlib import Path

import pytest

from agents.artifact import CorruptArtifact
from agents.tournament import Meeting
from envs import compile_cache
from experiments.cast import full_name
from experiments.errors import ExitCode, UserError
from experiments.league_table import LeagueTable
from experiments.match import main as match
from experiments.match_setup import rules_version
from tests.agents.engines.fakes import write_fake
from tests.agents.test_tournament import beats
from tests.experiments.played import THREE, folder, results


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["random"], "two agents or more"),
        (["random", "random", "--game", "hex_3"], "random: named twice"),
        (["random", "one_ply"], "say which with --game"),
        (["random", "one_pli", "--game", "hex_3"], "did you mean 'one_ply'"),
        (["random", "one_ply", "--game", "hex_4"], "hex_"),
        (["random", "scripted:L3", "--game", "hex_3"], "plays ball games"),
        (["random", "mcts:8", "--game", "ball_1v1"], "search plays games with turns, not ball_1v1"),
        (["random", "mcts:0", "--game", "hex_3"], "simulations a move"),
        (["random", "one_ply", "--game", "hex_3", "--games", "3"], "even"),
        (["random", "one_ply", "--game", "hex_3", "--sprt", "20,0"], "lower one"),
        (["random", "one_ply", "--game", "hex_3", "--sprt", "20"], "two numbers"),
        (["random", "one_ply", "--game", "hex_3", "--sprt", ""], "two numbers"),
        (["random", "one_ply", "--game", ""], "neither a game"),
        (["random", "one_ply", "--game", "uci:stockfish"], "uci:stockfish: is an agent, not a game"),
        (["random", "one_ply", "--game", "hex_3", "--games", "2000000000"], "must be 10,000,000 or less"),
        (["--resume", "latest", "--games", "2000000000"], "must be 10,000,000 or less"),
        (["random", "scripted:L3", "--game", "ball_1v1", "--opening", "2"], "ball_1v1 has no turns"),
        (["--resume", "latest", "--opening", "0"], "--opening: not with --resume"),
        (["--resume", "latest", "--seed", "0"], "--seed: not with --resume"),
        (["--show", "latest", "--seed", "3"], "--seed: not with --show"),
        (["random", "one_ply", "--game", "hex_3", "--show", ""], "agents: not with --show"),
        (["random", "one_ply", "scripted:L2", "--game", "hex_3", "--sprt", "0,20"], "about two agents, not 3"),
        (["random", "one_ply", "--game", "hex_3", "--extract", "3"], "goes with --show"),
        (["random", "one_ply", "--resume", "latest"], "agents: not with --resume"),
        (["--show", "latest", "--games", "8"], "--games: not with --show"),
        (["--show", "latest"], "no match was played here yet"),
        (["--resume", "nowhere"], "no match's folder"),
        (["random", "one_ply", "--game", "hex_3", "--statistics", "--games", "4"], "keeps none"),
        (["random", "one_ply", "--game", "hex_3", "--statistics", "--json"], "keeps none"),
        (["random", "one_ply", "--game", "hex_3", "--seed", "-1"], "0 or more"),
    ],
)
def test_mistakes_are_told_in_a_line(place, arguments, fault):
    with pytest.raises(UserError, match=fault) as told:
        match(arguments)
    assert told.value.exit_code == ExitCode.USAGE
    assert "\n" not in str(told.value)
    assert not list(place.glob("runs/match/*")), "nothing was written"


def altered(of: Path, **terms) -> None:
    """match.json as another version, or somebody, would have written it."""
    told = json.loads((of / "match.json").read_text())
    (of / "match.json").write_text(json.dumps(told | terms))


def test_a_match_goes_on_by_the_rules_that_it_began_with(place, capsys):
    from envs import make

    assert match([*THREE]) == 0
    altered(folder(place), rules="rules_0123456789abcdef")
    with pytest.raises(UserError, match="the rules have changed since the match began") as told:
        match(["--resume", "latest", "--games", "80"])
    assert told.value.exit_code == ExitCode.USAGE
    assert json.loads((folder(place) / "match.json").read_text())["plan"]["pairs"] == 20, "it was not extended"
    assert match(["--show", "latest"]) == 0
    assert rules_version(make("hex_3")) == compile_cache.FOLDER.name
    assert " rules_" in rules_version(make("tests.own_game.chase:chase_2v2")), "of rules from elsewhere, theirs too"


def test_an_engine_stays_the_one_that_began(place):
    program = write_fake(place, "uci")
    assert match([f"uci:{program}", "random", "--game", "chess", "--games", "2"]) == 0
    told = json.loads((folder(place) / "match.json").read_text())
    assert told["players"][f"uci:{program}"]["called"] == f"uci:{program} [Fake 1.0]"
    assert told["plan"]["at_once"] == 2
    assert match(["--resume", "latest", "--games", "4"]) == 0
    program.write_text(program.read_text().replace("Fake 1.0", "Fake 2.0"))
    with pytest.raises(UserError, match=r"is now .*\[Fake 2.0\], and was .*\[Fake 1.0\]"):
        match(["--resume", "latest", "--games", "8"])
    program.unlink()
    with pytest.raises(UserError, match="there is no program") as gone:
        match(["--resume", "latest", "--games", "8"])
    assert gone.value.exit_code == ExitCode.USAGE
    assert match(["--show", "latest"]) == 0


def test_an_engine_under_two_names_is_named_twice(place, monkeypatch):
    program = write_fake(place / "engines", "uci")
    (place / "link").symlink_to("engines")
    monkeypatch.setenv("PATH", f"{place}/link:{os.environ['PATH']}")
    for same in (f"uci:{program}", "uci:./link/fake_uci", "uci:fake_uci,timeout=30"):
        with pytest.raises(UserError, match="named twice, the first time as uci:fake_uci;"):
            match(["uci:fake_uci", same, "--game", "chess", "--games", "2"])
    with pytest.raises(UserError, match="named twice"):
        match(["uci:fake_uci,nodes=5,elo=1400", f"uci:{program},elo=1400,nodes=5", "--game", "chess"])
    assert not (place / "engines" / "processes").exists(), "none was started"


def test_an_engine_is_started_once_and_stays_the_program_that_was_found(place, monkeypatch):
    """By its name a program is looked up once, when the match begins; match.json says which it was."""
    program, other = write_fake(place / "first", "uci"), write_fake(place / "second", "uci")
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", f"{program.parent}:{path}")
    assert match(["uci:fake_uci", "random", "--game", "chess", "--games", "2"]) == 0
    assert (program.parent / "processes").read_text() == "1"
    told = json.loads((folder(place) / "match.json").read_text())["players"]["uci:fake_uci"]
    assert told == {"name": f"uci:{program}", "called": f"uci:{program} [Fake 1.0]", "sha256": None}
    monkeypatch.setenv("PATH", f"{other.parent}:{path}")
    assert match(["--resume", "latest", "--games", "4"]) == 0
    assert (program.parent / "processes").read_text() == "2"
    assert not (other.parent / "processes").exists()
    assert {result["a"] for result in results(folder(place))} == {"uci:fake_uci"}, "tables have the name that was typed"


def test_a_match_that_is_refused_can_be_gone_on_with(place):
    """Its lock is given back, within one process too."""
    assert match([*THREE]) == 0
    with pytest.raises(UserError, match="there are 40 games of each two already"):
        match(["--resume", "latest", "--games", "2"])
    assert match(["--resume", "latest", "--games", "80"]) == 0


def test_an_agent_whose_folder_is_gone(run):
    assert match([f"{run}@last", "random", "--games", "4"]) == 0
    (run / "agents").rename(run / "elsewhere")
    with pytest.raises(UserError, match="neither a saved agent nor a run") as gone:
        match(["--resume", "latest", "--games", "8"])
    assert gone.value.exit_code == ExitCode.USAGE


def test_a_manifest_in_the_working_folder_is_nobody_s(place):
    (place / "manifest.json").write_text("{}")
    assert match([*THREE]) == 0
    told = json.loads((folder(place) / "match.json").read_text())
    assert [player["sha256"] for player in told["players"].values()] == [None, None]


def test_greedy_follows_every_way_to_name_an_agent(run, capsys):
    assert full_name("latest,greedy") == f"{run},greedy"
    assert full_name("nice@last,greedy").endswith(f"{run.name}@last,greedy")
    assert full_name("random,greedy") == "random,greedy"
    assert full_name("latest+64") == f"{run}+64"
    assert full_name("nice@last+64,greedy").endswith(f"{run.name}@last+64,greedy")
    assert match(["latest,greedy", "nice@last,greedy", "--games", "4"]) == 0
    assert "ball_1v1" in capsys.readouterr().out
    assert match(["latest,greedy", "latest", "--games", "4", "--sampled"]) == 0, "the one draws, the other does not"


def test_one_agent_under_two_names_is_named_twice(run):
    shutil.copytree(run / "agents" / "100", "ag")
    for same in ("ag/", "./ag", "ag,greedy", str(Path("ag").resolve())):
        with pytest.raises(UserError, match="named twice, the first time as ag;"):
            match(["ag", same, "random", "--games", "4"])
    assert not list(Path("runs/match").glob("*"))


def test_bounds_below_0_are_no_option(place, capsys):
    assert match(["one_ply", "random", "--game", "connect_four", "--sprt", "-10,0", "--games", "64"]) == 0
    assert "SPRT, -10 against 0 Elo" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("agent", "game", "pairs"),
    [
        ("alphabeta:3", "hex_3", 128),
        ("alphabeta:4", "hex_3", 8),
        ("alphabeta:4", "tic_tac_toe", 128),
        ("alphabeta:6", "tic_tac_toe", 8),
        ("mcts:200", "hex_3", 8),
        ("mcts:200", "tic_tac_toe", 128),
        ("solver", "tic_tac_toe", 128),
        ("solver", "connect_four_5x4", 8),
    ],
)
def test_those_that_think_play_fewer_at_once(place, monkeypatch, agent, game, pairs):
    from experiments import match as command

    monkeypatch.setattr(command, "_play", lambda *_: 0)
    assert match([agent, "random", "--game", game]) == 0
    assert json.loads((folder(place) / "match.json").read_text())["plan"]["at_once"] == pairs


def test_what_a_run_s_agents_have_played_is_shown_and_nothing_played(run, capsys):
    with pytest.raises(UserError, match=r"league\.json: no games yet; let the run's agents play: --games 64"):
        match(["--league", str(run)])
    exploiter = "main_exploiter_0@150"
    played = [beats(exploiter, "@100"), beats("@200", "@100"), beats("@200", exploiter), beats("@200", "random", 90)]
    league = LeagueTable(["@100", exploiter, "@200"], [Meeting.of([result]) for result in played])
    (run / "league.json").write_text(json.dumps({"league": league.to_json()}))
    assert match(["--league", "latest"]) == 0
    out = capsys.readouterr().out
    for expected in (
        "ball_1v1, Elo: random fixed",
        "95% between",
        exploiter,
        "points of the row's player",
        "cycles are",
    ):
        assert expected in out
    assert match(["--league", str(run), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["ratings"]) == ["@200", exploiter, "@100", "random"]
    assert found["nash"].keys() == {"@200", exploiter, "@100"}
    assert not (run / "league").exists()
    for option in (["--seed", "1"], ["--sampled"], ["--opening", "2"], ["--statistics"]):
        with pytest.raises(UserError, match=f"{option[0]}: goes with --league where it plays"):
            match(["--league", str(run), *option])
    (run / "league.json").write_text("{")
    with pytest.raises(CorruptArtifact, match=r"league\.json: is damaged"):
        match(["--league", str(run)])


def test_agents_of_other_learners_play_as_well(run, capsys):
    shutil.copytree(run / "agents" / "100", run / "agents" / "main_exploiter_0-150")
    assert match(["--league", str(run), "--games", "2", "--json"]) == 0
    names = json.loads(capsys.readouterr().out)["ratings"].keys()
    assert names == {f"{run}@100", f"{run}@200", str(run / "agents" / "main_exploiter_0-150")}


def test_a_run_s_own_agents_meet_in_its_folder_and_once_only(run, capsys):
    assert match(["--league", str(run), "--games", "4"]) == 0
    (made,) = (run / "league").iterdir()
    out = capsys.readouterr().out
    assert f"{run.name}@100" in out
    assert f"{run.name}@200" in out
    (result,) = results(made)
    assert match(["--league", "latest", "--games", "4"]) == 0, "the same again plays nothing"
    assert [made] == list((run / "league").iterdir())
    assert results(made) == [result]
    assert match(["--league", str(run), "--games", "8"]) == 0, "more games extend it"
    assert match(["--league", str(run), "--games", "2"]) == 0, "fewer are there already"
    assert [made] == list((run / "league").iterdir())
    assert [found["pairs"] for found in results(made)] == [2, 2]
    (made / "match.json").write_text("{")
    assert match(["--league", str(run), "--games", "4"]) == 0, "a damaged match is in nobody's way"
    assert len(list((run / "league").iterdir())) == 2
    shutil.rmtree(run / "agents" / "200")
    with pytest.raises(UserError, match="saved 1 agents; two are needed"):
        match(["--league", str(run), "--games", "4"])
    with pytest.raises(UserError, match="no run's folder"):
        match(["--league", "nowhere"])
    with pytest.raises(UserError, match="--game: not with --league"):
        match(["--league", str(run), "--game", "hex_3"])
