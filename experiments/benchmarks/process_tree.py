"""CPU-seconds of a process and all that descends from it: what a program with Ray costs, wherever it computes."""

import psutil

# what Ray starts beside the driver and its workers ("ray::...")
RAY_AGENTS = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")

Reading = dict[
    tuple[int, float], tuple[bool, float]
]  # (pid, start) -> (whether it is one of Ray's daemons, CPU-seconds)


def read(pid: int | None = None) -> Reading:
    """User and system time until now of the process (this one) and every living descendant."""
    root = psutil.Process(pid)
    reading: Reading = {}
    for process in [root, *root.children(recursive=True)]:
        try:
            times, title = process.cpu_times(), (process.cmdline() or [""])[0]
            daemon = process != root and (not title.startswith("ray::") or title in RAY_AGENTS)
            reading[process.pid, process.create_time()] = daemon, times.user + times.system
        except psutil.NoSuchProcess:
            continue
    return reading


def spent(before: Reading, after: Reading) -> tuple[float, float]:
    """CPU-seconds between two readings: (the driver and Ray's workers, Ray's daemons).

    What began in between counts in full; what ended in between is not counted.
    """
    workers = daemons = 0.0
    for key, (daemon, seconds) in after.items():
        used = seconds - before.get(key, (daemon, 0.0))[1]
        if daemon:
            daemons += used
        else:
            workers += used
    return workers, daemons
