"""Letters beyond ASCII of languages written in Latin letters, and how well one of them explains a text.

Two encodings of Latin letters decode the same bytes to different letters, all of them letters of some language. Only
the right encoding gives letters that belong to one and the same language.
"""

from __future__ import annotations

import re
from collections import Counter

_ALPHABETS = (
    "ąćęłńóśźż",  # Polish
    "áčďéěíňóřšťúůýž",  # Czech
    "áäčďéíĺľňóôŕšťúýž",  # Slovak
    "áéíóöőúüű",  # Hungarian
    "čćđšž",  # Croatian, Bosnian, Serbian
    "čšž",  # Slovene
    "ăâîșțşţ",  # Romanian
    "çğıöşüâîûİ",  # Turkish
    "ąčęėįšųūž",  # Lithuanian
    "āčēģīķļņšūžõ",  # Latvian
    "äõöüšž",  # Estonian
    "äöüß",  # German
    "àâæçéèêëîïôœùûüÿ",  # French
    "áéíñóúü",  # Spanish
    "àáâãçéêíóôõúü",  # Portuguese
    "àèéìíîòóùú",  # Italian
    "àçèéíïòóúü",  # Catalan
    "æøåé",  # Danish, Norwegian
    "åäöé",  # Swedish, Finnish
    "áæðéíóöúýþ",  # Icelandic
    "áâäéèêëíïîóôöúûü",  # Dutch, Welsh
    "çë",  # Albanian
    "ċġħżàèìòù",  # Maltese
)
_SETS = tuple(frozenset(letters + letters.upper().replace("SS", "")) for letters in _ALPHABETS)
_SIGNS = frozenset("§°€£«»„“”‚‘’–—…•±²³µ·½¼¾×©®™ªº\u00a0¿¡†‰′″")
"""Signs that stand in texts of any language, though never inside a word."""
_INSIDE = re.compile(r"(?<=[^\W\d_])(?:[^\w\s'’.·\u00ad-]|[ªº])(?=[^\W\d_])")
"""A sign between two letters, or a raised one: nearly always a letter in another encoding."""
_CASE = re.compile(r"[a-zß-öø-ÿ][A-ZÀ-ÖØ-Þ]")


def explained_share(text: str) -> float:
    """Return the share of characters beyond ASCII that the best-fitting language explains, 0 to 1.

    Signs inside words and capitals after small letters count against the text.
    """
    beyond = Counter(character for character in text if ord(character) >= 0x80)
    total = sum(beyond.values())
    if not total:
        return 1.0
    signs = sum(count for character, count in beyond.items() if character in _SIGNS)
    best = max(sum(count for character, count in beyond.items() if character in letters) for letters in _SETS)
    inside = sum(1 for found in _INSIDE.findall(text) if ord(found) >= 0x80)
    odd_case = sum(1 for found in _CASE.findall(text) if ord(found[1]) >= 0x80)
    return max(0.0, (best + signs - inside - odd_case) / total)
