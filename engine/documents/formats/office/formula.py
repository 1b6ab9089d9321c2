"""Formulas of Office documents (OMML) on one line: a fraction is a/b, a power x^2, an index x_1.

Without the signs between them the parts would run together: 1 over 2 would be 12.
"""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_SIMPLE = frozenset("+-−±*/·×=<>≤≥, ")
_DEEPEST = 40


def formula_text(element: etree._Element, depth: int = 0) -> str:
    """Return a formula, or a part of one, as a line of text. Parts too deep within each other are run together."""
    if depth > _DEEPEST:
        return "".join(text.text or "" for text in element.iter(f"{M}t"))
    tag = element.tag if isinstance(element.tag, str) else ""
    if tag == f"{M}t":
        return element.text or ""

    def part(name: str) -> str:
        found = element.find(f"{M}{name}")
        return formula_text(found, depth + 1) if found is not None else ""

    if (written := _WRITTEN.get(tag.removeprefix(M) if tag.startswith(M) else "")) is not None:
        return written(part)
    if tag == f"{M}d":
        inner = ", ".join(formula_text(one, depth + 1) for one in element.findall(f"{M}e"))
        return f"{_sign(element, 'begChr', '(')}{inner}{_sign(element, 'endChr', ')')}"
    if tag == f"{M}nary":
        return f"{_sign(element, 'chr', '∫')}{_below(part('sub'))}{_above(part('sup'))} {part('e')}"
    if tag == f"{M}m":
        rows = element.findall(f"{M}mr")
        return "[" + "; ".join(", ".join(formula_text(one, depth + 1) for one in row) for row in rows) + "]"
    return "".join(formula_text(child, depth + 1) for child in element)


def _sign(element: etree._Element, name: str, otherwise: str) -> str:
    found = element.find(f"{M}{element.tag.removeprefix(M)}Pr/{M}{name}")
    return found.get(f"{M}val", otherwise) if found is not None else otherwise


def _whole(text: str) -> str:
    """Return `text` in brackets if it has more than one part."""
    text = text.strip()
    return f"({text})" if any(character in _SIMPLE for character in text) else text


def _above(text: str) -> str:
    return f"^{_whole(text)}" if text.strip() else ""


def _below(text: str) -> str:
    return f"_{_whole(text)}" if text.strip() else ""


_WRITTEN: dict[str, Callable[[Callable[[str], str]], str]] = {
    "f": lambda part: f"{_whole(part('num'))}/{_whole(part('den'))}",
    "sSup": lambda part: f"{_whole(part('e'))}{_above(part('sup'))}",
    "sSub": lambda part: f"{part('e')}{_below(part('sub'))}",
    "sSubSup": lambda part: f"{part('e')}{_below(part('sub'))}{_above(part('sup'))}",
    "rad": lambda part: f"{_above(part('deg'))}√{_whole(part('e'))}",
    "func": lambda part: f"{part('fName')} {part('e')}",
    "limLow": lambda part: f"{part('e')}{_below(part('lim'))}",
    "limUpp": lambda part: f"{part('e')}{_above(part('lim'))}",
}
