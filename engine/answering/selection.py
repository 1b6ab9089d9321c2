"""Selection: which attempt to believe.

Attempts that refuse are dropped. The rest are ranked by one score (`Weights`): whether a passage contains both the
question's terms and the answer, whether word for word, and how sure the model is. A later passage that corrects the
selected one wins over it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from engine.answering.attempts import Attempt
from engine.grounding.claims import claims
from engine.grounding.passages import Passage, denies, states
from engine.grounding.support import supports
from engine.profile.profile import AnswerRules, Weights

By = Literal["all", "entropy", "rank"]
"""The order of attempts: by the score, by entropy alone, or by the rank of the section in the search."""


def score(attempt: Attempt, weights: Weights) -> float:
    """Return the score of a grounded attempt; higher is better."""
    return (
        weights.supported * attempt.supported
        + weights.verbatim * (attempt.passage is not None and attempt.passage.verbatim)
        + weights.doubtful * attempt.doubtful
        + weights.match * attempt.match
        + weights.entropy * attempt.entropy
    )


def select(attempts: Sequence[Attempt], topic: str, rules: AnswerRules, by: By = "all") -> Attempt | None:
    """Return the grounded attempt to believe; None where all refuse or none is supported."""
    answers = [attempt for attempt in attempts if not attempt.refuses]
    if by == "rank":
        return min(answers, key=lambda attempt: attempt.source.rank or math.inf, default=None)
    if by == "entropy":
        return min(answers, key=lambda attempt: attempt.entropy, default=None)
    if rules.verbatim and claims(topic):
        # A saturated document state hallucinates, so require a supporting page.
        answers = [attempt for attempt in answers if attempt.source.section or attempt.supported]
    best = max(answers, key=lambda attempt: score(attempt, rules.weights), default=None)
    return best if best is None or not best.supported else _latest_correction(best, answers, rules)


def _latest_correction(best: Attempt, answers: Sequence[Attempt], rules: AnswerRules) -> Attempt:
    """Return the answer of the last passage that corrects the one of `best`, or `best` itself."""
    assert best.passage is not None
    later = [
        attempt
        for attempt in answers
        if attempt.quoted
        and attempt.passage is not None
        and attempt.passage.corrects
        and attempt.passage.page >= best.passage.page + best.passage.corrects
        and attempt.passage.match >= best.passage.match - rules.correction_slack
        and attempt.text != best.text
    ]
    return max(
        later, key=lambda attempt: (attempt.passage.page if attempt.passage else 0, -attempt.entropy), default=best
    )


def is_sure(attempt: Attempt | None, rules: AnswerRules) -> bool:
    """Return whether a passage about the question supports the answer and the model gives it a high probability."""
    if attempt is None or not (attempt.quoted if rules.verbatim else attempt.supported):
        return False
    return attempt.certainty >= rules.certain and attempt.match >= rules.matching


def differs(attempt: Attempt, other: Attempt, topic: str, rules: AnswerRules) -> bool:
    """Return whether two supported answers say different things: other words where answers are copied, else figures or
    names that the question and the other answer lack."""
    if rules.verbatim:
        return attempt.text != other.text
    new = [[claim for claim in claims(a.text) if not supports(claim, topic)] for a in (attempt, other)]
    return all(new) and not any(supports(claim, attempt.text) for claim in new[1])


def settle_written(first: Attempt | None, reread: Attempt) -> Attempt | None:
    """Return the answer to believe after a re-reading by a model that writes in its own words; None for a refusal.

    The re-reading has only the pages about the question before it, so its answer wins unless only the first is
    supported.
    """
    if first is not None and first.supported and not reread.supported:
        return first
    return None if reread.refuses else reread


def settle(
    first: Attempt | None,
    reread: Attempt,
    quote: Attempt | None,
    topic: str,
    attempts: Sequence[Attempt],
    rules: AnswerRules,
) -> Attempt | None:
    """Return the answer to believe after a re-reading: the first selection, the re-reading's answer, or `quote`, its
    answer in the words of a passage."""
    if quote is not None:
        return first if first is not None and _outweighs(first, quote, rules) else quote
    if reread.quoted:
        disputed = is_sure(first, rules) and first is not None and first.text != reread.text
        return select([*attempts, reread], topic, rules) if disputed else reread
    if is_sure(first, rules) or (not reread.refuses and first is not None and first.quoted):
        return first
    if reread.refuses or (claims(topic) and len(reread.text.split()) <= rules.marked_words):
        return None  # short and unsupported
    return reread


def _outweighs(first: Attempt, quote: Attempt, rules: AnswerRules) -> bool:
    """Return whether the passage of `first` contains more of the question than that of `quote`, or corrects it."""
    if not first.quoted or quote.passage is None:
        return False
    if first.corrects and not quote.corrects:
        return first.match >= quote.match - rules.correction_slack
    return first.match > quote.match


def counts(quote: Attempt, question: str, rules: AnswerRules, *, refused: bool) -> bool:
    """Return whether a quote is an answer: the model gives it a high probability and, where it would rather refuse
    (`refused`), its passage contains all of the question."""
    copying = rules.copying
    if copying is None or not quote.supported or quote.certainty < copying.mean_probability:
        return False
    if not copying.fits(question, quote.text):
        return False
    return quote.match >= copying.full_match or (not refused and quote.lowest >= copying.lowest_probability)


def is_denied(attempt: Attempt, passages: Sequence[Passage]) -> bool:
    """Return whether one of `passages` names the answer only to deny it."""
    return any(denies(attempt.text, passage.text) for passage in passages)


def is_contradicted(best: Attempt, passages: Sequence[Passage]) -> bool:
    """Return whether one of `passages` contains more of the question than that of `best`, and says something else."""
    if best.passage is None:
        return False
    return any(p.names_all and p.match > best.match and not states(best.text, p.text) for p in passages)


def later_conflicts(best: Attempt, passages: Sequence[Passage], topic: str, rules: AnswerRules) -> list[Passage]:
    """Return those of `passages` that follow the one of `best`, contain about as much of the question, do not name its
    answer and give another value of the same kind: what is said last may put the earlier right without saying so."""
    if best.passage is None or not best.supported:
        return []
    place = (best.passage.page, best.passage.end)
    kinds = {claim.kind for claim in claims(best.text)}

    def conflicts(passage: Passage) -> bool:
        if (passage.page, passage.start) < place or not passage.names_all:
            return False
        if states(best.text, passage.text) or denies(best.text, passage.text):
            return False
        if passage.match < best.match - rules.correction_slack:
            return False
        others = [claim for claim in claims(passage.text) if claim.kind in kinds and not supports(claim, topic)]
        return bool(others)

    return [passage for passage in passages if conflicts(passage)]
