"""The profile of the demonstration model: 15M weights that copy figures and names out of generated records."""

from __future__ import annotations

import re

from engine.profile.profile import AnswerRules, Copying, Profile, SummaryRules, UnfamiliarText, Verdict, Weights
from engine.prompting.prompts import NO_FINDINGS, NOT_FOUND, Wording

UNFAMILIAR_NATS = 4.0
"""The model gives records of its own kind 0.7 to 3.7 nats a token; manuals, prose and other scripts cost 5.6 to 11."""
_PERSON = re.compile(r"\b(?:who|whom|whose|(?:which|what) person|name the person)\b", re.IGNORECASE)
_DATE = re.compile(r"\b(?:when|(?:what|which) (?:day|date|year|time))\b", re.IGNORECASE)


def refuses(text: str) -> bool:
    """Return whether a text is the model's "Not in this document."."""
    return text.strip().startswith(NOT_FOUND.rstrip("."))


def judge(answer: str, question: str) -> Verdict:
    """Return whether an answer is the model's refusal; its answers hold nothing else."""
    return "refuses" if refuses(answer) else "answers"


def has_findings(text: str) -> bool:
    """Return whether a section summary contains a finding."""
    said = text.strip()
    return bool(said) and said != NO_FINDINGS and not refuses(said)


def fits(question: str, answer: str) -> bool:
    """Return whether the type of an answer fits: one to "who" has no digits, one to "when" has some."""
    digits = any(character.isdigit() for character in answer)
    if _PERSON.search(question):
        return not digits
    return digits or not _DATE.search(question)


DEMO = Profile(
    name="demo",
    wording=Wording(),
    answers=AnswerRules(
        judge=judge,
        weights=Weights(supported=100.0, verbatim=50.0, doubtful=-20.0, match=1.0, entropy=-1.0),
        look_ahead=24,
        longest=400,
        refusal=NOT_FOUND,
        refusal_ends=True,
        certain=0.9,
        matching=0.75,
        marked_words=12,
        verbatim=True,
        refuse_absent=True,
        copying=Copying(mean_probability=0.5, lowest_probability=0.02, full_match=0.95, fits=fits),
    ),
    summaries=SummaryRules(
        has_findings=has_findings,
        copied_lists=True,
        merge_lines=30,  # as many as the model was trained on
    ),
    list_item=re.compile(r"- "),
    unfamiliar=UnfamiliarText(UNFAMILIAR_NATS, "demo_model"),
    demonstration=True,
)
