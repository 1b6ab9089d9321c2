"""Claims of a text that no page confirms: the one test of answers and of summaries. Light: no torch."""

from __future__ import annotations

from collections.abc import Sequence

from engine.grounding.claims import spelled_claims
from engine.grounding.conversions import unconverted
from engine.grounding.quantities import mismatched
from engine.grounding.support import supports, unsupported


def unconfirmed_claims(written: str, texts: Sequence[str]) -> list[str]:
    """Return the figures, dates and names of `written` that stand in none of `texts`, as `written` has them.

    A number in words counts as one in digits, a small number must count the same thing, and a quantity may be another
    one of `written` in another unit.
    """
    missing = unsupported(written, texts)
    missing += [claim.text for claim in spelled_claims(written) if not any(supports(claim, text) for text in texts)]
    missing += [number for number in mismatched(written, texts) if not any(number in claim for claim in missing)]
    return unconverted(missing, written, texts)
