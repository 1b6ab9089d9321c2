r"""Escapes of JSON: \u00e9 -> é, in lines that are JSON or hold some."""

from __future__ import annotations

import re

_ESCAPES = re.compile(r"(?<!\\)((?:\\\\)*)((?:\\u[0-9A-Fa-f]{4})+)")
_CODE = re.compile(r"\\u([0-9A-Fa-f]{4})")
_IS_JSON = re.compile(r"""[\[{][ \t]*["\[{]|":""")
JSON_SUFFIXES = (".json", ".jsonl", ".ndjson", ".geojson", ".ipynb", ".har")


def without_json_escapes(text: str, is_json: bool) -> str:
    """Return `text` with `\\u` escapes decoded, in lines that hold JSON; in all lines where `is_json`.

    Escapes of controls, quotation marks and backslashes stay, since they would break the JSON.
    """
    if "\\u" not in text:
        return text
    return "\n".join(
        _ESCAPES.sub(_decoded, line) if "\\u" in line and (is_json or _IS_JSON.search(line)) else line
        for line in text.split("\n")
    )


def _decoded(found: re.Match[str]) -> str:
    units = [int(code, 16) for code in _CODE.findall(found[2])]
    raw = b"".join(unit.to_bytes(2, "big") for unit in units)
    text = raw.decode("utf-16-be", "surrogatepass")
    return found[1] + "".join(_kept(character) for character in text)


def _kept(character: str) -> str:
    code = ord(character)
    stays = code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 or character in '"\\'
    return f"\\u{code:04x}" if stays else character
