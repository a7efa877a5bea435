"""python -m tests.agents.rllib.two_nodes FOLDER: train on a cluster of two nodes, lose one, run the command on it.

A process of its own, since a process is in one cluster only. Prints what it saw as JSON, for test_cluster.py.
"""

import json
import subprocess
import sys
import time

import ray
from ray.cluster_utils import Cluster

from agents.rllib.cluster import ray_session
from tests.agents.rllib.conftest import config_for


def main() -> None:
    seen = {}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = cluster.add_node(num_cpus=1)
    seen["nodes"] = 2
    with ray_session(address=cluster.address):
        algorithm = config_for(2).build_algo()
        for _ in range(3):
            algorithm.train()
        seen["steps"] = algorithm.env_steps
        nodes = algorithm.env_runner_group.foreach_env_runner(
            lambda runner: ray.get_runtime_context().get_node_id(), local_env_runner=False
        )
        seen["nodes_with_a_runner"] = len(set(nodes))
        cluster.remove_node(second)
        deadline = time.monotonic() + 120
        while not (algorithm.sampler.deaths and algorithm.report.env_steps < seen["steps"] / 3):
            algorithm.train()
            assert time.monotonic() < deadline
        steps = algorithm.env_steps
        for _ in range(3):
            algorithm.train()
        seen["steps_after_losing_a_node"] = algorithm.env_steps - steps
        algorithm.stop()
    done = subprocess.run(
        [sys.executable, "-m", "experiments.run", "tiny.yaml", f"resources.ray_address={cluster.address}",
         "resources.runners=1"],
        cwd=sys.argv[1], capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    seen |= {"code": done.returncode, "out": done.stdout, "err": done.stderr}
    with ray_session(address=cluster.address):
        seen["nodes_after_the_run"] = sum(node["Alive"] for node in ray.nodes())  # joining must not stop the cluster
    cluster.shutdown()
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
