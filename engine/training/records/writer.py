"""The random choices behind records: names, identifiers, values, sentences and filler from one seed."""

from __future__ import annotations

from engine.training.records import frames, names, values, words
from engine.training.records.chance import Chance, capital
from engine.training.records.frames import Wordings
from engine.training.records.words import Kind, Relation

HELD_OUT_WORDING_SHARE = 0.25
"""Share of the frames in a held-out record that training never shows."""
HARD_SHARE = 0.15
"""Share of records full of identifiers, names and values that are easily taken for each other."""


class Writer(Chance):
    """One source of randomness. `held_out` takes names, numbers and a share of frames that training never shows; `easy`
    keeps to few frames and short names, for the first lessons; `hard` makes every record a hard one (or none; None: a
    share of them)."""

    unrelated = 0.2
    """Share of filler that has nothing to do with any record."""
    shaken = 0.35
    """Share of the training's frames with a word or two missing, changed or put in."""

    def __init__(self, seed: int, *, held_out: bool = False, easy: bool = False, hard: bool | None = None) -> None:
        super().__init__(seed, held_out=held_out, easy=easy)
        self._always_hard = hard
        self.hard = False
        """True while a hard record is being written."""
        self._cast: list[str] = []
        self._date_form = 0

    def begin(self) -> None:
        """Begin a new record: its own people, and its own way to write dates."""
        self._cast = []
        chosen = self.random.random() < HARD_SHARE if self._always_hard is None else self._always_hard
        self.hard = chosen and not self.easy
        self._date_form = 0 if self.easy or self.random.random() < 0.8 else self.below(4) + 1

    def wording(self, wordings: Wordings) -> str:
        if self.held_out and self.random.random() < HELD_OUT_WORDING_SHARE:
            return self.pick(wordings.held_out)
        if self.easy:
            return wordings.training[self.below(wordings.easy)]
        frame = self.pick(wordings.training)
        if self.held_out or self.random.random() >= self.shaken:
            return frame
        shaken = self._shaken(frame)
        return frame if frames.is_held_out(shaken) else shaken

    def _shaken(self, frame: str) -> str:
        """Return `frame` with its ordinary words disturbed, to train attention to the values of the slots."""
        tokens = frame.split(" ")
        for _ in range(1 + self.below(3)):
            i = self.below(len(tokens))
            chance = self.random.random()
            if chance < 0.4:
                tokens.insert(i, self.pick(frames.ORDINARY_WORDS))
            elif tokens[i].isalpha() and tokens[i].lower() not in frames.TELLING_WORDS:
                tokens[i : i + 1] = [self.pick(frames.ORDINARY_WORDS)] if chance < 0.7 or len(tokens) == 1 else []
        return " ".join(tokens)

    def person(self) -> str:
        """Return a person's name; at random one named before in the record, or one that shares a part with it."""
        cast = self._cast
        chance = self.random.random()
        if cast and chance < 0.15:
            return self.pick(cast)
        name = names.person(self.random, held_out=self.held_out, plain=self.easy)
        if cast and chance < (0.25 if self.hard else 0.17):
            ours, theirs = name.split(" "), self.pick(cast).split(" ")
            if len(ours) == len(theirs) == 2:
                name = f"{ours[0]} {theirs[1]}" if chance < 0.2 else f"{theirs[0]} {ours[1]}"
        cast.append(name)
        return name

    def thing(self, kind: Kind, near: str | None = None) -> str:
        """Return a thing of the kind with its identifier; one similar to `near` if that is given."""
        if near:
            return names.near_identifier(self.random, near, held_out=self.held_out)
        word, start = self.pick(kind.things).split(":")
        plain = self.easy or (not self.hard and self.random.random() < 0.75)
        return f"{word} {names.identifier(self.random, start, held_out=self.held_out, plain=plain)}"

    def value(self, relation: Relation) -> str:
        return values.make(self, relation.value)

    def clock(self) -> str:
        return f"{self.below(16) + 6}:{self.below(12) * 5:02d}"

    def date(self) -> str:
        day, month, year = self.below(28) + 1, self.below(12), self.below(12) + 2015
        form = self._date_form
        if form == 0:
            return f"{day} {words.MONTHS[month]} {year}"
        if form == 1:
            return f"{year}-{month + 1:02d}-{day:02d}"
        if form == 2:
            return f"{words.MONTHS[month]} {day}, {year}"
        return f"{day:02d}.{month + 1:02d}.{year}" if form == 3 else f"{day} {words.MONTHS[month][:3]} {year}"

    def place(self) -> str:
        return names.place(self.random, held_out=self.held_out)

    def filled(self, text: str) -> str:
        """Put numbers, times, weekdays, dates, towns and persons into {n}, {t}, {w}, {d}, {x} and {p}."""
        if "{" not in text:
            return text
        if "{n}" in text:
            text = text.replace("{n}", str(self.below(38) + 2))
        if "{t}" in text:
            text = text.replace("{t}", self.clock())
        if "{w}" in text:
            text = text.replace("{w}", self.pick(words.WEEKDAYS))
        if "{d}" in text:
            text = text.replace("{d}", self.date())
        if "{x}" in text:
            text = text.replace("{x}", self.place())
        return text.replace("{p}", self.person()) if "{p}" in text else text

    def finding(self, kind: Kind) -> str:
        """Return a finding, mostly a part and its fault."""
        if self.random.random() < 0.35:
            return self.filled(self.pick(kind.findings))
        text = f"the {self.pick(kind.parts)} {self.pick(kind.faults)}"
        chance = self.random.random()
        if self.easy or chance < 0.75:
            return text
        if chance < 0.85:
            return f"{text} for {self.below(28) + 2} {self.pick(('minutes', 'hours', 'days', 'weeks'))}"
        if chance < 0.93:
            return f"{text} and the {self.pick(kind.parts)} {self.pick(kind.faults)}"
        return f"{text} {self.below(8) + 2} times"

    def filler(self, kind: Kind) -> str:
        """Return a filler sentence without a question: of the record's kind, of any office, or unrelated to offices."""
        chance = self.random.random()
        if chance < self.unrelated and not self.easy:
            return self._prose()
        clause = self.pick(kind.filler if chance < 0.65 else words.COMMON_FILLER)
        text = self.pick(frames.OPENINGS) + clause
        if self.random.random() < 0.25:
            text += " and " + self.pick(words.COMMON_FILLER)
        return capital(self.filled(text)) + "."

    def _prose(self) -> str:
        pick = self.pick
        nouns, adjectives = words.PROSE_NOUNS, words.PROSE_WORDS
        return (
            f"The {pick(adjectives)} {pick(nouns)} {pick(words.PROSE_VERBS)} the {pick(nouns)}"
            f"{pick(words.PROSE_ENDINGS)}."
        )

    def framed(self, frame: str, kind: Kind, thing: str, **slots: str) -> str:
        """Return a frame about `thing` with its slots filled; the kind gives the preposition."""
        at = self.pick(kind.at)
        if "{np}" in frame:
            frame = frame.replace("{np}", self.pick(frames.NOUN_PHRASES[:3] if self.easy else frames.NOUN_PHRASES))
        said = slots.get("a", "")
        return frame.format(
            s=thing,
            S=capital(thing),
            A=capital(said),
            of=at if " of " in said else "of",
            at=at,
            At=capital(at),
            **slots,
        )
