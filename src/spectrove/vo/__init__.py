"""The Virtual Observatory: results as its tools read them."""

from spectrove.vo.export import export_candidates
from spectrove.vo.votable import write_votable

__all__ = ["export_candidates", "write_votable"]
