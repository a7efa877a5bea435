"""The report: refuses what cannot be compared, says who won, opens in a browser."""

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from experiments.errors import UserError
from experiments.report.__main__ import main
from experiments.report.schema import read_results
from tests.experiments.report.synthetic import results


def written(folder: Path, **changes) -> Path:
    file = folder / "results.json"
    file.write_text(json.dumps(results(**changes)))
    return file


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    written(folder)
    assert main([str(folder)]) == 0
    return folder


def test_it_says_who_won_and_judges_the_claims(report):
    page = (report / "report.html").read_text()
    answer = page.partition('<div class="answer">')[2].partition("</div>")[0]
    assert "the best of 5 ways to learn was search arm, which learned from the game&#x27;s own reward" in answer
    assert "best of those that learned from labels alone was solver arm" in answer
    assert "The runs support it" in page
    assert "The runs refute it: the opposite is significant" in page
    assert "Quick mode" not in page


def test_the_page_fetches_nothing(report):
    page = (report / "report.html").read_text()
    for word in ("<script", "http:", "https:", "<link", "url("):
        assert word not in page
    assert page.count("<figure>") == page.count('src="data:image/png;base64,') == len([*report.glob("report/*.png")])


def test_the_pictures_are_those_of_the_numbers(report):
    names = {file.stem for file in report.glob("report/*.png")}
    assert names == {
        "strength", "strength_mistakes_64", "strength_flops", "triple", "phases", "profiles", "sweep_0", "scaling"
    }  # fmt: skip


def test_the_tables_hold_every_run(report):
    with open(report / "report" / "points.csv") as opened:
        rows = list(csv.DictReader(opened))
    given = results()["points"]
    assert len(rows) == len(given)
    assert float(rows[7]["mistakes"]) == given[7]["scores"]["mistakes"]
    with open(report / "report" / "claims.csv") as opened:
        assert [row["verdict"] for row in csv.DictReader(opened)] == ["supported", "supported", "refuted"]


def test_labels_can_win(tmp_path):
    changed = results()
    for point in changed["points"]:
        point["scores"]["mistakes"] += 20 * (point["arm"] in ("search", "warm", "ppo"))
    (tmp_path / "results.json").write_text(json.dumps(changed))
    main([str(tmp_path)])
    page = (tmp_path / "report.html").read_text()
    assert "the best of 5 ways to learn was solver arm, which learned from labels" in page


def test_a_quick_study_says_so(tmp_path):
    written(tmp_path, quick=True, seeds=1)
    main([str(tmp_path)])
    page = (tmp_path / "report.html").read_text()
    assert "Quick mode" in page
    assert "With 1 seed an arm this is a look, not a result" in page
    assert "inf]" not in re.sub(r'base64,[^"]*"', "", page)  # no interval of a single seed


def test_costs_that_are_not_equal_are_told(tmp_path):
    changed = results()
    for point in changed["points"]:
        if point["arm"] == "search":
            point["cost"]["minutes"] *= 2
    (tmp_path / "results.json").write_text(json.dumps(changed))
    main([str(tmp_path)])
    assert "costs are not equal" in (tmp_path / "report.html").read_text()


def test_words_from_files_are_only_words(tmp_path):
    written(tmp_path, title="<script>alert(1)</script>", question="a < b & c")
    main([str(tmp_path)])
    page = (tmp_path / "report.html").read_text()
    assert "<script>" not in page
    assert "a &lt; b &amp; c" in page


def _drop_a_point(data):
    data["points"].pop(2)


def _unknown_arm(data):
    data["points"][0]["arm"] = "serch"


def _nan(data):
    data["points"][0]["scores"]["mistakes"] = float("nan")


def _no_cost(data):
    del data["points"][0]["cost"]["minutes"]


def _unknown_metric(data):
    data["points"][0]["scores"]["luck"] = 1.0


def _claim(data):
    data["claims"][0]["than"] = ["nobody"]


def _format(data):
    data["format"] = "another"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_drop_a_point, "points are not comparable: arm search was measured at"),
        (_unknown_arm, "points.0.arm is 'serch', which is none of the arms"),
        (_nan, "points.0.scores.mistakes input should be a finite number"),
        (_no_cost, "points.0.cost lacks 'minutes'"),
        (_unknown_metric, "points.0.scores has 'luck', which is none of the metrics"),
        (_claim, "claims.0 names 'nobody'"),
        (_format, "format input should be 'bitterball study 1'"),
    ],
)
def test_what_cannot_be_compared_is_refused(tmp_path, damage, message):
    data = results()
    damage(data)
    file = tmp_path / "results.json"
    file.write_text(json.dumps(data))
    with pytest.raises(UserError) as error:
        read_results(file)
    assert message in str(error.value)


def test_a_file_that_is_not_there_or_no_json(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        main([str(tmp_path)])
    (tmp_path / "results.json").write_text("{")
    with pytest.raises(UserError, match="cannot be read as JSON"):
        main([str(tmp_path)])


def test_a_browser_opens_it(report, tmp_path):
    browser = next((found for name in ("chromium", "google-chrome", "chrome") if (found := shutil.which(name))), None)
    if browser is None:
        pytest.skip("no Chromium here")
    picture = tmp_path / "page.png"
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--screenshot={picture}"]
    subprocess.run(
        [*command, "--window-size=1000,2000", (report / "report.html").as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    from matplotlib.image import imread

    pixels = imread(picture)
    assert pixels.shape[:2] == (2000, 1000)
    assert len({tuple(pixel) for pixel in pixels[::7, ::7].reshape(-1, pixels.shape[2])}) > 50  # not an empty page
