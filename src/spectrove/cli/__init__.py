"""The command ``spectrove``: parse, call one function, print. Heavy imports stand inside the command bodies."""

from spectrove.cli.frame import main

__all__ = ["main"]
