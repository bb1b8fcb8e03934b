"""
What every column of a catalog means: the one table that all its forms are described from.

Equivalent widths and full widths are given in units of ``0.1nm``, which is the ångström: so writes it CDS [1]_, and so the
Virtual Observatory, which gave up the name ``Angstrom`` [2]_; the numbers are those that astronomers expect.

References
----------
.. [1] Ochsenbein 2000, Standards for documentation of astronomical catalogues, version 2.0, CDS, sect. 3.2.
.. [2] Gray et al. 2023, Units in the VO 1.1, IVOA Recommendation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import pyarrow as pa

from spectrove.catalog.build import probability_column

SKY = "icrs_frame"
EPOCHS = "mjd_frame"
"""Ids of the coordinate systems that columns refer to: positions in ICRS, dates in days of MJD."""

ANGSTROM = "0.1nm"
"""The unit of widths, as VOUnit and CDS write it."""

TEXT = pa.string()
"""The type of most columns."""


@dataclass(frozen=True)
class ColumnMeaning:
    """
    What a column means, and how it is written where columns have a fixed width.

    Attributes
    ----------
    description : str
        One sentence without its full stop.
    ucd : str or None
        Unified content descriptor, UCD1+.
    unit : str or None
        Unit as VOUnit writes it.
    ref : str or None
        Id of the coordinate system that the column is in: `SKY` or `EPOCHS`.
    format : str or None
        How a number is written as text of fixed width, as Python's ``%`` takes it; None for all digits that it has.
    group : str
        What it belongs to, a key of `GROUPS`.
    kind : pyarrow.DataType
        Type of its values.
    """

    description: str
    ucd: str | None = None
    unit: str | None = None
    ref: str | None = None
    format: str | None = None
    group: str = "origin"
    kind: pa.DataType = TEXT


@dataclass(frozen=True)
class CatalogFacts:
    """
    What a catalog says of itself.

    Attributes
    ----------
    name : str
        Short name, which its files may carry.
    title : str
        One line.
    abstract : str
        What it holds and how it was made, in a paragraph.
    authors : tuple of str
        As ``Škoda P.``, in order.
    survey : str
        Survey that was searched.
    pool : str
        Content hash of the pool that was searched.
    release : str
        The survey's release; empty if not known.
    n_spectra : int
        Number of spectra that were searched.
    made_at : str
        When it was made, in UTC, ISO 8601.
    software : str
        Name and version of what made it.
    classes : tuple of str
        All classes of the campaign.
    targets : tuple of str
        Those that were searched for.
    notes : tuple of str
        What its readers must know, a paragraph each.
    references : tuple of str
        What to cite, a line each.
    """

    name: str
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    survey: str = ""
    pool: str = ""
    release: str = ""
    n_spectra: int = 0
    made_at: str = ""
    software: str = ""
    classes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


LINE_NAMES: Mapping[str, str] = MappingProxyType(
    {"ha": "Hα", "hb": "Hβ", "hei": "He I 6678", "nii": "[N II] 6583", "oiii": "[O III] 5007", "cat": "Ca II 8542"}
)
"""The lines that a catalog measures: what their columns end with, and the field's name."""

LINE_UCDS: Mapping[str, str] = MappingProxyType({"ha": "em.line.Halpha", "hb": "em.line.Hbeta", "oiii": "em.line.OIII"})
"""Lines that the vocabulary of UCDs knows by name; any other is ``em.line``."""

GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "object": "Object and observation",
        "network": "Prediction of the network",
        "verdict": "Class, and who gave it",
        **{key: f"Measurements of {name}" for key, name in LINE_NAMES.items()},
        "velocity": "Velocity and variability",
        "match": "Known objects at the position",
        "light": "Light of other sources",
        "origin": "Where it comes from",
    }
)
"""What columns belong to, in the order of the catalog, and how it is called in front of people."""

_INT, _FLOAT, _DOUBLE, _FLAG = pa.int32(), pa.float32(), pa.float64(), pa.bool_()

PROBABILITY = ColumnMeaning(
    "Predicted probability of the class in the column's name", "stat.probability", format="%.6f", group="network", kind=_FLOAT
)
"""The meaning of every column that begins with ``prob_``."""


def _object() -> dict[str, ColumnMeaning]:
    return {
        "spectrum_id": ColumnMeaning("Spectrum, as survey:key", "meta.id;meta.main", group="object"),
        "designation": ColumnMeaning("The survey's designation of the object", "meta.id;src", group="object"),
        "ra": ColumnMeaning(
            "Right ascension, from the survey", "pos.eq.ra;meta.main", "deg", SKY, "%.7f", group="object", kind=_DOUBLE
        ),
        "dec": ColumnMeaning(
            "Declination, from the survey", "pos.eq.dec;meta.main", "deg", SKY, "%.7f", group="object", kind=_DOUBLE
        ),
        "group_id": ColumnMeaning(
            "Number of the object: spectra with the same number lie within 5 arcsec of one another",
            "meta.id.parent",
            group="object",
            kind=_INT,
        ),
        "n_exposures": ColumnMeaning(
            "Number of spectra of the object in this table", "meta.number;obs", group="object", kind=_INT
        ),
        "mjd": ColumnMeaning(
            "Modified Julian date of the observation, from the survey",
            "time.epoch;obs",
            "d",
            EPOCHS,
            "%.6f",
            group="object",
            kind=_DOUBLE,
        ),
        "snr": ColumnMeaning(
            "Signal-to-noise ratio a pixel, from the survey", "stat.snr", format="%.2f", group="object", kind=_DOUBLE
        ),
        "spectral_class": ColumnMeaning("Class assigned by the survey's pipeline", "src.class", group="object"),
        "subclass": ColumnMeaning("Subclass assigned by the survey's pipeline", "src.spType", group="object"),
    }


def _network() -> dict[str, ColumnMeaning]:
    return {
        "pred_class": ColumnMeaning(
            "Class of the largest predicted probability", "meta.code.class;meta.modelled", group="network"
        ),
        "entropy": ColumnMeaning(
            "Shannon entropy of the class probabilities, in nats", "stat.value", format="%.6f", group="network", kind=_FLOAT
        ),
    }


def _verdict() -> dict[str, ColumnMeaning]:
    said = {
        "label": ("Class: the verdict's if there is one, else the answer's, else the predicted one", "meta.code.class"),
        "source": ("Who found the candidate: network or oracle", "meta.code"),
        "iteration": ("Iteration of the campaign that the label comes from", "meta.number"),
        "verdict": ("Verdict of whoever verified it: keep, other-class, reject or none", "meta.code.qual"),
        "reasons": ("Reasons of the verdict, joined by semicolons", "meta.code"),
        "comment": ("Comments of those who looked at it", "meta.note"),
        "n_votes": ("Number of people who answered what it is", "meta.number"),
        "agreement": ("Share of these answers that gave the most frequent class", "stat.fit.goodness"),
        "verified_by": ("Who verified it", "meta.curation"),
        "verified_at": ("When it was verified, in UTC, ISO 8601", "time.processing"),
    }
    kinds = {"iteration": _INT, "n_votes": _INT, "agreement": _FLOAT}
    return {
        name: ColumnMeaning(
            text, ucd, format="%.3f" if name == "agreement" else None, group="verdict", kind=kinds.get(name, TEXT)
        )
        for name, (text, ucd) in said.items()
    }


LINE_QUANTITIES: Mapping[str, tuple[str, str, str | None, str]] = MappingProxyType(
    {
        "ew": ("Equivalent width of {}, negative in emission", "spect.line.eqWidth", ANGSTROM, "%.3f"),
        "fwhm": ("Full width at half maximum of {}, as observed", "spect.line.width", ANGSTROM, "%.3f"),
        "peak": ("Flux at the peak of {} over that of the continuum", "spect.line.intensity;arith.ratio", None, "%.4f"),
        "sep": ("Separation of the two peaks of {}", "spect.line.width;phys.veloc", "km/s", "%.2f"),
        "vr": ("Violet over red peak of {}, each above the continuum", "spect.line.intensity;arith.ratio", None, "%.4f"),
        "profile": ("Profile of {}: {profiles}", "meta.code.class;spect.line", None, ""),
        "rv": (
            "Radial velocity of {} by mirroring its profile, if that is single, double, shell or absorption",
            "spect.dopplerVeloc.opt",
            "km/s",
            "%.2f",
        ),
    }
)
"""What is measured of a line: description, UCD, unit and format; a column is called by this, ``_`` and the line's key."""

PROFILES = ("single", "double", "shell", "reversal", "absorption", "p-cygni", "inverse-p-cygni", "none")
"""Words of a profile's column."""


def _line(key: str) -> dict[str, ColumnMeaning]:
    name, wave = LINE_NAMES[key], LINE_UCDS.get(key, "em.line")
    found: dict[str, ColumnMeaning] = {}
    for quantity, (text, ucd, unit, form) in LINE_QUANTITIES.items():
        column = f"{quantity}_{key}"
        if quantity == "profile":
            told = text.format(name, profiles=", ".join(PROFILES))
            found[column] = ColumnMeaning(told, f"{ucd};{wave}", group=key)
            continue
        found[column] = ColumnMeaning(text.format(name), f"{ucd};{wave}", unit, format=form, group=key, kind=_FLOAT)
        error = f"stat.error;{ucd};{wave}"
        described = f"Standard error of {column}"
        found[f"{column}_err"] = ColumnMeaning(described, error, unit, format=form, group=key, kind=_FLOAT)
    return found


def _velocity() -> dict[str, ColumnMeaning]:
    velocity = "spect.dopplerVeloc.opt"
    return {
        "rv": ColumnMeaning(
            "Radial velocity: weighted mean over clear lines whose profile is alike on both sides, or as set by hand",
            f"{velocity};meta.main",
            "km/s",
            format="%.2f",
            group="velocity",
            kind=_FLOAT,
        ),
        "rv_err": ColumnMeaning(
            "Standard error of rv", f"stat.error;{velocity}", "km/s", format="%.2f", group="velocity", kind=_FLOAT
        ),
        "rv_n": ColumnMeaning("Number of lines in rv", "meta.number;spect.line", group="velocity", kind=_INT),
        "rv_scatter": ColumnMeaning(
            "Standard deviation of the lines' velocities",
            f"stat.stdev;{velocity}",
            "km/s",
            format="%.2f",
            group="velocity",
            kind=_FLOAT,
        ),
        "rv_frame": ColumnMeaning(
            "What all velocities refer to: barycentric, heliocentric, not corrected or unknown",
            "meta.code;pos.frame",
            group="velocity",
        ),
        "variable": ColumnMeaning(
            "Whether the line's profile differs between the object's spectra", "meta.code;src.var", group="velocity", kind=_FLAG
        ),
        "var_p": ColumnMeaning(
            "Probability that profiles of a star that does not change differ as much",
            "stat.probability;src.var",
            format="%.3e",
            group="velocity",
            kind=_FLOAT,
        ),
    }


def _match() -> dict[str, ColumnMeaning]:
    texts = {
        "status": ("Status: new, known-catalog, known-simbad, not-compared or rejected", "meta.code.status"),
        "known_as": ("Class of the known object, as its source calls it", "src.class"),
        "catalog_name": ("Earlier catalog that knows the object", "meta.id;meta.dataset"),
        "catalog_match": ("Object of the earlier catalog at the position", "meta.id.cross"),
        "catalog_sep": ("Distance of this object", "pos.angDistance"),
        "catalog_chance": ("Probability that an unrelated object lies as near", "stat.probability;pos.angDistance"),
        "simbad_id": ("Object of SIMBAD that was accepted as the same", "meta.id.cross"),
        "simbad_otype": ("Its type, as SIMBAD abbreviates it", "src.class"),
        "simbad_sep": ("Distance of the object of SIMBAD", "pos.angDistance"),
        "simbad_chance": ("Probability that an unrelated object of SIMBAD lies as near", "stat.probability;pos.angDistance"),
        "simbad_group": ("Its type by the hierarchy of SIMBAD: emission or other; empty without an object", "src.class"),
    }
    return {name: _matched(name, text, ucd) for name, (text, ucd) in texts.items()}


def _matched(name: str, text: str, ucd: str) -> ColumnMeaning:
    if name.endswith("_sep"):
        return ColumnMeaning(text, ucd, "arcsec", format="%.3f", group="match", kind=_FLOAT)
    if name.endswith("_chance"):
        return ColumnMeaning(text, ucd, format="%.3e", group="match", kind=_FLOAT)
    return ColumnMeaning(text, ucd, group="match")


def _light() -> dict[str, ColumnMeaning]:
    return {
        "bright_neighbor": ColumnMeaning(
            "Bright star within 60 arcsec, whose light may lie in the spectrum", "meta.id.assoc", group="light"
        ),
        "bright_mag": ColumnMeaning("Its magnitude", "phot.mag", "mag", format="%.2f", group="light", kind=_FLOAT),
        "bright_sep": ColumnMeaning("Its distance", "pos.angDistance", "arcsec", format="%.3f", group="light", kind=_FLOAT),
        "shared_light": ColumnMeaning(
            "Why light of a nebula or of another fiber is suspected; empty if it is not", "meta.code", group="light"
        ),
        "shared_with": ColumnMeaning("Spectra that look nearly the same, joined by semicolons", "meta.id.assoc", group="light"),
    }


def _origin() -> dict[str, ColumnMeaning]:
    return {
        "file": ColumnMeaning("File that the spectrum was read from", "meta.id;meta.file"),
        "obsid": ColumnMeaning("The survey's number of the observation", "meta.id;obs"),
        "preview_line": ColumnMeaning("Picture of the line, beside this table", "meta.ref.url;meta.preview"),
        "preview_whole": ColumnMeaning("Picture of the whole spectrum, beside this table", "meta.ref.url;meta.preview"),
        "checkpoint": ColumnMeaning("Hash of the network that predicted the class", "meta.version;meta.modelled"),
        "measured_with": ColumnMeaning(
            "Why lines were not measured in the whole spectrum, or what is doubtful; empty if nothing is", "meta.note"
        ),
    }


MEANINGS: Mapping[str, ColumnMeaning] = MappingProxyType(
    {
        **_object(),
        **_network(),
        **_verdict(),
        **{name: meaning for key in LINE_NAMES for name, meaning in _line(key).items()},
        **_velocity(),
        **_match(),
        **_light(),
        **_origin(),
    }
)
"""The columns of a catalog in its order; the probabilities, each a `PROBABILITY`, stand in front of ``entropy``."""


def meaning_of(name: str) -> ColumnMeaning | None:
    """
    Return what a column means.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    ColumnMeaning or None
        None for a column that no catalog of spectrove has.
    """
    return MEANINGS.get(name) or (PROBABILITY if name.startswith("prob_") else None)


def catalog_schema(classes: Sequence[str]) -> pa.Schema:
    """
    Return names and types of a catalog's columns, in order.

    Parameters
    ----------
    classes : sequence of str
        The campaign's classes, one column of probabilities each.

    Returns
    -------
    pyarrow.Schema
        As `MEANINGS`, the probabilities in front of the entropy.
    """
    fields: list[pa.Field] = []
    for name, meaning in MEANINGS.items():
        if name == "entropy":
            fields.extend(pa.field(probability_column(label), PROBABILITY.kind) for label in classes)
        fields.append(pa.field(name, meaning.kind))
    return pa.schema(fields)
