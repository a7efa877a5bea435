"""The runs of a study: what each config says, in which order, what is refused with its line."""

from pathlib import Path

import pytest

from experiments.compare.config import CompareConfig
from experiments.compare.plan import Job, effective, merge, plan
from experiments.config_file import load, load_any
from experiments.errors import UserError

STUDY = """\
name: small
experiment: compare
base:
  game: {id: tic_tac_toe}
  network: {hidden: [16]}
  algorithm: {name: ppo, minibatch_size: 512}
labels:
  exact: {teacher: solver, positions: 300}
  people: {folder: somewhere}
arms:
  search:
    config:
      algorithm: {name: alphazero, simulations: 8}
  ppo: {}
  solver: {labels: [exact]}
  warm:
    start: {arm: solver, share: 0.25}
    config: {training: {lr: 5e-4}}
seeds: 2
cost: {unit: gradient_steps, budget: 400}
at_shares: [0.5]
measure: {positions: 50, expert: exact}
claims:
  - {text: search passes labels, better: [search], than: [solver]}
sweeps:
  - {title: more labels, labels: [exact, people], positions: [100, 200], seeds: 1, budget: 200,
     config: {algorithm: {name: supervised}}}
scaling: {arm: ppo, widths: [8, 16], budgets: [100, 200], seeds: 1}
quick: {budget: 50, positions: 10, labels: 100, arms: [search, solver]}
"""


def read(tmp_path: Path, text: str = STUDY, *overrides: str) -> tuple[CompareConfig, list[Job]]:
    file = tmp_path / "study.yaml"
    file.write_text(text)
    study, source = load_any(str(file), overrides)
    assert isinstance(study, CompareConfig)
    small = effective(study)
    return small, plan(small, source, {name: f"/labels/{name}" for name in study.labels})


def test_every_arm_and_seed_has_a_run_of_the_same_cost(tmp_path):
    _, jobs = read(tmp_path)
    arms = [job for job in jobs if job.group == "arms"]
    assert [job.path for job in arms] == [
        f"arms/{name}" for seed in range(2) for name in (
            f"search/seed_{seed}", f"ppo/seed_{seed}", f"solver/seed_{seed}", f"warm/seed_{seed}/first",
            f"warm/seed_{seed}/then",
        )
    ]  # fmt: skip
    for job in arms:
        training = job.config.training
        assert (training.minutes, training.env_steps, training.flops) == (None, None, None)
        assert training.seed == job.seed
        assert job.config.resources.runners == 0
    assert [job.config.training.gradient_steps for job in arms[:5]] == [400, 400, 400, 100, 300]
    assert [job.config.evaluation.at_shares for job in arms[:5]] == [(0.5,), (0.5,), (0.5,), (), (0.5,)]


def test_a_warm_start_begins_with_the_other_arm_s_recipe(tmp_path):
    _, jobs = read(tmp_path)
    first, then = (job for job in jobs if job.arm == "warm" and job.seed == 1)
    assert then.after is first
    assert first.config.algorithm.name == "supervised"
    assert first.config.algorithm.labels == ("/labels/exact",)
    assert (then.config.algorithm.name, then.config.training.lr) == ("ppo", 5e-4)


def test_another_algorithm_replaces_the_one_below(tmp_path):
    _, jobs = read(tmp_path)
    by_arm = {job.arm: job.config.algorithm for job in jobs if job.group == "arms"}
    assert (by_arm["search"].name, by_arm["search"].minibatch_size) == ("alphazero", 1024)
    assert (by_arm["ppo"].name, by_arm["ppo"].minibatch_size) == ("ppo", 512)
    data = {"algorithm": {"name": "ppo", "clip": 0.1}, "training": {"lr": 1, "seed": 2}}
    merge(data, {"algorithm": {"epochs": 3}, "training": {"lr": 5}})
    assert data == {"algorithm": {"name": "ppo", "clip": 0.1, "epochs": 3}, "training": {"lr": 5, "seed": 2}}


def test_sweeps_and_scaling(tmp_path):
    _, jobs = read(tmp_path)
    swept = [job for job in jobs if job.group == "sweeps/0"]
    assert [(job.arm, job.config.algorithm.positions) for job in swept] == [
        ("exact-100", 100), ("exact-200", 200), ("people-100", 100), ("people-200", 200)
    ]  # fmt: skip
    assert {job.config.training.gradient_steps for job in swept} == {200}
    scaled = [job for job in jobs if job.group == "scaling"]
    assert [(job.arm, job.config.network.hidden) for job in scaled] == [
        ("8-100", (8,)), ("16-100", (16,)), ("8-200", (8,)), ("16-200", (16,))
    ]  # fmt: skip


def test_a_quick_study_is_smaller(tmp_path):
    study, jobs = read(tmp_path, STUDY, "budget=quick")
    assert [job.path for job in jobs] == ["arms/search/seed_0", "arms/solver/seed_0"]
    assert {job.config.training.gradient_steps for job in jobs} == {50}
    assert (study.measure.positions, study.labels["exact"].positions) == (10, 100)
    assert len(study.claims) == 1


def test_games_of_an_arm_can_begin_in_labelled_positions(tmp_path):
    _, jobs = read(tmp_path, STUDY.replace("  search:\n", "  search:\n    starts: exact\n"))
    found = {job.arm: job.config.algorithm for job in jobs if job.group == "arms"}
    assert found["search"].start_positions == "/labels/exact"


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("simulations: 8", "simulatoins: 8", "study.yaml:13: unknown key 'algorithm.simulatoins'; did you mean "
         "'algorithm.simulations'?"),
        ("hidden: [16]", "hidden: [0]", "study.yaml:5: network.hidden.0 is 0; wanted 1 or more"),
        ("labels: [exact]}\n  warm", "labels: [exakt]}\n  warm", "study.yaml:15: arms.solver.labels.0 is "
         "'exakt', which is none of them; did you mean 'exact'?"),
        ("arm: solver, share", "arm: serch, share", "arms.warm.start.arm is 'serch'"),
        ("better: [search]", "better: [zero]", "claims.0.better.0 is 'zero'"),
        ("people: {folder: somewhere}", "people: {}", "name a teacher or a folder"),
        ("cost: {unit: gradient_steps, budget: 400}", "cost: {unit: euros, budget: 400}", "cost.unit is 'euros'"),
        ("  search:\n", "  search:\n    starts: exakt\n", "arms.search.starts is 'exakt'"),
        ("seeds: 2\n", "seeds: 2\npaired: [{text: t, better: search, than: labels}]\n", "paired.0.than is 'labels', "
         "but measure.positions_from names none"),
        ("seeds: 2\n", "seads: 2\n", "unknown key 'seads'; did you mean 'seeds'?"),
        ("config: {training: {lr: 5e-4}}", "config: {network: {hidden: [8]}}", "not comparable: they differ in "
         "'network'"),
        ("algorithm: {name: alphazero, simulations: 8}", "game: {id: connect_four}", "differ in "
         "'game'"),
        ("  ppo: {}\n", "  ppo: {labels: [exact], config: {algorithm: {name: alphazero}}}\n", "ppo has labels, but its "
         "algorithm.name is alphazero"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(tmp_path, before, after, message):
    assert before in STUDY
    with pytest.raises(UserError) as error:
        read(tmp_path, STUDY.replace(before, after))
    assert message in str(error.value)
    assert error.value.exit_code == 2


def test_a_study_is_no_run(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text(STUDY)
    with pytest.raises(UserError, match=r"is a study \(experiment: compare\)"):
        load(str(file))
