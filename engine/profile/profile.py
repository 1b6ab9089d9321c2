"""Profile: everything that is the habit of one kind of model, as data and functions.

The pipelines of answering and summarising hold no phrase, threshold or format of one model. They are given the profile
of the loaded model as `Runtime.profile`, chosen by engine.profile.choose; `demo`, `instruct` and `base` fill one in.
Light: no torch.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from engine.prompting.prompts import NO_FINDINGS, Wording
from engine.protocol.events import NoticeKind

Verdict = Literal["answers", "refuses", "unclear", "denies"]
"""Verdict on a reply: it answers; it says that the document does not hold the answer; it does both; or it only says no
to a question for a value, which is a refusal unless the model holds the answer."""


@dataclass(frozen=True)
class Weights:
    """Weights of an attempt's score, which is the sum of these, each times its feature; the highest score is selected.

    The first three are so far apart that all later ones together cannot outweigh one: entropy lies below 12 nats.
    """

    supported: float
    """A passage contains the answer and every figure and name of the question."""
    verbatim: float
    """A passage contains the answer word for word."""
    doubtful: float
    """No part of the answer could be looked up, or a figure or name of it is on none of its pages."""
    match: float
    """Share of the question that the passage contains, 0 to 1."""
    entropy: float
    """Mean entropy of the answer's tokens, nats."""


@dataclass(frozen=True)
class Copying:
    """Rules for decoding an answer along the words of a passage (engine.answering.constrained)."""

    mean_probability: float
    """Lowest mean probability of the tokens of a quote that counts as an answer."""
    lowest_probability: float
    """Lowest probability of any of its tokens, unless the passage contains nearly all of the question: along a text the
    model may be forced into low-probability tokens."""
    full_match: float
    """Match from which a passage counts as containing all of the question."""
    fits: Callable[[str, str], bool]
    """(question, answer) -> whether the answer is of the type that the question asks for."""


@dataclass(frozen=True)
class AnswerRules:
    """Rules for a model's answers and for accepting them. The defaults are those of a model that writes sentences of
    its own and is judged by what its pages support, not by its probabilities."""

    judge: Callable[[str, str], Verdict]
    """(answer, question) -> whether the answer says that the document does not hold it."""
    weights: Weights
    look_ahead: int
    """Tokens of every attempt that are generated before one is selected."""
    longest: int
    """Tokens of the longest answer."""
    correction_slack: float = 0.15
    """A correction may match the question so much less than the sentence it corrects."""
    refusal: str | None = None
    """The words of every refusal; None: the model's own words are shown."""
    refusal_ends: bool = False
    """True when generation stops after the first words of a refusal, because nothing follows them."""
    certain: float = 0.0
    """Mean token probability from which an answer counts as sure."""
    matching: float = 0.0
    """Match of its passage from which an answer counts as sure."""
    marked_words: int = 0
    """Words up to which an unsure answer is marked as doubtful; 0: never by the model's own probabilities."""
    verbatim: bool = False
    """True when a right answer occurs word for word on a page; another answer is read again, and refused if short.
    Otherwise the model writes sentences, and a passage supports the words that they add to the question."""
    refuse_absent: bool = False
    """True when an identifier of the question that is on no page causes a refusal without generating."""
    copying: Copying | None = None
    """Rules of a model that copies; None when the model writes in its own words."""
    stop_strings: tuple[str, ...] = ()
    """Texts that end an answer where the model has no token for it."""
    asking_seconds: float | None = None
    """Time that putting the question to sections may take at the reading's speed; None: no limit."""
    rereading_seconds: float | None = None
    """Time that reading pages again may take at the reading's speed; None: no limit."""
    attempts: int | None = None
    """Sources that are answered from, those first that say "yes" to the probe; None: all of them."""
    temperature: float = 0.7
    """Temperature of an answer asked again with a seed; otherwise decoding is greedy."""
    top_p: float = 0.9


@dataclass(frozen=True)
class SummaryRules:
    """Rules for a model's summaries."""

    has_findings: Callable[[str], bool]
    """Function that returns whether a section summary contains a finding."""
    no_findings: str = NO_FINDINGS
    """The words for a section that says nothing."""
    copied_lists: bool = False
    """True when the model writes lists of sentences copied from the text, and was trained on no other request: each
    line must be a copy, a merge has exactly the lines of its parts, and a paragraph is a selection of lines."""
    merge_lines: int | None = None
    """Lines that the lists of one merge may have; None: no limit."""
    selects: bool = False
    """The model is not asked to write: a summary is chosen from the document's own sentences."""
    section_tokens: int = 300
    """Tokens of the longest summary of a section."""
    summary_tokens: int = 500
    """Tokens of the longest summary of a document."""
    paragraph_tokens: int = 160
    """Tokens of the longest summary of paragraph length."""
    paragraph_findings: int = 5
    """Lines selected for a paragraph where the model writes lists only."""
    merge_context: int = 2048
    """Tokens that a merge may read and write where the trained context is unknown."""


@dataclass(frozen=True)
class UnfamiliarText:
    """The warning that a text is unlike everything the model was trained on."""

    nats: float
    """Mean negative log-likelihood a token, from which a page is unfamiliar (engine.profile.perplexity)."""
    notice: NoticeKind


@dataclass(frozen=True)
class Profile:
    """The habits of one kind of model."""

    name: str
    wording: Wording
    answers: AnswerRules
    summaries: SummaryRules
    list_item: re.Pattern[str]
    """Matches the marker at the start of a line of a list."""
    unfamiliar: UnfamiliarText | None = None
    demonstration: bool = False
    """The model is the shipped demonstration model."""
