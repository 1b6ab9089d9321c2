"""Mentions: how often a text names something, and lists of its dates, amounts, identifiers and names. No model.

A count of words is no count of things. The answer gives the number of mentions and the number of sentences and lines
that hold them, and says that the text does not tell which of them are one thing. Light: no torch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.control import Cancelled, Control
from engine.grounding.identifiers import written_pattern
from engine.grounding.sentences import units
from engine.grounding.words import folded, stem, tokens
from engine.library.library import Library
from engine.library.records import Document
from engine.library.typed_records import RecordMention
from engine.records.questions import RecordQuestion, Word
from engine.records.ranges import DateRange, period
from engine.records.result import AnswerRow, RecordAnswer
from engine.records.words import counted

_NOUNS = {
    "date": "date",
    "day": "date",
    "datum": "date",
    "amount": "amount",
    "sum": "amount",
    "betrag": "amount",
    "identifi": "identifier",
    "id": "identifier",
    "kennung": "identifier",
    "name": "name",
    "person": "name",
}
"""Stems of nouns -> kinds of mentions."""
_MENTION_NOUNS = frozenset({"mention", "occurr", "occurrence", "refer", "referenc", "erwahn", "erwähn", "stell"})
_JOINING = frozenset({"and", "or", "und", "oder"})
_LONGEST_QUOTE = 400
_SHORT = 4
"""Letters of stems that a stemmer has as exceptions (die: dying)."""


def answer_of_mentions(
    library: Library, documents: Sequence[Document], asked: RecordQuestion, control: Control | None = None
) -> RecordAnswer | None:
    """Return a list or a count of all dates, amounts, identifiers or names; None for any other question."""
    kinds = {_NOUNS.get(word.stem) for word in asked.words}
    if len(asked.words) != 1 or len(kinds) != 1 or asked.amounts is not None:
        return _listed_mentions(library, documents, asked, control)
    kind = kinds.pop()
    if kind is None or asked.operation not in ("count", "list", "first", "last") or (asked.dates and kind != "date"):
        return None
    found = library.typed_records.mentions([document.id for document in documents], kind)
    if asked.dates is not None:
        found = [mention for mention in found if _inside(mention.value, asked.dates)]
    first: dict[str, RecordMention] = {}
    for mention in found:
        first.setdefault(mention.value, mention)
    if asked.operation in ("first", "last"):
        return _end(found, asked)
    number = f"{len(first):,} different {kind}s in {len(found):,} places"
    rows = [AnswerRow(m.document, m.page, m.start, m.end, m.text, (m.text,)) for m in first.values()]
    return RecordAnswer(number, rows, (kind.capitalize(),), [], asked.operation == "list")


def answer_of_times(
    library: Library, documents: Sequence[Document], asked: RecordQuestion, control: Control | None = None
) -> RecordAnswer | None:
    """Return how often the pages name the question's words, as mentions and as sentences or lines; None where the
    question has no identifier and does not ask for mentions."""
    named = [word for word in asked.words if word.identifier]
    if asked.dates is not None or asked.amounts is not None or asked.distinct:
        return None
    if asked.operation != "times" and (not named or any(word.stem in _JOINING for word in asked.words)):
        return None
    subject = tuple(asked.words) if asked.operation == "times" else tuple(named)
    others = [word for word in asked.words if word not in subject]
    rows, mentions, together = _search(library, documents, subject, others, asked.language, control)
    text = asked.subject if asked.operation == "times" else " and ".join(word.text for word in subject)
    if not rows:
        return RecordAnswer(f"“{text}” is on no page that was read", [], (), [], False)
    pages = len({(row.document, row.page) for row in rows})
    number = f"“{text}” is named {_times(mentions)}, in {counted(len(rows), 'sentence or line', 'sentences or lines')}"
    number += f" on {counted(pages, 'page', 'pages')}"
    notes = []
    if others:
        words = " ".join(word.text for word in others)
        also = counted(together, "of them also has", "of them also have") if together else "None of them has"
        notes.append(f"{also} “{words}”.")
    if asked.operation != "times":
        notes.append("The text does not say which of them are one and the same; no table counts them.")
    return RecordAnswer(number, rows, ("Text",), notes, asked.operation == "list")


def _listed_mentions(
    library: Library, documents: Sequence[Document], asked: RecordQuestion, control: Control | None = None
) -> RecordAnswer | None:
    """Return all sentences that name something: "list every mention of P-835"."""
    if (
        not asked.words
        or asked.words[0].stem not in _MENTION_NOUNS
        or len(asked.words) < 2
        or asked.dates
        or asked.amounts
    ):
        return None
    subject = asked.words[1:]
    rows, mentions, _ = _search(library, documents, subject, (), asked.language, control)
    text = " ".join(word.text for word in subject)
    if asked.operation in ("first", "last"):
        rows = rows[:1] if asked.operation == "first" else rows[-1:]
    number = f"“{text}” is named {_times(mentions)}" if rows else f"“{text}” is on no page that was read"
    return RecordAnswer(number, rows, ("Text",), [], listed=True)


def _search(
    library: Library,
    documents: Sequence[Document],
    subject: Sequence[Word],
    others: Sequence[Word],
    language: str,
    control: Control | None,
) -> tuple[list[AnswerRow], int, int]:
    """Return the sentences that name the whole `subject`, the mentions in them, and the number of those sentences that
    have all of `others` too. Raises Cancelled."""
    rows: list[AnswerRow] = []
    mentions = together = 0
    beginnings = [_beginning(word, language) for word in subject]
    for document in documents:
        if control is not None and control.cancelled:
            raise Cancelled
        for page in library.pages.of(document.id):
            plain = folded(page.text)
            if not all(beginning in plain for beginning in beginnings):
                continue
            if not all(_count(word, page.text, language) for word in subject if word.identifier):
                continue
            for unit in units(page.text):
                text = page.text[unit.start : unit.end]
                times = _phrase_count(subject, text, language)
                if times:
                    mentions += times
                    together += all(_count(word, text, language) for word in others)
                    quoted = " ".join(text.split())[:_LONGEST_QUOTE]
                    rows.append(AnswerRow(document.id, page.number, unit.start, unit.end, quoted, (quoted,)))
    return rows, mentions, together


def _beginning(word: Word, language: str) -> str:
    """Return letters that every form of an English word has, to leave out pages without it; else "", which all have.
    A stemmer changes the last letter at most (study, studi)."""
    sure = language == "en" and not word.identifier and word.stem.isascii() and len(word.stem) > _SHORT
    return word.stem[:-1] if sure else ""


def _phrase_count(words: Sequence[Word], text: str, language: str) -> int:
    """Return how often `words` follow each other in `text`; a single word or identifier is counted in all spellings."""
    if len(words) == 1 or any(word.identifier for word in words):
        return min(_count(word, text, language) for word in words)
    wanted = [word.stem for word in words]
    found = [stem(token, language) for token, _, _ in tokens(text)]
    return sum(found[at : at + len(wanted)] == wanted for at in range(len(found)))


def _count(word: Word, text: str, language: str) -> int:
    if word.identifier:
        return len(re.findall(rf"(?<![^\W_]){written_pattern(word.stem)}(?![^\W_])(?![-./]\d)", folded(text)))
    return sum(stem(token, language) == word.stem for token, _, _ in tokens(text))


def _end(found: Sequence[RecordMention], asked: RecordQuestion) -> RecordAnswer | None:
    """Return the earliest or latest date of the text; None where one can be read in two ways."""
    if not found or found[0].kind != "date":
        return None
    dated = [(days.low, mention) for mention in found if (days := period(mention.value)) is not None]
    if not dated:
        return None
    end = (min if asked.operation == "first" else max)(low for low, _ in dated)
    chosen = [mention for low, mention in dated if low == end]
    without = len(found) - len(dated)
    notes = [f"{without:,} dates without a year, or that can be read in two ways, are not compared."] if without else []
    rows = [AnswerRow(m.document, m.page, m.start, m.end, m.text, (m.text,)) for m in chosen]
    which = "Earliest" if asked.operation == "first" else "Latest"
    return RecordAnswer(f"{which} date that the pages name: {chosen[0].text}", rows, ("Date",), notes, listed=True)


def _inside(value: str, wanted: DateRange) -> bool:
    if wanted.months:
        month = value[2:4] if value.startswith("--") else value[5:7]
        return month.isdigit() and int(month) in wanted.months
    days = period(value)
    return days is not None and days.low >= wanted.low and days.high <= wanted.high


def _times(number: int) -> str:
    return "once" if number == 1 else "twice" if number == 2 else f"{number:,} times"
