"""
Screening on a GPU: the pool stays on the device as its files hold it, and chunks are decoded there, computed and sent back.

Rounds of a campaign score one pool again and again, so it is kept on the device between passes where it takes at most half of the
free memory: 4.1 million spectra of 140 points in 16 bits are 1.2 GB. Everything here also runs on the device "cpu", for tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

import numpy as np
import torch

from spectrove.contracts import FloatArray
from spectrove.pool import Pool

ROWS_A_STEP = 1 << 15
"""Rows computed together: many enough to fill a device."""

SHARE_OF_MEMORY = 0.5
"""Of the device's free memory that a pool may take; the rest is for the network and its steps. Chosen."""


class DeviceNetwork:
    """
    A network on a device, compiled there, in bfloat16 or in float32 by TensorFloat-32.

    Parameters
    ----------
    network : torch.nn.Module
        Maps features (n_spectra, n_wave) to logits (n_spectra, n_classes); in evaluation mode. It is copied.
    device : str
        ``cuda``, or ``cpu`` for tests.
    precision : str
        ``bfloat16`` or ``float32``.
    """

    def __init__(self, network: torch.nn.Module, device: str, precision: str) -> None:
        self.device = torch.device(device)
        self._network = deepcopy(network).to(self.device).eval()
        if self.device.type == "cuda":
            self._network.compile()
        self._autocast = precision == "bfloat16"

    def probabilities(self, stored: torch.Tensor, scale: float | None) -> torch.Tensor:
        """
        Return the probabilities of the classes of some spectra.

        Parameters
        ----------
        stored : tensor of int16 or float32, shape (n_rows, n_wave)
            Features as the pool stores them, on the device.
        scale : float or None
            What integers are multiplied by.

        Returns
        -------
        tensor of float32, shape (n_rows, n_classes)
            On the device.
        """
        features = stored.float() if scale is None else stored.float() * scale
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=self._autocast), _tensor_float():
            logits = self._network(features)
        return torch.softmax(logits.double(), dim=1).float()


def pass_on_device(network: DeviceNetwork, pool: Pool, rows_a_step: int = ROWS_A_STEP) -> Iterator[FloatArray]:
    """
    Yield the probabilities of all spectra of a pool, while the device is at the next ones: it is told a step ahead.

    Parameters
    ----------
    network : DeviceNetwork
        The network.
    pool : Pool
        The spectra.
    rows_a_step : int
        Rows computed together.

    Yields
    ------
    array of float32, shape (at most rows_a_step, n_classes)
        In pool order.
    """
    resident = resident_pool(pool, network.device) if fits(pool, network.device) else None
    waiting: tuple[torch.Tensor, int] | None = None
    for begin in range(0, pool.n_spectra, rows_a_step):
        end = min(begin + rows_a_step, pool.n_spectra)
        stored = _on_device(pool, begin, end, network.device) if resident is None else resident[begin:end]
        if end - begin < rows_a_step:  # a compiled network is made for one shape
            stored = torch.cat([stored, stored[:1].expand(rows_a_step - len(stored), -1)])
        computed = network.probabilities(stored, pool.scale)
        if waiting is not None:
            yield waiting[0].cpu().numpy()[: waiting[1]]
        waiting = computed, end - begin
    if waiting is not None:
        yield waiting[0].cpu().numpy()[: waiting[1]]


def fits(pool: Pool, device: torch.device) -> bool:
    """
    Return whether a pool may stay on a device.

    Parameters
    ----------
    pool : Pool
        The pool.
    device : torch.device
        The device.

    Returns
    -------
    bool
        True if it is there already, or takes at most `SHARE_OF_MEMORY` of what is free. Another pool that was there is dropped.
    """
    if device.type != "cuda":
        return False
    if _only_it_stays(pool, device):
        return True
    n_bytes = pool.n_spectra * pool.n_wave * (4 if pool.scale is None else 2)
    return n_bytes <= SHARE_OF_MEMORY * torch.cuda.mem_get_info(device)[0]


def resident_pool(pool: Pool, device: torch.device) -> torch.Tensor:
    """
    Return a pool's features on a device; the last one asked for stays there.

    Parameters
    ----------
    pool : Pool
        The pool.
    device : torch.device
        The device.

    Returns
    -------
    tensor of int16 or float32, shape (n_spectra, n_wave)
        As the pool stores them.
    """
    if not _only_it_stays(pool, device):
        _resident[pool.content_hash, str(device)] = _loaded(pool, device)
    return _resident[pool.content_hash, str(device)]


_resident: dict[tuple[str, str], torch.Tensor] = {}
"""The pool that was asked for last, by its content and its device."""


def _only_it_stays(pool: Pool, device: torch.device) -> bool:
    """Let go of any other pool, and return whether this one is there."""
    key = pool.content_hash, str(device)
    if key not in _resident:
        _resident.clear()
    return key in _resident


def _loaded(pool: Pool, device: torch.device) -> torch.Tensor:
    whole = torch.empty((pool.n_spectra, pool.n_wave), dtype=torch.float32 if pool.scale is None else torch.int16, device=device)
    for begin in range(0, pool.n_spectra, ROWS_A_STEP):
        end = min(begin + ROWS_A_STEP, pool.n_spectra)
        whole[begin:end] = _on_device(pool, begin, end, device)
    return whole


def _on_device(pool: Pool, begin: int, end: int, device: torch.device) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(pool.stored(slice(begin, end)))).to(device)


@contextmanager
def _tensor_float() -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=True):
            yield
    finally:
        torch.set_float32_matmul_precision(before)
