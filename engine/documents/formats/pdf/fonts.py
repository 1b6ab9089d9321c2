"""Fonts of a page that do not say which characters their codes stand for, by the file's own objects."""

from __future__ import annotations

import re
from typing import Any

_NUMBERED = re.compile(r"/(?:g|G|gid|glyph|index|cid|c|C|a|h|H|x|uniE|uniF)_?[0-9A-Fa-f]{1,6}")
"""Names of drawings that are numbers, not names of characters."""
_SUBSET = re.compile(r"/[A-Z]{6}\+")
_SYMBOLIC = 4
_NUMBERED_SHARE = 0.5
_MOST_FONTS = 200
_DEEPEST_TREE = 50


def page_resources(root: Any, number: int) -> Any:
    """Return the resources of page `number`, from 1, None without any. `root` is the document's catalogue by pypdf.

    Only the way to the page is read, by the counts of the page tree: a list of all pages takes a hundred times as long.
    Raises LookupError where the counts lead nowhere.
    """
    node, resources, left = root["/Pages"].get_object(), None, number - 1
    for _ in range(_DEEPEST_TREE):
        resources = node.get("/Resources", resources)
        if "/Kids" not in node:
            return resources.get_object() if resources is not None else None
        for kid in node["/Kids"]:
            kid = kid.get_object()
            count = int(kid.get("/Count", 0)) if "/Kids" in kid else 1
            if left < count:
                node = kid
                break
            left -= count
        else:
            raise LookupError(number)
    raise LookupError(number)


def count_fonts(resources: Any, known: dict[int, bool]) -> tuple[int, int]:
    """Return the number of fonts in `resources` without a map to characters in any of the ways, and with one.

    `known`: the results of fonts by the numbers of their objects, looked up and added to.
    """
    fonts = resources.get("/Font") if resources is not None else None
    if fonts is None:
        return 0, 0
    fonts = fonts.get_object()
    unmapped = [_looked_up(fonts.raw_get(name), known) for name in list(fonts)[:_MOST_FONTS]]
    return sum(unmapped), len(unmapped) - sum(unmapped)


def _looked_up(font: Any, known: dict[int, bool]) -> bool:
    number = getattr(font, "idnum", None)
    if number is None:
        return _is_unmapped(font.get_object())
    if number not in known:
        known[number] = _is_unmapped(font.get_object())
    return known[number]


def _is_unmapped(font: Any) -> bool:
    if "/ToUnicode" in font:
        return False
    if font.get("/Subtype") == "/Type0":
        return str(font.get("/Encoding", "")).startswith("/Identity") and _ordering(font) == "Identity"
    encoding: Any = font.get("/Encoding")
    encoding = encoding.get_object() if encoding is not None else None
    if hasattr(encoding, "get") and "/Differences" in encoding:
        names = [str(name) for name in encoding["/Differences"] if str(name).startswith("/")]
        return sum(bool(_NUMBERED.fullmatch(name)) for name in names) > _NUMBERED_SHARE * max(1, len(names))
    descriptor = font.get("/FontDescriptor")
    flags = int(descriptor.get_object().get("/Flags", 0)) if descriptor is not None else 0
    is_subset = _SUBSET.match(str(font.get("/BaseFont", ""))) is not None
    return encoding is None and bool(flags & _SYMBOLIC) and is_subset


def _ordering(font: Any) -> str:
    descendants = font.get("/DescendantFonts")
    if descendants is None:
        return ""
    info = descendants.get_object()[0].get_object().get("/CIDSystemInfo")
    return str(info.get_object().get("/Ordering", "")) if info is not None else ""
