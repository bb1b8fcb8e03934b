"""
Plates: what is observed together, when, where on the sky, and through which fiber.

A plate is the unit of work of a simulated survey. Everything about it follows from the survey's seed and the plate's number, so
any worker can make any plate. Some plates observe an earlier field again, mostly the same objects through the same or the next
fiber.

References
----------
.. [1] Cui et al. 2012, RAA, 12, 1197: LAMOST has 16 spectrographs of 250 fibers each, in a field of 5° diameter.
.. [2] Luo et al. 2015, RAA, 15, 1095: plates by magnitude (V, B, M, F), declinations from -10° to 60°, anticenter, M31 and M33.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectrove.contracts import FloatArray, IntArray
from spectrove.errors import ConfigError
from spectrove.simulate.motion import galactic

LAYOUT_NAMES = ("lamost-dr1", "lamost-image", "lamost-table")
"""Layouts of LAMOST's files: DR1, DR2 to DR8, DR9 and later."""

FIBERS, SPECTROGRAPHS = 250, 16
"""Fibers of a spectrograph, and spectrographs [1]_."""

LAST_CROWDED = 125
"""Fewest spectra a spectrograph before another one is used, so that small plates, too, have neighboring fibers."""

NIGHTS = {"lamost-dr1": (55_860, 56_300), "lamost-image": (56_560, 57_900), "lamost-table": (59_500, 60_400)}
"""First and last local modified Julian date of a field's first visit; roughly when the releases of each layout observed."""

KINDS = {"V": (0.37, 9.0, 14.0), "B": (0.34, 14.0, 16.8), "M": (0.19, 16.8, 17.8), "F": (0.10, 17.8, 18.5)}
"""Share of plates (chosen), brightest and faintest r magnitude of each kind of plate (after [2]_)."""

BLOCK = 5
"""Plates of which the last ones may be later visits of the first ones: about one plate in five, chosen."""

NEW_OBJECTS = 0.15
"""Share of a later visit's fibers that observe another object than before; chosen."""

NEBULAR_LATITUDE = 15.0
"""Degrees from the Galactic plane within which nebulosity is likely; farther away it is ten times rarer."""

SPECIAL_FIELDS = {"M31": (0.015, 10.685, 41.269, -301.0), "M33": (0.005, 23.462, 30.660, -180.0)}
"""Share of fields (chosen), place (degrees) and velocity (km/s) of galaxies that fill a plate; the latter from NED."""

SKY_LEFT = (-3.0, 0.8)
"""
Mean and standard deviation of ln of the share of the sky's lines that subtraction leaves on a plate.

Chosen to give the scatter measured at [O I] 6364 and OH 6866 in 137 files of S/N 3 to 25.
"""

ZERO_POINT = 8.0
"""Standard deviation of the error of wavelengths from spectrograph to spectrograph and night to night, km/s; chosen."""

FIELD_RADIUS = 2.4
"""Degrees from the center to the outermost fibers [1]_."""

FIELD, VISIT, SLOTS, OBJECTS, MIXTURE, WAVELENGTHS = 101, 102, 103, 104, 105, 106
"""What random numbers are for: each purpose has generators of its own, seeded by survey, purpose and plate."""


@dataclass(frozen=True)
class PlateSettings:
    """
    How spectra are spread over plates.

    Attributes
    ----------
    n_spectra : int
        Spectra of the whole survey.
    spectra_per_plate : int
        Spectra of every plate but the last, 1 to 4000.
    layout_shares : tuple of float
        Shares of plates that come in the layouts of `LAYOUT_NAMES`.
    nebular_share : float
        Chance that a field within 15° of the Galactic plane, or in M31 or M33, lies in a nebula; elsewhere a tenth of it.

    Raises
    ------
    ConfigError
        If a value is impossible.
    """

    n_spectra: int
    spectra_per_plate: int = 2000
    layout_shares: tuple[float, float, float] = (0.15, 0.35, 0.5)
    nebular_share: float = 0.5

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        _check("n_spectra", self.n_spectra, "at least 1", fine=self.n_spectra >= 1)
        most = FIBERS * SPECTROGRAPHS
        _check("spectra_per_plate", self.spectra_per_plate, f"1 to {most}", fine=1 <= self.spectra_per_plate <= most)
        shares = self.layout_shares
        _check("layout_shares", shares, "three shares, not all 0", fine=len(shares) == 3 and min(shares) >= 0 < sum(shares))
        _check("nebular_share", self.nebular_share, "0 to 1", fine=0 <= self.nebular_share <= 1)

    @property
    def n_plates(self) -> int:
        """
        Return how many plates there are.

        Returns
        -------
        int
            Number of plates; the last may have fewer spectra.
        """
        return -(-self.n_spectra // self.spectra_per_plate)


@dataclass(frozen=True)
class NebulaField:
    """
    Nebulosity in front of, around or behind the stars of a field.

    Attributes
    ----------
    rv : float
        Velocity at the field's center, km/s.
    gradient : tuple of float
        Change of velocity, km/s a degree eastward and northward.
    nii, sii : float
        [N II] 6585 and [S II] 6718 + 6733 relative to Hα.
    clouds : tuple of tuple
        Place (degrees east and north of the center), width (degrees) and equivalent width of Hα (Å, on a star of r = 16) of each.
    subtracted : float
        Share of a spectrograph's mean nebular light that its sky fibers take away from every spectrum.
    """

    rv: float
    gradient: tuple[float, float]
    nii: float
    sii: float
    clouds: tuple[tuple[float, float, float, float], ...]
    subtracted: float


@dataclass(frozen=True)
class Plate:
    """
    What is observed together.

    Attributes
    ----------
    number : int
        Place in the survey, from 0.
    planid : str
        Name of the observing plan.
    lmjd : int
        Local modified Julian date of the night, days.
    layout : str
        Layout of its files, one of `LAYOUT_NAMES`.
    field : int
        Number of the plate that observed this field first; its own on a first visit.
    visit : int
        0 on the first visit.
    kind : str
        V, B, M or F: bright to faint.
    name : str
        M31 or M33, or empty.
    ra, dec : float
        Center, degrees.
    n_spectra, n_full : int
        Spectra of this plate, and of a full one.
    nebula : NebulaField or None
        What its fibers share.
    sky_residual : float
        Share of the sky's lines that subtraction typically leaves in a spectrum.
    depth : float
        Natural logarithm of exposure and transparency, relative to a typical plate of its kind.
    """

    number: int
    planid: str
    lmjd: int
    layout: str
    field: int
    visit: int
    kind: str
    name: str
    ra: float
    dec: float
    n_spectra: int
    n_full: int
    nebula: NebulaField | None
    sky_residual: float
    depth: float

    @property
    def rv_system(self) -> float | None:
        """
        Return the velocity of the galaxy that the plate is centered on.

        Returns
        -------
        float or None
            km/s; None where there is no such galaxy.
        """
        return SPECIAL_FIELDS[self.name][3] if self.name else None


@dataclass(frozen=True, eq=False)
class Fibers:
    """
    What a plate's fibers are on; every attribute is an array of shape (n_spectra,).

    Attributes
    ----------
    spid, fiberid : array of int
        Spectrograph, 1 to 16, and fiber, 1 to 250.
    ra, dec : array
        Position, degrees.
    obsid : array of int
        Number of the observation, unique in the survey.
    key : array of str
        ``lmjd-planid_spNN-FFF``, as in the names of LAMOST's files.
    origin, index : array of int
        Number of the plate that observed this object first, and its row there.
    object : array of int
        Number of the object, the same in repeated exposures of it.
    magnitude : array
        The object's r magnitude.
    zero_point : array
        Error of the wavelengths, km/s: by how much every line of the object appears redshifted on this visit.
    """

    spid: IntArray
    fiberid: IntArray
    ra: FloatArray
    dec: FloatArray
    obsid: IntArray
    key: NDArray[np.object_]
    origin: IntArray
    index: IntArray
    object: IntArray
    magnitude: FloatArray
    zero_point: FloatArray


@dataclass(frozen=True, eq=False)
class NebularLines:
    """
    Nebular emission that the sky fibers did not take away; every attribute is an array of shape (n_spectra,).

    Attributes
    ----------
    ew : array
        Equivalent width of Hα relative to the star's continuum, Å; positive in emission, negative where too much was subtracted.
    nii, sii : array
        [N II] 6585 and [S II] 6718 + 6733 relative to Hα.
    rv : array
        Velocity, km/s.
    """

    ew: FloatArray
    nii: FloatArray
    sii: FloatArray
    rv: FloatArray


def plate_of(number: int, settings: PlateSettings, seed: int) -> Plate:
    """
    Return a plate of a survey.

    Parameters
    ----------
    number : int
        Which, from 0.
    settings : PlateSettings
        How spectra are spread over plates.
    seed : int
        The survey's.

    Returns
    -------
    Plate
        The same for the same arguments.

    Raises
    ------
    IndexError
        If the survey has no such plate.
    """
    if not 0 <= number < settings.n_plates:
        msg = f"simulate.plate_of: there is no plate {number!r}, expected 0 to {settings.n_plates - 1}"
        raise IndexError(msg)
    field, visit = _visit(number, seed)
    center = np.random.default_rng([seed, FIELD, field])
    kind = _share_of(_evenly(field, 0.5 + seed * 0.1), {name: share for name, (share, _, _) in KINDS.items()})
    layout = _share_of(_evenly(field, seed * 0.3), dict(zip(LAYOUT_NAMES, settings.layout_shares, strict=True)))
    lmjd = int(center.integers(*NIGHTS[layout]))
    name, ra, dec = _center(center)
    near = bool(name) or abs(_latitude(ra, dec)) < NEBULAR_LATITUDE
    nebular = center.random() < settings.nebular_share * (1 if near else 0.1)
    nebula = _nebula(center, SPECIAL_FIELDS[name][3] if name else center.normal(0, 15)) if nebular else None
    generator = np.random.default_rng([seed, VISIT, number])
    # the gap between visits is log-uniform: a night to some years
    lmjd += visit and int(np.ceil(np.exp(generator.uniform(0, np.log(300))))) + 300 * (visit - 1)
    full = settings.spectra_per_plate
    return Plate(
        number=number, planid=f"SYN{field:05d}{kind}{visit + 1:02d}", lmjd=lmjd, layout=layout, field=field, visit=visit,
        kind=kind, name=name, ra=ra, dec=dec, n_spectra=min(full, settings.n_spectra - number * full), n_full=full, nebula=nebula,
        sky_residual=float(np.exp(generator.normal(*SKY_LEFT))), depth=float(generator.normal(0, 0.6)),
    )  # fmt: skip


def fibers(plate: Plate, seed: int) -> Fibers:
    """
    Return what a plate's fibers are on.

    Parameters
    ----------
    plate : Plate
        The plate.
    seed : int
        The survey's.

    Returns
    -------
    Fibers
        By spectrograph and fiber; on a field's first visit ``index`` counts the rows.
    """
    spid, fiberid, east, north = _slots(plate, seed)
    n = plate.n_full
    index, origin = np.arange(n), np.full(n, plate.number)
    if plate.visit:
        generator = np.random.default_rng([seed, MIXTURE, plate.number])
        pairs = np.flatnonzero(generator.random(n // 2) < 0.5) * 2
        index[pairs], index[pairs + 1] = index[pairs + 1], index[pairs]
        origin[generator.random(n) >= NEW_OBJECTS] = plate.field
    kept = slice(plate.n_spectra)
    spid, fiberid, index, origin = spid[kept], fiberid[kept], index[kept], origin[kept]
    offset_east, offset_north, magnitude = np.zeros(index.size), np.zeros(index.size), np.zeros(index.size)
    for first in {plate.field, plate.number}:
        mine = origin == first
        chosen = _objects(plate, first, seed)[:, index[mine]]
        offset_east[mine], offset_north[mine], magnitude[mine] = chosen
    ra, dec = _sky(plate, east[index] + offset_east, north[index] + offset_north)
    names = zip(spid.tolist(), fiberid.tolist(), strict=True)
    keys = np.array([f"{plate.lmjd}-{plate.planid}_sp{sp:02d}-{fiber:03d}" for sp, fiber in names], dtype=object)
    obsid = (9000 + plate.number) * 100_000 + spid * 1000 + fiberid
    objects = origin * np.int64(FIBERS * SPECTROGRAPHS) + index
    zero_point = np.random.default_rng([seed, WAVELENGTHS, plate.number]).normal(0, ZERO_POINT, SPECTROGRAPHS + 1)[spid]
    return Fibers(spid, fiberid, ra, dec, obsid, keys, origin, index, objects, magnitude, zero_point)


def nebular_lines(plate: Plate, fibers: Fibers, dimming: FloatArray | None = None) -> NebularLines:
    """
    Return the nebular emission in each spectrum of a plate.

    Parameters
    ----------
    plate : Plate
        The plate.
    fibers : Fibers
        What its fibers are on.
    dimming : array of shape (n_spectra,), optional
        Magnitudes that each object is fainter than ``fibers.magnitude``.

    Returns
    -------
    NebularLines
        All zero on a plate without nebula; alike in neighboring fibers, apart from the stars' brightness.
    """
    n = fibers.ra.size
    nebula = plate.nebula
    if nebula is None:
        return NebularLines(*(np.zeros(n) for _ in range(4)))
    north = fibers.dec - plate.dec
    east = ((fibers.ra - plate.ra + 180) % 360 - 180) * np.cos(np.deg2rad(fibers.dec))
    light = np.zeros(n)
    for x, y, width, strength in nebula.clouds:
        light += strength * np.exp(-((east - x) ** 2 + (north - y) ** 2) / (2 * width**2))
    counts = np.bincount(fibers.spid, minlength=SPECTROGRAPHS + 1)
    mean = np.bincount(fibers.spid, light, minlength=SPECTROGRAPHS + 1) / np.maximum(counts, 1)
    light -= nebula.subtracted * mean[fibers.spid]
    magnitude = fibers.magnitude if dimming is None else fibers.magnitude + dimming
    ew = np.clip(light * 10 ** (0.4 * (magnitude - 16)), -2, 150)
    ripple = np.sin(2 * east + 3 * north)
    rv = nebula.rv + nebula.gradient[0] * east + nebula.gradient[1] * north
    return NebularLines(ew, nebula.nii * (1 + 0.2 * ripple), nebula.sii * (1 - 0.2 * ripple), rv)


def _visit(number: int, seed: int) -> tuple[int, int]:
    """Return the first plate of a plate's field, and which visit of it this is."""
    start, place = number - number % BLOCK, number % BLOCK
    generator = np.random.default_rng([seed, MIXTURE, 1, start])
    fourth, fifth = (int(choice) for choice in generator.integers(0, 3, 2))
    is_visit = generator.random(2) < (0.25, 0.85)
    if place == 3 and is_visit[0]:
        return start + fourth, 1
    if place == 4 and is_visit[1]:
        return start + fifth, 1 + int(is_visit[0] and fourth == fifth)
    return number, 0


def _evenly(number: int, start: float) -> float:
    """Return numbers from 0 to 1 that cover the interval evenly, so that even a small survey has some of everything."""
    return (start + number * 0.6180339887498949) % 1.0  # the golden ratio's fraction


def _share_of(uniform: float, shares: dict[str, float]) -> str:
    limits = np.cumsum(list(shares.values()))
    return list(shares)[min(int(np.searchsorted(limits, uniform * limits[-1], side="right")), len(shares) - 1)]


def _center(generator: np.random.Generator) -> tuple[str, float, float]:
    """Return a special field, one near the anticenter (a third of them, chosen), or one away from the Galactic plane."""
    chance = generator.random()
    for name, (share, ra, dec, _) in SPECIAL_FIELDS.items():
        if chance < share:
            return name, ra + float(generator.normal(0, 0.5)), dec + float(generator.normal(0, 0.5))
        chance -= share
    if chance < 0.33:
        return "", float(generator.normal(92, 18)) % 360, float(np.clip(generator.normal(28, 12), -10, 60))
    low, high = np.sin(np.deg2rad([-10.0, 60.0]))
    places = zip(
        generator.uniform(0, 360, 16).tolist(), np.rad2deg(np.arcsin(generator.uniform(low, high, 16))).tolist(), strict=True
    )
    ra, dec = next((place for place in places if abs(_latitude(*place)) > NEBULAR_LATITUDE), (180.0, 30.0))
    return "", ra, dec


def _latitude(ra: float, dec: float) -> float:
    """Return Galactic latitude, degrees."""
    return float(galactic(np.array(ra), np.array(dec))[1])


def _nebula(generator: np.random.Generator, rv: float) -> NebulaField:
    """Return a nebula: H II regions have [N II]/Hα about 0.3 and [S II]/Hα about 0.2 to 0.4 (Osterbrock & Ferland 2006)."""
    clouds = [
        (*generator.normal(0, 1.2, 2).tolist(), float(generator.uniform(0.15, 1.5)), float(np.exp(generator.normal(0.7, 1.1))))
        for _ in range(int(generator.integers(1, 7)))
    ]
    nii, sii = np.exp(generator.normal(np.log([0.35, 0.3]), 0.3)).tolist()
    gradient = tuple(generator.normal(0, 8, 2).tolist())
    return NebulaField(float(rv), (gradient[0], gradient[1]), nii, sii, tuple(clouds), float(generator.uniform(0.2, 0.95)))


def _slots(plate: Plate, seed: int) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Return spectrograph, fiber and place, degrees from the center, of each row of a full plate of this field."""
    generator = np.random.default_rng([seed, SLOTS, plate.field])
    n_spectrographs = min(max(-(-plate.n_full // LAST_CROWDED), 1), SPECTROGRAPHS)
    chosen = np.sort(generator.permutation(SPECTROGRAPHS)[:n_spectrographs]) + 1
    counts = np.diff(np.round(np.linspace(0, plate.n_full, n_spectrographs + 1)).astype(int))
    spid = np.repeat(chosen, counts)
    fiberid = np.concatenate([np.sort(generator.permutation(FIBERS)[:count]) + 1 for count in counts])
    east, north = _places(spid - 1, fiberid - 1)
    return spid, fiberid, east, north


def _places(spectrograph: IntArray, fiber: IntArray) -> tuple[FloatArray, FloatArray]:
    """
    Return where fibers sit in the field, degrees from its center.

    Spectrographs are taken to have a zone each, 4 inside half the radius and 12 outside, and fibers to be numbered row by row.
    """
    outer = spectrograph >= 4
    start = np.where(outer, (spectrograph - 4) / 12, spectrograph / 4)
    row, column = np.divmod(fiber, 16)
    column = np.where(row % 2, 15 - column, column)
    angle = 2 * np.pi * (start + (column + 0.5) / 16 / np.where(outer, 12, 4))
    radius = FIELD_RADIUS * np.sqrt(0.25 * outer + (row + 0.5) / 16 * np.where(outer, 0.75, 0.25))
    return radius * np.cos(angle), radius * np.sin(angle)


def _objects(plate: Plate, first: int, seed: int) -> FloatArray:
    """Return offsets from the fiber's home (east, north, degrees) and magnitudes of the objects that a plate observed first."""
    generator = np.random.default_rng([seed, OBJECTS, first])
    _, bright, faint = KINDS[plate.kind]
    offsets = generator.uniform(-0.025, 0.025, (2, plate.n_full))
    # stars become more frequent toward the faint end; a tenth of a magnitude of error in the input catalog
    magnitude = bright + (faint - bright) * np.sqrt(generator.random(plate.n_full)) + generator.normal(0, 0.1, plate.n_full)
    return np.vstack([offsets, magnitude])


def _sky(plate: Plate, east: FloatArray, north: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return positions on the sky from places in the tangent plane (gnomonic projection), degrees."""
    x, y, dec = np.deg2rad(east), np.deg2rad(north), np.deg2rad(plate.dec)
    below = np.cos(dec) - y * np.sin(dec)
    ra = plate.ra + np.rad2deg(np.arctan2(x, below))
    return ra % 360, np.rad2deg(np.arctan2(np.sin(dec) + y * np.cos(dec), np.hypot(x, below)))


def _check(name: str, value: object, expected: str, *, fine: bool) -> None:
    if not fine:
        msg = f"simulate.{name}: impossible value ({value!r}), expected {expected}"
        raise ConfigError(msg)
