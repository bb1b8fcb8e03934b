"""
Rest wavelengths of the lines that spectrove speaks of, in vacuum, each with its reference.

Every line also carries its wavelength in air as the reference gives it. On import the two are compared by way of
`spectrove.wavelength`, so that a slip of a digit, or a wavelength in air where one in vacuum belongs, does not survive.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from spectrove.errors import SpectroveError
from spectrove.wavelength import vacuum_to_air

AGREEMENT = 0.02
"""Å; how closely vacuum and air wavelengths must agree: references round air wavelengths to 0.01 Å."""

ASD = "Kramida, Ralchenko, Reader & NIST ASD Team, NIST Atomic Spectra Database, https://physics.nist.gov/asd"


@dataclass(frozen=True)
class Line:
    """
    A spectral line.

    Attributes
    ----------
    label : str
        The field's name of it.
    wave : float
        Rest wavelength in vacuum, Å.
    air : float
        Rest wavelength in standard air as the reference gives it, Å.
    reference : str
        Where the wavelengths come from.

    Raises
    ------
    SpectroveError
        If the two wavelengths disagree.
    """

    label: str
    wave: float
    air: float
    reference: str

    def __post_init__(self) -> None:
        """Compare the two wavelengths."""
        expected = float(vacuum_to_air(np.array(self.wave)))
        if not abs(expected - self.air) <= AGREEMENT:
            msg = (
                f"line {self.label}: {self.wave!r} Å in vacuum is {expected:.3f} Å in air, expected {self.air!r} Å within "
                f"{AGREEMENT} Å"
            )
            raise SpectroveError(msg)


H_BETA = Line(
    "Hβ",
    4862.683,
    4861.33,
    f"{ASD}: Ritz wavelengths of the fine structure of n = 2 to 4, mean weighted by gf (Wiese & Fuhr 2009, JPCRD 38, 565); "
    "air: observed blend",
)
NII_6548 = Line("[N II] 6548", 6549.86, 6548.05, f"{ASD}: N II 2s²2p² ³P₁ to ¹D₂, Ritz")
H_ALPHA = Line(
    "Hα",
    6564.608,
    6562.79,
    f"{ASD}: Ritz wavelengths of the fine structure of n = 2 to 3, mean weighted by gf (Wiese & Fuhr 2009, JPCRD 38, 565); "
    "air: observed blend",
)
NII_6583 = Line("[N II] 6583", 6585.27, 6583.45, f"{ASD}: N II 2s²2p² ³P₂ to ¹D₂, Ritz")
HEI_6678 = Line("He I 6678", 6679.996, 6678.152, f"{ASD}: He I 1s2p ¹P°₁ to 1s3d ¹D₂, Ritz")
LI_6708 = Line(
    "Li I 6708",
    6709.666,
    6707.81,
    f"{ASD}: Li I 2s ²S to 2p ²P°, mean of 6709.615 and 6709.767 Å (Ritz) weighted by gf, 2 to 1",
)
SII_6716 = Line("[S II] 6716", 6718.294, 6716.44, f"{ASD}: S II 3s²3p³ ⁴S°₃⸝₂ to ²D°₅⸝₂, Ritz")
SII_6731 = Line("[S II] 6731", 6732.674, 6730.82, f"{ASD}: S II 3s²3p³ ⁴S°₃⸝₂ to ²D°₃⸝₂, Ritz")

LINES: tuple[Line, ...] = (H_BETA, NII_6548, H_ALPHA, NII_6583, HEI_6678, LI_6708, SII_6716, SII_6731)
"""Every line, in order of wavelength."""

for shorter, longer in itertools.pairwise(LINES):
    if shorter.wave >= longer.wave:
        msg = f"lines: {longer.label} ({longer.wave!r} Å) stands after {shorter.label} ({shorter.wave!r} Å), expected an order"
        raise SpectroveError(msg)
