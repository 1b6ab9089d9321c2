"""Answers of the library's thread, as signals: the rows give them, the reader in the window's thread passes them on."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class LibraryAnswers(QObject):
    """The signals of both sides."""

    documents_read = Signal(object)
    """list[engine.library.records.Document], last used first."""
    collections_read = Signal(object)
    """list[(engine.library.collections.Collection, ids of its documents, [(path, why it could not be read)])]"""
    record_read = Signal(str, object)
    """(path, DocumentRecord | None)"""
    pages_read = Signal(int, object)
    """(document id, list[engine.library.records.Page])"""
    head_read = Signal(str, str)
    """(path, first part of a text file)"""
    located = Signal(int, int, object)
    """(document id, key that was given, the pages that contain the words of an answer, best first)"""
    found = Signal(int, str, object)
    """(document id, text, list[(page, times)])"""
    sentence_begun = Signal(int, int, object)
    """(document id, key, the part of a sentence on the page before: Sentence | None)"""
    closest_found = Signal(int, int, object)
    """(document id, key, list[Sentence]: the passages that match a question best)"""
    headings_read = Signal(int, object)
    """(document id, list[(heading, first page)])"""
    texts_found = Signal(str, object)
    """(the text that was searched for, dict[path, app.library.text_search.Found])"""
    snippets_read = Signal(int, object)
    """(document id, dict[(page, text), the sentence around it])"""
    suggestions_read = Signal(int, object)
    """(document id, list of questions)"""
    usage_read = Signal(object)
    """Bytes that all saved states take."""
    failed = Signal(str)
    """A sentence: the library cannot be read."""
    outdated = Signal()
    """The library is from an older version; opening it for writing updates it."""


ANSWERS = tuple(name for name, value in vars(LibraryAnswers).items() if isinstance(value, Signal))
"""Names of these signals."""
