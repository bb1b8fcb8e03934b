"""
The convolutional network of the paper: Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, Fig. 4.

::

    (n, n_wave)  conv3-64, conv3-64, maxpool2, conv3-128, conv3-128, maxpool2, conv3-256, conv3-256, maxpool2,
                 fc-512, dropout, fc-512, dropout, fc-n_classes  (n, n_classes)

The figure gives the layers; what it leaves open (no padding, ReLU, Glorot's uniform weights, zero biases) are the settings and
defaults of Keras, in which the authors wrote it.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from spectrove.models.classifier import SpectrumClassifier

N_FILTERS = (64, 64, 128, 128, 256, 256)
"""Filters of the convolutional layers; a max-pooling layer follows every second one (paper, Fig. 4)."""

N_UNITS = (512, 512)
"""Units of the fully connected layers (paper, Fig. 4)."""

DROPOUT = 0.5
"""Share of the units switched off in training (paper, Fig. 4)."""

MIN_N_WAVE = 36
"""The shortest input that leaves one point after three times two convolutions of 3 without padding and a pooling of 2."""


class Paper2020(SpectrumClassifier):
    """
    The paper's network; it returns logits, and the softmax is taken in scoring.

    The one-dimensional convolutions are computed as two-dimensional ones of height 1 with channels last, because PyTorch's
    kernels for that layout are the faster ones on CPUs: 1.3 to 1.6 times in scoring and 1.1 to 1.3 times in training,
    compared with `torch.nn.Conv1d` by ``benchmarks/bench_scoring.py``. Channels last is also the order in which Keras
    flattens, so that weights move between the two without a permutation of the first fully connected layer.

    Parameters
    ----------
    n_wave : int
        Number of points of a spectrum, at least 36.
    n_classes : int
        Number of classes, at least 2.
    generator : torch.Generator or None
        Draws the weights, uniform after Glorot & Bengio [1]_, eq. 16; the biases are zero. None leaves all weights zero,
        to be loaded.

    Raises
    ------
    ValueError
        If ``n_wave`` or ``n_classes`` is too small.

    References
    ----------
    .. [1] Glorot & Bengio 2010, Proc. 13th Int. Conf. on Artificial Intelligence and Statistics, PMLR 9, 249.
    """

    plug_in = "paper-2020"
    min_n_wave = MIN_N_WAVE

    def __init__(self, n_wave: int, n_classes: int, generator: torch.Generator | None = None) -> None:
        super().__init__(n_wave, n_classes)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(n_in, n_out, kernel_size=(1, 3), device="meta") for n_in, n_out in pairwise((1, *N_FILTERS))
        )
        widths = (_n_pooled(n_wave) * N_FILTERS[-1], *N_UNITS, n_classes)
        self.connected = nn.ModuleList(nn.Linear(n_in, n_out, device="meta") for n_in, n_out in pairwise(widths))
        self.dropout = nn.Dropout(DROPOUT)
        self.draw_weights(generator, lambda weight, generator: nn.init.xavier_uniform_(weight, generator=generator))

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
        for index, convolution in enumerate(self.convolutions):
            hidden = functional.relu(convolution(hidden))
            if index % 2:
                hidden = functional.max_pool2d(hidden, kernel_size=(1, 2))
        hidden = hidden.permute(0, 2, 3, 1).flatten(start_dim=1)
        for layer in self.connected[:-1]:
            hidden = self.dropout(functional.relu(layer(hidden)))
        logits: torch.Tensor = self.connected[-1](hidden)
        return logits


def _n_pooled(n_wave: int) -> int:
    for _ in range(len(N_FILTERS) // 2):
        n_wave = (n_wave - 4) // 2
    return n_wave
