"""Questions about a record whose answers are known, questions that it does not answer, and ways to ask further."""

from __future__ import annotations

from engine.prompting.prompts import NOT_FOUND
from engine.training.records import frames, names, words
from engine.training.records.facts import Fact, Record, Turn, kind_of, summary_text, word_of
from engine.training.records.words import Relation
from engine.training.records.writer import Writer

WORLD_SHARE = 0.12
"""Share of the unanswerable training questions that are about the world at large."""


def ask(writer: Writer, fact: Fact, other_words: bool | None = None) -> Turn:
    """Return a question whose answer is the fact's value.

    `other_words` takes a name of the relation that the document did not use (where there is one), False the same name,
    None either.
    """
    said, known = fact.said or fact.relation.name, fact.relation.names
    if other_words:
        said = writer.pick([name for name in known if name != said] or known)
    elif other_words is None and writer.random.random() < (0.1 if writer.easy else 0.3):
        said = writer.pick(known)
    return Turn(
        _question(writer, fact.thing, fact.relation, said), fact.value, "corrected" if fact.corrected else "plain"
    )


def ask_missing(writer: Writer, record: Record) -> Turn:
    """Return a question that the record does not answer, similar to one that it does.

    A known thing's relation that is not stated (often one stated of another thing), a stated relation of an identifier
    near to a known one, of another sort of thing with the same identifier, or of a thing that the record never names;
    in training now and then one that has nothing to do with any record.
    """
    kind, chance = record.kind, writer.random.random
    if not (writer.held_out or writer.easy) and chance() < WORLD_SHARE:
        return Turn(_about_the_world(writer), NOT_FOUND, "missing")
    relations = [fact.relation for fact in record.facts] or kind.relations
    for _ in range(60):
        at = chance()
        thing = writer.pick(record.things) if record.things else writer.thing(kind)
        relation = writer.pick(relations if chance() < 0.6 else kind.relations)
        if at > 0.5:
            near = writer.thing(kind, near=thing if writer.hard or chance() < 0.2 else None)
            if at > 0.75:
                word = writer.pick(kind.things).split(":")[0]
                near = writer.thing(kind) if chance() < 0.6 else word + thing[len(word_of(thing)) :]
            if near in record.things:
                continue
            thing = near
        if relation.form == "date" and (thing, "agent", relation.name) in record.stated:
            continue  # a dated heading above may answer it
        if (thing, relation.form, relation.name) not in record.stated:
            return Turn(_question(writer, thing, relation, writer.pick(relation.names)), NOT_FOUND, "missing")
    raise RuntimeError("no unanswerable question found")


def _about_the_world(writer: Writer) -> str:
    return writer.pick(frames.WORLD_QUESTIONS).format(
        x=writer.place() if writer.random.random() < 0.6 else writer.pick(words.COUNTRIES),
        p=names.person(writer.random),
        noun=writer.pick(words.PROSE_NOUNS),
        other=writer.pick(words.PROSE_NOUNS),
        word=writer.pick(words.PROSE_WORDS),
        n=writer.below(90) + 2,
    )


def follow_up(writer: Writer, record: Record, fact: Fact) -> Turn | None:
    """Return a follow-up to a question about `fact`; None when no further fact is known."""
    options: list[tuple[frames.Wordings, Fact | None, str]] = []
    if fact.person and fact.relation.form == "noun":
        options.append((frames.WHO_FOLLOW_UPS, None, fact.person))
    if fact.date:
        options.append((frames.WHEN_FOLLOW_UPS, None, fact.date))
    for other in record.facts:
        if other.thing == fact.thing and other.relation is not fact.relation:
            options.append((frames.SAME_THING_FOLLOW_UPS[other.relation.form], other, other.value))
        elif other.thing != fact.thing and other.relation is fact.relation:
            options.append((frames.OTHER_THING_FOLLOW_UPS, other, other.value))
    if not options:
        return None
    wordings, other_fact, answer = writer.pick(options)
    frame = writer.wording(wordings)
    if other_fact is not None:
        said = writer.pick(other_fact.relation.names) if writer.random.random() < 0.5 else other_fact.said
        frame = writer.framed(frame, record.kind, other_fact.thing, a=said)
    return Turn(frame, answer, "follow-up")


def _question(writer: Writer, thing: str, relation: Relation, said: str) -> str:
    wordings = frames.QUESTIONS[relation.form]
    frame = writer.wording(wordings)
    opening = "" if writer.easy or writer.random.random() < 0.85 else writer.pick(frames.QUESTION_OPENINGS)
    return opening + writer.framed(frame, kind_of(thing), thing, a=said)


def focused(writer: Writer, record: Record) -> tuple[str, str]:
    """Return a question that focuses a summary, and that summary: the key findings of these things alone.

    A thing with its identifier, its identifier alone, a sort of thing, or something that the record has no findings of.
    """
    chance = writer.random.random()
    with_findings = [finding.thing for finding in record.findings]
    thing = writer.pick(with_findings) if with_findings and chance < 0.8 else None
    if thing is None:
        thing = writer.pick(record.things) if chance < 0.9 else writer.thing(record.kind)
    word, shape = word_of(thing), writer.random.random()
    if shape < 0.5:
        focus = thing if shape < 0.35 else thing[len(word) + 1 :]
        found = [
            f
            for f in record.findings
            if f.thing == thing or (shape >= 0.35 and f.thing[len(word_of(f.thing)) + 1 :] == focus)
        ]
    else:
        focus = writer.pick(("the {}", "{}", "the {}s", "{}s", "each {}", "every {}")).format(word)
        found = [finding for finding in record.findings if word_of(finding.thing) == word]
    return focus, summary_text(found)
