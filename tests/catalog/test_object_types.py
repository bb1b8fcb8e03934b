"""SIMBAD's object types: three spellings, one code, and whether emission lines belong to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.catalog.object_types import EMISSION, OTHER, code_of, fold


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("TTauri*", "TT*"),
        ("TTau*", "TT*"),
        ("TT*", "TT*"),
        ("Orion_V*", "Or*"),
        ("CataclyV*", "CV*"),
        ("WolfRayet*", "WR*"),
        ("PlanetaryNeb", "PN"),
        ("Seyfert_1", "Sy1"),
        ("Star", "*"),
        (" Galaxy ", "G"),
        ("TTauri*_Candidate", "TT?"),
        ("YSO_Candidate", "Y*?"),
        ("PlanetaryNeb_Candidate", "PN?"),
        ("AGN_Candidate", "AG?"),
        ("Variable*_Candidate", "V*?"),
        ("Nebulium", "Nebulium"),
        ("Nebulium_Candidate", "Nebulium?"),
        ("", ""),
    ],
)
def test_every_spelling_comes_to_the_short_code(told, code):
    assert code_of(told) == code


EMITTING = (
    "Em*", "EmLine*", "Be*", "Ae*", "TT*", "Or*", "Y*O", "WR*", "CV*", "CataclyV*", "No*", "Sy*", "Symbiotic*", "PN", "HII",
    "PlanetaryNeb", "HIIReg", "SN*", "HXB", "Sy1", "QSO", "AGN", "EmG",
)  # fmt: skip
OTHERS = (
    "*",
    "Star",
    "**",
    "SB*",
    "EB*",
    "V*",
    "G",
    "Galaxy",
    "Mira",
    "RS*",
    "WD*",
    "BLL",
    "BLLac",
    "IR",
    "X",
    "Cl*",
    "RNe",
    "??",
)


@pytest.mark.parametrize("told", EMITTING)
def test_types_that_are_defined_by_emission_lines_are_known_for_them(told):
    assert fold(told) == "emission"


@pytest.mark.parametrize("told", OTHERS)
def test_types_that_are_not_are_something_else(told):
    assert fold(told) == "other"


@pytest.mark.parametrize("told", ["Be?", "Be*_Candidate", "Y*?", "YSO_Candidate", "CV?", "AG?", "AGN_Candidate", "PN?", "?"])
def test_a_candidate_is_known_for_nothing_yet(told):
    assert fold(told) == "other"


def test_one_type_of_emission_among_all_is_enough():
    assert fold("SB*", "*|Be*|IR|SB*") == "emission"
    assert fold("*", ["IR", "EmLine*"]) == "emission"
    assert fold("SB*", "*|Be?|IR|SB*") == "other"


def test_without_a_type_nothing_is_known():
    assert fold("") == ""
    assert fold("", "| |") == ""
    assert fold("", "IR|Em*") == "emission"


def test_no_label_stands_for_two_codes_and_no_code_in_both_groups():
    spellings = [
        (label, code) for family in (*EMISSION.values(), OTHER) for code, labels in family.items() for label in {code, *labels}
    ]
    assert len(dict(spellings)) == len(spellings)


@given(st.text())
def test_a_code_is_its_own_code(told):
    assert code_of(code_of(told)) == code_of(told)
