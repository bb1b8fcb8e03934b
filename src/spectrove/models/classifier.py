"""What the networks share: their shapes, weights from one generator alone, and spectra as images of height 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import nn


class SpectrumClassifier(nn.Module):
    """
    Maps features (n_spectra, n_wave) to logits (n_spectra, n_classes); the softmax is taken in scoring.

    A network makes its layers on the device "meta", as their own initialization would draw from PyTorch's global generator, and
    then calls `draw_weights`. One-dimensional convolutions are computed as two-dimensional ones of height 1 with channels last,
    because PyTorch's kernels for that layout are the faster ones on CPUs (``benchmarks/bench_scoring.py``).

    Parameters
    ----------
    n_wave : int
        Number of points of a spectrum, at least ``min_n_wave``.
    n_classes : int
        Number of classes, at least 2.

    Raises
    ------
    ValueError
        If ``n_wave`` or ``n_classes`` is too small.
    """

    plug_in: ClassVar[str]
    """The network's name in messages."""

    min_n_wave: ClassVar[int]
    """The shortest input that leaves a point after all strides and poolings."""

    def __init__(self, n_wave: int, n_classes: int) -> None:
        super().__init__()
        if n_wave < self.min_n_wave:
            msg = f"{self.plug_in}: a spectrum needs at least {self.min_n_wave} points for its strides, got n_wave={n_wave}"
            raise ValueError(msg)
        if n_classes < 2:
            msg = f"{self.plug_in}: a classifier needs at least 2 classes, got n_classes={n_classes}"
            raise ValueError(msg)
        self.n_wave = n_wave
        self.n_classes = n_classes

    def draw_weights(self, generator: torch.Generator | None, draw: Callable[[torch.Tensor, torch.Generator], object]) -> None:
        """
        Bring the layers from "meta" to the CPU, with zero biases and with drawn weights.

        Parameters
        ----------
        generator : torch.Generator or None
            Draws the weights; None leaves them zero, to be loaded.
        draw : callable
            Fills a weight with the generator.
        """
        self.to_empty(device="cpu")
        for name, parameter in self.named_parameters():
            nn.init.zeros_(parameter)
            if name.endswith("weight") and generator is not None:
                draw(parameter, generator)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # its stub knows no memory format alone

    def images(self, features: torch.Tensor) -> torch.Tensor:
        """
        Return spectra as images of one channel and height 1.

        Parameters
        ----------
        features : tensor of float32, shape (n_spectra, n_wave)
            Scaled fluxes, dimensionless.

        Returns
        -------
        tensor of shape (n_spectra, 1, 1, n_wave)
            The same numbers.

        Raises
        ------
        ValueError
            If ``features`` has another shape.
        """
        if features.ndim != 2 or features.shape[1] != self.n_wave:
            msg = f"{self.plug_in}: features must have the shape (n_spectra, {self.n_wave}), got {tuple(features.shape)}"
            raise ValueError(msg)
        return features[:, None, None, :]
