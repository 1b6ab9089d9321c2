"""Long documents: how far the document state reads of them, and whether their sections are read by themselves.

The state of a model that has read more than its trained context at once no longer answers; the states of sections do. A
document that is longer is therefore read once, section by section. The document state stays that of its beginning. A
text of a kind that a model does not know is not read further at all: its sentences are scored by another model.
Light: no torch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.library import checkpoint_policy
from engine.profile.profile import Profile

HEAD_SHARE = 8
"""The document state of a long document ends at this part of the trained context: so a reading, which reads the
beginning twice, costs at most an eighth more than the document."""


@dataclass(frozen=True)
class ReadingPlan:
    """How a long document is read, or one whose kind of text the model does not know."""

    head: int
    """Tokens that the document state reads of it."""
    limit: int | None
    """A document of more tokens is long; None: only one whose kind of text is not known."""

    def beginning_with(self, page: int) -> ReadingPlan:
        """Return the plan for a document whose first page with text has `page` tokens: whether the kind of text is
        known is judged by whole pages."""
        return self if self.limit is not None else replace(self, head=max(self.head, page))

    @property
    def sections(self) -> bool:
        """Return whether every section is read by itself; else nothing is read beyond the head."""
        return self.limit is not None


def reading_plan(profile: Profile, trained_context: int | None) -> ReadingPlan | None:
    """Return how long documents are read; None where the document state reads all of any: the trained context is
    unknown, or the model is not asked to write."""
    if profile.unfamiliar is not None:
        return ReadingPlan(checkpoint_policy.FIRST_TOKENS, None)
    if trained_context is None or profile.summaries.selects:
        return None
    return ReadingPlan(max(1, trained_context // HEAD_SHARE), trained_context)


def tokens_to_read(plan: ReadingPlan | None, tokens: int) -> int:
    """Return the tokens that reading a document of `tokens` tokens feeds to the model."""
    return tokens + plan.head if plan is not None and plan.limit is not None and tokens > plan.limit else tokens
