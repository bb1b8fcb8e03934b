"""
VOTables as services answer with them: version 1.4, rows as TABLEDATA, and what stands around the table.

Written here and not by astropy, which takes a tenth of a second to lay out a table of forty columns; a circle on the sky is to be
answered in half of that. Values come back bit by bit.

References
----------
.. [1] Ochsenbein et al. 2019, VOTable Format Definition 1.4, IVOA Recommendation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from xml.sax.saxutils import escape, quoteattr

from spectrove.vo.votable import FORBIDDEN_IN_XML, VERSION

MEDIA_TYPE = "application/x-votable+xml"
"""Type of a VOTable (VOTable 1.4, sect. 8)."""

NAMESPACE = "http://www.ivoa.net/xml/VOTable/v1.3"
"""Of VOTable 1.3 and 1.4 alike."""

Value = str | int | float | bool | Sequence[float] | None
"""What a cell holds; None where there is no value."""


@dataclass(frozen=True)
class Field:
    """
    A column, or a parameter.

    Attributes
    ----------
    name : str
        Its name.
    datatype : str
        Type as VOTable calls it.
    ucd, unit, utype : str
        Meaning, unit and place in a data model; empty where there is none.
    description : str
        One sentence without its full stop.
    arraysize : str
        Empty for a single value; texts have ``*``.
    xtype : str
        How a text or array is to be read.
    id : str
        XML id, where something refers to it.
    ref : str
        XML id of what this refers to.
    values : str
        Content of a VALUES element, as XML.
    """

    name: str
    datatype: str = "char"
    ucd: str = ""
    unit: str = ""
    utype: str = ""
    description: str = ""
    arraysize: str = ""
    xtype: str = ""
    id: str = ""
    ref: str = ""
    values: str = ""

    def xml(self, element: str, value: str | None = None) -> str:
        """
        Return the element.

        Parameters
        ----------
        element : str
            ``FIELD`` or ``PARAM``.
        value : str, optional
            Value of a parameter.

        Returns
        -------
        str
            XML.
        """
        arraysize = self.arraysize or ("*" if self.datatype in {"char", "unicodeChar"} else "")
        given = {
            "ID": self.id,
            "name": self.name,
            "datatype": self.datatype,
            "arraysize": arraysize,
            "ucd": self.ucd,
            "unit": self.unit,
            "utype": self.utype,
            "xtype": self.xtype,
            "ref": self.ref,
        }
        attributes = "".join(f" {name}={attribute(text)}" for name, text in given.items() if text)
        if value is not None:
            attributes += f" value={attribute(value)}"
        inside = f"<DESCRIPTION>{text_of(self.description)}</DESCRIPTION>" if self.description else ""
        inside += f"<VALUES>{self.values}</VALUES>" if self.values else ""
        return f"<{element}{attributes}>{inside}</{element}>" if inside else f"<{element}{attributes}/>"


@dataclass(frozen=True)
class Document:
    """
    A VOTable.

    Attributes
    ----------
    fields : tuple of Field
        The columns.
    rows : iterable of sequence
        A value for each column.
    params : tuple of (Field, str)
        What is the same for all rows.
    infos : tuple of (str, str, str)
        Name, value and text of INFO elements before the table.
    infos_after : tuple of (str, str, str)
        The same behind it.
    resources : tuple of str
        Further RESOURCE elements, as XML.
    description : str
        What the table is.
    utypes : tuple of str
        Of the resource and of the table; empty where there is none.
    namespaces : mapping of str to str
        Prefixes of utypes.
    groups : str
        GROUP elements of the table, and of the resource what must stand before it, as XML.
    systems : str
        COOSYS and TIMESYS elements, as XML.
    """

    fields: tuple[Field, ...] = ()
    rows: Iterable[Sequence[Value]] | None = ()
    params: tuple[tuple[Field, str], ...] = ()
    infos: tuple[tuple[str, str, str], ...] = ()
    infos_after: tuple[tuple[str, str, str], ...] = ()
    resources: tuple[str, ...] = ()
    description: str = ""
    utypes: tuple[str, str] = ("", "")
    namespaces: Mapping[str, str] | None = None
    groups: str = ""
    systems: str = ""

    def to_bytes(self) -> bytes:
        """
        Return the document.

        Returns
        -------
        bytes
            XML, UTF-8.
        """
        spaces = "".join(f" xmlns:{prefix}={attribute(uri)}" for prefix, uri in (self.namespaces or {}).items())
        resource, table = (f" utype={attribute(utype)}" if utype else "" for utype in self.utypes)
        parts = [
            '<?xml version="1.0" encoding="UTF-8"?>\n',
            f'<VOTABLE version="{VERSION}" xmlns="{NAMESPACE}"{spaces}>\n<RESOURCE type="results"{resource}>\n',
            f"<DESCRIPTION>{text_of(self.description)}</DESCRIPTION>\n" if self.description else "",
            *(info(*told) for told in self.infos),
            self.systems,
        ]
        if self.rows is None:
            parts += [f"{field.xml('PARAM', value)}\n" for field, value in self.params]
        else:
            parts.append(f"<TABLE{table}>\n")
            parts += [f"{field.xml('PARAM', value)}\n" for field, value in self.params]
            parts += [self.groups, *(f"{field.xml('FIELD')}\n" for field in self.fields), "<DATA><TABLEDATA>\n"]
            parts += [row(values) for values in self.rows]
            parts.append("</TABLEDATA></DATA>\n</TABLE>\n")
        parts += [info(*told) for told in self.infos_after]
        parts += ["</RESOURCE>\n", *self.resources, "</VOTABLE>\n"]
        return "".join(parts).encode()


def row(values: Sequence[Value]) -> str:
    """
    Return a row of a table.

    Parameters
    ----------
    values : sequence
        A value for each column.

    Returns
    -------
    str
        XML.
    """
    return "<TR>" + "".join([f"<TD>{cell(value)}</TD>" for value in values]) + "</TR>\n"


def cell(value: Value) -> str:
    """
    Return a value as a cell holds it.

    Parameters
    ----------
    value : str, int, float, bool, sequence of float or None
        The value.

    Returns
    -------
    str
        XML; empty where there is none.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return text_of(value)
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, float):
        return "NaN" if isnan(value) else repr(float(value)).replace("inf", "Inf")
    if isinstance(value, int):
        return str(value)
    return " ".join(cell(float(one)) for one in value)


def text_of(text: str) -> str:
    """
    Return a text as it stands in XML.

    Parameters
    ----------
    text : str
        Any text; what XML forbids becomes U+FFFD.

    Returns
    -------
    str
        Escaped.
    """
    return escape(FORBIDDEN_IN_XML.sub("\ufffd", text))


def attribute(text: str) -> str:
    """
    Return a text as the value of an attribute, with its quotation marks.

    Parameters
    ----------
    text : str
        Any text; what XML forbids becomes U+FFFD.

    Returns
    -------
    str
        Escaped.
    """
    return quoteattr(FORBIDDEN_IN_XML.sub("\ufffd", text))


def info(name: str, value: str, text: str = "") -> str:
    """
    Return an INFO element.

    Parameters
    ----------
    name, value : str
        Its attributes.
    text : str
        Its content.

    Returns
    -------
    str
        XML.
    """
    return f"<INFO name={attribute(name)} value={attribute(value)}" + (f">{text_of(text)}</INFO>\n" if text else "/>\n")


def descriptor(name: str, facts: Mapping[str, str], inputs: Sequence[tuple[Field, str]], description: str = "") -> str:
    """
    Return the description of another service that takes values of this table (DataLink 1.1, sect. 4).

    Parameters
    ----------
    name : str
        XML id of the description; empty for none.
    facts : mapping of str to str
        ``standardID``, ``accessURL`` and the like.
    inputs : sequence of (Field, str)
        Parameters that the service takes, with their values.
    description : str
        What it does.

    Returns
    -------
    str
        A RESOURCE element.
    """
    about = f"<DESCRIPTION>{text_of(description)}</DESCRIPTION>\n" if description else ""
    told = "".join(f"{Field(key).xml('PARAM', value)}\n" for key, value in facts.items())
    taken = "".join(f"{field.xml('PARAM', value)}\n" for field, value in inputs)
    named = f" ID={attribute(name)}" if name else ""
    return (
        f'<RESOURCE type="meta" utype="adhoc:service"{named}>\n{about}{told}'
        f'<GROUP name="inputParams">\n{taken}</GROUP>\n</RESOURCE>\n'
    )
