r"""
Wavelengths in air and in vacuum.

Both directions are for dry air at 15 °C and 1 atm with 0.045 % CO₂, and for wavelengths between 2000 Å and 100 000 Å, as
U. Heiter gives them on the VALD wiki [1]_ from Morton [2]_, who takes the refraction from Birch & Downs [3]_. Shorter than
2000 Å, wavelengths are given in vacuum by convention and are returned unchanged.

References
----------
.. [1] Heiter, U. 2014, VALD wiki, "Air-to-vacuum conversion",
   https://www.astro.uu.se/valdwiki/Air-to-vacuum%20conversion (vacuum to air: after Morton 2000, eq. 8; air to vacuum:
   N. Piskunov's inverse of it).
.. [2] Morton, D. C. 2000, ApJS, 130, 403, eq. 8.
.. [3] Birch, K. P. & Downs, M. J. 1994, Metrologia, 31, 315.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spectrove.contracts import FloatArray

SHORTEST_IN_AIR = 2000.0
"""Å; wavelengths below are in vacuum by convention."""


def vacuum_to_air(wave: FloatArray) -> FloatArray:
    r"""
    Return the wavelengths in standard air of given vacuum wavelengths.

    With :math:`s = 10^4 / \lambda`, :math:`n = 1 + 8.34254 \cdot 10^{-5} + 2.406147 \cdot 10^{-2} / (130 - s^2) + 1.5998
    \cdot 10^{-4} / (38.9 - s^2)` and :math:`\lambda_\mathrm{air} = \lambda / n`.

    Parameters
    ----------
    wave : array
        Vacuum wavelengths, Å.

    Returns
    -------
    array of the same shape
        Air wavelengths, Å; unchanged below 2000 Å.

    References
    ----------
    .. [1] Morton 2000, ApJS, 130, 403, eq. 8, as given by Heiter 2014, VALD wiki, "Air-to-vacuum conversion".
    """
    values: FloatArray = np.asarray(wave, dtype=np.float64)
    s2: Any = (1e4 / values) ** 2
    index = 1 + 8.34254e-5 + 2.406147e-2 / (130 - s2) + 1.5998e-4 / (38.9 - s2)
    return np.where(values < SHORTEST_IN_AIR, values, values / index)


def air_to_vacuum(wave: FloatArray) -> FloatArray:
    r"""
    Return the vacuum wavelengths of given wavelengths in standard air.

    With :math:`s = 10^4 / \lambda_\mathrm{air}`, :math:`n = 1 + 8.336624212083 \cdot 10^{-5} + 2.408926869968 \cdot 10^{-2} /
    (130.1065924522 - s^2) + 1.599740894897 \cdot 10^{-4} / (38.92568793293 - s^2)` and :math:`\lambda =
    \lambda_\mathrm{air} n`; the inverse of :func:`vacuum_to_air` to better than 1e-6 Å in the optical.

    Parameters
    ----------
    wave : array
        Air wavelengths, Å.

    Returns
    -------
    array of the same shape
        Vacuum wavelengths, Å; unchanged below 2000 Å.

    References
    ----------
    .. [1] Heiter 2014, VALD wiki, "Air-to-vacuum conversion" (inverse by N. Piskunov of Morton 2000, eq. 8).
    """
    values: FloatArray = np.asarray(wave, dtype=np.float64)
    s2: Any = (1e4 / values) ** 2
    index = 1 + 8.336624212083e-5 + 2.408926869968e-2 / (130.1065924522 - s2) + 1.599740894897e-4 / (38.92568793293 - s2)
    return np.where(values < SHORTEST_IN_AIR, values, values * index)
