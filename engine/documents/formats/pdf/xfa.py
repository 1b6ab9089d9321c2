"""Values of an XFA form, which Adobe Reader alone lays out; its data are XML beside the page that asks to wait."""

from __future__ import annotations

from typing import Any

from lxml import etree

_MOST_BYTES = 8 << 20
_MOST_VALUES = 5_000
_DATA = "{http://www.xfa.org/schema/xfa-data/1.0/}data"


def form_data(catalog: Any) -> list[str]:
    """Return the values of a form, a line each: name, tab, value. `catalog` is pypdf's; empty without any."""
    form = catalog.get("/AcroForm")
    packets = form.get_object().get("/XFA") if form is not None else None
    if packets is None:
        return []
    packets = packets.get_object()
    if not isinstance(packets, list):
        return _values(packets.get_data()[:_MOST_BYTES])
    names = [str(name) for name in packets[::2]]
    if "datasets" not in names:
        return []
    return _values(packets[2 * names.index("datasets") + 1].get_object().get_data()[:_MOST_BYTES])


def _values(data: bytes) -> list[str]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    root = etree.fromstring(data, parser)
    found = next(root.iter(_DATA), None) if root is not None else None
    lines = []
    for element in found.iter("*") if found is not None else ():
        text = " ".join((element.text or "").split())
        if text and not len(element):
            lines.append(f"{etree.QName(element).localname}\t{text}")
    return lines[:_MOST_VALUES]
