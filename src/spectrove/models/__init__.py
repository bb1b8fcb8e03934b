"""
The networks, one a file, each with the paper that it follows.

A plug-in of the group ``spectrove.models`` is called with the number of points of a spectrum, the number of classes and a
`torch.Generator` that draws the weights (None: the weights are going to be loaded). It returns a `torch.nn.Module` that maps
features, float32 of shape (n_spectra, n_wave), to logits of shape (n_spectra, n_classes).
"""

from spectrove.models.build import build
from spectrove.models.compact import Compact
from spectrove.models.paper_2020 import Paper2020

__all__ = ["Compact", "Paper2020", "build"]
