"""The questions asked of one document, as a tree: follow-ups below their answer, other tries beside each other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Turn:
    """One question and its answer, streaming or whole."""

    key: int
    """Of this window; stays when the library gives the turn its id."""
    question: str
    parent: Turn | None = None
    turn_id: int | None = None
    job_id: str = ""
    page: int | None = None
    """As of the end of this page; None: of all that was read."""
    answer: str = ""
    basis: str = ""
    first_page: int = 0
    last_page: int = 0
    found: bool = True
    unverified: list[str] = field(default_factory=list)
    seed: int | None = None
    done: bool = False
    problem: str = ""
    """A sentence when no answer came."""
    revises: int | None = None
    """Key of the turn that this one is another try of."""

    whole: bool = False
    """The answer rests on all that was read, not on some pages of it."""
    mentions: list[int] = field(default_factory=list)
    """Pages that hold the words of the answer, among its evidence where it has some, best first."""

    evidence_page: int = 0
    """The page whose text bears the answer out; 0 where no one page does."""
    sentence: str = ""
    """What bears it out, word for word: characters `start` to `end` of that page's text."""
    start: int = 0
    end: int = 0
    nearest: list[int] = field(default_factory=list)
    """Not found: pages where the sections begin that come nearest to the question."""
    certainty: float | None = None
    reread: bool = False
    """The pages were read again for this question."""
    warning: str = ""
    """What to keep in mind about the basis."""

    @property
    def pages(self) -> tuple[int, int] | None:
        """First and last evidence page, None where the answer rests on no page in particular."""
        given = self.done and self.found and self.first_page > 0 and not self.whole
        return (self.first_page, self.last_page) if given else None

    @property
    def best_page(self) -> int:
        """The page to look at for this answer; 0 where none is known."""
        return self.evidence_page or next(iter(self.mentions), self.pages[0] if self.pages else 0)

    @property
    def depth(self) -> int:
        """0 for a question asked of the document, 1 for a follow-up to it, and so on."""
        return 0 if self.parent is None else self.parent.depth + 1


class Conversation:
    """A forest of turns. Tries of one question form a group, of which one is shown."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self._keys = itertools.count(1)
        self._shown: dict[int, int] = {}

    def add(self, question: str, parent: Turn | None = None, revises: Turn | None = None, **fields: object) -> Turn:
        """A new turn; a try of another turn takes that turn's place in the view."""
        turn = Turn(next(self._keys), question, parent, revises=revises.key if revises else None, **fields)  # type: ignore[arg-type]
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
        """All tries of the turn's question, oldest first, the turn among them."""
        root = self._root_of(turn)
        return [other for other in self.turns if self._root_of(other) is root]

    def show_try(self, turn: Turn, step: int) -> None:
        """Show the next (step 1) or previous (-1) try of the turn's question."""
        tries = self.tries(turn)
        place = min(max(tries.index(turn) + step, 0), len(tries) - 1)
        self._shown[self._root_of(turn).key] = tries[place].key

    def remove(self, turn: Turn) -> None:
        """Take a turn without an answer out again."""
        root = self._root_of(turn)
        self.turns.remove(turn)
        rest = [other for other in self.turns if self._root_of(other) is root]
        if rest:
            self._shown[root.key] = rest[-1].key

    def visible(self) -> Iterator[Turn]:
        """The shown turns, each followed by its follow-ups: the order of the pane."""
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
