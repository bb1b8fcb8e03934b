"""
A small convolutional network, for searches through millions of spectra on ordinary computers.

::

    (n, n_wave)  conv7-16 /2, conv5-32 /2, conv5-64 /2, fc-64, dropout, fc-n_classes  (n, n_classes)

A spectrum of 140 points takes 0.36 million multiplications, where `spectrove.models.paper_2020` takes 17 million. What makes it
small is known from images: strides in place of poolings [1]_. The connected layer sees where in the window a feature lies; pooled
over all of it, Hα could hardly be told from a line elsewhere. The numbers of filters are chosen, powers of two because CPUs'
kernels like them. A convolution in depth with one across channels behind it, with a shortcut around them, was tried and taken
out: it has few multiplications and moves much memory, so that it cost a third of the time and made nothing better. How the
network compares with the paper's is measured in ``docs/reference/compact-network.md``.

References
----------
.. [1] Springenberg, Dosovitskiy, Brox & Riedmiller 2015, ICLR workshop, arXiv:1412.6806.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from spectrove.models.classifier import SpectrumClassifier

N_FILTERS = (16, 32, 64)
"""Filters of the strided convolutions; chosen."""

KERNELS = (7, 5, 5)
"""Their widths, points; chosen."""

STRIDE = 2
"""Of each of them."""

N_UNITS = 64
"""Units of the fully connected layer; chosen."""

DROPOUT = 0.3
"""Share of them switched off in training; chosen: there are fewer to spare than in the paper's network."""

MIN_N_WAVE = 9
"""The shortest input that leaves two points to the connected layer after three strides of 2, so that it can tell two places."""


class Compact(SpectrumClassifier):
    """
    A network of a forty-seventh of the paper's computations; it returns logits, and the softmax is taken in scoring.

    Parameters
    ----------
    n_wave : int
        Number of points of a spectrum, at least 9.
    n_classes : int
        Number of classes, at least 2.
    generator : torch.Generator or None
        Draws the weights, uniform after He et al. [1]_, eq. 10; the biases are zero. None leaves all weights zero, to be loaded.

    Raises
    ------
    ValueError
        If ``n_wave`` or ``n_classes`` is too small.

    References
    ----------
    .. [1] He, Zhang, Ren & Sun 2015, Proc. ICCV, 1026 (arXiv:1502.01852).
    """

    plug_in = "compact"
    min_n_wave = MIN_N_WAVE

    def __init__(self, n_wave: int, n_classes: int, generator: torch.Generator | None = None) -> None:
        super().__init__(n_wave, n_classes)
        self.strided = nn.ModuleList(
            nn.Conv2d(n_in, n_out, (1, width), (1, STRIDE), (0, width // 2), device="meta")
            for (n_in, n_out), width in zip(pairwise((1, *N_FILTERS)), KERNELS, strict=True)
        )
        self.connected = nn.Linear(_n_strided(n_wave) * N_FILTERS[-1], N_UNITS, device="meta")
        self.classify = nn.Linear(N_UNITS, n_classes, device="meta")
        self.dropout = nn.Dropout(DROPOUT)
        self.draw_weights(generator, lambda weight, generator: nn.init.kaiming_uniform_(weight, 0, generator=generator))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """
        Return the logits of each spectrum's classes.

        Parameters
        ----------
        features : tensor of float32, shape (n_spectra, n_wave)
            Scaled fluxes, dimensionless.

        Returns
        -------
        tensor of float32, shape (n_spectra, n_classes)
            Logits: the softmax of a row gives the probabilities.

        Raises
        ------
        ValueError
            If ``features`` has another shape.
        """
        hidden = self.images(features)
        for convolution in self.strided:
            hidden = functional.relu(convolution(hidden))
        hidden = hidden.permute(0, 2, 3, 1).flatten(start_dim=1)
        hidden = self.dropout(functional.relu(self.connected(hidden)))
        logits: torch.Tensor = self.classify(hidden)
        return logits


def _n_strided(n_wave: int) -> int:
    for _ in N_FILTERS:
        n_wave = (n_wave - 1) // STRIDE + 1
    return n_wave
