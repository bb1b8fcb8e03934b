"""
What the services say of themselves: whether they are up, what they can do, and which tables they have.

References
----------
.. [1] Graham et al. 2017, IVOA Support Interfaces 1.1, IVOA Recommendation.
.. [2] Plante et al. 2018, VOResource 1.1; Plante et al. 2017, Describing Simple Data Access Services 1.1.
"""

from __future__ import annotations

from spectrove.vo.service import cone
from spectrove.vo.service.addresses import Addresses
from spectrove.vo.service.documents import Field, text_of
from spectrove.vo.service.ssap_columns import FIELDS, MOST, USUAL

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
MEDIA_TYPE = "text/xml"


def availability(since: str) -> str:
    """
    Return that the services are up.

    Parameters
    ----------
    since : str
        Since when, UTC, ISO 8601.

    Returns
    -------
    str
        XML.
    """
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<vosi:availability version="1.1" xmlns:vosi="http://www.ivoa.net/xml/VOSIAvailability/v1.0">'
        f"<vosi:available>true</vosi:available><vosi:upSince>{text_of(since)}</vosi:upSince></vosi:availability>\n"
    )


def capabilities(addresses: Addresses, *, has_candidates: bool) -> str:
    """
    Return what the services can do.

    Parameters
    ----------
    addresses : Addresses
        Where they are.
    has_candidates : bool
        Whether there are candidates to search.

    Returns
    -------
    str
        XML.
    """
    told = [
        _capability("ivo://ivoa.net/std/VOSI#availability", f"{addresses.base}/availability", 'xsi:type="vs:ParamHTTP"', "full"),
        _capability("ivo://ivoa.net/std/VOSI#capabilities", f"{addresses.base}/capabilities", 'xsi:type="vs:ParamHTTP"', "full"),
        _capability("ivo://ivoa.net/std/VOSI#tables-1.1", f"{addresses.base}/tables", 'xsi:type="vs:ParamHTTP"', "full"),
        _ssap(addresses),
        *(_cone(addresses, of) for of in cone.OF if of == "pool" or has_candidates),
        _capability("ivo://ivoa.net/std/DataLink#links-1.1", addresses.datalink, 'xsi:type="vs:ParamHTTP" role="std"', "base"),
        _capability("ivo://ivoa.net/std/SODA#sync-1.0", addresses.soda, 'xsi:type="vs:ParamHTTP" role="std"', "base"),
    ]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<vosi:capabilities xmlns:vosi="http://www.ivoa.net/xml/VOSICapabilities/v1.0" {XSI} '
        'xmlns:vs="http://www.ivoa.net/xml/VODataService/v1.1" xmlns:ssap="http://www.ivoa.net/xml/SSA/v1.1" '
        'xmlns:cs="http://www.ivoa.net/xml/ConeSearch/v1.0">\n' + "".join(told) + "</vosi:capabilities>\n"
    )


def _interface(url: str, attributes: str, use: str) -> str:
    return f'<interface {attributes}><accessURL use="{use}">{text_of(url)}</accessURL></interface>'


def _capability(standard: str, url: str, attributes: str, use: str) -> str:
    return f'<capability standardID="{standard}">{_interface(url, attributes, use)}</capability>\n'


def _ssap(addresses: Addresses) -> str:
    interface = _interface(f"{addresses.ssap}?", 'xsi:type="vs:ParamHTTP" role="std" version="1.1"', "base")
    return (
        f'<capability standardID="ivo://ivoa.net/std/SSA" xsi:type="ssap:SimpleSpectralAccess">{interface}'
        "<complianceLevel>full</complianceLevel><dataSource>survey</dataSource><creationType>archival</creationType>"
        f"<supportedFrame>ICRS</supportedFrame><maxSearchRadius>180</maxSearchRadius><maxRecords>{MOST}</maxRecords>"
        f"<defaultMaxRecords>{USUAL}</defaultMaxRecords></capability>\n"
    )


def _cone(addresses: Addresses, of: str) -> str:
    interface = _interface(f"{addresses.cone(of)}?", 'xsi:type="vs:ParamHTTP" role="std" version="1.03"', "base")
    return (
        f'<capability standardID="ivo://ivoa.net/std/ConeSearch" xsi:type="cs:ConeSearch">{interface}'
        f"<maxSR>180</maxSR><maxRecords>{MOST}</maxRecords><verbosity>true</verbosity></capability>\n"
    )


def tables(*, has_candidates: bool) -> str:
    """
    Return which tables there are, and their columns.

    Parameters
    ----------
    has_candidates : bool
        Whether there are candidates.

    Returns
    -------
    str
        XML.
    """
    told = [_table("ssap", "Spectra, as Simple Spectral Access lists them", FIELDS)]
    told += [
        _table(of, f"The {of}, as a cone search lists them", cone.FIELDS) for of in cone.OF if of == "pool" or has_candidates
    ]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<vosi:tableset xmlns:vosi="http://www.ivoa.net/xml/VOSITables/v1.0" {XSI} '
        'xmlns:vs="http://www.ivoa.net/xml/VODataService/v1.1"><schema><name>spectrove</name>\n'
        + "".join(told)
        + "</schema></vosi:tableset>\n"
    )


def _table(name: str, description: str, fields: tuple[Field, ...]) -> str:
    columns = "".join(_column(field) for field in fields)
    return f"<table><name>{name}</name><description>{text_of(description)}</description>\n{columns}</table>\n"


def _column(field: Field) -> str:
    size = field.arraysize or ("*" if field.datatype in {"char", "unicodeChar"} else "")
    arraysize = f' arraysize="{size}"' if size else ""
    told = {"name": field.name, "description": field.description, "unit": field.unit, "ucd": field.ucd, "utype": field.utype}
    inside = "".join(f"<{name}>{text_of(text)}</{name}>" for name, text in told.items() if text)
    return f'<column>{inside}<dataType xsi:type="vs:VOTableType"{arraysize}>{field.datatype}</dataType></column>\n'
