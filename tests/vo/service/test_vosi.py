"""What the services say of themselves, as pyvo reads it."""

from __future__ import annotations

import io
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from pyvo.io.vosi import parse_availability, parse_capabilities, parse_tables

from spectrove.vo.service import cone
from spectrove.vo.service.ssap_columns import FIELDS


@pytest.mark.parametrize("name", ["availability", "capabilities", "tables"])
def test_each_document_is_xml_and_answers_a_look_at_its_head(served: Any, name: str) -> None:
    answer = served.get(name)
    assert answer.headers["content-type"].startswith("text/xml")
    assert ET.fromstring(answer.content).tag.startswith("{http://www.ivoa.net/xml/VOSI")
    head = served.client.head(name)
    assert (head.status_code, head.content) == (200, b"")


def test_the_services_are_available(served: Any) -> None:
    told = parse_availability(io.BytesIO(served.get("availability").content))
    assert told.available


# pyvo has no classes for the registry's extensions for SSAP and cone searches
@pytest.mark.filterwarnings("ignore:Unknown xsi.type")
@pytest.mark.filterwarnings("ignore::pyvo.utils.xml.exceptions.UnknownElementWarning")
def test_every_service_tells_its_standard_and_an_address_that_answers(served: Any) -> None:
    capabilities = parse_capabilities(io.BytesIO(served.get("capabilities").content))
    told = [(one.standardid, url.content) for one in capabilities for face in one.interfaces for url in face.accessurls]
    standards = [standard for standard, _ in told]
    for standard in ("SSA", "ConeSearch", "DataLink#links-1.1", "SODA#sync-1.0", "VOSI#availability", "VOSI#capabilities"):
        assert f"ivo://ivoa.net/std/{standard}" in standards
    assert standards.count("ivo://ivoa.net/std/ConeSearch") == 2
    for _, url in told:
        assert url.startswith(served.base)
        assert served.client.get(url).status_code in {200, 400}


def test_every_column_is_told(served: Any) -> None:
    tables = {table.name: table for table in parse_tables(io.BytesIO(served.get("tables").content)).iter_tables()}
    assert set(tables) == {"ssap", *cone.OF}
    assert [column.name for column in tables["ssap"].columns] == [field.name for field in FIELDS]
    assert [column.ucd or "" for column in tables["pool"].columns] == [field.ucd for field in cone.FIELDS]
