"""Ray is started for this process alone: on loopback, silent, in a folder that goes with it; or a cluster is joined."""

import fcntl
import json
import os
import subprocess
import sys
import time

import pytest

from agents.rllib.cluster import PREFIX, _remove_if_stale


def observed(module: str, *arguments: str, **environment: str) -> tuple[dict, str]:
    """What the program printed, and its stderr."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.agents.rllib.{module}", *arguments],
        capture_output=True, text=True, timeout=580, env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


@pytest.fixture(scope="module")
def private(tmp_path_factory):
    return observed("private_ray", HOME=str(tmp_path_factory.mktemp("home")))


def test_nothing_listens_but_on_loopback(private):
    assert private[0]["listening"]
    assert {ip.removeprefix("::ffff:") for ip in private[0]["listening"]} == {"127.0.0.1"}


def test_the_folder_is_private_and_goes_with_the_session(private):
    assert private[0]["folder_mode"] == 0o700
    assert not private[0]["folder_left"]
    assert private[0]["children_left"] == []


def test_a_cluster_that_the_environment_names_is_not_joined(private):
    assert private[0]["cores"] == 2


def test_workers_have_one_math_thread_and_the_driver_s_own_folders_to_import_from(private):
    worker = private[0]["worker"]
    assert worker["threads"] == "1"
    assert os.getcwd() in worker["path"]


def test_the_token_is_for_its_owner_and_the_process_keeps_its_ways(private):
    """Signal handlers and the mask of new files are as before."""
    seen = private[0]
    assert seen["token_mode"] == 0o600
    assert seen["handler_kept"]
    assert seen["mask"] == 0o022


def test_starting_and_stopping_says_nothing(private):
    assert private[1] == ""


def test_no_cluster_is_told_at_once_in_one_line(private):
    refused, client, nonsense = private[0]["refusals"]
    assert refused == "no Ray cluster at '127.0.0.1:9': [Errno 111] Connection refused"
    assert client == "no Ray cluster at 'ray://127.0.0.1:9': wanted auto, or host:port of the head node"
    assert nonsense == "no Ray cluster at 'nonsense': wanted auto, or host:port of the head node"


def test_only_folders_that_nobody_holds_are_removed(tmp_path):
    abandoned, held, fresh = (tmp_path / f"{PREFIX}{name}" for name in ("abandoned", "held", "fresh"))
    for folder in (abandoned, held, fresh):
        (folder / "r").mkdir(parents=True)
    for folder in (abandoned, held):
        os.utime(folder, (time.time() - 3600,) * 2)
    lock = os.open(held, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link = tmp_path / f"{PREFIX}link"
    link.symlink_to(elsewhere)
    for folder in tmp_path.glob(f"{PREFIX}*"):
        _remove_if_stale(folder)
    os.close(lock)
    assert sorted(path.name.removeprefix(PREFIX) for path in tmp_path.iterdir()) == [
        "elsewhere",
        "fresh",
        "held",
        "link",
    ]


TINY = """
name: tiny
game: {id: tic_tac_toe}
network: {hidden: [16]}
algorithm: {rollout_length: 16, minibatch_size: 256}
training: {num_games: 16, env_steps: 2048, minutes: null}
opponents: {snapshot_every: 2, pool_size: 4}
evaluation: {every_minutes: null, games: 2, clip: false}
"""


@pytest.mark.slow
def test_a_cluster_of_two_nodes_trains_and_survives_the_loss_of_one(tmp_path):
    (tmp_path / "tiny.yaml").write_text(TINY)
    seen, _ = observed("two_nodes", str(tmp_path))
    assert seen["steps"] == 3 * 240
    assert seen["nodes_with_a_runner"] == 2
    assert seen["steps_after_losing_a_node"] == 3 * 120
    assert seen["code"] == 0, seen["err"]
    assert "done: 2,048 environment steps" in seen["out"]
    assert seen["nodes_after_the_run"] == 1
