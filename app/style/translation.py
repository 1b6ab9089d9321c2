"""Translation of every text that the window shows: English in the source, other languages in resources/translations.

Catalogues are gettext's, which its plural forms, its editors and services need; Babel extracts and compiles them.
"""

from __future__ import annotations

import gettext
from pathlib import Path

DOMAIN = "readthrough"
_catalogue: gettext.NullTranslations = gettext.NullTranslations()


def install(folder: Path, languages: list[str]) -> str:
    """Use the first of `languages` (codes such as "de" or "de_AT") that has a catalogue in `folder`.

    Returns its code, or "" where none has one and the texts stay English.
    """
    for language in languages:
        for code in (language, language.split("_")[0]):
            if code == "en":
                use(gettext.NullTranslations())
                return ""
            file = folder / f"{code}.mo"
            if file.is_file():
                with file.open("rb") as data:
                    use(gettext.GNUTranslations(data))
                return code
    use(gettext.NullTranslations())
    return ""


def use(catalogue: gettext.NullTranslations) -> None:
    """Take texts from this catalogue from now on; widgets that exist already keep theirs."""
    global _catalogue  # noqa: PLW0603
    _catalogue = catalogue


def tr(text: str, /, **values: object) -> str:
    """Return `text` in the language of the window, its `{fields}` filled with `values`."""
    translated = _catalogue.gettext(text) if text else text
    return translated.format(**values) if values else translated


def tr_count(one: str, many: str, count: int, /, **values: object) -> str:
    """Return the form for `count`, which fills `{count}`; `values` fill other fields."""
    return _catalogue.ngettext(one, many, count).format(count=f"{count:,}", **values)


def mark(text: str) -> str:
    """Mark a text of a table for the catalogue and return it unchanged; `tr` translates it where it is shown."""
    return text
