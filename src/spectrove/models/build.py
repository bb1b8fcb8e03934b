"""A network by name, from the plug-ins of the group ``spectrove.models``."""

from __future__ import annotations

import numpy as np
import torch

from spectrove import registry

GROUP = "spectrove.models"
"""The entry points that name the networks."""


def build(name: str, n_wave: int, n_classes: int, generator: np.random.Generator | None) -> torch.nn.Module:
    """
    Return a new network.

    Parameters
    ----------
    name : str
        Name of a plug-in of the group ``spectrove.models``.
    n_wave : int
        Number of points of a spectrum.
    n_classes : int
        Number of classes.
    generator : numpy.random.Generator or None
        Gives the seed from which the weights are drawn; None leaves them to be loaded.

    Returns
    -------
    torch.nn.Module
        Maps features (n_spectra, n_wave) to logits (n_spectra, n_classes).

    Raises
    ------
    PlugInError
        If no network is named so, or it cannot be imported.
    ValueError
        If the network cannot have so few points or classes.
    """
    network_class = registry.load(GROUP, name)
    seeded = None if generator is None else torch.Generator().manual_seed(int(generator.integers(2**63)))
    network: torch.nn.Module = network_class(n_wave, n_classes, seeded)
    return network
