"""The conversation about one document: a tree of turns, with follow-ups below an answer and versions side by side."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.protocol.evidence import Evidence, Sentence


@dataclass
class Turn:
    """A question and its answer, streaming or complete."""

    key: int
    """Identifies the turn in this window, before and after the library has given it an id."""
    question: str
    parent: Turn | None = None
    turn_id: int | None = None
    job_id: str = ""
    page: int | None = None
    """Last page that is used for the answer; None for all pages."""
    answer: str = ""
    evidence: Evidence | None = None
    """Evidence of the answer; None until the answer is complete."""
    seed: int | None = None
    done: bool = False
    problem: str = ""
    """The error in place of an answer, as a sentence."""
    revises: int | None = None
    """Key of the turn that this one is another version of."""

    mentions: list[int] = field(default_factory=list)
    """Pages that contain the words of the answer, within its evidence where it has some, best first."""
    beginning: Sentence | None = None
    """The part of the supporting sentence that stands on the page before."""
    closest: list[Sentence] | None = None
    """Not found: the passages that match the question best; None until they are known."""

    def finish(self, answer: str, evidence: Evidence | None, turn_id: int | None) -> None:
        """Set the complete answer, its evidence and its row in the library."""
        self.answer, self.evidence, self.turn_id, self.done = answer.strip(), evidence, turn_id, True
        if evidence is not None and not evidence.found and evidence.further:
            self.closest = list(evidence.further)

    @property
    def found(self) -> bool:
        """Return whether an answer was found; True while its evidence is unknown."""
        return self.evidence is None or self.evidence.found

    @property
    def unverified(self) -> tuple[str, ...]:
        """Figures and names in the answer that its pages do not contain."""
        return self.evidence.unverified if self.evidence else ()

    @property
    def evidence_page(self) -> int:
        """The page of the sentence that supports the answer; 0 where there is none."""
        found = self.evidence.sentence if self.evidence else None
        return found.page if found else 0

    @property
    def sentence(self) -> str:
        """The sentence that supports the answer: characters `start` to `end` of its page's text; "" for none."""
        found = self.evidence.sentence if self.evidence else None
        return found.text if found else ""

    @property
    def start(self) -> int:
        found = self.evidence.sentence if self.evidence else None
        return found.start if found else 0

    @property
    def end(self) -> int:
        found = self.evidence.sentence if self.evidence else None
        return found.end if found else 0

    @property
    def words(self) -> tuple[int, int] | None:
        """Characters of `sentence` that answer the question; None where all of it does, or the model writes."""
        sentence, span = (self.evidence.sentence, self.evidence.span) if self.evidence else (None, None)
        if sentence is None or span is None or not sentence.start <= span.start < span.end <= sentence.end:
            return None
        return span.start - sentence.start, span.end - sentence.start

    @property
    def also(self) -> tuple[Sentence, ...]:
        """The next best passages, which follow the answer."""
        return self.evidence.also if self.evidence is not None else ()

    @property
    def nearest(self) -> list[int]:
        """Not found: first pages of the sections that match the question best, best first."""
        return [span.first for span in self.evidence.nearest] if self.evidence else []

    @property
    def certainty(self) -> float | None:
        """Mean probability of the answer's tokens; None where it was not measured."""
        return self.evidence.certainty if self.evidence else None

    @property
    def pages(self) -> tuple[int, int] | None:
        """First and last evidence page; None where the answer rests on the whole document."""
        evidence = self.evidence
        if not self.done or evidence is None or not evidence.found or evidence.first_page == 0:
            return None
        return None if _whole(evidence, self.page) else (evidence.first_page, evidence.last_page)

    @property
    def best_page(self) -> int:
        """The page to show for this answer; 0 where none is known."""
        return self.evidence_page or next(iter(self.mentions), self.pages[0] if self.pages else 0)

    @property
    def depth(self) -> int:
        """0 for a question asked of the document, 1 for a follow-up to it, and so on."""
        return 0 if self.parent is None else self.parent.depth + 1


def _whole(evidence: Evidence, asked_at: int | None) -> bool:
    """Return whether the evidence is the whole text that was read, not certain pages of it."""
    if evidence.sentence is not None:
        return False
    if evidence.kind == "state":
        return evidence.last_page > 1
    # Version 0.1.0 did not store which state was asked.
    return evidence.kind == "text" and evidence.first_page == 1 and evidence.last_page >= max(asked_at or 2, 2)


class Conversation:
    """All turns of a document. The versions of one answer form a group, of which one is shown."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self._keys = itertools.count(1)
        self._shown: dict[int, int] = {}

    def add(
        self,
        question: str,
        parent: Turn | None = None,
        revises: Turn | None = None,
        *,
        page: int | None = None,
        seed: int | None = None,
    ) -> Turn:
        """Add a turn and return it; a version of another turn takes its place in the view."""
        key = revises.key if revises else None
        turn = Turn(next(self._keys), question, parent, page=page, seed=seed, revises=key)
        self.turns.append(turn)
        self._shown[self._root_of(turn).key] = turn.key
        return turn

    def by_key(self, key: int) -> Turn | None:
        return next((turn for turn in self.turns if turn.key == key), None)

    def by_job(self, job_id: str) -> Turn | None:
        return next((turn for turn in reversed(self.turns) if turn.job_id == job_id), None)

    def by_turn_id(self, turn_id: int | None) -> Turn | None:
        return next((turn for turn in self.turns if turn.turn_id == turn_id), None) if turn_id is not None else None

    def tries(self, turn: Turn) -> list[Turn]:
        """Return all versions of a turn, oldest first, the turn included."""
        root = self._root_of(turn)
        return [other for other in self.turns if self._root_of(other) is root]

    def show_try(self, turn: Turn, step: int) -> None:
        """Show the next (step 1) or previous (-1) version of a turn."""
        tries = self.tries(turn)
        place = min(max(tries.index(turn) + step, 0), len(tries) - 1)
        self._shown[self._root_of(turn).key] = tries[place].key

    def remove(self, turn: Turn) -> None:
        """Remove a turn without an answer."""
        root = self._root_of(turn)
        self.turns.remove(turn)
        rest = [other for other in self.turns if self._root_of(other) is root]
        if rest:
            self._shown[root.key] = rest[-1].key

    def visible(self) -> Iterator[Turn]:
        """Yield the shown turns, each followed by its follow-ups: the order of the pane."""
        yield from self._below(None)

    def _below(self, parent: Turn | None) -> Iterator[Turn]:
        for turn in self.turns:
            if turn.parent is parent and self._root_of(turn) is turn:
                shown = self.by_key(self._shown.get(turn.key, turn.key)) or turn
                yield shown
                yield from self._below(shown)

    def _root_of(self, turn: Turn) -> Turn:
        while turn.revises is not None:
            earlier = self.by_key(turn.revises)
            if earlier is None:
                break
            turn = earlier
        return turn
