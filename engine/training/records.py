"""Long records with known content: documents, questions and summaries that the demo model is trained and measured on.

`make_record` writes one record of about a wanted number of tokens from a seeded random source: a title, headings and
sentences, among them facts (some corrected later), findings marked as key, findings that are not, and filler. What was
stated is kept beside the text, so that every question has a known answer. With `held_out` all names, identifiers and a
share of the wordings come from lists that training never sees.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from engine.prompts import NO_FINDINGS, NOT_FOUND
from engine.training import words
from engine.training.words import Kind, Relation, Wordings

HELD_OUT_WORDING_SHARE = 0.25
"""How often a held-out record uses a wording that training never shows."""
SUMMARY_TITLE = "Key findings:"


@dataclass(frozen=True)
class Fact:
    """What may be asked: `relation` of `thing` is `value`; `person` and `date` where the sentence gave them."""

    thing: str
    relation: Relation
    value: str
    person: str | None = None
    date: str | None = None
    corrected: bool = False


@dataclass(frozen=True)
class Finding:
    """Something that went wrong at a thing; key findings belong in the summary."""

    thing: str
    text: str

    @property
    def sentence(self) -> str:
        """The line a summary gives it."""
        return f"- {capital(self.thing)}: {self.text}."


@dataclass(frozen=True)
class Turn:
    """One question and the answer that the record gives; `sort` is plain, corrected, missing or follow-up."""

    question: str
    answer: str
    sort: str


@dataclass
class Record:
    """A record's text by page and what is true in it."""

    kind: Kind
    pages: list[str]
    facts: list[Fact]
    findings: list[Finding]
    things: list[str]
    held_out: bool = False
    stated: set[tuple[str, str, str]] = field(default_factory=set)
    """(thing, relation form, relation name) of all that the text states, linked persons and dates included."""

    @property
    def summary(self) -> str:
        """The one right summary."""
        return summary_text(self.findings)


def summary_text(findings: Sequence[Finding]) -> str:
    """Key findings as the model is to write them, each once, in order."""
    if not findings:
        return NO_FINDINGS
    return "\n".join([SUMMARY_TITLE, *dict.fromkeys(finding.sentence for finding in findings)])


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


class Writer:
    """The random choices behind records: names, identifiers, values and wordings from one seed."""

    def __init__(self, seed: int, *, held_out: bool = False) -> None:
        self.random = random.Random(seed)
        self.held_out = held_out

    def below(self, n: int) -> int:
        return int(self.random.random() * n)

    def pick(self, items: Sequence):
        return items[int(self.random.random() * len(items))]

    def wording(self, wordings: Wordings) -> str:
        if self.held_out and self.random.random() < HELD_OUT_WORDING_SHARE:
            return self.pick(wordings.held_out)
        return self.pick(wordings.training)

    def person(self) -> str:
        """First and last name; half of the last names are made up, so that copying is learned and not a list."""
        if self.held_out:
            return f"{self.pick(words.HELD_OUT_FIRST)} {self.pick(words.HELD_OUT_LAST)}"
        first = self.pick(words.FIRST_NAMES)
        if self.random.random() < 0.5:
            return f"{first} {self.pick(words.LAST_NAMES)}"
        middle = self.pick(words.SYLLABLES) if self.random.random() < 0.4 else ""
        return f"{first} {capital(self.pick(words.SYLLABLES) + middle + self.pick(words.ENDINGS))}"

    def thing(self, kind: Kind) -> str:
        """A thing with its identifier; numbers that leave 4 when divided by 9 are held out."""
        word, letters = self.pick(kind.things).split(":")
        while True:
            number = self.below(900) + 100 if self.random.random() < 0.7 else self.below(90) + 10
            if (number % 9 == 4) == self.held_out:
                return f"{word} {letters}-{number}"

    def value(self, relation: Relation) -> str:
        maker = VALUE_MAKERS.get(relation.value)
        return maker(self) if maker else self.pick(relation.value.split("|"))

    def clock(self) -> str:
        return f"{self.below(16) + 6}:{self.below(12) * 5:02d}"

    def date(self) -> str:
        return f"{self.below(28) + 1} {self.pick(words.MONTHS)} {self.below(12) + 2015}"

    def place(self) -> str:
        return self.pick(words.PLACES)

    def filled(self, text: str) -> str:
        """Put numbers, times, weekdays and dates into {n}, {t}, {w}, {d} and {x}."""
        if "{" not in text:
            return text
        return text.format(
            n=self.below(38) + 2, t=self.clock(), w=self.pick(words.WEEKDAYS), d=self.date(), x=self.place()
        )

    def filler(self, kind: Kind) -> str:
        clause = self.pick(kind.filler) if self.random.random() < 0.6 else self.pick(words.COMMON_FILLER)
        sentence = self.filled(self.pick(words.OPENINGS) + clause)
        if self.random.random() < 0.25:
            sentence += " and " + self.filled(self.pick(words.COMMON_FILLER))
        return capital(sentence) + "."


def _amount(w: Writer) -> str:
    n = w.below(9000) + 100 if w.random.random() < 0.6 else w.below(90) * 1000 + 10_000
    return f"{n:,} euros"


VALUE_MAKERS: dict[str, Callable[[Writer], str]] = {
    "person": Writer.person,
    "date": lambda w: w.date(),
    "town": Writer.place,
    "amount": _amount,
    "pressure": lambda w: f"{w.below(19) + 1}.{w.below(10)} bar",
    "temperature": lambda w: f"{w.below(80) + 20} °C",
    "speed": lambda w: f"{(w.below(280) + 20) * 10} rpm",
    "hours": lambda w: f"{w.below(9000) + 100} hours",
    "percent": lambda w: f"{w.below(20) + 1}.{w.below(10)} %",
    "votes": lambda w: f"{w.below(60) + 3} to {w.below(30) + 1}",
    "work_order": lambda w: f"{w.pick('ABDEHKMRTWX')}{w.pick('ACEFLNOPSU')}-{w.below(9000) + 1000}",
    "serial": lambda w: f"{w.below(90_000) + 10_000}",
    "location": lambda w: f"{w.pick(('hall', 'room', 'bay', 'floor', 'wing'))} {w.below(60) + 1}",
    "blood_pressure": lambda w: f"{w.below(70) + 100}/{w.below(45) + 55}",
    "heart_rate": lambda w: f"{w.below(80) + 45} bpm",
    "weight": lambda w: f"{w.below(70) + 42} kg",
    "fever": lambda w: f"{w.below(5) + 36}.{w.below(10)} °C",
    "dose": lambda w: f"{(w.below(60) + 1) * 5} mg",
}
_STATEMENTS = {"noun": words.NOUN_STATEMENTS, "agent": words.AGENT_STATEMENTS, "date": words.DATE_STATEMENTS}
_CORRECTIONS = {"noun": words.NOUN_CORRECTIONS, "agent": words.AGENT_CORRECTIONS, "date": words.DATE_CORRECTIONS}
_QUESTIONS = {"noun": words.NOUN_QUESTIONS, "agent": words.AGENT_QUESTIONS, "date": words.DATE_QUESTIONS}


def make_record(
    writer: Writer,
    *,
    kind: Kind,
    tokens: int,
    facts: int,
    findings: int,
    count_tokens: Callable[[str], int],
    corrections: float = 0.15,
    page_tokens: int = 400,
    plain: bool = False,
) -> Record:
    """Write a record of at most `tokens` tokens (`count_tokens` of its pages) with `facts` facts and key `findings`.

    Facts are dropped when they do not fit. `corrections` is the share of facts that a later sentence corrects. `plain`
    leaves out headings and line breaks, for the first lessons.
    """
    record = Record(kind, [], [], [], [], writer.held_out)
    sentences = _content(writer, record, facts, findings, corrections)
    log = not plain and writer.random.random() < 0.25
    width = 0 if plain or log or writer.random.random() < 0.5 else writer.below(50) + 64
    title = writer.filled(writer.pick(kind.titles))
    # Line ends and headings cost tokens that single sentences do not show.
    room = int((tokens - count_tokens(title) - 4) * (0.97 if plain else 0.8 if log else 0.86))
    used = 0
    kept: list[str] = []
    for sentence, keep in sentences:
        cost = count_tokens(" " + sentence)
        if used + cost <= room:
            used += cost
            kept.append(sentence)
            keep()
    room -= used
    filler: list[str] = []
    while room > 0:
        sentence = writer.filler(kind)
        room -= count_tokens(" " + sentence)
        filler.append(sentence)
    marks = sorted(writer.below(len(filler) + 1) for _ in kept)
    body: list[str] = []
    start = 0
    for mark, sentence in zip(marks, kept, strict=True):
        body += filler[start:mark]
        body.append(sentence)
        start = mark
    body += filler[start:]
    while True:
        record.pages = _lay_out(writer, kind, title, body, log, width, plain, page_tokens, count_tokens)
        if sum(count_tokens(page + "\n\n") for page in record.pages) <= tokens:
            return record
        disposable = [i for i, sentence in enumerate(body) if sentence not in kept]
        if not disposable:
            return _smaller(writer, kind, tokens, facts, findings, count_tokens, corrections, page_tokens)
        for i in reversed(disposable[-max(1, len(disposable) // 12) :]):
            del body[i]


def _smaller(writer, kind, tokens, facts, findings, count_tokens, corrections, page_tokens) -> Record:
    """Content alone overran the room: try again with less of it."""
    return make_record(
        writer,
        kind=kind,
        tokens=tokens,
        facts=max(0, facts - 1),
        findings=max(0, findings - 1),
        count_tokens=count_tokens,
        corrections=corrections,
        page_tokens=page_tokens,
        plain=True,
    )


def _content(
    writer: Writer, record: Record, facts: int, findings: int, corrections: float
) -> list[tuple[str, Callable[[], None]]]:
    """Sentences to place in order, each with what to note once it is really placed."""
    kind = record.kind
    things: list[str] = []
    wanted = max(1, (facts + 1) // 2) if writer.random.random() < 0.5 else max(1, facts)
    while len(things) < max(wanted, 1 if not findings else 2):
        thing = writer.thing(kind)
        if thing not in things:
            things.append(thing)
    record.things = things
    planned: list[tuple[float, str, Callable[[], None]]] = []
    taken: set[tuple[str, str]] = set()
    while len(taken) < facts:
        thing = things[len(taken) % len(things)] if len(taken) < len(things) else writer.pick(things)
        relation = writer.pick(kind.relations)
        # By name alone: who inspected a thing and when it was inspected may stand in one sentence already.
        key = (thing, relation.name)
        if key in taken:
            continue
        taken.add(key)
        fact, sentence = _state(writer, thing, relation, _STATEMENTS[relation.form])
        at = writer.random.random()
        if writer.random.random() < corrections:
            latest, correction = _state(writer, thing, relation, _CORRECTIONS[relation.form], wrong=fact.value)
            at *= 0.6
            planned.append((at, sentence, partial(_note, record, fact)))
            later = at + (1 - at) * writer.random.random()
            planned.append((later, correction, partial(_note, record, latest)))
        else:
            planned.append((at, sentence, partial(_note, record, fact)))
    phrases: set[str] = set()
    for i in range(findings + (writer.below(findings + 1) if findings else int(writer.random.random() < 0.3))):
        finding = Finding(writer.pick(things), writer.filled(writer.pick(kind.findings)))
        if finding.text in phrases:
            continue
        phrases.add(finding.text)
        key_finding = i < findings
        frame = writer.wording(words.KEY_FINDINGS if key_finding else words.SIDE_FINDINGS)
        sentence = capital(frame.format(s=finding.thing, f=finding.text))
        keep = partial(record.findings.append, finding) if key_finding else _nothing
        planned.append((writer.random.random(), sentence, keep))
    planned.sort(key=lambda item: item[0])
    return [(sentence, keep) for _, sentence, keep in planned]


def _state(
    writer: Writer, thing: str, relation: Relation, wordings: Wordings, wrong: str | None = None
) -> tuple[Fact, str]:
    """A fact and a sentence that states it; with `wrong`, one that corrects that earlier value."""
    value = writer.value(relation)
    while value == wrong:
        value = writer.value(relation)
    frame = writer.wording(wordings)
    person = writer.person() if "{p}" in frame else None
    date = writer.date() if "{d}" in frame else None
    sentence = frame.format(
        s=thing, S=capital(thing), a=relation.name, A=capital(relation.name), v=value, p=person, d=date, w=wrong
    )
    return Fact(thing, relation, value, person, date, wrong is not None), capital(sentence)


def _nothing() -> None:
    pass


def _note(record: Record, fact: Fact) -> None:
    key = (fact.thing, fact.relation.form, fact.relation.name)
    record.facts = [f for f in record.facts if (f.thing, f.relation.form, f.relation.name) != key]
    record.facts.append(fact)
    record.stated.add(key)
    # A date or person named beside an action also says when or by whom it was done.
    if fact.relation.form == "agent" and fact.date:
        record.stated.add((fact.thing, "date", fact.relation.name))
    if fact.relation.form == "date" and fact.person:
        record.stated.add((fact.thing, "agent", fact.relation.name))


def _lay_out(
    writer: Writer,
    kind: Kind,
    title: str,
    body: list[str],
    log: bool,
    width: int,
    plain: bool,
    page_tokens: int,
    count_tokens: Callable[[str], int],
) -> list[str]:
    """Sentences as pages: log lines, or paragraphs under headings, wrapped at `width` characters when that is not 0."""
    blocks: list[str] = [title]
    at = 0
    number = writer.below(9) + 1
    while at < len(body):
        if not plain and (at == 0 or writer.random.random() < 0.12):
            heading = writer.filled(writer.pick(kind.headings))
            blocks.append(f"{number} {heading}" if number % 2 else heading)
            number += 1
        size = writer.below(5) + (2 if not log else 4)
        part = body[at : at + size]
        at += size
        if log:
            blocks.append("\n".join(f"{writer.clock()} {sentence}" for sentence in part))
        else:
            blocks.append(wrap(" ".join(part), width) if width else " ".join(part))
    pages: list[str] = []
    page: list[str] = []
    used = 0
    for block in blocks:
        page.append(block)
        used += count_tokens(block)
        if used > page_tokens:
            pages.append("\n".join(page))
            page, used = [], 0
    if page:
        pages.append("\n".join(page))
    return pages


def wrap(text: str, width: int) -> str:
    """Break lines at spaces before `width` characters."""
    lines: list[str] = []
    while len(text) > width:
        cut = text.rfind(" ", 0, width + 1)
        if cut <= 0:
            break
        lines.append(text[:cut])
        text = text[cut + 1 :]
    lines.append(text)
    return "\n".join(lines)


def ask(writer: Writer, fact: Fact) -> Turn:
    """A question whose answer is the fact's value."""
    frame = writer.wording(_QUESTIONS[fact.relation.form])
    return Turn(
        _fill_question(frame, fact.thing, fact.relation), fact.value, "corrected" if fact.corrected else "plain"
    )


def ask_missing(writer: Writer, record: Record) -> Turn:
    """A question that the record does not answer: a known thing's unstated relation, or a thing it never names."""
    known = writer.random.random() < 0.5
    for _ in range(50):
        thing = writer.pick(record.things) if known else writer.thing(record.kind)
        relation = writer.pick(record.kind.relations)
        if (not known and thing in record.things) or (thing, relation.form, relation.name) in record.stated:
            continue
        frame = writer.wording(_QUESTIONS[relation.form])
        return Turn(_fill_question(frame, thing, relation), NOT_FOUND, "missing")
    raise RuntimeError("no unanswerable question found")


def follow_up(writer: Writer, record: Record, fact: Fact) -> Turn | None:
    """A question that leans on the one before about `fact`; None when nothing more is known."""
    options: list[Turn] = []
    if fact.person and fact.relation.form == "noun":
        options.append(Turn(writer.wording(words.WHO_FOLLOW_UPS), fact.person, "follow-up"))
    if fact.date:
        options.append(Turn(writer.wording(words.WHEN_FOLLOW_UPS), fact.date, "follow-up"))
    for other in record.facts:
        if other.thing == fact.thing and other.relation is not fact.relation:
            frame = writer.wording(words.SAME_THING_FOLLOW_UPS[other.relation.form])
            options.append(Turn(frame.format(a=other.relation.name), other.value, "follow-up"))
    return writer.pick(options) if options else None


def _fill_question(frame: str, thing: str, relation: Relation) -> str:
    return frame.format(s=thing, S=capital(thing), a=relation.name, A=capital(relation.name))
