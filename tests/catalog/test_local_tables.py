"""Tables of other astronomers: CSV, VOTable, FITS, Parquet; columns by UCD and by name; and what is wrong with broken ones."""

from __future__ import annotations

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from astropy.coordinates import Angle
from astropy.table import Table
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from spectrove.catalog.local_columns import degrees_of, guess_columns
from spectrove.catalog.local_tables import LocalCatalog, read_catalog
from spectrove.errors import CatalogError

RA, DEC = [83.633, 0.001, 266.4], [22.0145, -0.5, -29.0078]


def table():
    made = Table(
        {
            "source_id": np.array([2**60 + 1, 2, 3]),
            "ra": RA,
            "dec": DEC,
            "pmra": [1.5, np.nan, -3.0],
            "pmdec": [0.0, 2.0, 4.0],
            "ref_epoch": [2016.0, 2016.0, 2015.5],
            "Vmag": [8.25, np.nan, 12.0],
            "otype": ["Be*", "", "Em*"],
            "flux": np.ones((3, 4)),
        }
    )
    for name, unit in (("ra", "deg"), ("dec", "deg"), ("pmra", "mas / yr"), ("pmdec", "mas / yr"), ("ref_epoch", "yr")):
        made[name].unit = unit
    return made


def write(path, made):
    """Write a table in the format of a file's name."""
    suffixes = path.name.split(".")[1:]
    if suffixes[0] == "parquet":
        pa.parquet.write_table(pa.table({name: made[name].tolist() for name in made.columns}), path)
    elif suffixes[0] == "csv":
        narrow = made["source_id", "ra", "dec", "pmra", "pmdec", "ref_epoch", "Vmag", "otype"]
        narrow.write(path.with_suffix("") if "gz" in suffixes else path, format="ascii.csv")
        if "gz" in suffixes:
            path.write_bytes(gzip.compress(path.with_suffix("").read_bytes()))
    else:
        made.write(path, format={"fits": "fits", "vot": "votable"}[suffixes[0]])
    return path


# -- The formats -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["stars.csv", "stars.csv.gz", "stars.vot", "stars.fits", "stars.fits.gz", "stars.parquet"])
def test_every_format_gives_the_same(tmp_path, name):
    stars = read_catalog(write(tmp_path / name, table()))

    assert stars.name == "stars"
    assert (stars.ra.tolist(), stars.dec.tolist()) == (RA, DEC)
    assert stars.pmra.tolist() == [1.5, 0.0, -3.0]
    assert stars.pmdec.tolist() == [0.0, 2.0, 4.0]
    assert stars.epoch.tolist() == [2016.0, 2016.0, 2015.5]
    assert stars.texts("name", np.array([0, -1])) == [str(2**60 + 1), None]
    assert stars.texts("type", np.array([0, 1, 2])) == ["Be*", None, "Em*"]
    assert np.array_equal(stars.magnitudes(), [8.25, np.nan, 12.0], equal_nan=True)
    assert stars.assumed == ()
    for array in (stars.ra, stars.dec, stars.pmra, stars.pmdec):
        assert array.dtype == np.dtype("float64")
        assert array.dtype.isnative


def test_the_format_is_seen_in_the_file_and_not_in_its_name(tmp_path):
    write(tmp_path / "stars.fits", table()).rename(tmp_path / "stars.csv")

    assert len(read_catalog(tmp_path / "stars.csv")) == 3


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_may_begin_with_remarks_and_be_parted_by_other_signs(tmp_path, delimiter):
    path = tmp_path / "stars.csv"
    lines = [
        "# VizieR",
        "#",
        delimiter.join(["Name", "RAJ2000", "DEJ2000", "Vmag"]),
        delimiter.join(['"a, b"', "10.5", "-20", "-"]),
    ]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join([*lines, ""]).encode())

    stars = read_catalog(path)

    assert (stars.ra.tolist(), stars.dec.tolist()) == ([10.5], [-20.0])
    assert stars.texts("name", np.array([0])) == ["a, b"]
    assert np.isnan(stars.magnitudes()[0])


def test_only_the_columns_that_are_needed_are_kept(tmp_path):
    path = write(tmp_path / "stars.fits", table())

    assert read_catalog(path).table.column_names == ["source_id", "Vmag", "otype"]
    assert read_catalog(path, keep=["pmra"]).table.column_names == ["source_id", "Vmag", "otype", "pmra"]


def test_a_row_without_a_position_keeps_its_place(tmp_path):
    path = tmp_path / "stars.csv"
    path.write_text("ra,dec\n1,2\n,3\n4,\n5,6\n")

    stars = read_catalog(path)

    assert np.array_equal(stars.ra, [1, np.nan, np.nan, 5], equal_nan=True)
    assert np.array_equal(stars.dec, [2, np.nan, np.nan, 6], equal_nan=True)


# -- The columns -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["_RAJ2000", "_DEJ2000", "RAJ2000", "DEJ2000"], ("_RAJ2000", "_DEJ2000")),
        (["RA_ICRS", "DE_ICRS", "RAJ2000", "DEJ2000"], ("RA_ICRS", "DE_ICRS")),
        (["RAB1950", "DEB1950", "RAJ2000", "DEJ2000"], ("RAJ2000", "DEJ2000")),
        (["ra", "e_ra", "de", "dec", "e_dec"], ("ra", "dec")),
        (["s_ra", "s_dec"], ("s_ra", "s_dec")),
    ],
)
def test_positions_are_known_by_their_names(names, expected):
    found = guess_columns(names, {}, {})

    assert (found["ra"], found["dec"]) == expected


def test_a_ucd_says_more_than_a_name():
    ucds = {
        "ra": "pos.eq.ra",
        "dec": "pos.eq.dec",
        "x": "pos.eq.ra;meta.main",
        "y": "pos.eq.dec;meta.main",
        "ex": "stat.error;pos.eq.ra",
    }

    found = guess_columns(["ex", "ra", "dec", "x", "y"], ucds, {})

    assert (found["ra"], found["dec"]) == ("x", "y")


@pytest.mark.parametrize("names", [["ra"], ["RAB1950", "DEB1950"], ["glon", "glat"], ["e_ra", "e_dec"], ["RAJ2000", "dec_deg"]])
def test_half_a_position_or_one_of_another_system_is_none(names):
    assert not {"ra", "dec"} & guess_columns(names, {}, {}).keys()


@pytest.mark.parametrize("suffix", ["vot", "fits"])
def test_the_ucds_of_a_file_are_heard(tmp_path, suffix):
    made = Table({"a": [1.0], "b": [2.0], "c": ["x"]})
    path = tmp_path / f"stars.{suffix}"
    ucds = {"a": "pos.eq.ra;meta.main", "b": "pos.eq.dec;meta.main", "c": "meta.id;meta.main"}
    if suffix == "vot":
        for name, ucd in ucds.items():
            made[name].meta["ucd"] = ucd
        made.write(path, format="votable")
    else:
        made.meta.update({f"TUCD{n}": ucd for n, ucd in enumerate(ucds.values(), 1)})
        made.write(path)

    stars = read_catalog(path)

    assert stars.columns == {"ra": "a", "dec": "b", "name": "c"}


def test_given_columns_are_taken(tmp_path):
    path = tmp_path / "stars.csv"
    path.write_text("ra,dec,x,y,who\n1,2,3,4,a\n")

    stars = read_catalog(path, {"ra": "x", "dec": "y", "name": "who"}, name="Hou et al. 2016")

    assert (stars.ra[0], stars.dec[0], stars.name) == (3.0, 4.0, "Hou et al. 2016")
    assert stars.texts("name", np.array([0])) == ["a"]


@pytest.mark.parametrize(
    ("unit", "value", "degrees"), [("deg", 15.0, 15.0), ("h", 1.0, 15.0), ("rad", np.pi / 12, 15.0), ("arcsec", 54_000.0, 15.0)]
)
def test_coordinates_come_in_any_unit_of_angle(unit, value, degrees):
    assert degrees_of(pa.chunked_array([[value]]), unit, "ra") == pytest.approx([degrees], rel=1e-14)


def test_motions_come_in_any_unit(tmp_path):
    made = Table({"ra": [1.0], "dec": [2.0], "pmRA": [0.5], "pmDE": [1e-6]})
    made["pmRA"].unit, made["pmDE"].unit = "arcsec/yr", "deg/yr"
    made.write(tmp_path / "stars.fits")

    stars = read_catalog(tmp_path / "stars.fits")

    assert (stars.pmra[0], stars.pmdec[0]) == pytest.approx((500.0, 3.6))


def test_right_ascensions_below_zero_are_turned_round(tmp_path):
    path = tmp_path / "stars.csv"
    path.write_text("ra,dec\n-10,2\n360,3\n")

    assert read_catalog(path).ra.tolist() == [350.0, 0.0]


@given(
    seconds=st.integers(0, 86_399),
    cents=st.integers(0, 99),
    arcseconds=st.integers(-324_000 + 1, 324_000 - 1),
    form=st.sampled_from(["{}{:02d}:{:02d}:{:02d}.{:02d}", "{}{:02d} {:02d} {:02d}.{:02d}", "{}{:02d}{u}{:02d}m{:02d}.{:02d}s"]),
)
def test_sexagesimal_texts_are_read_as_astropy_reads_them(seconds, cents, arcseconds, form):
    parts = (seconds // 3600, seconds // 60 % 60, seconds % 60, cents)
    others = (abs(arcseconds) // 3600, abs(arcseconds) // 60 % 60, abs(arcseconds) % 60, cents)
    ra, dec = form.format("", *parts, u="h"), form.format("-" if arcseconds < 0 else "+", *others, u="d")

    ours = [degrees_of(pa.chunked_array([[text, None]]), None, role) for text, role in ((ra, "ra"), (dec, "dec"))]

    assert ours[0][0] == pytest.approx(Angle(ra, unit="hourangle").deg, abs=1e-12)
    assert ours[1][0] == pytest.approx(Angle(dec, unit="deg").deg, abs=1e-12)
    assert np.isnan([ours[0][1], ours[1][1]]).all()


def test_minus_zero_degrees_lie_south_of_the_equator():
    assert degrees_of(pa.chunked_array([["-00:30:00"]]), None, "dec").tolist() == [-0.5]


# -- The epoch -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("2015.5", 2015.5),
        ("J2015.5", 2015.5),
        ("57204", Time(57_204, format="mjd").jyear),
        ("2457204.5", Time(57_204, format="mjd").jyear),
    ],
)
def test_epochs_are_years_or_dates(tmp_path, text, year):
    path = tmp_path / "stars.csv"
    path.write_text(f"ra,dec,pmra,pmdec,epoch\n1,2,3,4,{text}\n")

    assert read_catalog(path).epoch == pytest.approx([year], abs=1e-9)


def test_motions_without_an_epoch_are_told(tmp_path):
    path = tmp_path / "stars.csv"
    path.write_text("ra,dec,pmra,pmdec\n1,2,3,4\n")

    stars = read_catalog(path)

    assert stars.epoch == 2000.0
    assert stars.assumed == (f"{path}: has proper motions and no epoch; J2000.0 is assumed. Another is given by epoch=….",)
    assert read_catalog(path, epoch=1991.25).epoch == 1991.25
    assert read_catalog(path, epoch=1991.25).assumed == ()


def test_rows_without_an_epoch_of_their_own_are_told(tmp_path):
    path = tmp_path / "stars.csv"
    path.write_text("ra,dec,pmra,pmdec,epoch\n1,2,3,4,2016\n1,2,3,4,\n")

    stars = read_catalog(path)

    assert stars.epoch.tolist() == [2016.0, 2000.0]
    assert "1 rows have no epoch" in stars.assumed[0]


VOTABLE = """<?xml version="1.0"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE>
<COOSYS ID="sys" system="{system}" epoch="J2015.5"/><TABLE>
<FIELD name="RA" datatype="double" unit="deg" ucd="pos.eq.ra" ref="sys"/>
<FIELD name="DE" datatype="double" unit="deg" ucd="pos.eq.dec" ref="sys"/>
<FIELD name="pmRA" datatype="double" unit="mas/yr" ucd="pos.pm;pos.eq.ra"/>
<FIELD name="pmDE" datatype="double" unit="mas/yr" ucd="pos.pm;pos.eq.dec"/>
<DATA><TABLEDATA><TR><TD>1</TD><TD>2</TD><TD>3</TD><TD>4</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"""


def test_the_coordinate_system_of_a_votable_gives_the_epoch(tmp_path):
    path = tmp_path / "stars.vot"
    path.write_text(VOTABLE.format(system="ICRS"))

    stars = read_catalog(path)

    assert stars.epoch == 2015.5
    assert stars.assumed == ()


@pytest.mark.parametrize("system", ["galactic", "eq_FK4", "ecl_FK5"])
def test_positions_of_another_system_are_refused(tmp_path, system):
    path = tmp_path / "stars.vot"
    path.write_text(VOTABLE.format(system=system))

    with pytest.raises(CatalogError, match=rf"column 'RA' is in the system '{system}', expected ICRS or FK5 J2000"):
        read_catalog(path)


# -- What is wrong ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"# a remark\n# another\n", b"ra,dec\n", b"\x00\x01\x02" * 100, gzip.compress(b"")]
)
def test_what_is_empty_or_no_table_is_told_in_one_sentence(tmp_path, content):
    path = tmp_path / "stars.csv"
    path.write_bytes(content)

    with pytest.raises(CatalogError, match=rf"^{path}: [^\n]*expected[^\n]*\.$"):
        read_catalog(path)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(CatalogError, match=r"cannot be read .No such file or directory\)"):
        read_catalog(tmp_path / "stars.csv")


@pytest.mark.parametrize("name", ["stars.fits", "stars.fits.gz", "stars.vot", "stars.parquet", "stars.csv.gz"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_a_file_that_is_cut_off_is_told(tmp_path, name, share):
    made = Table({"ra": np.linspace(0, 359, 3000), "dec": np.linspace(-90, 90, 3000)})
    path = tmp_path / name
    if name == "stars.csv.gz":
        path.write_bytes(gzip.compress(b"ra,dec\n" + b"".join(b"%.9f,%.9f\n" % (ra, dec) for ra, dec in made)))
    else:
        write(path, made)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])

    with pytest.raises(CatalogError, match=rf"^{path}: [^\n]*(damaged|cut off|cannot be read)[^\n]*\.$"):
        read_catalog(path)


def test_a_fits_file_without_a_table_is_told(tmp_path, shared_data):
    path = next((shared_data / "lamost" / "dr1-image").rglob("*.fits*"))

    with pytest.raises(CatalogError, match=rf"^{path}: cannot be read as a FITS table .No table found"):
        read_catalog(path)


def test_a_page_that_a_server_sent_instead_of_a_table_is_told(tmp_path):
    path = tmp_path / "stars.vot"
    path.write_text("<?xml version='1.0'?><html><body><p>503 Service Unavailable</p></body></html>")

    with pytest.raises(CatalogError, match=rf"^{path}: [^\n]*VOTable[^\n]*\.$"):
        read_catalog(path)


def test_a_csv_file_that_ends_within_a_line_is_told(tmp_path):
    path = tmp_path / "stars.csv"
    path.write_text("name,ra,dec\na,1,2\nb,3\n")

    with pytest.raises(CatalogError, match=r"cannot be read as a CSV file .*Expected 3 columns, got 2"):
        read_catalog(path)


def test_a_table_without_positions_names_its_columns(tmp_path):
    path = tmp_path / "stars.csv"
    path.write_text("star,glon,glat\na,1,2\n")

    with pytest.raises(
        CatalogError, match="no positions were recognized among the columns 'star', 'glon', 'glat', expected right"
    ):
        read_catalog(path)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"ra": "RA_DEGG"}, r"there is no column 'RA_DEGG' among 'who', 'RA_DEG', 'DEC_DEG'. Did you mean 'RA_DEG'\?"),
        ({"rectascension": "RA_DEG"}, "'rectascension' is nothing that a column can be, expected one of ra, dec"),
        ({"ra": "who", "dec": "DEC_DEG"}, "column 'who' was taken for ra, but 'somebody' is no number"),
        ({"ra": "DEC_DEG", "dec": "RA_DEG"}, "'RA_DEG' was taken for declination in degrees, but holds 200, expected -90 to 90"),
        ({"magnitude": "who"}, "column 'who' was taken for magnitudes, but 'somebody' is no number"),
    ],
)
def test_a_wrong_column_is_told(tmp_path, given, message):
    path = tmp_path / "stars.csv"
    path.write_text("who,RA_DEG,DEC_DEG\nsomebody,200,2\n")

    with pytest.raises(CatalogError, match=message):
        read_catalog(path, given).magnitudes()


def test_without_magnitudes_there_is_a_clear_word():
    with pytest.raises(CatalogError, match="stars: no column of magnitudes was recognized"):
        LocalCatalog("stars", np.ones(1), np.ones(1)).magnitudes()


@pytest.mark.parametrize("text", ["12:61:00", "12:30:75", "12:30:00x 1:2"])
def test_a_text_that_is_no_coordinate_is_told(tmp_path, text):
    path = tmp_path / "stars.csv"
    path.write_text(f"ra,dec\n{text},10\n")

    with pytest.raises(CatalogError, match=r"column 'ra' was taken for ra, but .*\."):
        read_catalog(path)


def test_a_table_in_which_no_row_has_a_position_is_told(tmp_path):
    path = tmp_path / "stars.csv"
    path.write_text("ra,dec\n,\n-,-\n")

    with pytest.raises(CatalogError, match="none of the 2 rows has a position in the columns 'ra' and 'dec'"):
        read_catalog(path)


def test_two_columns_of_one_name_are_refused(tmp_path):
    path = tmp_path / "stars.csv"
    path.write_text("ra,dec,ra\n1,2,3\n")

    with pytest.raises(CatalogError, match=r"1 columns have a name that another has too .'ra'.\."):
        read_catalog(path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (([1.0, 2.0], [1.0]), "must be equally long, got .2, 1."),
        (([-1.0], [1.0]), "the right ascensions reach from -1 to 360, expected 0 to 360 degrees"),
        (([1.0], [91.0]), "the declinations reach from -90 to 91, expected -90 to 90 degrees"),
    ],
)
def test_arrays_that_no_catalog_can_have_are_refused(arrays, message):
    with pytest.raises(CatalogError, match=message):
        LocalCatalog("stars", *map(np.array, arrays))


# -- Real tables -----------------------------------------------------------------------------------------------------------------


def test_the_catalog_of_hou_is_read(shared_data):
    stars = read_catalog(shared_data / "catalogues" / "facundoq_bestars" / "Hou2016_VPHAS-SDSS-IPHAS-2MASS.csv")

    assert len(stars) == 1034
    assert stars.columns == {"ra": "RAJ2000", "dec": "DEJ2000", "name": "ID", "magnitude": "gmag", "type": "objtype_Hou"}
    assert stars.texts("name", np.array([0])) == ["J063416.35+023030.2"]
    assert set(stars.texts("type", np.arange(1034))) >= {"CBe", "HII-region"}


def test_a_list_of_names_alone_has_no_positions(shared_data):
    with pytest.raises(CatalogError, match="no positions were recognized"):
        read_catalog(shared_data / "catalogues" / "podondra_lamost-ml" / "lamost-dr1-be-stars.csv")
