"""Long records with known content: documents, questions and summaries that the demo model is trained and measured on.

`make_record` writes one record of about a wanted number of tokens from a seeded random source: a title or the middle of
something longer, headings, log lines, lists, tables and sentences, among them facts (some corrected later), findings
marked as key, findings that are not, and filler. What was stated is kept beside the text with its page, so that every
question has a known answer. With `held_out` all names, identifiers and a share of the frames come from lists that
training never sees.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.training.records import frames, values
from engine.training.records.chance import capital, sentence
from engine.training.records.facts import Fact, Finding, Record
from engine.training.records.layout import Item, lay_out, style
from engine.training.records.words import Kind, Relation
from engine.training.records.writer import Writer

FILLER_CHARACTERS = 4
"""Characters a token of filler, about: counting every sentence twice would be half of the work."""


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
    leaves out headings, tables and line breaks, and always begins with a title.
    """
    writer.begin()
    record = Record(kind, [], [], [], [], writer.held_out)
    items = _content(writer, record, facts, findings, corrections, tables=not (plain or writer.easy))
    look = style(writer, kind, tokens, plain=plain)
    room = int((tokens - count_tokens(look.front) - 4) * look.share)
    body: list[Item] = []
    for item in items:
        item.cost = count_tokens(" " + item.text)
        if item.cost <= room:
            room -= item.cost
            body.append(item)
    filler: list[Item] = []
    while room > 0:
        mention = not writer.easy and writer.random.random() < 0.04
        text = _mention(writer, record) if mention else writer.filler(kind)
        item = Item(text, cost=len(text) // FILLER_CHARACTERS, filler=True)
        room -= item.cost
        filler.append(item)
    body = _mixed(writer, body, filler)
    while True:
        record.pages = lay_out(writer, kind, look, body, page_tokens)
        over = sum(count_tokens(page + "\n\n") for page in record.pages) - tokens
        if over <= 0:
            break
        spare = over + 4
        kept: list[Item] = []
        for item in reversed(body):
            if item.filler and spare > 0:
                spare -= item.cost
            else:
                kept.append(item)
        body = kept[::-1]
        if kept and spare > 0:  # content alone overran the room: with less of it
            body.pop(writer.below(len(body)))
        if not body:
            return record
    for item in body:
        for fact in item.facts:
            _note(record, replace(fact, page=item.page))
        if item.finding:
            record.findings.append(replace(item.finding, page=item.page))
    return record


def _mixed(writer: Writer, content: list[Item], filler: list[Item]) -> list[Item]:
    """Content spread over the filler, in order."""
    marks = sorted(writer.below(len(filler) + 1) for _ in content)
    body: list[Item] = []
    start = 0
    for mark, item in zip(marks, content, strict=True):
        body += filler[start:mark]
        body.append(item)
        start = mark
    return body + filler[start:]


def _mention(writer: Writer, record: Record) -> str:
    """Return a sentence that names a thing of the record, or a similar one, without a fact."""
    kind = record.kind
    thing = writer.pick(record.things)
    if writer.random.random() < 0.4:
        thing = writer.thing(kind, near=thing)
        if thing not in record.things:
            record.things.append(thing)
    return writer.filled(writer.framed(_escaped(writer.pick(frames.MENTIONS)), kind, thing))


def _escaped(frame: str) -> str:
    """Return the frame with its free slots escaped, to keep them when the thing is filled in."""
    for slot in ("{n}", "{d}", "{p}"):
        frame = frame.replace(slot, "{" + slot + "}")
    return frame


def _things(writer: Writer, kind: Kind, count: int) -> list[str]:
    """Different things, many with identifiers that are easily mixed up."""
    things: list[str] = []
    known: set[str] = set()
    while len(things) < count:
        twin = things and writer.random.random() < (0.35 if writer.hard else 0.0 if writer.easy else 0.04)
        near = writer.pick(things) if twin else None
        thing = writer.thing(kind, near)
        if thing not in known:
            known.add(thing)
            things.append(thing)
    return things


def _keys(writer: Writer, kind: Kind, things: list[str], count: int) -> list[tuple[str, Relation]]:
    """Different (thing, relation) to state; a relation often comes up for several things."""
    keys: list[tuple[str, Relation]] = []
    taken: set[tuple[str, str]] = set()
    while len(keys) < count:
        thing = things[len(keys) % len(things)] if len(keys) < len(things) else writer.pick(things)
        again = keys and writer.random.random() < (0.35 if writer.hard else 0.2)
        relation = writer.pick(keys)[1] if again else writer.pick(kind.relations)
        # By name alone: who inspected a thing and when it was inspected may stand in one sentence already.
        if (thing, relation.name) not in taken:
            taken.add((thing, relation.name))
            keys.append((thing, relation))
    return keys


def _content(
    writer: Writer, record: Record, facts: int, findings: int, corrections: float, *, tables: bool
) -> list[Item]:
    """Return the items of a record, in order."""
    kind, chance = record.kind, writer.random.random
    wanted = (facts + 1) // 2 if chance() < 0.5 else facts
    things = record.things = _things(writer, kind, max(1, wanted, 2 if findings else 1))
    planned: list[tuple[float, Item]] = []
    seen: dict[str, list[str]] = {}
    stated: list[Fact] = []
    for thing, relation in _keys(writer, kind, things, facts):
        stated.append(_fact(writer, thing, relation, seen))
    corrected = [fact for fact in stated if chance() < corrections]
    later: dict[tuple[str, str, str], float] = {}
    for group in _grouped(writer, stated) if tables else [[fact] for fact in stated]:
        at = chance() * (0.6 if any(fact in corrected for fact in group) else 1.0)
        item = _statement(writer, kind, group[0]) if len(group) == 1 else _compound(writer, kind, group)
        planned.append((at, item))
        later |= {fact.key: at for fact in group}
    for fact in corrected:
        at = later[fact.key]
        planned.append((at + (1 - at) * chance(), _correction(writer, kind, fact, seen)))
    texts: set[str] = set()
    side = writer.below(findings + 2) if findings else int(chance() < 0.3)
    for i in range(findings + side):
        finding = Finding(writer.pick(things), writer.finding(kind))
        if finding.text in texts:
            continue
        texts.add(finding.text)
        frame = writer.wording(frames.KEY_FINDINGS if i < findings else frames.SIDE_FINDINGS)
        text = writer.filled(writer.framed(_escaped(frame), kind, finding.thing, f=finding.text))
        planned.append((chance(), Item(capital(text), finding=finding if i < findings else None)))
    planned.sort(key=lambda pair: pair[0])
    return [item for _, item in planned]


def _fact(writer: Writer, thing: str, relation: Relation, seen: dict[str, list[str]], wrong: str = "") -> Fact:
    """Return a fact with a fresh value, at random similar to a value of that sort already in the record."""
    known = seen.setdefault(relation.value, [])
    for _ in range(20):
        value = writer.value(relation)
        if (
            known
            and ":" not in value
            and relation.value != "date"
            and writer.random.random() < (0.25 if writer.hard else 0.03)
        ):
            value = values.near(writer, writer.pick(known))
        if value != wrong:
            break
    known.append(value)
    names = relation.names
    first = writer.easy or writer.random.random() < 0.5
    return Fact(thing, relation, value, said=names[0] if first else writer.pick(names))


def _statement(writer: Writer, kind: Kind, fact: Fact) -> Item:
    """Return a sentence, or a line, that states one fact; some also say who noted it, or when."""
    form, chance = fact.relation.form, writer.random.random
    wordings = frames.STATEMENTS[form]
    frame = writer.wording(wordings)
    person = date = None
    if frame not in wordings.held_out:
        kinds_chance = chance()
        if form == "noun" and kinds_chance < (0.1 if writer.easy else 0.22):
            frame = frames.PERSON_STATEMENTS[0] if writer.easy else writer.pick(frames.PERSON_STATEMENTS)
        elif form == "date" and kinds_chance < 0.25:
            frame = writer.pick(frames.PERSON_DATE_STATEMENTS)
        elif kinds_chance > (0.95 if writer.easy else 0.8):
            frame = frames.LABELS[form][0] if writer.easy else writer.pick(frames.LABELS[form])
    if "{p}" in frame:
        person = writer.person()
    if frame not in frames.LABELS[form]:
        opening = "" if writer.easy else writer.pick(frames.OPENINGS)
        ending = "" if writer.easy else writer.pick(frames.ENDINGS)
        if form != "date" and chance() < (0.12 if writer.easy else 0.25):
            date = writer.date()
            if chance() < 0.6:
                opening = writer.pick(frames.DATED_OPENINGS[: 3 if form == "agent" or writer.easy else None])
            else:
                ending = writer.pick(frames.DATED_ENDINGS[: 2 if form == "agent" or writer.easy else None])
        frame = writer.filled((opening + frame + ending).replace("{d}", date or "").replace("{p}", person or ""))
    text = writer.framed(frame, kind, fact.thing, a=fact.said, v=fact.value, p=person or "")
    return Item(sentence(text), facts=[replace(fact, person=person, date=date)])


def _correction(writer: Writer, kind: Kind, fact: Fact, seen: dict[str, list[str]]) -> Item:
    """Return a sentence that corrects `fact`."""
    latest = replace(_fact(writer, fact.thing, fact.relation, seen, wrong=fact.value), said=fact.said, corrected=True)
    frame = writer.wording(frames.CORRECTIONS[fact.relation.form])
    text = writer.framed(frame, kind, fact.thing, a=fact.said, v=latest.value, w=fact.value)
    return Item(sentence(text), facts=[latest])


def _grouped(writer: Writer, stated: list[Fact]) -> list[list[Fact]]:
    """Return facts by statement: mostly alone, some as a table about one thing, some as a list of one relation."""
    left = list(stated)
    groups: list[list[Fact]] = []
    while left:
        first = left.pop(0)
        group = [first]
        chance = writer.random.random()
        if chance < 0.3:
            cut = slice(0, 1) if chance < 0.16 else slice(1, 3)
            group += [fact for fact in left if fact.key[cut] == first.key[cut]][: writer.below(6) + 1]
            left = [fact for fact in left if fact not in group]
        groups.append(group)
    return groups


def _compound(writer: Writer, kind: Kind, group: list[Fact]) -> Item:
    """Several facts in one statement: all of one thing, or all of one relation."""
    one_thing = group[0].thing == group[1].thing
    chance = writer.random.random()
    nouns = all(fact.relation.form == "noun" for fact in group)
    if one_thing:
        thing = group[0].thing
        rows = [(_table_name(fact), fact.value) for fact in group]
        if nouns and chance < 0.3:
            parts = [f"the {fact.said} was {fact.value}" for fact in group]
            text = f"{writer.pick(kind.at)} {thing} {', '.join(parts[:-1])} and {parts[-1]}"
            return Item(sentence(text), facts=group)
        if chance < 0.5:
            text = (
                f"{capital(thing)}: " + "; ".join(f"{name[0].lower() + name[1:]} {value}" for name, value in rows) + "."
            )
            return Item(text, facts=group)
        mark = writer.pick(("", "- ", "  ", "* "))
        lines = [f"{mark}{name}: {value}" for name, value in rows]
        head = capital(thing) + writer.pick(("", ":", " -"))
    else:
        said = group[0].said
        group = [replace(fact, said=said) for fact in group]
        if nouns and chance < 0.3:
            parts = [f"{fact.value} {writer.pick(kind.at)} {fact.thing}" for fact in group]
            return Item(sentence(f"the {said} was {', '.join(parts[:-1])} and {parts[-1]}"), facts=group)
        head = capital(_table_name(group[0])) + ":"
        mark = writer.pick(("", "- ", "  ", "* "))
        gap = writer.pick((": ", " ", " - ", "  ", " | "))
        lines = [f"{mark}{fact.thing}{gap}{fact.value}" for fact in group]
    return Item("\n".join([head, *lines]), facts=group, block=True)


def _table_name(fact: Fact) -> str:
    return frames.TABLE_NAMES[fact.relation.form].format(A=capital(fact.said))


def _note(record: Record, fact: Fact) -> None:
    record.facts = [f for f in record.facts if f.key != fact.key] if fact.corrected else record.facts
    record.facts.append(fact)
    record.stated.add(fact.key)
    # A date or person named beside an action also says when or by whom it was done.
    if fact.relation.form == "agent" and fact.date:
        record.stated.add((fact.thing, "date", fact.relation.name))
    if fact.relation.form == "date" and fact.person:
        record.stated.add((fact.thing, "agent", fact.relation.name))
