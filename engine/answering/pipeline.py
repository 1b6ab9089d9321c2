"""Answer pipeline: retrieve sections, generate an answer from each, ground and select them, re-read pages if needed.

Every step returns a new value and changes none of its arguments. The steps do not generate attempts themselves: they
yield `Wanted`, so that those of several questions can be generated in one batch. An uncertain answer is read again
(engine.answering.reread). When a copying model's answer is on no page, it is decoded once more along the words of the
page (engine.answering.constrained).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from engine.answering.attempts import Attempt, Prompt, generate_attempts, ground
from engine.answering.constrained import decode_constrained
from engine.answering.conversation import Conversation
from engine.answering.probe import probe
from engine.answering.reread import Rereading, reread
from engine.answering.retrieval import NAMED_SECTIONS, Retrieved, Source, retrieve, topic_of
from engine.answering.selection import (
    counts,
    differs,
    is_contradicted,
    is_denied,
    is_sure,
    later_conflicts,
    select,
    settle,
    settle_written,
)
from engine.answering.support import says_so
from engine.control import Control
from engine.generation.runtime import Runtime
from engine.grounding.passages import Passage, denies, matching_passages, states
from engine.library.records import Turn
from engine.protocol.vocabulary import Reread
from engine.reading.context import Context

REREAD_ANSWER = 100
"""Tokens kept free for the answer behind pages that are read again."""
ANSWERED = 0.5
"""Probability of "yes", from which a source that is unclear holds the answer."""
DENIED = 0.65
"""The same where the answer only says no to a question for a value, which is mostly a refusal."""


@dataclass(frozen=True)
class Result:
    """The selected answer and how it was found, before it is written out."""

    topic: str
    """The question, expanded with the topic of earlier turns."""
    retrieved: Retrieved
    conversation: Conversation
    attempts: list[Attempt]
    best: Attempt | None
    """Best attempt; None when the document does not hold the answer."""
    steps: int
    """Tokens that the model was fed."""
    rereading: Rereading | None = None
    """The re-reading that the best answer comes from; None when it comes from a saved state."""
    second: Attempt | None = None
    """The answer of the re-reading, selected or not."""
    refusal: Attempt | None = None
    """The refusal to show where there is no answer and the model's own words are shown."""
    contradicted: bool = False
    """A page read again contains more of the question than the sentence with the answer, and says something else."""


@dataclass(frozen=True)
class Wanted:
    """A request for the attempts of `prompts`, to be sent into the generator that yields it."""

    runtime: Runtime
    prompts: list[Prompt]
    control: Control


Generated = tuple[list[Attempt], int]
"""Attempts in the order of their prompts, and the tokens that the model was fed for them."""
Item = TypeVar("Item")


def generate(wanted: Wanted) -> Generated:
    """Generate what is wanted. Raise Cancelled."""
    return generate_attempts(wanted.runtime, wanted.prompts, wanted.control)


def generate_alone(items: Generator[Item | Wanted, Generated | None, None]) -> Iterator[Item]:
    """Yield the items of a generator, and generate what it wants."""
    reply: Generated | None = None
    try:
        while True:
            try:
                item = items.send(reply)
            except StopIteration:
                return
            reply = None
            if isinstance(item, Wanted):
                reply = generate(item)
            else:
                yield item
    finally:
        items.close()


def answer_question(context: Context, question: str, turns: Sequence[Turn], rereads: Reread = "auto") -> Result:
    """Find the answer to `question` after the conversation `turns`, by itself; see `answering`."""
    found: list[Result] = []

    def running() -> Generator[Wanted, Generated | None, None]:
        found.append((yield from answering(context, question, turns, rereads)))

    for _ in generate_alone(running()):
        raise AssertionError("a question yields requests only")
    return found[0]


def answering(
    context: Context, question: str, turns: Sequence[Turn], rereads: Reread = "auto"
) -> Generator[Wanted, Generated | None, Result]:
    """Find the answer to `question` after the conversation `turns`. Raise Cancelled.

    `rereads`: when pages are read again.
    """
    rules = context.runtime.profile.answers
    topic = topic_of(question, turns)
    retrieved = retrieve(context, topic)
    conversation = Conversation.of(context, question, turns)
    if retrieved.absent and rules.refuse_absent:
        return Result(topic, retrieved, conversation, [], None, 0)
    sources, probed = _sources(context, retrieved, topic)
    prompts = [conversation.prompt(context, source) for source in sources]
    attempts, steps = yield from _generated(context, prompts)
    attempts, clarified = _clarified(context, attempts, topic)
    attempts = [_grounded(context, attempt, topic) for attempt in attempts]
    best = select(attempts, topic, rules)
    result = Result(
        topic, retrieved, conversation, attempts, best, probed + steps + clarified, refusal=_refusal(best, attempts)
    )
    if rereads == "always" or (rereads == "auto" and not _is_certain(context, result)):
        return (yield from _reread(context, question, result))
    return result


def _generated(context: Context, prompts: list[Prompt]) -> Generator[Wanted, Generated | None, Generated]:
    reply = yield Wanted(context.runtime, prompts, context.control)
    assert reply is not None
    return reply


def _sources(context: Context, retrieved: Retrieved, topic: str) -> tuple[list[Source], int]:
    """Return the sources to answer from, and the tokens that the model was fed to choose them: those first that say
    "yes" to whether they hold the answer, and among equals the best match."""
    most = context.runtime.profile.answers.attempts
    sources = [retrieved.document, *retrieved.sections]
    if most is None or len(sources) <= most:
        return sources, 0
    chances, steps = probe(context, sources, topic)
    order = sorted(range(len(sources)), key=lambda place: (-chances[place] if chances is not None else 0.0, place))
    return [sources[place] for place in order[:most]], steps


def _clarified(context: Context, attempts: Sequence[Attempt], topic: str) -> tuple[list[Attempt], int]:
    """Return the attempts with those decided that refuse in part and say something as well: the probe of their source
    decides; and the tokens that the model was fed."""
    attempts = [
        replace(a, refuses=False, unclear=False) if (a.refuses or a.unclear) and _is_said(context, a) else a
        for a in attempts
    ]
    unclear = [attempt.source for attempt in attempts if attempt.unclear]
    chances, steps = probe(context, unclear, topic)
    if chances is None:
        return attempts, 0
    decided = iter(chances)
    return [
        replace(a, refuses=next(decided) < (DENIED if a.refuses else ANSWERED)) if a.unclear else a for a in attempts
    ], steps


def _refusal(best: Attempt | None, attempts: Sequence[Attempt]) -> Attempt | None:
    """Return the first refusal whose words can be shown; None when there is an answer."""
    if best is not None:
        return None
    return next((attempt for attempt in attempts if attempt.refuses and attempt.state is not None), None)


def _grounded(context: Context, attempt: Attempt, topic: str) -> Attempt:
    """Ground an attempt on its own pages and the page before them, where a passage may begin."""
    if attempt.refuses:
        return attempt
    pages = context.pages(attempt.source.first_page - 1, attempt.source.last_page)
    texts = ((page.number, page.text) for page in pages)
    return ground(attempt, topic, texts, context.runtime.profile.answers)


def _is_said(context: Context, attempt: Attempt) -> bool:
    """Return whether what reads like a refusal is what a page says: "The chloride content was not determined." """
    if context.runtime.profile.answers.refusal is not None:
        return False
    pages = context.pages(attempt.source.first_page, attempt.source.last_page)
    return says_so(attempt.text, [page.text for page in pages])


def _is_certain(context: Context, result: Result) -> bool:
    """Return whether a re-reading is needless: the best answer is sure, no other supported answer differs, and where
    identifiers have left few sections, no passage of them is about the same and says something else."""
    rules = context.runtime.profile.answers
    best = result.best
    if best is None or not is_sure(best, rules):
        return False
    if any(differs(best, other, result.topic, rules) for other in result.attempts if other.supported):
        return False
    if not rules.verbatim:
        return True
    sections = [source.section for source in result.retrieved.sections if source.section is not None]
    if len(sections) > NAMED_SECTIONS:
        return True
    pages = {page.number: page.text for s in sections for page in context.pages(s.first_page, s.last_page)}
    return all(
        passage.match < best.match - rules.correction_slack or states(best.text, passage.text)
        for passage in matching_passages(result.topic, sorted(pages.items()))
    )


def _reread(context: Context, question: str, result: Result) -> Generator[Wanted, Generated | None, Result]:
    """Read the pages about the question again and return the final result."""
    conversation, topic = result.conversation, result.topic
    room = len(conversation.recent) + len(conversation.request) + REREAD_ANSWER
    again = reread(context, question, topic, result.retrieved, result.attempts, room)
    if again is None:
        return result
    prompt = conversation.prompt(context, again.source)
    attempts, steps = yield from _generated(context, [prompt])
    (attempt,), clarified = _clarified(context, attempts, topic)
    rules = context.runtime.profile.answers
    second = ground(attempt, topic, again.pages, rules)
    result = replace(result, second=second, steps=result.steps + again.steps + steps + clarified)
    if not rules.verbatim:
        return _written(result, second, again)
    passages = matching_passages(topic, again.pages)
    best, steps = _settled(context, question, result, again, passages)
    return replace(
        result,
        best=best,
        steps=result.steps + steps,
        rereading=again if best is not None and best.source is again.source else None,
        contradicted=best is not None
        and (is_contradicted(best, passages) or bool(later_conflicts(best, passages, topic, rules))),
    )


def _written(result: Result, second: Attempt, again: Rereading) -> Result:
    """Return the result after a re-reading by a model that writes in its own words."""
    best = settle_written(result.best, second)
    refusal = None if best is not None else second
    shown = best if best is not None else refusal
    return replace(
        result,
        best=best,
        refusal=refusal,
        rereading=again if shown is not None and shown.source is again.source else None,
    )


def _settled(
    context: Context, question: str, result: Result, again: Rereading, passages: Sequence[Passage]
) -> tuple[Attempt | None, int]:
    """Return the answer to believe after a re-reading, and the tokens that the model was fed for it."""
    rules = context.runtime.profile.answers
    first, second = result.best, result.second
    assert second is not None
    quote, steps = None, 0
    if rules.copying is not None and not second.quoted:
        full = any(passage.names_all and passage.match >= rules.copying.full_match for passage in passages)
        if full or not second.refuses:
            quote, steps = _quote(context, question, result, again, [p.text for p in passages], second.refuses)
    best = settle(first, second, quote, result.topic, result.attempts, rules)
    against = [passage for passage in passages if best is not None and denies(best.text, passage.text)]
    if best is None or not against:
        return best, steps
    # The text itself takes the answer back: look for the value that it gives instead.
    kept = first if first is not None and first.quoted and not is_denied(first, passages) else None
    if kept is not None and kept.corrects:
        return kept, steps
    texts = [_without(best.text, passage.text) for passage in against]
    right, more = _quote(context, question, result, again, texts, refused=False)
    return right or kept, steps + more


def _quote(
    context: Context, question: str, result: Result, again: Rereading, texts: Sequence[str], refused: bool
) -> tuple[Attempt | None, int]:
    """Return the re-reading's answer in the words of `texts`, if it counts as one, and the tokens fed for it."""
    rules = context.runtime.profile.answers
    assert result.second is not None
    if rules.copying is None:
        return None, 0
    quote, steps = decode_constrained(context.runtime, result.second.prompt, texts, context.control)
    if quote is None:
        return None, steps
    quote = ground(quote, result.topic, again.pages, rules)
    return (quote if counts(quote, question, rules, refused=refused) else None), steps


def _without(answer: str, text: str) -> str:
    """Return `text` with a bar in place of `answer`."""
    written = r"\s+".join(re.escape(word) for word in answer.rstrip(".").split())
    return re.sub(rf"(?<!\w){written}(?!\w)", "|", text, flags=re.IGNORECASE)
