"""Every text of the window goes through tr, and German has all of them."""

from __future__ import annotations

import gettext
import io
import re
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QPlainTextEdit, QWidget

from app.style import translation
from app.style.translation import tr, tr_count
from app.style.widgets import ElidedLine
from tests.app.library_on_disk import write_library

babel = pytest.importorskip("babel.messages")

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = ROOT / "resources" / "translations"
KEYWORDS = {"tr": None, "mark": None, "tr_count": (1, 2)}
DATA = {
    "turnQuestion", "turnAnswer", "turnQuote", "turnPassages", "turnSource", "turnVersions", "documentTitle",
    "summaryTitle", "zoom", "pageNumber", "libraryFile", "noticeText", "downloadCommand", "repository", "logFile",
    "modelBadge",
}  # fmt: skip
"""Object names of widgets whose text is the document's, the model's or a figure."""


def sources() -> set[object]:
    """The messages of the window's source."""
    from babel.messages.extract import extract_from_dir

    found = extract_from_dir(str(ROOT / "app"), method_map=[("**.py", "python")], keywords=KEYWORDS)
    return {message for _file, _line, message, _comments, _context in found if message}


def catalogue(code: str) -> object:
    from babel.messages.pofile import read_po

    with (CATALOGUES / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


def test_german_has_every_text_and_no_other():
    known = {message.id: message for message in catalogue("de") if message.id}  # type: ignore[attr-defined]
    missing, unused = sources() - set(known), set(known) - sources()
    assert not missing and not unused, (sorted(map(str, missing)), sorted(map(str, unused)))
    assert not [message.id for message in known.values() if not message.string or message.fuzzy]


def test_fields_of_a_translation_are_those_of_its_source():
    for message in catalogue("de"):  # type: ignore[attr-defined]
        for one in message.string if isinstance(message.string, tuple) else [message.string]:
            source = message.id[0] if isinstance(message.id, tuple) else message.id
            assert sorted(re.findall(r"\{\w+\}", one)) == sorted(re.findall(r"\{\w+\}", source)) or not message.id


def test_compiled_catalogue_is_that_of_the_source():
    from babel.messages.mofile import write_mo

    made = io.BytesIO()
    write_mo(made, catalogue("de"))
    made.seek(0)
    fresh = gettext.GNUTranslations(made)
    with (CATALOGUES / "de.mo").open("rb") as file:
        shipped = gettext.GNUTranslations(file)
    assert fresh._catalog == shipped._catalog, "run: pybabel compile -l de -i de.po -o de.mo"  # type: ignore[attr-defined]


def test_language_falls_back_from_region_to_language_to_english():
    try:
        assert translation.install(CATALOGUES, ["de_AT", "fr"]) == "de" and tr("Open…") == "Öffnen…"
        assert tr_count("{count} page", "{count} pages", 1) == "1 Seite"
        assert tr_count("{count} page", "{count} pages", 2000) == "2,000 Seiten"
        assert translation.install(CATALOGUES, ["fr_FR", "xx"]) == "" and tr("Open…") == "Open…"
        assert translation.install(CATALOGUES, ["en_GB", "de"]) == ""
    finally:
        translation.use(gettext.NullTranslations())


class Marked(gettext.NullTranslations):
    """Puts every text between brackets, so that one that did not go through tr is seen."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


def texts_of(widget: QWidget) -> list[str]:
    """The texts that a widget shows or says."""
    texts = [widget.accessibleName()] if widget.accessibleName() else []
    if widget.toolTip() and not isinstance(widget, ElidedLine):
        texts.append(widget.toolTip())
    if isinstance(widget, ElidedLine):
        texts.append(widget.whole)
    elif isinstance(widget, (QLabel, QAbstractButton)):
        texts.append(widget.text())
    elif isinstance(widget, (QLineEdit, QPlainTextEdit)):
        texts.append(widget.placeholderText())
    elif isinstance(widget, QComboBox):
        texts += [widget.itemText(place) for place in range(widget.count())]
    return texts


def unmarked(top: QWidget) -> list[tuple[str, str]]:
    """The texts below a widget that did not go through tr."""
    found = []
    for widget in [top, *top.findChildren(QWidget)]:
        name = widget.objectName()
        if widget.property("role") == "key" or name in DATA or name.startswith(("qt_", "Scroll")):
            continue
        for text in texts_of(widget):
            plain = re.sub(r"<[^>]*>", "", text)
            if "⟦" not in plain and re.search(r"[A-Za-z]{3,}", plain):
                found.append((name, plain))
    return found


def test_every_text_goes_through_tr(start, tmp_path: Path):
    translation.use(Marked())
    try:
        write_library(tmp_path / "library.db", {"/files/halden.pdf": ["x"]})
        driver = start()
        window = driver.window
        found = unmarked(window)
        driver.open(_pdf(tmp_path))
        driver.until(lambda: driver.session.progress.page > 3)
        found += unmarked(window)
        driver.until_done()
        driver.ask("When did it fail?")
        driver.ask("What was the weather?")
        window.side.summary.begin_request()
        window.document.begin_find()
        driver.click("coverageMore")
        found += unmarked(window)
        for action in window.findChildren(QAction):
            if action.text() and not action.isSeparator() and action.menu() is None and action.objectName():
                found += [(action.objectName(), action.text())] if "⟦" not in action.text() else []
        for name in ("choose_model", "show_settings", "show_keys", "show_about"):
            getattr(window.dialogs, name)()
        for name in ("modelDialog", "settingsDialog", "keysDialog", "aboutDialog"):
            dialog = driver.find(name)
            found += [one for one in unmarked(dialog) if one[1] not in NAMES and one[0] != "language"]
            dialog.close()
    finally:
        translation.use(gettext.NullTranslations())
    known = ("Halden", "halden", "Pump P-", "Readthrough", "pressure", "Vibration", "bearing")
    missed = {one for one in found if not any(word in one[1] for word in known)}
    assert not missed


NAMES = {"Readthrough", "English", "Deutsch"}


def _pdf(folder: Path) -> Path:
    from tests.app.conftest import make_pdf

    return make_pdf(folder / "halden.pdf", 40)
