"""Drafts by look-up: where a text copies a page, the tokens that stand next on the page are its likely next tokens.

A draft is proposed where the last tokens of the text stand in the source too, and read in one pass over the weights
(`engine.network.decode_step.Draft`). What the network would not have written itself is dropped, so the text is the same
as without. A draft that is wrong costs the time of two to four tokens; after each the text goes on longer without one.
"""

from __future__ import annotations

from collections.abc import Sequence

MATCHED = 3
"""Tokens that must stand in the source just as at the end of the text."""
COMPARED = 32
"""Tokens that are compared to find the place that goes back farthest."""
PLACES = 16
"""Places of the same tokens that are compared."""
FIRST_WAIT, LONGEST_WAIT = 32, 128
"""Tokens without a draft after a wrong one, and the most of them: they grow with every further one."""
WORTH = 3
"""Tokens of a draft, its first one not counted, that must be right for it to have paid."""


class LookUp:
    """Proposes drafts from `source`, tokens that the text may copy."""

    def __init__(self, source: Sequence[int], longest: int) -> None:
        """`longest`: most tokens of a draft."""
        self._source = list(source)
        self._longest = longest
        self._places: dict[tuple[int, ...], list[int]] = {}
        for end in range(MATCHED, len(self._source)):
            self._places.setdefault(tuple(self._source[end - MATCHED : end]), []).append(end)
        self._from = 0
        """Length of the text from which on drafts are proposed again."""
        self._wait = 0

    def propose(self, text: Sequence[int]) -> list[int]:
        """Return the likely next tokens of `text`, or none."""
        if len(text) < max(MATCHED, self._from):
            return []
        places = self._places.get(tuple(text[-MATCHED:]), ())
        if not places:
            return []
        end = max(places[-PLACES:], key=lambda place: self._agreement(text, place))
        return self._source[end : end + self._longest]

    def learn(self, right: int, text_length: int) -> None:
        """Take note that the first `right` tokens of the last draft were right, with which the text has that length."""
        if right >= WORTH:
            self._wait = 0
        else:
            self._wait = min(2 * self._wait + FIRST_WAIT, LONGEST_WAIT)
            self._from = text_length + self._wait

    def _agreement(self, text: Sequence[int], place: int) -> int:
        """Return the tokens before `place` that stand at the end of the text too, up to COMPARED."""
        most = min(COMPARED, place, len(text))
        return next((n for n in range(MATCHED, most) if text[-1 - n] != self._source[place - 1 - n]), most)
