"""
Rest wavelengths of the lines that spectrove speaks of, in vacuum, each with its reference; and those of the Earth's atmosphere.

Every line also carries its wavelength in air as the reference gives it. On import the two are compared by way of
`spectrove.wavelength`, so that a slip of a digit, or a wavelength in air where one in vacuum belongs, does not survive.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from spectrove.errors import SpectroveError
from spectrove.wavelength import air_to_vacuum, vacuum_to_air

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
OIII_4959 = Line("[O III] 4959", 4960.295, 4958.911, f"{ASD}: O III 2s²2p² ³P₁ to ¹D₂, Ritz")
OIII_5007 = Line("[O III] 5007", 5008.240, 5006.843, f"{ASD}: O III 2s²2p² ³P₂ to ¹D₂, Ritz")
HEI_5876 = Line("He I 5876", 5877.25, 5875.621, f"{ASD}: He I 1s2p ³P° to 1s3d ³D, observed blend")
NA_D2 = Line("Na D₂", 5891.583, 5889.951, f"{ASD}: Na I 3s ²S₁⸝₂ to 3p ²P°₃⸝₂, Ritz")
NA_D1 = Line("Na D₁", 5897.558, 5895.924, f"{ASD}: Na I 3s ²S₁⸝₂ to 3p ²P°₁⸝₂, Ritz")
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

CA_8498 = Line("Ca II 8498", 8500.358, 8498.023, f"{ASD}: Ca II 3d ²D₃⸝₂ to 4p ²P°₃⸝₂, Ritz")
CA_8542 = Line("Ca II 8542", 8544.438, 8542.091, f"{ASD}: Ca II 3d ²D₅⸝₂ to 4p ²P°₃⸝₂, Ritz")
CA_8662 = Line("Ca II 8662", 8664.520, 8662.141, f"{ASD}: Ca II 3d ²D₃⸝₂ to 4p ²P°₁⸝₂, Ritz")

LINES: tuple[Line, ...] = (
    H_BETA, OIII_4959, OIII_5007, HEI_5876, NA_D2, NA_D1, NII_6548, H_ALPHA, NII_6583, HEI_6678, LI_6708, SII_6716, SII_6731,
    CA_8498, CA_8542, CA_8662,
)  # fmt: skip
"""Every line, in order of wavelength."""

for shorter, longer in itertools.pairwise(LINES):
    if shorter.wave >= longer.wave:
        msg = f"lines: {longer.label} ({longer.wave!r} Å) stands after {shorter.label} ({shorter.wave!r} Å), expected an order"
        raise SpectroveError(msg)


@dataclass(frozen=True)
class Preset:
    """
    Lines that are looked at together.

    Attributes
    ----------
    key : str
        Short name in ASCII.
    label : str
        The field's name.
    wave : tuple of float
        Rest wavelengths in vacuum, Å; the first is the one that velocities are measured from.
    """

    key: str
    label: str
    wave: tuple[float, ...]


def _preset(key: str, label: str, *lines: Line) -> Preset:
    return Preset(key, label, tuple(line.wave for line in lines))


PRESETS: tuple[Preset, ...] = (
    _preset("ha", "Hα", H_ALPHA),
    _preset("hb", "Hβ", H_BETA),
    _preset("hei", "He I 6678", HEI_6678),
    _preset("nad", "Na D", NA_D2, NA_D1),
    _preset("cat", "Ca II triplet", CA_8542, CA_8498, CA_8662),
    _preset("oiii", "[O III]", OIII_5007, OIII_4959),
    _preset("nii-sii", "[N II], [S II]", NII_6583, NII_6548, SII_6716, SII_6731),
)
"""In the order in which the page goes through them."""

OSTERBROCK = "Osterbrock et al. 1996, PASP, 108, 277, wavelength in air"


def _airglow(label: str, *air: float, reference: str = OSTERBROCK) -> tuple[Line, ...]:
    return tuple(Line(label, round(float(air_to_vacuum(np.array(wave))), 3), wave, reference) for wave in air)


SKY_OXYGEN = _airglow("[O I]", 6300.304, 6363.780)
SKY_OH_6_1 = _airglow(
    "OH 6-1", 6329.840, 6465.9, 6471.0, 6477.9, 6498.729, 6505.0, 6522.425, 6533.044, 6544.022, 6553.617, 6568.779, 6577.284,
    6596.643, 6604.134, 6634.229,
)  # fmt: skip
SKY_OH_7_2 = _airglow(
    "OH 7-2", 6829.5, 6834.0, 6841.945, 6863.955, 6870.994, 6889.288, 6900.833, 6912.623, 6923.220, 6939.521, 6949.044,
)  # fmt: skip
"""Groups of lines that strengthen and weaken together, with every line around Hα that LAMOST's pixels can tell."""

SKY_LINES: tuple[Line, ...] = (
    *_airglow("[O I]", 5577.338),
    Line("Na D₂", NA_D2.wave, NA_D2.air, NA_D2.reference),
    Line("Na D₁", NA_D1.wave, NA_D1.air, NA_D1.reference),
    *sorted((*SKY_OXYGEN, *SKY_OH_6_1), key=lambda line: line.wave),
    *SKY_OH_7_2,
    *_airglow("OH 8-3", 7276.405, 7284.439, 7316.282, 7329.148, 7340.885, 7358.659),
    *_airglow("OH 9-4", 7750.640, 7794.112, 7808.467, 7821.503, 7841.266),
    *_airglow("OH 5-1", 7913.708, 7949.204, 7964.650, 7993.332, 8014.059),
    *_airglow("OH 6-2", 8344.602, 8382.392, 8399.170, 8415.231, 8430.174, 8452.250, 8493.389),
    *_airglow("OH 7-3", 8791.186, 8827.096, 8885.850, 8903.114, 8943.395, 8988.366),
)
"""Strong lines of the night sky, which subtraction of the sky leaves behind; in vacuum, in order of wavelength."""


@dataclass(frozen=True)
class Band:
    """
    Wavelengths at which the Earth's atmosphere absorbs.

    Attributes
    ----------
    label : str
        Name of the band.
    start, stop : float
        Where it begins and ends, in vacuum, Å; rounded, as a band fades out.
    reference : str
        Where the wavelengths come from.
    """

    label: str
    start: float
    stop: float
    reference: str


FRAUNHOFER = "head of Fraunhofer's"
BESSELL = "extent: Bessell 1999, PASP, 111, 1426, Fig. 1"

TELLURICS: tuple[Band, ...] = (
    Band("O₂ γ", 6278.0, 6320.0, f"{FRAUNHOFER} a, 6276.6 Å in air; {BESSELL}"),
    Band("O₂ B", 6869.0, 6960.0, f"{FRAUNHOFER} B, 6867.2 Å in air; {BESSELL}"),
    Band("H₂O", 7160.0, 7340.0, BESSELL),
    Band("O₂ A", 7595.0, 7700.0, f"{FRAUNHOFER} A, 7593.7 Å in air; {BESSELL}"),
    Band("H₂O", 8130.0, 8350.0, BESSELL),
    Band("H₂O", 8940.0, 9800.0, BESSELL),
)
"""Strong telluric bands, in order of wavelength."""

for before, after in itertools.pairwise(TELLURICS):
    if not before.start < before.stop <= after.start:
        msg = f"lines: the telluric bands {before.label} and {after.label} overlap or stand in the wrong order"
        raise SpectroveError(msg)
