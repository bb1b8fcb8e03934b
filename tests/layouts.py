"""
Small files in the layouts of real surveys, made by astropy from numbers that a test chooses.

What the layouts are, is written down here a second time, from the surveys' documents and files and not from the readers, so
that a slip in a reader does not hide.
"""

from __future__ import annotations

import gzip
from io import BytesIO

import numpy as np
from astropy.io import fits

N_PIXELS = 60
COEFF0, COEFF1 = 3.8135, 0.0001  # 6509 Å, as LAMOST's 1.5 Å a pixel
WAVE = 10 ** (COEFF0 + COEFF1 * np.arange(N_PIXELS))
FLUX = 100 + 30 * np.exp(-0.5 * ((WAVE - 6564.6) / 3) ** 2)

LAMOST_FACTS = {
    "TELESCOP": "LAMOST",
    "LMJD": 56284,
    "MJD": 56285,
    "DATE-OBS": "2012-12-22T19:31:12.9",
    "PLANID": "GAC122S02V2",
    "SPID": 4,
    "FIBERID": 83,
    "RA": 120.18045,
    "DEC": -2.8788884,
    "DESIG": "LAMOST J080043.30-025243.9",
    "CLASS": "STAR",
    "SUBCLASS": "A2V",
    "VACUUM": True,
}
ROWS = {"dr1": "Flux Inverse Subcontinuum Andmask Ormask", "image": "Flux, Inverse, Wavelength, Andmask, Ormask"}


def as_bytes(*hdus):
    """Return the bytes of a FITS file."""
    stream = BytesIO()
    fits.HDUList(list(hdus)).writeto(stream)
    return stream.getvalue()


def lamost_image(layout, third=None, **facts):
    """Return a LAMOST file of DR1 (``dr1``) or DR2 to DR8 (``image``); ``third`` replaces the third row."""
    usual = FLUX / 100 if layout == "dr1" else WAVE
    mask = np.zeros(N_PIXELS)
    mask[5] = 4
    ivar = np.full(N_PIXELS, 0.5)
    ivar[30:33] = 0
    rows = np.array([FLUX, ivar, usual if third is None else third, mask, mask], dtype=">f4")
    header = fits.Header({**LAMOST_FACTS, "EXTEN0": ROWS[layout], "COEFF0": COEFF0, "COEFF1": COEFF1, "SN_R": 93.85, **facts})
    return as_bytes(fits.PrimaryHDU(rows, header))


def lamost_table(columns=("FLUX", "IVAR", "WAVELENGTH", "ANDMASK", "ORMASK"), **facts):
    """Return a LAMOST file of DR9 or later."""
    values = {"FLUX": FLUX, "IVAR": np.full(N_PIXELS, 0.5), "WAVELENGTH": WAVE}
    vectors = [fits.Column(name, f"{N_PIXELS}E", array=[values.get(name, np.zeros(N_PIXELS))]) for name in columns]
    header = fits.Header({**LAMOST_FACTS, "OBSID": 939101052, "DATA_V": "LAMOST DR10", "SNRR": 27.99, **facts})
    return as_bytes(fits.PrimaryHDU(None, header), fits.BinTableHDU.from_columns(vectors, name="COADD"))


def ondrejov_table(identifier="ivo://asu.cas.cz/stel/ccd700/ub240016", unit="Angstrom"):
    """Return a file of Ondřejov's CCD700 archive; the wavelengths are taken to be in air."""
    columns = [fits.Column("spectral", "D", unit=unit, array=WAVE), fits.Column("flux", "D", array=FLUX / 100)]
    table = fits.BinTableHDU.from_columns(columns)
    table.header.update({"DS_IDPUB": identifier, "OBJECT": "HR 3135", "RA": 120.18, "DEC": -2.88, "TMID": 55616.8193})
    table.header.comments["TTYPE1"] = "Air wavelength"
    return as_bytes(fits.PrimaryHDU(), table)


def sdss_spec(**facts):
    """Return a lite ``spec`` file of SDSS."""
    coadd = fits.BinTableHDU.from_columns(
        [
            fits.Column("flux", "E", array=FLUX),
            fits.Column("loglam", "E", array=np.log10(WAVE)),
            fits.Column("ivar", "E", array=np.full(N_PIXELS, 0.5)),
            fits.Column("and_mask", "J", array=np.arange(N_PIXELS) == 7),
        ],
        name="COADD",
    )
    row = {"PLATE": 272, "MJD": 51941, "FIBERID": 46, "PLUG_RA": 150.5, "PLUG_DEC": 1.25, **facts}
    numbers = [fits.Column(name, "D" if isinstance(value, float) else "J", array=[value]) for name, value in row.items()]
    texts = [fits.Column("CLASS", "6A", array=["STAR"]), fits.Column("SUBCLASS", "6A", array=[""])]
    bands = [fits.Column("SN_MEDIAN", "5E", array=[[1.0, 2.0, 3.0, 4.0, 5.0]])]
    table = fits.BinTableHDU.from_columns([*numbers, *texts, *bands], name="SPALL")
    return as_bytes(fits.PrimaryHDU(None, fits.Header({"TELESCOP": "SDSS 2.5-M", "VACUUM": True})), coadd, table)


def ascii_columns(names="", n_pixels=N_PIXELS):
    """Return text in two columns, with a line of names before it."""
    lines = [f"{wave:.4f} {flux:.5f}" for wave, flux in zip(WAVE[:n_pixels], FLUX[:n_pixels], strict=True)]
    return ("\n".join([*([names] if names else []), *lines]) + "\n").encode()


def csv_rows(n_rows=3):
    """Return a CSV of spectra with wavelengths in the header, as the Ondřejov data set has them."""
    header = ["id", "label", "object", "ra", "dec", "date-obs", *(f"{wave:.4f}" for wave in WAVE)]
    facts = ["emission", "alp Vir", "13:25:11.580", "-11:09:40.70", "2013-05-23"]
    rows = [[f"a{number}", *facts, *(f"{flux + number:.4f}" for flux in FLUX)] for number in range(n_rows)]
    return ("\n".join(",".join(row) for row in (header, *rows)) + "\n").encode()


SDM_PARAMS = {
    "Curation.PublisherDID": ("char", "", "ivo://example.org/survey?hd-1"),
    "Target.Name": ("char", "", "HD 1"),
    "Target.Pos": ("double", "deg", "120.18 -2.88"),
    "Char.TimeAxis.Coverage.Location.Value": ("double", "d", "56284.5"),
    "Derived.SNR": ("float", "", "93.5"),
}


def sdm_votable(params=(), *, prefix="spec:Spectrum.", unit="Angstrom", wave=WAVE, flux=FLUX, ucd="em.wl", data=None):
    """Return a VOTable of the Spectral Data Model; ``params`` are laid over `SDM_PARAMS`, ``data`` replaces TABLEDATA."""
    told = "".join(
        f'<PARAM name="p{place}" utype="{prefix}{role}" datatype="{kind}" arraysize="*" unit="{given}" value="{value}"/>'
        for place, (role, (kind, given, value)) in enumerate({**SDM_PARAMS, **dict(params)}.items())
    )
    fields = (
        f'<FIELD name="a" datatype="double" unit="{unit}" ucd="{ucd}" utype="{prefix}Data.SpectralAxis.Value"/>'
        f'<FIELD name="b" datatype="double" ucd="phot.flux.density;em.wl" utype="{prefix}Data.FluxAxis.Value"/>'
    )
    rows = "".join(
        f"<TR><TD>{one!r}</TD><TD>{two!r}</TD></TR>" for one, two in zip(map(float, wave), map(float, flux), strict=True)
    )
    return (
        '<?xml version="1.0"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE>'
        f"<TABLE>{told}{fields}<DATA>{data or f'<TABLEDATA>{rows}</TABLEDATA>'}</DATA></TABLE></RESOURCE></VOTABLE>"
    ).encode()


LAYOUTS = {
    "lamost-dr1": lambda: lamost_image("dr1"),
    "lamost-image": lambda: lamost_image("image"),
    "lamost-table": lamost_table,
    "ondrejov": ondrejov_table,
    "sdm": sdm_votable,
    "sdss-spec": sdss_spec,
    "ascii": ascii_columns,
    "csv": csv_rows,
}
"""A small file for each reader, by the reader's name."""


def packed(content):
    """Return bytes gzipped."""
    return gzip.compress(content, mtime=0)
