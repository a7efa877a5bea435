"""Curves of several seeds: what is read, how seeds are laid on one another, what is refused, and the picture."""

import json
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest

from experiments.curves import Curve, common, curves_of, main
from experiments.errors import UserError


def write_run(folder: Path, seed: int, points: list[tuple[float, float]]) -> None:
    """A run's metrics: a row of losses, and one of a rating, at each (seconds, rating)."""
    run = folder / f"20260101T00000{seed}Z-abcdef"
    run.mkdir(parents=True)
    rows = [{"step": 1, "training_seconds": s, "loss/policy": 0.5} for s, _ in points]
    rows += [{"step": 1, "training_seconds": s, "rating/elo": elo} for s, elo in points]
    (run / "metrics.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def test_every_run_of_a_folder_is_a_curve(tmp_path: Path):
    for seed in range(3):
        write_run(tmp_path / "goal", seed, [(30, 100 * seed), (60, 200)])
    curves = curves_of(tmp_path / "goal", "rating/elo")
    assert [curve.times.tolist() for curve in curves] == [[0.5, 1.0]] * 3
    assert [curve.values.tolist() for curve in curves] == [[0, 200], [100, 200], [200, 200]]


def test_seeds_are_laid_on_one_another_where_all_were_measured():
    """One was measured at minutes 1, 2, 3, the other at 1.5 and 2.5: between 1.5 and 2.5 there are both."""
    first = Curve(np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 40.0]))
    second = Curve(np.array([1.5, 2.5]), np.array([0.0, 10.0]))
    times, values = common([first, second])
    assert times.tolist() == [1.5, 2.0, 2.5]
    assert values.tolist() == [[15, 20, 30], [0, 5, 10]]


def test_a_single_measurement_is_a_point():
    times, values = common([Curve(np.array([1.0]), np.array([3.0])), Curve(np.array([1.2]), np.array([5.0]))])
    assert times.tolist() == [1.2]
    assert values.tolist() == [[3], [5]]


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_a_picture_with_a_line_for_each_group(tmp_path: Path, capsys: pytest.CaptureFixture, suffix: str):
    for seed in range(2):
        write_run(tmp_path / "goal", seed, [(30, 10), (60, 200 + seed)])
        write_run(tmp_path / "shaped", seed, [(30, 20), (60, 100)])
    out = tmp_path / f"curves.{suffix}"
    groups = [f"goal alone={tmp_path / 'goal'}", f"shaped={tmp_path / 'shaped'}"]
    assert main([str(out), "rating/elo", *groups, "--title", "two ways"]) == 0
    said = capsys.readouterr().out
    assert "goal alone: 2 seeds, at the end 200 (200 to 201)" in said
    if suffix == "png":
        picture = imageio.imread(out)[..., :3].reshape(-1, 3).astype(int)
        for colour in ((0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)):
            assert (np.abs(picture - colour).max(axis=1) < 12).sum() > 300
    else:
        for colour in ("#0072b2", "#d55e00"):
            assert out.read_text().count(f"stroke: {colour}") >= 4  # two seeds, their median, the legend


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["out.txt", "rating/elo", "a=goal"], "out.txt: the name must end in .png, .svg or .pdf"),
        (["out.png", "rating/elo", "goal"], "'goal' is not of the form NAME=RUNS"),
        (["out.png", "rating/elo", "a=goal", "a=goal"], "'a=goal' stands there twice"),
        (["out.png", "rating/elo", "a=gaol"], "gaol: no runs here"),
        (["out.png", "rating/eloo", "a=goal"], "nothing was logged as 'rating/eloo'; did you mean 'rating/elo'?"),
        (["out.png", "rating/elo", "a=broken"], "metrics.jsonl:2: is no row of metrics"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], problem: str):
    monkeypatch.chdir(tmp_path)
    write_run(Path("goal"), 0, [(30, 100)])
    write_run(Path("broken"), 0, [(30, 100)])
    (file,) = Path("broken").glob("*/metrics.jsonl")
    file.write_text(file.read_text().splitlines()[0] + '\n{"rating/elo": \n')
    with pytest.raises(UserError) as error:
        main(words)
    assert problem in str(error.value)
    assert not Path("out.png").exists()
