"""
How stars move on average in a direction of the sky: the Sun's own motion, and the Galaxy's rotation.

References
----------
.. [1] Schönrich, Binney & Dehnen 2010, MNRAS, 403, 1829: the Sun's motion relative to the local standard of rest.
.. [2] Bovy 2017, MNRAS, 468, L63: Oort's constants.
.. [3] Binney & Merrifield 1998, Galactic Astronomy, eq. 10.50: radial velocities in a rotating disk.
.. [4] ESA 1997, SP-1200, sect. 1.5.3: the Galactic pole and center in ICRS.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from spectrove.contracts import FloatArray

SUN = (11.1, 12.24, 7.25)
"""Motion of the Sun toward the Galactic center, along rotation, and north, km/s [1]_."""

OORT_A = 15.3
"""Oort's constant A, km/s/kpc [2]_."""

POLE_RA, POLE_DEC, NODE = 192.85948, 27.12825, 32.93192
"""Galactic pole in ICRS, and longitude of the ascending node of the Galactic plane on the equator, degrees [4]_."""

BRIGHTNESS = MappingProxyType(
    {
        "o": -4.5, "b": -0.5, "a": 1.3, "f": 3.2, "g": 4.5, "k": 4.0, "m-dwarf": 9.0, "m-giant": -1.0, "white-dwarf": 11.5,
        "white-dwarf-db": 11.5, "white-dwarf-dc": 12.0, "disk": 7.0,
    }
)  # fmt: skip
"""Typical absolute r magnitudes by kind of star: the main sequence (Pecaut & Mamajek 2013, ApJS, 208, 9), some giants among K."""

FARTHEST, EXTINCTION = 2.5, 0.7
"""Distance, kpc, beyond which rotation is not followed, and the extinction in r, mag, on the way to a star; chosen."""


def galactic(ra: FloatArray, dec: FloatArray) -> tuple[FloatArray, FloatArray]:
    """
    Return Galactic longitude and latitude.

    Parameters
    ----------
    ra, dec : array of shape (n,)
        Positions, degrees ICRS.

    Returns
    -------
    longitude : array of shape (n,)
        Degrees, from 0 to 360.
    latitude : array of shape (n,)
        Degrees.
    """
    east, north, pole = np.deg2rad(np.asarray(ra) - POLE_RA), np.deg2rad(dec), np.deg2rad(POLE_DEC)
    sine = np.sin(north) * np.sin(pole) + np.cos(north) * np.cos(pole) * np.cos(east)
    along = np.sin(north) * np.cos(pole) - np.cos(north) * np.sin(pole) * np.cos(east)
    longitude = np.rad2deg(np.arctan2(along, np.cos(north) * np.sin(east))) + NODE
    return longitude % 360, np.rad2deg(np.arcsin(np.clip(sine, -1, 1)))


def distances(magnitude: FloatArray, brightness: FloatArray) -> FloatArray:
    """
    Return how far stars are.

    Parameters
    ----------
    magnitude, brightness : array of shape (n,)
        Apparent and absolute magnitudes in r.

    Returns
    -------
    array of shape (n,)
        Kiloparsecs, at most 2.5.
    """
    far: FloatArray = 10 ** (0.2 * (magnitude - brightness - EXTINCTION) - 2)
    return np.minimum(far, FARTHEST)


def mean_motion(ra: FloatArray, dec: FloatArray, distance: FloatArray) -> FloatArray:
    """
    Return the mean radial velocity of disk stars.

    Parameters
    ----------
    ra, dec : array of shape (n,)
        Positions, degrees ICRS.
    distance : array of shape (n,)
        Distances, kpc; small against that of the Galactic center.

    Returns
    -------
    array of shape (n,)
        Barycentric velocities, km/s.
    """
    longitude, latitude = (np.deg2rad(angle) for angle in galactic(ra, dec))
    inward, along, upward = SUN
    flat = np.cos(latitude)
    reflex = inward * np.cos(longitude) * flat + along * np.sin(longitude) * flat + upward * np.sin(latitude)
    velocity: FloatArray = OORT_A * np.asarray(distance) * np.sin(2 * longitude) * flat**2 - reflex
    return velocity
