"""Support: the passages behind an answer that a model wrote in its own words, sentence by sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.grounding.cited_pages import cited_pages
from engine.grounding.claims import Claim, claims, spelled_claims
from engine.grounding.conversions import unconverted
from engine.grounding.languages import language_of
from engine.grounding.passages import Passage, matching_passages, supporting_passage
from engine.grounding.sentences import sentences as sentence_spans
from engine.grounding.support import supports, unsupported
from engine.grounding.words import UNSPACED, stems
from engine.profile.denials import is_negation, without_document
from engine.profile.refusal import Clause, clauses_of, sentences
from engine.profile.replies import plain, without_attribution

RETOLD = 0.5
"""Share of the new words of a sentence without figures that a passage must hold to support it."""
CONFIRMED = 0.6
"""Match of the passage behind a bare "yes" or "no"."""
NAMED = 0.2
"""Share of the new words that a passage must hold when it contains every name of the sentence."""
OTHERWISE = 0.4
"""Share of the other words that a passage must hold when the figures and names of the sentence are on no page."""
CITED = 0.25
"""Share of the words that a passage must hold on a page that the model itself cites."""
_SENTENCES = 40
"""Sentences of an answer that are looked up."""
_CANDIDATES = 5
"""Passages that match a sentence best and may support several of its claims."""
_FEWEST = 2
"""Words from which a negation is recognised on a page."""
_UNSPACED = re.compile(f"[{UNSPACED}]")
_PAIRS = 0.75
"""Share of a threshold that counts for scripts without blanks: their pairs of characters run over from word to word."""
_FIGURE = re.compile(r"\d")
_SMALL = re.compile(r"\d{1,2}")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_YES_OR_NO = re.compile(
    r"\W*(?:yes|no|ja|nein|oui|non|sí|si|no|да|нет|sim|não|sì|tak|nie|nee|是|不是|是的|没有|否|はい|いいえ|네|아니요|نعم|لا|evet|hayır)\b",
    re.IGNORECASE,
)


def supporting_passages(topic: str, answer: str, pages: Sequence[tuple[int, str]]) -> list[Passage]:
    """Return the passages of `pages` (number, text) that support the words that `answer` adds to `topic`, each once, in
    the order of the answer's sentences. Words that only repeat the question support nothing."""
    found: dict[tuple[int, int, int], Passage] = {}
    for sentence in content_of(answer)[:_SENTENCES]:
        for passage in _passages_of(topic, sentence, pages) or _cited_passage(topic, sentence, pages):
            found.setdefault((passage.page, passage.start, passage.end), passage)
    if not found and _YES_OR_NO.match(plain(answer)):
        best = max(matching_passages(topic, pages), key=lambda passage: passage.match, default=None)
        return [best] if best is not None and best.match >= CONFIRMED else []
    return list(found.values())


def content_of(answer: str) -> list[str]:
    """Return the sentences of an answer without markdown, attributions, apologies and offers."""
    kept = []
    for sentence in sentences(plain(answer)):
        clauses = clauses_of(sentence)
        said = [clause.text for clause in clauses if clause.kind in ("says", "describes") or _is_advice(clause)]
        bare = without_attribution(sentence if len(said) == len(clauses) else " ".join(said)).strip()
        if said and bare and not bare.endswith((":", "：")):
            kept.append(bare)
    return kept


def says_so(reply: str, texts: Sequence[str]) -> bool:
    """Return whether a sentence of `texts` that is a negation has all words of `reply`, a negation too, but for those
    that name the document."""
    said = sentences(plain(reply))
    if len(said) != 1 or not is_negation(said[0]):
        return False
    words = stems(without_attribution(without_document(said[0])))
    if len(words) < _FEWEST:
        return False
    found = (text[start:end] for text in texts for start, end in sentence_spans(text))
    return any(words <= stems(sentence) and is_negation(sentence) for sentence in found)


def _is_advice(clause: Clause) -> bool:
    """Return whether a clause that advises has a figure, which may be of the document: "30 days are recommended"."""
    return clause.kind == "filler" and _FIGURE.search(clause.text) is not None


def _without_conversions(sentence: str, pages: Sequence[tuple[int, str]]) -> str:
    """Return a sentence without the quantities that only repeat others of it in another unit."""
    missing = unsupported(sentence, [text for _, text in pages])
    wrong = unconverted(missing, sentence)
    for claim in missing:
        if claim not in wrong:
            sentence = sentence.replace(claim, " ", 1)
    return sentence


def _passages_of(topic: str, sentence: str, pages: Sequence[tuple[int, str]]) -> list[Passage]:
    """Return the passages that support one sentence: one that contains all of it, else those of its single claims."""
    sentence = _without_conversions(sentence, pages)
    new = [claim for claim in (*claims(sentence), *spelled_claims(sentence)) if not supports(claim, topic)]
    if not new and not stems(sentence) - stems(topic):
        return []
    names_only = bool(new) and all(claim.kind == "name" for claim in new)
    if names_only and (found := _passage_of_words(topic, sentence, pages)):
        return found
    if (passage := _supporting(topic, sentence, pages)) is not None:
        by_chance = all(map(_is_small, new)) and not _share_words(sentence, passage)
        return (by_chance and _passage_of_words(topic, sentence, pages)) or [passage]
    found = _passages_of_claims(topic, sentence, new, pages) if new else []
    return (
        found
        or _passage_of_words(topic, sentence, pages)
        or _passage_but_for(topic, sentence, new, pages)
        or _passage_of_codes(topic, sentence, pages)
    )


def _cited_passage(topic: str, sentence: str, pages: Sequence[tuple[int, str]]) -> list[Passage]:
    """Return the passage that has the most words of a sentence on the pages that the sentence cites; none where it has
    hardly any."""
    cited = {number for _, numbers in cited_pages(sentence) for number in numbers}
    words = stems(sentence)
    found = matching_passages(f"{topic} {sentence}", [page for page in pages if page[0] in cited]) if cited else []
    best = max(found, key=lambda passage: len(words & stems(passage.text)), default=None)
    return [best] if best is not None and len(words & stems(best.text)) >= max(2.0, CITED * len(words)) else []


def _passage_of_words(topic: str, sentence: str, pages: Sequence[tuple[int, str]]) -> list[Passage]:
    """Return the passage that has the most of the words of a sentence, those of the question counting less; none where
    it has too few of the new ones."""
    words = stems(sentence)
    asked = stems(topic)
    new = words - asked or words
    candidates = [*matching_passages(f"{topic} {sentence}", pages), *matching_passages(sentence, pages)]
    if (passage := _supporting(topic, sentence, pages)) is not None:
        candidates.append(passage)

    def held(passage: Passage) -> tuple[float, int]:
        found = stems(passage.text)
        return len(new & found) / len(new) + len(asked & found) / max(1, len(asked)) / 2, -len(passage.text)

    best = max(candidates, key=held, default=None)
    if best is None:
        return []
    named = [claim for claim in claims(sentence) if not supports(claim, topic)]
    least = NAMED if named and all(supports(claim, best.text) for claim in named) else RETOLD
    if _UNSPACED.search(sentence):
        least *= _PAIRS
    return [best] if len(new & stems(best.text)) >= least * len(new) else []


def _passage_but_for(
    topic: str, sentence: str, made: Sequence[Claim], pages: Sequence[tuple[int, str]]
) -> list[Passage]:
    """Return the passage that has the words of a sentence but for its figures and names, which are wrong."""
    rest = sentence
    for claim in made:
        rest = rest.replace(claim.text, " ")
    words = stems(rest)
    best = max(matching_passages(sentence, pages), key=lambda passage: len(words & stems(passage.text)), default=None)
    # Pairs of characters agree less often than words do.
    least = OTHERWISE / 2 if _UNSPACED.search(rest) else OTHERWISE
    enough = best is not None and made and len(words & stems(best.text)) >= max(2.0, least * len(words))
    return [best] if best is not None and enough else []


def _passage_of_codes(topic: str, sentence: str, pages: Sequence[tuple[int, str]]) -> list[Passage]:
    """Return the passage with the figures of a sentence in another language than the pages, whose words differ."""
    made = [claim.text for claim in claims(sentence) if claim.kind != "name"]
    if not made or language_of(sentence) == language_of(" ".join(text[:1_000] for _, text in pages)):
        return []
    passage = _supporting(topic, ", ".join(made), pages)
    return [passage] if passage is not None else []


def _passages_of_claims(
    topic: str, sentence: str, made: Sequence[Claim], pages: Sequence[tuple[int, str]]
) -> list[Passage]:
    """Return the fewest passages that support the single claims of a sentence, where most of them have one."""
    passages = [_supporting(topic, claim.text, pages) for claim in made]
    candidates = [passage for passage in passages if passage is not None]
    if 2 * len(candidates) <= len(made):
        return []
    candidates += sorted(matching_passages(sentence, pages), key=lambda passage: -passage.match)[:_CANDIDATES]
    words, chosen, open_claims = stems(sentence), list[Passage](), list(made)
    while open_claims:

        def held(passage: Passage) -> tuple[float, int]:
            found = [claim for claim in open_claims if supports(claim, passage.text)]  # noqa: B023
            if all(map(_is_small, found)) and not _share_words(sentence, passage):
                found = []  # a small number is on nearly every page
            return sum(0.5 if _is_setting(claim) else 1.0 for claim in found), len(words & stems(passage.text))

        best = max(candidates, key=held)
        if not held(best)[0]:
            break
        chosen.append(best)
        # A name or a year that another passage has by the way is no reason for a further one.
        open_claims = [claim for claim in open_claims if not _is_setting(claim) and not supports(claim, best.text)]
    return chosen


def _is_small(claim: Claim) -> bool:
    """Return whether a claim is a number of one or two digits."""
    return claim.kind == "number" and _SMALL.fullmatch(claim.text) is not None


def _share_words(sentence: str, passage: Passage) -> bool:
    """Return whether a sentence and a passage have a word in common, figures aside."""
    return any(not word.isdigit() for word in stems(sentence) & stems(passage.text))


def _is_setting(claim: Claim) -> bool:
    """Return whether a claim only says of whom or of which year a sentence speaks."""
    return claim.kind == "name" or _YEAR.fullmatch(claim.text) is not None


def _supporting(topic: str, statement: str, pages: Sequence[tuple[int, str]]) -> Passage | None:
    """Return the passage of one page that supports `statement` and matches `topic` best; else one over a page break."""
    found = [supporting_passage(topic, statement, [page]) for page in pages]
    best = max((passage for passage in found if passage is not None), key=_rank, default=None)
    return best if best is not None else supporting_passage(topic, statement, pages)


def _rank(passage: Passage) -> tuple[bool, float, int]:
    return passage.verbatim, passage.match, -len(passage.text)
