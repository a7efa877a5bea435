"""Films of several agents side by side: its size, its length, and what it refuses."""

import imageio.v3 as iio
import pytest

from experiments.errors import UserError
from experiments.montage import main


def test_three_agents_stand_in_two_rows(tmp_path, capsys):
    out = tmp_path / "three.gif"
    words = [str(out), "random", "scripted:L0", "scripted:L2", "--game", "ball_1v1", "--seconds", "1"]
    assert main([*words, "--width", "160", "--fps", "25", "--labels", "chance", "nobody", "ram"]) == 0
    film = iio.imread(out)  # of 25 pictures those that differ from the one before: play begins after half a second
    assert 10 <= len(film) <= 25
    assert film.shape[1:] == (200, 320, 3)
    assert film[0, 150:, 200:].min() > 250  # the fourth place is empty
    assert "chance against scripted:L3" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["out.png", "random"], "the name must end in .mp4 or .gif"),
        (["out.gif", "random", "--labels", "a", "b"], "--labels: 2 of them for 1 agents"),
        (["out.gif", "scripted:L9"], "scripted:L9"),
    ],
)
def test_what_does_not_fit_is_refused(words, problem, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=problem):
        main(words)
    assert not list(tmp_path.iterdir())
