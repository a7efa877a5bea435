"""A run as training leaves it, and tables to play at."""

from pathlib import Path

import pytest

from envs import make
from envs.game import with_settings
from envs.render import picture_size
from experiments import play
from experiments.cast import subject
from experiments.playing import controls
from tests.experiments.table import Table


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(tmp_path, monkeypatch) -> Path:
    """A run's folder as training leaves it, with two saved agents."""
    from agents.network import PolicyValueNetwork
    from agents.saved import save_agent
    from experiments.config import Config
    from experiments.config_file import to_yaml

    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "runs" / "nice" / "20260101T000000Z-abc123"
    settings = {"pitch_length": 20.0}
    config = Config.model_validate({"name": "nice", "game": {"id": "ball_1v1", "settings": settings}})
    game = make("ball_1v1", **settings)
    for steps in (100, 200):
        network = PolicyValueNetwork(game.observation_shape[0], game.num_actions, hidden=(8,))
        save_agent(folder / "agents" / str(steps), network, game, {"env_steps": steps})
    (folder / "agents" / "best").symlink_to("100")
    (folder / "agents" / "last").symlink_to("200")
    (folder / "config.yaml").write_text(to_yaml(config))
    (folder / "manifest.json").write_text("{}")
    return folder


@pytest.fixture
def seated(tmp_path, monkeypatch):
    """Opens a table by what would be typed after `python -m experiments.play`."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    from envs.render.window import Window

    windows = []

    def open_table(*arguments: str, **settings: float) -> Table:
        args = play.parser().parse_args([*arguments, "--out", str(tmp_path / "kept")])
        args.seed = 11 if args.seed is None else args.seed
        found = subject(args.what, args.settings)
        company = play._company(found, args, play._names(args.name, args.seat))
        sitting = play._sitting(found, company, args)
        if settings:
            sitting.game = with_settings(sitting.game, settings)
            sitting.begin()
        windows.append(Window("test", picture_size(found.game, 480), controls(found.game)))
        return Table(windows[-1], sitting)

    yield open_table
    for window in windows:
        window.close()
