"""Vocabulary of the kinds of record, synonyms of their actions, and the filler that all kinds share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

# fmt: off
MONTHS = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
# fmt: on


@dataclass(frozen=True)
class Relation:
    """A relation of a thing. `form` is noun (the {a} of {s}), agent (who {a} {s}) or date (when was {s} {a})."""

    form: str
    name: str
    value: str
    """The maker of values: a key of `values.VALUE_MAKERS`, or a list of `values.CHOICES`."""
    also: tuple[str, ...] = ()
    """Other names of the same relation."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.also)


@dataclass(frozen=True)
class Kind:
    """One kind of record."""

    name: str
    titles: tuple[str, ...]
    things: tuple[str, ...]
    """Things with an identifier: a word and, behind a colon, the letters its identifier starts with."""
    at: tuple[str, ...]
    """Prepositions that join something to a thing: at pump P-12, with patient N-7."""
    relations: tuple[Relation, ...]
    parts: tuple[str, ...]
    faults: tuple[str, ...]
    """Faults of parts; most findings are a part and its fault."""
    findings: tuple[str, ...]
    """Findings of another shape; {n} is a number."""
    filler: tuple[str, ...]
    headings: tuple[str, ...]


VERBS = {
    names.split("/")[0]: tuple(names.split("/")[1:])
    for names in (
        "inspected/looked over/surveyed",
        "repaired/fixed/mended",
        "restarted/started again/switched back on",
        "signed off/approved for use",
        "installed/fitted/put in place",
        "cleaned/washed down",
        "tested/tried out",
        "replaced/exchanged/swapped",
        "shut down/stopped/switched off",
        "moved/shifted",
        "oiled/greased",
        "rented/hired",
        "examined/looked at/checked over",
        "admitted/received",
        "referred/sent on/passed on",
        "discharged/sent home/released",
        "treated/cared for",
        "operated on",
        "visited/called on",
        "vaccinated",
        "registered/signed in",
        "scanned/x-rayed",
        "approved/cleared",
        "opened/set up",
        "disputed/contested/challenged",
        "checked/verified/reviewed",
        "paid/settled",
        "closed/ended",
        "booked/posted",
        "blocked/suspended/locked",
        "cancelled/called off",
        "requested/asked for/applied for",
        "signed",
        "proposed/put forward",
        "seconded/backed/supported",
        "presented/introduced",
        "opposed/argued against",
        "submitted/handed in",
        "adopted/carried",
        "postponed/put off/deferred",
        "drafted/prepared",
        "amended/altered",
        "audited/gone through",
        "photographed/pictured",
        "sealed/shut up",
        "certified/licensed",
        "measured/surveyed",
        "delivered/brought",
        "packed/boxed up",
        "unloaded/emptied",
        "weighed/put on the scales",
        "accepted/taken over",
        "rejected/refused/turned down",
        "labelled/tagged",
        "shipped/dispatched/sent off",
    )
}
"""Synonyms of the actions on a thing; past and participle are the same."""


def relations(lines: str) -> tuple[Relation, ...]:
    """Return relations from lines of "form: name/other name > value"; verbs take their other names from VERBS."""
    made = []
    for line in lines.strip().split("\n"):
        form, _, rest = line.strip().partition(": ")
        for item in rest.split(", "):
            name, _, value = item.partition(" > ")
            first, *also = name.split("/")
            made.append(
                Relation(form, first, value or form.replace("agent", "person"), tuple(also) or VERBS.get(first, ()))
            )
    return tuple(made)


# fmt: off
COMMON_FILLER = (
    "the weather was dry", "nothing else was reported", "the list was filed in folder {n}", "the phone rang twice",
    "a copy went to the office", "the next entry follows below", "no further steps were needed",
    "the usual form was used",
    "everyone had left by {t}", "the keys were handed over", "the plan for the week stayed the same",
    "the notes of the day before were read", "the room was cleaned", "a new folder was started",
    "the matter was left for the next day", "the doors were locked at {t}", "all was quiet", "tea was served at {t}",
    "the printer was out of paper", "the lights in the hall were changed", "the visit took {n} minutes",
    "a short list was made", "two letters were sent", "the old files were put away", "{n} pages were copied",
)
COUNTRIES = (
    "France", "Norway", "Brazil", "Egypt", "Japan", "Peru", "Canada", "Poland", "Kenya", "India", "Spain", "Chile",
    "Iceland", "Turkey", "Vietnam", "Ghana", "the moon", "Europe", "the world", "this country",
)
PROSE_NOUNS = (
    "house", "street", "river", "garden", "letter", "market", "window", "table", "road", "field", "morning",
    "village", "train", "bridge", "school", "story", "winter", "summer", "lamp", "paper", "book", "stone", "tree",
    "boat", "wall", "corner", "hill", "song", "picture", "chair", "box", "coat", "wind", "rain", "light", "path",
    "shop", "cup", "clock", "door", "wheel", "roof", "lake", "forest", "island", "tower", "ship", "farm", "horse",
    "bird", "cloud", "shadow", "voice", "hand", "cellar", "fence",
)
PROSE_WORDS = (
    "small", "old", "quiet", "long", "new", "grey", "narrow", "open", "heavy", "bright", "cold", "empty", "famous",
    "plain", "distant", "round", "broad", "early", "late", "wooden",
)
PROSE_VERBS = (
    "stood behind", "led to", "lay beside", "belonged to", "looked like", "was older than", "came after", "faced",
    "was built near", "was hidden by", "changed with", "was known for", "went past", "could be seen from",
    "had nothing to do with",
    "was larger than", "reminded them of", "was sold with", "kept people from",
)
PROSE_ENDINGS = (
    "", "", "", ", as people said", " in those years", " for a long time", ", and nobody minded", " every spring",
    ", which was not unusual", " until the war", " at first", ", though not always", " on most days", ", they say",
)
# fmt: on
