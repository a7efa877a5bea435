"""python -m tests.agents.rllib.private_ray: start the private Ray and look at it from outside. Prints JSON, for
test_cluster.py."""

import json
import os
import signal
import stat
import sys
from pathlib import Path

import psutil

from agents.rllib.cluster import RayUnavailable, ray_session


def listening() -> list[str]:
    """The addresses on which this process and its descendants take connections."""
    me = psutil.Process()
    found = set()
    for process in [me, *me.children(recursive=True)]:
        try:
            connections = process.net_connections("inet")
        except psutil.Error:
            continue
        found |= {connection.laddr.ip for connection in connections if connection.status == psutil.CONN_LISTEN}
    return sorted(found)


def folders() -> list[str]:
    """Of the private Rays whose driver is this process, as their daemons name them."""
    lines = [" ".join(process.cmdline()) for process in psutil.Process().children(recursive=True)]
    return sorted({word for line in lines for word in line.split() if "bitterball-ray-" in word and "log_dir" in word})


def main() -> None:
    os.environ["RAY_ADDRESS"] = "192.0.2.1:6379"  # of somebody else's cluster
    token = Path.home() / ".ray" / "auth_token"
    token.parent.mkdir(exist_ok=True)
    token.write_text("0" * 64)
    token.chmod(0o644)
    handler = signal.getsignal(signal.SIGTERM)
    seen = {}
    with ray_session(num_cpus=2):
        import ray

        @ray.remote
        def look() -> dict:
            return {"threads": os.environ.get("OMP_NUM_THREADS"), "path": sys.path, "mask": os.umask(0o022)}

        seen["worker"] = ray.get(look.remote())
        seen["listening"] = listening()
        seen["cores"] = ray.cluster_resources()["CPU"]
        (folder,) = {Path(word.partition("=")[2]).parts[2] for word in folders()}
        seen["folder"] = str(Path("/tmp") / folder)
        seen["folder_mode"] = stat.S_IMODE(os.stat(seen["folder"]).st_mode)
    seen["folder_left"] = os.path.exists(seen["folder"])
    seen["children_left"] = [process.name() for process in psutil.Process().children(recursive=True)]
    seen["token_mode"] = stat.S_IMODE(token.stat().st_mode)
    seen["handler_kept"] = signal.getsignal(signal.SIGTERM) is handler
    seen["mask"] = os.umask(0o022)
    del os.environ["RAY_ADDRESS"]
    seen["refusals"] = []
    for address in ("127.0.0.1:9", "ray://127.0.0.1:9", "nonsense"):
        try:
            with ray_session(address=address):
                pass
        except RayUnavailable as error:
            seen["refusals"].append(str(error))
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
