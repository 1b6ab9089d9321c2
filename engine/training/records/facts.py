"""Contents of a record: facts, findings, questions with their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.prompting.prompts import NO_FINDINGS
from engine.training.records import words
from engine.training.records.chance import capital
from engine.training.records.words import Kind, Relation

SUMMARY_TITLE = "Key findings:"
_KIND_OF = {thing.split(":")[0].split(" ")[0]: kind for kind in words.KINDS for thing in kind.things}
_WORD_OF = {thing.split(":")[0].split(" ")[0]: thing.split(":")[0] for kind in words.KINDS for thing in kind.things}


def kind_of(thing: str) -> Kind:
    """Return the kind of record that the name `thing` belongs to."""
    return _KIND_OF[thing.split(" ", 1)[0]]


def word_of(thing: str) -> str:
    """Return a thing without its identifier."""
    return _WORD_OF[thing.split(" ", 1)[0]]


@dataclass(frozen=True)
class Fact:
    """One fact: `relation` of `thing` is `value`; `person` and `date` where the sentence gave them."""

    thing: str
    relation: Relation
    value: str
    person: str | None = None
    date: str | None = None
    corrected: bool = False
    said: str = ""
    """The name of the relation that the text uses."""
    page: int = 0
    """The page, from 1, that states the value."""

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.thing, self.relation.form, self.relation.name)


@dataclass(frozen=True)
class Finding:
    """Something that went wrong at a thing; key findings belong in the summary."""

    thing: str
    text: str
    page: int = 0

    @property
    def sentence(self) -> str:
        """Return the line of a summary for the fact."""
        return f"- {capital(self.thing)}: {self.text}."


@dataclass(frozen=True)
class Turn:
    """One question and the answer that the record gives; `sort` is plain, corrected, missing or follow-up."""

    question: str
    answer: str
    sort: str


@dataclass
class Record:
    """Text of a record by page, and its facts."""

    kind: Kind
    pages: list[str]
    facts: list[Fact]
    findings: list[Finding]
    things: list[str]
    """All that the text may name, with facts or without."""
    held_out: bool = False
    stated: set[tuple[str, str, str]] = field(default_factory=set)
    """(thing, relation form, relation name) of all that the text states, linked persons and dates included."""

    @property
    def summary(self) -> str:
        """Return the expected summary."""
        return summary_text(self.findings)


def summary_text(findings: Sequence[Finding]) -> str:
    """Key findings as the model is to write them, each once, in order."""
    if not findings:
        return NO_FINDINGS
    return "\n".join([SUMMARY_TITLE, *dict.fromkeys(finding.sentence for finding in findings)])
