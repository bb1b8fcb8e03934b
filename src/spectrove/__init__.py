"""Finds rare objects with characteristic spectral shapes in archives of millions of spectra."""

from importlib.metadata import version

__version__ = version("spectrove")
