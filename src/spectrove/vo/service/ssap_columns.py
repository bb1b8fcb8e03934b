"""The columns of an answer of Simple Spectral Access, and the parameters of its queries."""

from __future__ import annotations

from spectrove.vo.service.documents import Field

USUAL, MOST = 10_000, 30_000
"""Rows of an answer where nobody says how many, and at most; a row has a kilobyte."""

USUAL_SIZE = 0.2
"""Diameter of a circle in degrees where nobody says how large; chosen."""

FIELDS = (
    Field("accref", ucd="meta.ref.url;meta.dataset", utype="ssa:Access.Reference", description="Address of the spectrum"),
    Field("mime", ucd="meta.code.mime", utype="ssa:Access.Format", description="Type of what is there"),
    Field("accsize", "long", unit="kbyte", utype="ssa:Access.Size", description="Its size, where it is known"),
    Field("title", "unicodeChar", ucd="meta.title;meta.dataset", utype="ssa:DataID.Title", description="What it is"),
    Field("creator_did", "unicodeChar", ucd="meta.id", utype="ssa:DataID.CreatorDID", description="Id, as in the pool"),
    Field("pubdid", ucd="meta.ref.ivoid", utype="ssa:Curation.PublisherDID", description="Identifier", id="pubdid"),
    Field("date", ucd="time;meta.dataset", utype="ssa:DataID.Date", xtype="timestamp", description="When it was observed, UTC"),
    Field("target_name", "unicodeChar", ucd="meta.id;src", utype="ssa:Target.Name", description="Designation of the target"),
    Field(
        "target_class",
        "unicodeChar",
        ucd="src.class",
        utype="ssa:Target.Class",
        description="What people say that it is, or else the network",
    ),
    Field("target_redshift", "double", ucd="src.redshift", utype="ssa:Target.Redshift", description="Not known here"),
    Field("target_pos", "double", "pos.eq;src", "deg", "ssa:Target.Pos", "Position of the target", arraysize="2"),
    Field(
        "location",
        "double",
        "pos.eq",
        "deg",
        "ssa:Char.SpatialAxis.Coverage.Location.Value",
        "Position of the fiber",
        arraysize="2",
    ),
    Field(
        "ra",
        "double",
        "pos.eq.ra;meta.main",
        "deg",
        "ssa:Char.SpatialAxis.Coverage.Location.Value.C1",
        "Right ascension",
        ref="icrs",
    ),
    Field(
        "dec",
        "double",
        "pos.eq.dec;meta.main",
        "deg",
        "ssa:Char.SpatialAxis.Coverage.Location.Value.C2",
        "Declination",
        ref="icrs",
    ),
    Field(
        "aperture",
        "double",
        "phys.angSize;instr.fov",
        "deg",
        "ssa:Char.SpatialAxis.Coverage.Bounds.Extent",
        "Diameter of the fiber, where it is known",
    ),
    Field("t_mid", "double", "time.epoch", "d", "ssa:Char.TimeAxis.Coverage.Location.Value", "Modified Julian date", ref="mjd"),
    Field("t_ext", "double", "time.duration", "s", "ssa:Char.TimeAxis.Coverage.Bounds.Extent", "Exposure time, not known here"),
    Field(
        "em_mid",
        "double",
        "em.wl;instr.bandpass",
        "m",
        "ssa:Char.SpectralAxis.Coverage.Location.Value",
        "Middle of the wavelengths",
    ),
    Field(
        "em_ext",
        "double",
        "em.wl;instr.bandwidth",
        "m",
        "ssa:Char.SpectralAxis.Coverage.Bounds.Extent",
        "Width of the wavelengths",
    ),
    Field("em_min", "double", "em.wl;stat.min", "m", "ssa:Char.SpectralAxis.Coverage.Bounds.Start", "First wavelength"),
    Field("em_max", "double", "em.wl;stat.max", "m", "ssa:Char.SpectralAxis.Coverage.Bounds.Stop", "Last wavelength"),
    Field("specres", "double", "spect.resolution;em.wl", "m", "ssa:Char.SpectralAxis.Resolution", "Width of a narrow line"),
    Field("snr", "float", "stat.snr", "", "ssa:Derived.SNR", "Signal-to-noise ratio a pixel"),
    Field("length", "long", "meta.number", "", "ssa:Dataset.Length", "Pixels, where their number is known"),
    Field("datalink", ucd="meta.ref.url", description="All that there is of the spectrum, as DataLink tells it"),
    Field("preview", ucd="meta.ref.url;meta.preview", description="A picture of it"),
    Field(
        "predicted_class",
        "unicodeChar",
        ucd="meta.code.class;meta.modelled",
        description="What the last network says; empty where people are still asked",
    ),
    Field("label", "unicodeChar", ucd="meta.code.class", description="What people say"),
)
"""The columns, by which clients find what they want: they go by the utypes."""

SYSTEMS = (
    '<COOSYS ID="icrs" system="ICRS"/>\n<TIMESYS ID="mjd" timeorigin="MJD-origin" timescale="UNKNOWN" refposition="UNKNOWN"/>\n'
)


def _input(name: str, description: str, datatype: str = "char", unit: str = "", ucd: str = "") -> tuple[Field, str]:
    return Field(f"INPUT:{name}", datatype, ucd, unit, description=description, id=f"INPUT_{name}"), ""


INPUTS = (
    _input("POS", "ra,dec of the center, degrees, ICRS", unit="deg"),
    _input("SIZE", f"Diameter of the circle, degrees; {USUAL_SIZE} unless given. Without POS it asks for nothing", unit="deg"),
    _input("BAND", "Wavelengths in meters, low/high, either of which may be left out", unit="m", ucd="em.wl"),
    _input("TIME", "Times of ISO 8601, first/last, either of which may be left out"),
    _input("FORMAT", "votable, fits, native, compliant, all, or metadata"),
    _input("TARGETNAME", "Designations, ids or obsids, divided by commas", ucd="meta.id;src"),
    _input("TARGETCLASS", "Classes of this campaign, divided by commas", ucd="src.class"),
    _input("PUBDID", "Identifiers of spectra", ucd="meta.ref.ivoid"),
    _input("SNR", "Signal-to-noise ratio a pixel, low/high", ucd="stat.snr"),
    _input("SPECRP", "Resolving power, low/high", ucd="spect.resolution"),
    _input("COLLECTION", "The collection, or a survey"),
    _input("FLUXCALIB", "relative or any"),
    _input("WAVECALIB", "absolute or any"),
    _input("MAXREC", f"Rows at most; {USUAL:,} unless given, {MOST:,} at most"),
    _input("TOP", "The same"),
    _input("REQUEST", "queryData"),
)
"""The parameters, as ``FORMAT=METADATA`` tells them (SSAP 1.1, sect. 8.10.3)."""
