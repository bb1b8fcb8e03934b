"""
SIMBAD's object types, folded into two: emission lines belong to the type, or they do not.

An object is *of emission type* if its type, or a type above it in SIMBAD's hierarchy, is defined by emission lines or by what
makes them: disks and winds of young and of hot stars, accretion onto a compact star, ionized gas, active nuclei. Types that often
show Hα in emission and are not defined by it (Miras, RS CVn and BY Dra stars, supergiants, red dwarfs) are not: whoever finds
their emission has found something out. Nor are candidates (``Be?``, ``Y*?``), which nobody has confirmed.

The services spell types differently: TAP has the short codes (``TT*``), X-Match long labels (``TTauri*``), and tables that were
saved before July 2022 have the labels of the list before (``TTau*``, ``Orion_V*``). All are brought to the short code.

References
----------
SIMBAD's list of object types and their hierarchy: https://simbad.cds.unistra.fr/guide/otypes.htx
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

Group = Literal["emission", "other", ""]
"""What a type says of emission lines; empty without a type."""

EMISSION: dict[str, dict[str, tuple[str, ...]]] = {
    "stars with emission lines": {
        "Em*": ("EmLine*", "Em*", "Emission-line*"),
        "Be*": ("Be*",),
        "WR*": ("WolfRayet*", "WR*"),
    },
    "young stars": {
        "Y*O": ("YSO", "Y*"),
        "TT*": ("TTauri*", "TTau*"),
        "Or*": ("OrionV*", "Orion_V*"),
        "Ae*": ("Ae*", "HerbigAe*"),
        "HH": ("HerbigHaroObj", "HH"),
        "out": ("Outflow",),
        "FU*": ("FUOri", "Erupt*FUOr"),
    },
    "accreting binaries": {
        "CV*": ("CataclyV*",),
        "DQ*": ("CV_DQHer", "CV*DQHer"),
        "AM*": ("CV_AMHer", "CV*AMHer"),
        "NL*": ("CV_Novalike", "Novalike"),
        "DN*": ("DwarfNova",),
        "No*": ("Nova", "ClassicalNova"),
        "Sy*": ("Symbiotic*",),
        "XB*": ("XrayBin", "XB"),
        "LXB": ("LowMassXBin", "LMXB"),
        "HXB": ("HighMassXBin", "HMXB"),
    },
    "ionized gas and explosions": {
        "PN": ("PlanetaryNeb", "PN"),
        "HII": ("HIIReg", "HII"),
        "SNR": ("SNRemnant", "SNR"),
        "SN*": ("Supernova", "SN"),
        "EmO": ("EmObj", "EmissionObj"),
    },
    "galaxies with emission lines": {
        "EmG": ("EmissionG", "EmG"),
        "H2G": ("HIIG", "HII_G"),
        "SBG": ("StarburstG", "StarBurstG"),
        "bCG": ("BlueCompactG", "BlueCompG"),
        "AGN": ("AGN",),
        "SyG": ("Seyfert",),
        "Sy1": ("Seyfert1", "Seyfert_1"),
        "Sy2": ("Seyfert2", "Seyfert_2"),
        "LIN": ("LINER",),
        "rG": ("RadioG",),
        "QSO": ("QSO", "Quasar"),
        "LeQ": ("LensedQ",),
    },
}
"""
Types of emission, family by family in SIMBAD's hierarchy: short code, and the labels of X-Match and of older tables.

Blazars and BL Lac objects (``Bla``, ``BLL``) stand below ``QSO`` in the hierarchy and are left out: they are told by the absence
of lines.
"""

OTHER: dict[str, tuple[str, ...]] = {
    "*": ("Star",),
    "**": ("Binary", "DoubleStar"),
    "SB*": (),
    "EB*": ("EclBin",),
    "El*": ("EllipVar",),
    "V*": ("Variable*",),
    "PM*": ("HighPM*",),
    "HV*": ("HighVel*",),
    "LM*": ("Low-Mass*", "low-mass*"),
    "BD*": ("BrownD*", "brownD*"),
    "Ma*": ("Massive*",),
    "MS*": ("MainSequence*",),
    "Ev*": ("Evolved*",),
    "sg*": ("Supergiant",),
    "s*b": ("BlueSG", "BlueSG*"),
    "s*r": ("RedSG", "RedSG*"),
    "s*y": ("YellowSG", "YellowSG*"),
    "BS*": ("BlueStraggler",),
    "HB*": ("HorBranch*",),
    "RG*": ("RGB*",),
    "RC*": ("RCrBV*", "Erupt*RCrB"),
    "AB*": ("AGB*",),
    "pA*": ("post-AGB*", "postAGB*"),
    "C*": (),
    "S*": (),
    "OH*": ("OH/IR*", "OH/IR"),
    "Mi*": ("Mira",),
    "LP*": ("LongPeriodV*", "LPV*"),
    "HS*": ("HotSubdwarf",),
    "WD*": ("WhiteDwarf",),
    "N*": ("Neutron*",),
    "Psr": ("Pulsar",),
    "BH": ("BlackHole",),
    "Pe*": ("ChemPec*", "Pec*"),
    "a2*": ("alf2CVnV*", "RotV*alf2CVn"),
    "Ro*": ("RotV*",),
    "BY*": ("BYDraV*", "BYDra"),
    "RS*": ("RSCVnV*", "RSCVn"),
    "Er*": ("Eruptive*",),
    "Ir*": ("IrregularV*", "Irregular_V*"),
    "Pu*": ("PulsV*",),
    "RR*": ("RRLyrae", "RRLyr"),
    "Ce*": ("Cepheid",),
    "cC*": ("ClassicalCep", "deltaCep"),
    "WV*": ("Type2Cep", "PulsV*WVir"),
    "RV*": ("RVTauV*", "PulsV*RVTau"),
    "bC*": ("bCepV*", "PulsV*bCep"),
    "dS*": ("delSctV*", "PulsV*delSct"),
    "gD*": ("gammaDorV*",),
    "SX*": ("SXPheV*",),
    "Pl": ("Planet",),
    "Cl*": ("Cluster*",),
    "OpC": ("OpenCluster", "OpCl"),
    "GlC": ("GlobCluster", "GlCl"),
    "As*": ("Association",),
    "ISM": ("ISM",),
    "MoC": ("MolCld",),
    "DNe": ("DarkNeb",),
    "RNe": ("RefNeb",),
    "SFR": ("StarFormingReg",),
    "G": ("Galaxy",),
    "GiG": ("GtowardsGroup", "GinGroup"),
    "GiC": ("GtowardsCl", "GinCl"),
    "GiP": ("GinPair",),
    "IG": ("InteractingG",),
    "PaG": ("PairG",),
    "LSB": ("LowSurfBrghtG", "LSB_G"),
    "BiC": ("BrightestCG", "BClG"),
    "ClG": ("ClG",),
    "Bla": ("Blazar",),
    "BLL": ("BLLac",),
    "Rad": ("Radio",),
    "IR": ("Infrared",),
    "X": (),
    "UV": (),
    "blu": ("Blue",),
}
"""Short codes of types without emission, and their labels: only so that a type reads the same whichever service told it."""

CANDIDATES = {
    "Y*O": "Y*?",
    "AGN": "AG?",
    "QSO": "Q?",
    "Bla": "Bz?",
    "BLL": "BL?",
    "LXB": "LX?",
    "HXB": "HX?",
    "GlC": "Gl?",
    "ClG": "C?G",
    "V*": "V*?",
    "C*": "C*?",
    "S*": "S*?",
    "**": "**?",
    "RG*": "RB?",
}
"""Codes of candidates that are not the code of the confirmed with a question mark in place of the asterisk or behind it."""

EMISSION_CODES = frozenset(code for family in EMISSION.values() for code in family)

_CODES = {label: code for family in (*EMISSION.values(), OTHER) for code, labels in family.items() for label in (code, *labels)}


def code_of(told: str) -> str:
    """
    Return SIMBAD's short code of an object type.

    Parameters
    ----------
    told : str
        A short code, or a label of X-Match or of tables before July 2022.

    Returns
    -------
    str
        The short code; a type that is not known stays as it is.
    """
    told = told.strip()
    if told in _CODES:
        return _CODES[told]
    base = told.removesuffix("_Candidate")
    if base == told:
        return told
    confirmed = _CODES.get(base, base).removesuffix("?")
    return CANDIDATES.get(confirmed) or f"{confirmed.removesuffix('*')}?"


def fold(told: str, others: str | Iterable[str] = ()) -> Group:
    """
    Return whether an object is known for emission lines.

    The main type is the most precise that SIMBAD has, not the only one: a spectroscopic binary (``SB*``) can be a Be star
    besides. So one type of emission among all is enough.

    Parameters
    ----------
    told : str
        The main type, short code or label.
    others : str or iterable of str, optional
        Further types, a list or as SIMBAD joins them: ``*|Be*|IR``.

    Returns
    -------
    str
        ``emission`` or ``other``; empty if there is no type at all.
    """
    further = re.split(r"[|;,\s]+", others) if isinstance(others, str) else others
    codes = {code_of(one) for one in (told, *further) if one.strip()}
    if not codes:
        return ""
    return "emission" if codes & EMISSION_CODES else "other"
