"""The classical finders by name, in the order of the table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from spectrove.baselines.derivatives import derivatives
from spectrove.baselines.equivalent_width import equivalent_width
from spectrove.baselines.finder import Finder
from spectrove.baselines.kernel_differences import kernel_differences
from spectrove.baselines.line_window_peak import line_window_peak
from spectrove.baselines.template_chi2 import template_chi2
from spectrove.baselines.three_pixel_peak import three_pixel_peak

SIGMA = "standard deviations"

_ALL = (
    Finder(
        "equivalent-width",
        "Integrated equivalent width around Hα, less three standard deviations",
        "the classical approach (Škoda et al. 2020, sec. 1)",
        "Å",
        equivalent_width,
    ),
    Finder("three-pixel-peak", "Mean of the three highest neighboring pixels", "after Lin et al. 2015", SIGMA, three_pixel_peak),
    Finder("kernel-differences", "Difference of means over 3 to 31 pixels", "after Hou et al. 2016", SIGMA, kernel_differences),
    Finder(
        "line-window-peak",
        "Prominence of a peak between 6561 and 6568 Å",
        "after Shridharan et al. 2021",
        SIGMA,
        line_window_peak,
    ),
    Finder("derivatives", "Second and third derivative", "after Yu et al. 2026", SIGMA, derivatives),
    Finder("template-chi2", "χ² against a library of templates", "as pipelines do (Gray & Corbally 2009)", SIGMA, template_chi2),
)

FINDERS: Mapping[str, Finder] = MappingProxyType({finder.name: finder for finder in _ALL})
"""Every classical finder by its name."""
