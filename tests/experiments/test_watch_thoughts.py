"""Thoughts on screen: seen before the move, stopped at, turned on and off, and never a change to the game."""

import numpy as np
import pytest

from agents.network_agent import NetworkAgent
from envs.render.analysis import panel_height
from experiments import watch
from experiments.recording import Match
from tests.agents.search.test_thoughts import small_network
from tests.experiments.test_watch import agents
from tests.experiments.test_watch_window import obey, press, window  # noqa: F401

SIZE = (300, 320)


def programme(*names: str) -> watch.Programme:
    game, pair = agents("tic_tac_toe", *names)
    return watch.Programme(game, pair[0], pair[1:], [*names], "0", 0, thinking=True)


@pytest.mark.parametrize("kind", ["mcts", "network"])
def test_the_game_is_the_same_whether_its_thoughts_are_told_or_not(kind):
    game, (search, other) = agents("connect_four", "mcts:20", "random")
    agent = search if kind == "mcts" else NetworkAgent(small_network(game), game)
    played = []
    for thinking in (False, True):
        match = Match(game, (agent, other), seed=4, thinking=thinking)
        told = sum(frame.thinking for frame in match.frames())
        played.append([int(action) for action in match.actions])
        assert told == (60 * match.movers.count(0) if thinking else 0)  # 1.2 s at 50 a second, before each of its own
    assert played[0] == played[1]


def test_thoughts_are_of_the_move_that_follows():
    game, pair = agents("tic_tac_toe", "mcts:50", "mcts:50")
    match = Match(game, pair, seed=1, thinking=True)
    for frame in match.frames():
        if frame.thinking:
            expected, number = match.thoughts.action, match.moves
            assert match.thoughts.state.tobytes() == match.state.tobytes()
            assert match.thoughts.line[0] == expected
        elif match.moves:
            assert match.actions[number] == expected


def test_the_panel_is_there_where_somebody_thinks_and_only_there():
    foot = SIZE[1] - panel_height(SIZE)
    seen = []
    for names in (("mcts:20", "random"), ("random", "random")):
        game, pair = agents("tic_tac_toe", *names)
        for thinking in (True, False):
            match = Match(game, pair, seed=0, names=("a", "b"), thinking=thinking)
            frame = next(match.frames())
            seen.append(match.picture(frame, SIZE)[foot:])
    assert (seen[0] != seen[1]).any()
    assert (seen[1] == seen[2]).all()
    assert (seen[2] == seen[3]).all()


def test_a_step_stops_at_the_thoughts_and_the_key_turns_them_off(window):  # noqa: F811
    import pygame

    viewing = watch.Viewing(programme("mcts:50", "random"), window)
    viewing.step()
    assert (viewing.match.moves, viewing.frame.thinking) == (0, True)
    viewing.step()
    assert (viewing.match.moves, viewing.frame.thinking, viewing.frame.settled) == (1, False, True)
    viewing.step()  # who plays at random has no thoughts
    assert viewing.match.moves == 2
    viewing.step()
    assert (viewing.match.moves, viewing.frame.thinking) == (2, True)
    viewing.draw()
    with_thoughts = viewing._picture
    press(pygame.K_t)
    obey(viewing)
    viewing.draw()
    assert (viewing._picture != with_thoughts).any()
    viewing.step()
    viewing.step()
    viewing.step()
    assert (viewing.match.moves, viewing.frame.thinking) == (5, False)
    viewing.restart()
    assert not viewing.match.thinking  # it stays off
    press(pygame.K_t)
    obey(viewing)
    viewing.step()
    assert viewing.frame.thinking


@pytest.mark.parametrize(("names", "idle"), [(("random", "random"), True), (("mcts:20", "random"), False)])
def test_the_button_is_grey_where_nobody_thinks(window, names, idle, monkeypatch):  # noqa: F811
    shown = []
    monkeypatch.setattr(window, "show", lambda picture, status: shown.append(status))
    watch.Viewing(programme(*names), window).draw()
    assert ("thoughts" in shown[0].idle) == idle
    assert ("thoughts" in shown[0].active) != idle


def test_a_film_shows_them_unless_it_is_asked_not_to(tmp_path):
    import imageio.v3 as imageio

    films = []
    for more in ([], ["--no-thoughts"]):
        path = tmp_path / f"{len(films)}.gif"
        asked = ["tic_tac_toe", "--agent", "mcts:20", "--opponent", "mcts:20", "--size", "160x180", "--games", "1"]
        assert watch.main([*asked, "--record", str(path), "--speed", "4", *more]) == 0
        films.append(np.stack([*imageio.imiter(path)]))
    assert len(films[0]) >= len(films[1]) + 5  # at least five moves are thought of; a GIF keeps a still picture once
    assert (films[0][0] != films[1][0]).any()
