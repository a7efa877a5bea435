"""Watching in a window, with SDL's dummy driver: events go through pygame's own queue."""

import numpy as np
import pytest

from envs.render.controls import Command
from experiments import watch
from tests.experiments.table import click
from tests.experiments.test_watch import programme


@pytest.fixture
def window(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    from envs.render.window import Window

    with Window("test", (480, 300), watch.CONTROLS) as opened:
        yield opened


def press(key: int) -> None:
    import pygame

    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key, mod=0, unicode="", scancode=0))


def obey(viewing: "watch.Viewing") -> None:
    for event in viewing.window.events():
        if isinstance(event, Command):
            viewing.obey(event.name)


@pytest.mark.parametrize("by", ["key", "button"])
def test_pause_step_speed_restart_and_next_opponent(window, by):
    import pygame

    keys = {
        "pause": pygame.K_SPACE, "step": pygame.K_RIGHT, "slower": pygame.K_MINUS, "faster": pygame.K_PLUS,
        "restart": pygame.K_r, "next": pygame.K_n,
    }  # fmt: skip

    def ask(name: str) -> None:
        press(keys[name]) if by == "key" else click(window, name)
        obey(viewing)

    viewing = watch.Viewing(programme(), window)
    assert viewing.playing
    ask("pause")
    assert not viewing.playing
    ask("step")
    assert viewing.match.moves == 1
    assert viewing.frame.settled
    ask("step")
    assert viewing.match.moves == 2
    assert viewing.match.state["num_moves"] == 2
    ask("faster")
    ask("faster")
    assert viewing.speed == 4
    ask("slower")
    assert viewing.speed == 2
    first = viewing.match.state["board"].copy()
    ask("restart")
    assert viewing.match.moves == 0
    assert viewing.programme.number == 0
    ask("step")
    ask("step")
    assert (viewing.match.state["board"] == first).all()  # the same game from its start
    ask("next")
    assert viewing.programme.against == 1
    assert "rival 1" in viewing.match.names
    assert viewing.match.moves == 0
    ask("pause")
    assert viewing.playing


def test_step_goes_through_the_end_into_the_next_game(window):
    viewing = watch.Viewing(programme(), window)
    while not viewing.match.over:
        viewing.step()
    assert viewing.programme.number == 0
    first = viewing.match
    for _ in range(2):
        viewing.step()
    assert viewing.match is not first
    assert viewing.programme.number == 1
    assert sum(viewing.programme.tally[0]) == 1
    assert viewing.match.names == ("rival 0", "me")  # sides alternate


def test_closing_the_window_ends_it(window):
    import pygame

    viewing = watch.Viewing(programme(), window)
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    viewing.run()
    assert viewing.ended


def test_what_is_shown_is_the_match_and_the_bar(window):
    import pygame

    viewing = watch.Viewing(programme(), window)
    viewing.draw()
    shown = pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)
    picture = viewing.match.picture(viewing.frame, window.picture_size)
    assert (shown[: picture.shape[0]] == picture).all()
    assert len(np.unique(shown[picture.shape[0] :].reshape(-1, 3), axis=0)) > 20


def test_the_window_can_be_resized(window):
    import pygame

    viewing = watch.Viewing(programme("ball_1v1", side="0"), window)
    viewing.draw()
    pygame.display.set_mode((700, 700), pygame.RESIZABLE)
    viewing.draw()
    assert window.picture_size[0] == 700
    assert viewing._picture.shape[1] == 700


def test_it_stops_after_the_games_asked_for(window):
    viewing = watch.Viewing(programme(), window, speed=5000.0)
    window.wait = lambda: 1.0
    viewing.run(games=2)
    assert viewing.programme.number == 2
    assert sum(viewing.programme.tally[0]) == 2
