"""What the machine is, what it can do at best, and what its processes take of its memory."""

from __future__ import annotations

import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

PACKAGES = (
    "spectrove",
    "numpy",
    "torch",
    "openvino",
    "numba",
    "pyarrow",
    "zarr",
    "isal",
    "keras",
    "tensorflow-cpu",
    "astropy",
    "specutils",
    "h5py",
    "scikit-activeml",
    "distributed",
)
"""Whose versions stand beside the figures."""

UNITS = {
    "fp32": "FLOP/s",
    "bf16": "FLOP/s",
    "int8": "operations/s",
    "memory": "byte/s",
    "file cache": "byte/s",
    "disk": "byte/s",
    "gpu bf16": "FLOP/s",
    "gpu memory": "byte/s",
}
"""The limits that are measured, and in what."""

RUNS = 5


def facts() -> dict[str, Any]:
    """Return what machine and software this is."""
    return {
        "cpu": _cpu(),
        "cores": _cores(),
        "memory_gb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9,
        "gpu": gpu(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
        "measured_at": time.strftime("%Y-%m-%d", time.gmtime()),
    }


def gpu() -> str | None:
    """Return the name of the graphics card that PyTorch would compute on, if there is one."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None


def has_room_for(gigabytes: float) -> bool:
    """Return whether so much memory is free, as far as the system tells."""
    told = _told(Path("/proc/meminfo"))
    return "MemAvailable" not in told or told["MemAvailable"] * 1024 >= gigabytes * 1e9


def limits(*, quick: bool = False) -> dict[str, float]:
    """Return the best that the machine does of each kind: operations or bytes a second, on all cores that this process has."""
    found = {**_arithmetic(quick=quick), "memory": _memory_rate(quick=quick), **_file_rates(quick=quick)}
    if gpu():
        found |= _gpu_limits()
    return found


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    said = {line.split(":")[0].strip(): line.split(":", 1)[1].strip() for line in lines if ":" in line}
    return f"{said.get('model name', platform.machine())} (family {said.get('cpu family')}, model {said.get('model')})"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _fastest(run: Callable[[], object]) -> float:
    """Return the seconds of the fastest of several runs: what else the machine does only ever adds."""
    run()
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return min(taken)


def _arithmetic(*, quick: bool) -> dict[str, float]:
    import torch

    size = 256 if quick else 2048
    operations = 2 * size**3
    generator = torch.Generator().manual_seed(0)
    single = torch.rand((size, size), generator=generator)
    half = single.bfloat16()
    narrow = torch.randint(-128, 127, (size, size), dtype=torch.int8, generator=generator)
    found = {"fp32": operations / _fastest(lambda: single @ single), "bf16": operations / _fastest(lambda: half @ half)}
    if hasattr(torch, "_int_mm"):  # the one product of 8-bit integers that PyTorch has for every CPU
        found["int8"] = operations / _fastest(lambda: torch._int_mm(narrow, narrow))  # noqa: SLF001
    return found


def _memory_rate(*, quick: bool) -> float:
    import torch

    values = torch.ones(2**20 if quick else 2**27)
    return values.nbytes / _fastest(values.sum)


def _file_rates(*, quick: bool) -> dict[str, float]:
    """Return how fast a large file comes from the page cache, and from the disk where the cache lets go of it."""
    n_bytes = 2**20 if quick else 2**29
    block = np.random.default_rng(0).bytes(min(n_bytes, 2**24))
    buffer = bytearray(2**22)
    with tempfile.NamedTemporaryFile(prefix="spectrove-bench-") as file:
        for _ in range(n_bytes // len(block)):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())

        def read() -> None:
            file.seek(0)
            while file.raw.readinto(buffer):  # type: ignore[attr-defined]
                pass

        found = {"file cache": n_bytes / _fastest(read)}
        taken = []
        for _ in range(3):
            if not forget([Path(file.name)]):
                return found
            start = time.perf_counter()
            read()
            taken.append(time.perf_counter() - start)
    return {**found, "disk": n_bytes / statistics.median(taken)}


def forget(paths: list[Path]) -> bool:
    """Ask the system to let go of files in its page cache; return whether it can be asked."""
    if not hasattr(os, "posix_fadvise"):
        return False
    for path in paths:
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return True


def _gpu_limits() -> dict[str, float]:
    import torch

    def fastest(run: Callable[[], object]) -> float:
        def whole() -> None:
            for _ in range(10):
                run()
            torch.cuda.synchronize()

        return _fastest(whole) / 10

    size = 8192
    half = torch.ones((size, size), dtype=torch.bfloat16, device="cuda")
    values = torch.ones(2**28, device="cuda")
    copy = torch.empty_like(values)
    return {
        "gpu bf16": 2 * size**3 / fastest(lambda: half @ half),
        "gpu memory": 2 * values.nbytes / fastest(lambda: copy.copy_(values)),
    }


# -- Memory of processes ---------------------------------------------------------------------------------------------------------


def family_of(pid: int) -> Iterator[int]:
    """Yield a process and all that it and they have started, as far as the system tells."""
    yield pid
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return
    for thread in threads:
        try:
            children = (thread / "children").read_text(encoding="ascii").split()
        except OSError:
            continue
        for child in children:
            yield from family_of(int(child))


def memory_of(pid: int) -> dict[str, float]:
    """Return what a process holds in memory, MB: all of it, what is not merely mapped from files, and the most it ever held."""
    told = _told(Path(f"/proc/{pid}/status"))
    anonymous = told.get("RssAnon", 0) + told.get("RssShmem", 0)
    kilobytes = {"resident_mb": told.get("VmRSS", 0), "anonymous_mb": anonymous, "peak_mb": told.get("VmHWM", 0)}
    return {name: amount / 1024 for name, amount in kilobytes.items()}


def _told(path: Path) -> dict[str, int]:
    """Return the lines of a file of /proc that give a number of kilobytes."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in lines if line.endswith("kB"))
    return {name: int(value.split()[0]) for name, value in pairs}


if __name__ == "__main__":
    for name, amount in limits().items():
        print(f"{name:<12}{amount / 1e9:>10,.1f} G{UNITS[name]}", file=sys.stdout)
