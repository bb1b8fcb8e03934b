"""What the columns of a catalog mean."""

from __future__ import annotations

import dataclasses
import string

import pytest
from astropy import units
from astropy.io.votable.ucd import check_ucd
from hypothesis import given
from hypothesis import strategies as st

from spectrove.catalog import columns, probability_column
from spectrove.catalog.ascii_text import ascii_text
from spectrove.catalog.columns import GROUPS, LINE_NAMES, MEANINGS, PROBABILITY, catalog_schema, meaning_of

EVERY = {**MEANINGS, "prob_x": PROBABILITY}


@pytest.mark.parametrize("name", EVERY)
def test_every_ucd_is_in_the_vocabulary_and_every_unit_is_a_vounit(name):
    meaning = EVERY[name]

    assert check_ucd(meaning.ucd, check_controlled_vocabulary=True, has_colon=True), meaning.ucd
    assert meaning.unit is None or units.Unit(meaning.unit, format="vounit", parse_strict="raise")
    assert meaning.unit is None or units.Unit(meaning.unit, format="cds", parse_strict="raise")


def test_the_unit_of_widths_is_the_angstrom():
    assert units.Unit(columns.ANGSTROM, format="vounit") == units.AA
    assert MEANINGS["ew_ha"].unit == MEANINGS["fwhm_cat_err"].unit == columns.ANGSTROM


@pytest.mark.parametrize("name", EVERY)
def test_every_column_says_in_one_sentence_what_it_is(name):
    meaning = EVERY[name]

    assert meaning.description
    assert meaning.description[0] in string.ascii_uppercase
    assert not meaning.description.endswith(".")
    assert meaning.group in GROUPS
    if meaning.format:
        assert float(meaning.format % 1.5) == 1.5


def test_one_column_is_the_main_one_of_each_kind():
    ucds = [meaning.ucd for meaning in MEANINGS.values() if "meta.main" in meaning.ucd]

    assert len(set(ucds)) == len(ucds)
    assert {"meta.id;meta.main", "pos.eq.ra;meta.main", "pos.eq.dec;meta.main"} <= set(ucds)


def test_an_error_has_the_unit_and_the_ucd_of_what_it_is_an_error_of():
    errors = {name: meaning for name, meaning in MEANINGS.items() if name.endswith("_err")}

    assert len(errors) == 6 * len(LINE_NAMES) + 1
    for name, meaning in errors.items():
        of = MEANINGS[name.removesuffix("_err")]
        assert (meaning.unit, meaning.format) == (of.unit, of.format)
        assert meaning.ucd == "stat.error;" + of.ucd.removesuffix(";meta.main")


def test_the_probabilities_stand_before_their_entropy_and_mean_all_the_same():
    names = catalog_schema(("a b", "c")).names

    assert names[names.index("pred_class") : names.index("label")] == ["pred_class", "prob_a_b", "prob_c", "entropy"]
    assert meaning_of(probability_column("a b")) is PROBABILITY
    assert meaning_of("something") is None
    assert [name for name in names if not name.startswith("prob_")] == list(MEANINGS)


def test_the_schema_has_the_types_that_the_meanings_say():
    for field in catalog_schema(("a",)):
        assert field.type == meaning_of(field.name).kind


def test_meanings_and_facts_cannot_be_changed():
    with pytest.raises(TypeError):
        MEANINGS["ra"] = PROBABILITY
    with pytest.raises(dataclasses.FrozenInstanceError):
        PROBABILITY.unit = "deg"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Škoda, ψ⁹ Aur", "Skoda, psi9 Aur"),
        ("Hα, Ωmega", "Halpha, Omegamega"),
        ("5″–300″", '5"-300"'),
        ("two\r\nlines\x00", "two lines"),
        ("ø Łódź ß", "o Lodz ss"),
        ("日本", "??"),
        (" Be* ", "Be*"),
    ],
)
def test_text_is_spelled_in_ascii(text, wanted):
    assert ascii_text(text) == wanted


@given(st.text())
def test_any_text_becomes_printable_ascii_that_stays_as_it_is(text):
    plain = ascii_text(text)

    assert all(" " <= letter <= "~" for letter in plain)
    assert ascii_text(plain) == plain


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126)))
def test_printable_ascii_is_left_alone(text):
    assert ascii_text(text) == text
