"""The sentences of the records: a small grammar whose parts are drawn independently.

A statement is an opening, a clause and an ending; a question is an opening and a frame; what they name (the {a} of {s})
is itself put together. So training sees thousands of surface forms for each relation. The held-out frames are other
skeletons made of the same ordinary words; no training part contains theirs.

{s} the thing, {S} with a capital, {a} the relation, {A} with a capital, {v} the value, {w} the wrong value,
{p} a person, {d} a date, {t} a time, {n} a number, {np} a noun phrase, {f} a finding, {at} and {At} the kind's
preposition.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Wordings:
    """Ways to say one thing. The first `easy` of the training ones are those of the first lessons."""

    training: tuple[str, ...]
    held_out: tuple[str, ...]
    easy: int = 4


# fmt: off
NOUN_PHRASES = ("the {a} {of} {s}", "the {a} {of} {s}", "the {a} {of} {s}", "the {a} for {s}", "the {a} {at} {s}")
"""Noun phrases for a relation of a thing; {of} becomes {at} where {a} has an "of" of its own."""

NOUN_STATEMENTS = Wordings(
    (
        "{np} was {v}", "{at} {s} the {a} was {v}", "for {s} the {a} was {v}", "{np} is {v}",
        "{np} was given as {v}", "{np} was put down as {v}", "{np} was entered as {v}", "{np} came out as {v}",
        "{np} was listed as {v}", "{np} is shown as {v}", "{np} was reported as {v}", "{np} was stated to be {v}",
        "{s} had {v} as its {a}", "{s} showed {v} for the {a}", "{s} has the {a} {v}", "{s} is listed with the {a} {v}",
        "a look at {s} gave {v} for the {a}", "{v} was {np}", "{v} was written down as {np}",
        "{v} was the {a} {at} {s}",
        "we have {v} as {np}", "they gave {v} as {np}", "the form shows {v} as {np}", "the sheet gives {np} as {v}",
        "the office has {np} as {v}", "with {s} the {a} was {v}", "the {a} was {v} {at} {s}", "there was {v} as {np}",
        "{s} came with {v} as the {a}", "the last entry has {v} for {np}",
        "as far as {s} goes, its {a} was found to be {v}", "asked about {s}, the crew named {v} as its {a}",
        "nobody doubts that {v} was right for {np}", "it is {v} that stands beside {s} under {a}",
        "one reads {v} for {np}", "someone wrote {v} beside {np}", "{np}, by the file, was {v}",
        "under {a} the card of {s} has {v}", "the {a} that {s} had was {v}", "{v} is what the card gives as {np}",
        "at the last look {np} read {v}", "as to {np}, it was {v}", "with {v} as its {a}, {s} was nothing new",
        "{s} comes next, {a} {v}", "where {np} belongs it says {v}", "{np} turned out as {v}",
    ),
    (
        "the notes put {np} at {v}", "what {s} had for its {a} was {v}", "it was found that {np} was {v}",
        "{s} was noted with {v} for the {a}", "{np} stands at {v}", "for {s} they wrote down {v} as its {a}",
    ),
    4,
)
PERSON_STATEMENTS = (
    "{p} noted {v} as {np}", "{p} gave {np} as {v}", "{p} put down {v} for {np}", "{p} reported {v} as {np}",
    "according to {p}, {np} was {v}", "{p} wrote that {np} was {v}", "{p} entered {np} as {v}",
    "{p} found {np} to be {v}", "{p} named {v} as {np}", "from {p} we have {v} as {np}", "{np} was {v}, as {p} noted",
    "{np} was entered by {p} as {v}", "as {p} noted, {np} was {v}", "{v} was noted by {p} as {np}",
)
"""Statements of a noun relation that also say who noted it."""
NOUN_LABELS = (
    "{A} {of} {s}: {v}.", "{S} - {a}: {v}.", "{S}: {a} {v}.", "{S}, {a}: {v}", "{A} ({s}): {v}.", "{S}; {a}; {v}",
    "{S} / {a} / {v}", "{A} for {s} = {v}", "{S}: {A}: {v}.", "- {s}: {a} {v}", "{S} ({a}: {v})", "{A}, {s}: {v}.",
)
AGENT_STATEMENTS = Wordings(
    (
        "{v} {a} {s}", "{s} was {a} by {v}", "it was {v} who {a} {s}", "the person who {a} {s} was {v}",
        "the one who {a} {s} was {v}", "{v} was the person who {a} {s}", "{s} had been {a} by {v}",
        "the name of the person who {a} {s} is {v}", "{v} came in and {a} {s}", "{v} then {a} {s}", "{v} has {a} {s}",
        "the form says that {v} {a} {s}", "we know that {s} was {a} by {v}", "{v}, as agreed, {a} {s}",
        "{s}, it was noted, was {a} by {v}", "after a short talk {v} {a} {s}", "the office sent {v}, who {a} {s}",
        "{s} has been {a} by {v}", "by {v} {s} was {a}", "{v} came and had {s} {a}",
        "{s} went to {v}, to be {a} there and then", "it fell to {v} to see {s} {a}",
        "{s} is down as {a} by {v}", "{v} is down as having {a} {s}", "when {s} had to be {a}, {v} did it",
        "{v} took it on, and {s} was {a}", "for {s} to be {a}, {v} was called in", "{v} it was that {a} {s}",
        "the name {v} stands beside {s}, {a}", "{s} was {a}, as the file has it, by {v}", "{v} saw to it: {s} was {a}",
        "the work of {v} was that {s} was {a}", "{s}, {a} by {v}, went back to its place",
    ),
    (
        "that {s} was {a} is thanks to {v}", "nobody but {v} {a} {s}", "{s} was {a}, and it was {v} who did it",
        "it is known that {v} was the one who {a} {s}",
    ),
)
AGENT_LABELS = (
    "{A} by {v}: {s}.", "{S} - {a} by {v}.", "{S}: {a} by {v}.", "{S}, {a} by: {v}", "{A} ({s}): {v}.", "{S}; {a}; {v}",
    "- {s}: {a} by {v}", "{S}: {A} by: {v}.",
)
DATE_STATEMENTS = Wordings(
    (
        "{s} was {a} on {v}", "on {v} {s} was {a}", "{v} is the date on which {s} was {a}", "{s} had been {a} on {v}",
        "the date on which {s} was {a} is {v}", "the day on which {s} was {a} was {v}",
        "it was on {v} that {s} was {a}",
        "{s}, the form says, was {a} on {v}", "we know that {s} was {a} on {v}", "{v} is given as the day {s} was {a}",
        "{s} was at last {a} on {v}", "as planned, {s} was {a} on {v}", "the entry has {s} {a} on {v}",
        "{v} came before {s} could be {a}, and it was done that very day", "not until {v} did anyone see {s} {a}",
        "{s} is down as {a} on {v}", "{s} was {a}, the date being {v}", "someone saw to it on {v} that {s} was {a}",
        "the file has {s} as {a} on {v}", "{s}, {a} on {v}, went back to its place",
        "beside {s}, {a}, stands the date {v}",
    ),
    ("it was {v} when {s} was {a}", "{s} came to be {a} on {v}", "as the day on which {s} was {a} we have {v}"),
)
PERSON_DATE_STATEMENTS = (
    "{s} was {a} by {p} on {v}", "on {v} {p} {a} {s}", "{p} {a} {s} on {v}", "on {v} {s} was {a} by {p}",
    "it was on {v} that {p} {a} {s}",
)
"""Statements of a date that also say who did it."""
DATE_LABELS = (
    "{A} on {v}: {s}.", "{S}: {a} {v}.", "{S} - {a} on {v}.", "{A} ({s}): {v}.", "{S}; {a}; {v}", "- {s}: {a} on {v}",
    "{S}, {a} on: {v}",
)
OPENINGS = (
    *[""] * 14, "later that day ", "in the morning ", "in the afternoon ", "before the break ", "as before, ",
    "after a second look ", "towards the evening ", "once again, ", "as usual, ", "at {t} ", "around {t} ",
    "at the end of the shift ", "for the record: ", "note: ", "in short, ", "it was noted that ", "we were told that ",
    "at the first look ", "by the way, ", "so far, ", "at the time of writing ", "in the second entry ",
    "the list shows that ", "to begin with, ", "after {n} minutes ", "this time ", "{t}: ",
)
"""Before a statement of the training; those with a date come from DATED_OPENINGS."""
DATED_OPENINGS = ("on {d} ", "on {d} ", "on {d}, ", "entry of {d}: ", "{d}: ", "as noted on {d}, ")
ENDINGS = (
    *[""] * 14, ", as expected", ", as far as is known", " that day", ", it was said", ", according to the form",
    ", as the sheet shows", ", with no further remark", ", and the entry was filed", " after a second look",
    ", which was in order", ", and nothing else was reported", ", and a copy went to the office", " at the time",
    ", as was said before", ", which caused some talk", ", so the list was changed",
)
DATED_ENDINGS = (" on {d}", ", on {d}", " (entry of {d})", " as of {d}")
NOUN_CORRECTIONS = Wordings(
    (
        "correction: {np} was {v}, not {w}", "{np} was corrected to {v}", "{np} was corrected from {w} to {v}",
        "correction to the above: for {s} the {a} is {v}", "{np} was entered wrongly as {w}; the right one is {v}",
        "the earlier entry for {np} was wrong, {v} is right", "read {v} instead of {w} for {np}",
        "{np} was changed to {v}", "amended: {np} is {v}", "{np} is {v} and not {w} as written before",
        "in place of {w} it is {v} that is {np}", "a mistake was put right: {np} is {v}",
        "the office corrected {np}, which is now {v}", "the entry {w} for {np} no longer holds; it is {v}",
        "{np} is not {w} but {v}", "instead of {w}, {np} is now {v}", "correction - {s}, {a}: {v} (was {w})",
        "on a second look {np} was {v}, not {w}",
    ),
    ("it later turned out that {np} was {v} and not {w}", "strike out {w} beside {s}: its {a} should be {v}"),
    3,
)
AGENT_CORRECTIONS = Wordings(
    (
        "correction: {s} was {a} by {v}, not by {w}", "it was in fact {v}, not {w}, who {a} {s}",
        "not {w} but {v} {a} {s}", "correction: {v} {a} {s}", "the earlier entry was wrong: {s} was {a} by {v}",
        "read {v} instead of {w} as the person who {a} {s}", "amended: {s} was {a} by {v}",
        "{w} was named by mistake; {v} {a} {s}", "correction - {s}, {a} by: {v} (was {w})",
    ),
    ("contrary to the first note, {v} {a} {s}",),
    2,
)
DATE_CORRECTIONS = Wordings(
    (
        "correction: {s} was {a} on {v}, not on {w}", "the date on which {s} was {a} was corrected to {v}",
        "not on {w} but on {v} {s} was {a}", "the earlier entry was wrong: {s} was {a} on {v}",
        "read {v} instead of {w} as the day on which {s} was {a}", "amended: {s} was {a} on {v}",
        "correction - {s}, {a} on: {v} (was {w})", "{s} was in fact {a} on {v}, not on {w}",
    ),
    ("in truth {s} was {a} on {v}",),
    2,
)
NOUN_QUESTIONS = Wordings(
    (
        "What was {np}?", "What is {np}?", "{A} {of} {s}?", "Give {np}.",
        "Which {a} was noted for {s}?", "Which {a} was given for {s}?", "State {np}.", "Please give {np}.",
        "What does the record give as {np}?", "What {a} did {s} have?", "What {a} does {s} have?", "Do you know {np}?",
        "Look up {np}.", "Find {np}.", "I need {np}.", "What was the {a} {at} {s}?", "What was noted as {np}?",
        "What was entered as {np}?", "Name {np}.", "How is {np} given?", "What is said to be {np}?",
        "{At} {s}, which {a} was noted?", "What was put down as {np}?", "What is written about {np}?",
        "{S}: {a}?", "{S} - what is the {a}?", "Which {a} has {s}?", "Show {np}.", "Please look up {np}.",
        "Remind me of {np}.", "I wonder what {np} was.", "Read out {np}.", "Let me have {np}.", "{S}, {a}, please.",
        "How does the record put {np}?", "Under {s}, what is there for the {a}?", "What did they write for {np}?",
        "Please say what {np} was.", "Was anything given as {np}?", "What turned out to be {np}?", "The {a} - of {s}?",
        "what was {np}", "What do we have as {np}?", "In the record, what is {np}?",
    ),
    (
        "Can you tell me {np}?", "I would like to know {np}.", "For {s}, what was the {a}?",
        "Say what {s} had for its {a}.",
        "And what about {np}, what did it come to?", "Could you read me {np}?",
    ),
)
AGENT_QUESTIONS = Wordings(
    (
        "Who {a} {s}?", "By whom was {s} {a}?", "Which person {a} {s}?", "Name the person who {a} {s}.",
        "Who was it that {a} {s}?", "Who was the person who {a} {s}?", "{S} was {a} by whom?",
        "Give the name of the person who {a} {s}.",
        "Who has {a} {s}?", "State who {a} {s}.", "Find out who {a} {s}.", "Do you know who {a} {s}?",
        "Look up who {a} {s}.", "Who is named as the one who {a} {s}?", "{S}: {a} by?", "who {a} {s}",
        "What is the name of the person who {a} {s}?", "{A} by whom: {s}?", "Whose work was it that {s} was {a}?",
        "Who is down as having {a} {s}?", "Remind me who {a} {s}.", "I wonder who {a} {s}.", "Please say who {a} {s}.",
        "Whom does the record name as having {a} {s}?", "{S}: who {a} it?", "Was it said who {a} {s}?",
        "Under whose name was {s} {a}?", "Which name stands beside {s}, {a}?", "I want the name of whoever {a} {s}.",
        "To whom do we owe it that {s} was {a}?", "{S}, {a} - by which person?",
    ),
    ("Can you tell me who {a} {s}?", "Who, by name, {a} {s}?", "I would like to know who {a} {s}."),
)
DATE_QUESTIONS = Wordings(
    (
        "When was {s} {a}?", "On what date was {s} {a}?", "On which day was {s} {a}?",
        "Give the date on which {s} was {a}.",
        "When had {s} been {a}?", "What is the date on which {s} was {a}?", "State when {s} was {a}.",
        "Do you know when {s} was {a}?", "Look up when {s} was {a}.", "Find the day on which {s} was {a}.",
        "What day was {s} {a}?", "{S}: {a} when?", "{S} was {a} on what date?", "when was {s} {a}",
        "Which date is given for {s} being {a}?", "How long ago, to the day, was {s} {a}?",
        "Remind me when {s} was {a}.", "I wonder when {s} was {a}.", "Please say when {s} was {a}.",
        "{S}, {a}: on which date?", "Was it said when {s} was {a}?", "Which date stands beside {s}, {a}?",
        "When did anyone get {s} {a}?", "I want the date on which {s} was {a}.",
    ),
    ("Can you tell me when {s} was {a}?", "I would like to know when {s} was {a}.",
    "What was the day when {s} was {a}?"),
)
QUESTION_OPENINGS = (*[""] * 12, "Please: ", "One more question: ", "Next: ", "Quick check: ", "Tell me: ",
"From the record: ")
WHO_FOLLOW_UPS = Wordings(
    (
        "And who noted it?", "Who noted that?", "And who was that by?", "Who was that noted by?",
        "Who wrote that down?",
        "And who said so?", "Who entered it?", "And from whom is that?", "Who was it that noted this?",
        "who noted it",
        "Who gave that?", "And whose note is that?",
    ),
    ("Noted by whom?", "Does it say who put this on record?"),
    2,
)
WHEN_FOLLOW_UPS = Wordings(
    (
        "And when was that?", "When was that?", "And on what date?", "On what date was that?",
        "What was the date of that?",
        "And the date?", "When was it noted?", "And which day was that?", "when was that", "Give the date of that.",
    ),
    ("On which day was it?", "Does it say on what day?"),
    2,
)
SAME_THING_FOLLOW_UPS = {
    "noun": Wordings(
        ("And the {a}?", "And what was its {a}?", "What was its {a}?", "And its {a}?", "Then what was the {a}?",
        "Also the {a}.",
         "And which {a} did it have?", "Give its {a} too.", "And what is the {a} there?"),
        ("What about the {a}?", "Was anything said of its {a}?"), 2,
    ),
    "agent": Wordings(
        ("And who {a} it?", "Who {a} it?", "And which person {a} it?", "Who was it {a} by?",
        "And the person who {a} it?",
         "Name who {a} it."),
        ("And by whom was it {a}?",), 2,
    ),
    "date": Wordings(
        ("And when was it {a}?", "When was it {a}?", "And on what date was it {a}?", "And the date it was {a}?",
         "On what date was it {a}?"),
        ("And on which day was it {a}?",), 2,
    ),
}
OTHER_THING_FOLLOW_UPS = Wordings(
    ("And for {s}?", "And {at} {s}?", "What about {s}?", "And {s}?", "The same for {s}?", "And that of {s}?"),
    ("How is it with {s}?",), 2,
)
KEY_FINDINGS = Wordings(
    (
        "Key finding: {at} {s} {f}.", "KEY FINDING: {at} {s} {f}.", "Key finding - {s}: {f}.",
        "This is a key finding: {at} {s} {f}.", "Marked as key: {at} {s} {f}.", "[key] {At} {s} {f}.",
        "{At} {s} {f} (key finding).", "{At} {s} {f}. This is a key finding.", "Key point: {at} {s} {f}.",
        "KEY: {s}: {f}.", "* Key finding {at} {s}: {f}.", "A key finding: {f} {at} {s}.", "{S}: {f} [key finding].",
        "Key finding of the day: {at} {s} {f}.", "Of key weight: {at} {s} {f}.",
        "It is a key finding that {at} {s} {f}.",
        "Key result: {at} {s} {f}.", "Key finding ({s}): {f}.",
        "One of the key findings: {at} {s} {f}.", "Key findings of the week: {at} {s} {f}.",
        "Add to the key findings that {at} {s} {f}.", "{At} {s} {f}, which belongs to the key findings.",
        "Entered under the key findings: {at} {s} {f}.", "Another of the key findings - {s}: {f}.",
        "The key findings say that {at} {s} {f}.", "Key finding no. {n}: {at} {s} {f}.",
        "On {d} a key finding was made: {at} {s} {f}.", "{p} marked as key that {at} {s} {f}.", "!! Key: {at} {s} {f}.",
    ),
    (
        "To be kept as a key finding: {at} {s} {f}.", "Mark this as key, please: {at} {s} {f}.",
        "Among the key findings is that {at} {s} {f}.",
    ),
    3,
)
SIDE_FINDINGS = Wordings(
    (
        "{At} {s} {f}.", "It was also seen that {at} {s} {f}.", "Of no further weight: {at} {s} {f}.",
        "Side note: {at} {s} {f}.", "{S}: {f}.", "On {d} {at} {s} {f}.", "{p} said that {at} {s} {f}.",
        "Not a key finding: {at} {s} {f}.", "A small thing: {at} {s} {f}.", "Also, {at} {s} {f}.", "Note - {s}: {f}.",
        "{At} {s} {f}, which was soon put right.", "Minor: {at} {s} {f}.", "[minor] {At} {s} {f}.",
    ),
    ("Besides, {at} {s} {f}.", "Just for completeness, {at} {s} {f}."),
    2,
)
MENTIONS = (
    "The file of {s} was put back.", "Nothing new about {s}.", "{S} was talked about for {n} minutes.",
    "{S} will come up again next week.", "A note about {s} was filed.", "{S} stays on the list.", "See also {s}.",
    "No change {at} {s}.", "{p} asked about {s}.", "{S}: no remark.", "On {d} there was a short talk about {s}.",
)
"""Sentences that name a thing and state nothing that is asked for."""
SHARED_LISTS = ("{A}:", "{A}, by entry:", "List: {a}", "{A} as noted:", "Overview - {a}")
"""Heads of a list of one relation over several things."""
# fmt: on
STATEMENTS = {"noun": NOUN_STATEMENTS, "agent": AGENT_STATEMENTS, "date": DATE_STATEMENTS}
LABELS = {"noun": NOUN_LABELS, "agent": AGENT_LABELS, "date": DATE_LABELS}
CORRECTIONS = {"noun": NOUN_CORRECTIONS, "agent": AGENT_CORRECTIONS, "date": DATE_CORRECTIONS}
QUESTIONS = {"noun": NOUN_QUESTIONS, "agent": AGENT_QUESTIONS, "date": DATE_QUESTIONS}
TABLE_NAMES = {"noun": "{A}", "agent": "{A} by", "date": "{A} on"}


def all_wordings() -> list[Wordings]:
    """Every list with held-out frames."""
    return [
        *STATEMENTS.values(),
        *CORRECTIONS.values(),
        *QUESTIONS.values(),
        WHO_FOLLOW_UPS,
        WHEN_FOLLOW_UPS,
        *SAME_THING_FOLLOW_UPS.values(),
        OTHER_THING_FOLLOW_UPS,
        KEY_FINDINGS,
        SIDE_FINDINGS,
    ]


def _skeleton(frame: str) -> str:
    """Return a frame without the names of its slots."""
    return re.sub(r"\{\w+\}", "{}", frame.replace("{np}", "the {a}")).lower().strip(" .?")


_HELD_OUT = tuple(_skeleton(frame) for wordings in all_wordings() for frame in wordings.held_out)


def is_held_out(frame: str) -> bool:
    """Return whether `frame` contains a held-out frame."""
    skeleton = _skeleton(frame)
    return any(held_out in skeleton for held_out in _HELD_OUT)


# fmt: off
WORLD_QUESTIONS = (
    "What is the capital of {x}?", "Who wrote the {noun}?", "Where is {x}?", "How {word} is the {noun}?",
    "Who is {p}?", "Who won the {noun} of {x}?", "What colour does the {noun} have?", "Why is the {noun} {word}?",
    "How many people live in {x}?", "When was {p} born?", "Which language is spoken in {x}?", "How does a {noun} work?",
    "What does {word} mean?", "Tell me something about {x}.", "Who owns the {word} {noun}?", "How old is {p}?",
    "How far is it from {x} to the {noun}?", "Who built the {noun} in {x}?", "What happened to the {noun}?",
    "Where was {p} born?", "What is {n} times {n}?", "When does the {noun} open?", "Who invented the {noun}?",
    "What is a {noun} made of?", "Which {noun} is the largest?", "how much is a {noun}", "Can you sing a {noun}?",
    "How do I get from the {noun} to the {other}?", "What is the difference between a {noun} and a {other}?",
)
"""Questions that no record answers."""
TELLING_WORDS = frozenset((
    "who", "whom", "whose", "when", "date", "day", "ago", "person", "name", "by", "not", "no", "instead", "corrected",
    "correction", "amended", "wrong", "wrongly", "right", "read", "mistake", "changed", "fact", "strike", "longer",
    "key", "finding", "findings", "side", "minor", "small", "it", "its", "that", "this", "he", "same", "noted",
    "written",
))
"""Words that tell one sort of frame from another: they stay when a frame is shaken."""
ORDINARY_WORDS = (
    "the", "a", "then", "also", "well", "now", "there", "just", "here", "so", "indeed", "with", "from", "for",
    "under", "as", "at", "was", "is", "had", "has", "been", "be", "can", "could", "would", "please", "all", "any",
    "once", "first", "only", "each", "one", "we", "they", "you", "record", "list", "book", "file", "paper",
    "written", "shown", "given", "found", "kept", "told", "seen", "set", "put", "down", "out", "over",
    "in", "on", "of", "to", "and", "but", "or", "which", "what", "how", "said", "say",
    "quite", "truly", "by now", "in full", "in the end", "at last", "on paper", "of late", "as it were",
)
"""Words inserted into a disturbed frame."""
