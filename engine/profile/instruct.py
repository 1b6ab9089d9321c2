"""The profile of instruct models: they follow instructions and answer in sentences of their own.

No threshold is fitted to a single model. An answer is kept as it was written; the passages that support it, and the
figures, dates and names that are on no page, are evidence beside it.
"""

from __future__ import annotations

import re

from engine.profile.profile import AnswerRules, Profile, SummaryRules, Weights
from engine.profile.refusal import judge
from engine.prompting.prompts import NO_FINDINGS, NOT_FOUND, Wording

_RULES = (
    "Answer in one to three sentences, in the language of the question, and only from the document. Copy figures, "
    f"dates and names exactly. If the document does not say, reply exactly: {NOT_FOUND}"
)
_SUMMARY_RULES = (
    'Write short bullet points, each on a line that begins with "- ". Copy figures, dates and names exactly. Write in '
    "the language of the document, without an introduction."
)
_NOTHING = f"reply exactly: {NO_FINDINGS}"

INSTRUCT_WORDING = Wording(
    document="Read the document between the tags. A task follows it.\n\n<document>\n",
    question=f"</document>\n\n{_RULES}\n\nQuestion: ",
    next_question=f"{_RULES}\n\nQuestion: ",
    reread="You will be asked this question about the document below.\nQuestion: ",
    summary=(
        "</document>\n\nSummarise the document in at most five points: its main facts, decisions and figures. "
        f"{_SUMMARY_RULES} If it holds nothing worth noting, {_NOTHING}"
    ),
    focus="</document>\n\nList in at most five points only what the document says about this subject: ",
    after_focus=f"\n{_SUMMARY_RULES} If it says nothing about the subject, {_NOTHING}",
    merge_document=(
        "Read these summaries of the parts of one document, in order. A task follows them.\n\n<summaries>\n"
    ),
    merge=(
        "</summaries>\n\nMerge them into one summary of the whole document. Keep what matters most, drop repetitions, "
        f"and add nothing. {_SUMMARY_RULES}"
    ),
    paragraph="\n\nInstead of points, write one paragraph of at most five sentences.",
    probe=(
        "</document>\n\nDoes the document hold the answer to the following question? Reply with yes or no."
        "\n\nQuestion: "
    ),
)


def has_findings(text: str) -> bool:
    """Return whether a section summary contains a finding: a refusal or "nothing of note" does not."""
    return judge(text) != "refuses" and not _NOTHING_NOTED.search(text.strip())


_NOTHING_NOTED = re.compile(
    r"^\W*(?:there (?:is|are) |this section (?:has|contains|holds) |the (?:section|document|text|"
    r"passage) (?:has|contains|holds) )?"
    r"(?:nothing (?:of note|worth noting|noteworthy|notable|significant|relevant|to (?:note|report|summari[sz]e))|"
    r"no (?:\w+ )?(?:key|notable|significant|relevant|important|major|specific|"
    r"particular) (?:findings?|points?|information|facts?|"
    r"details?|content|events?))\b[^.:\n]*\W*$|^\W*$",
    re.IGNORECASE,
)

INSTRUCT = Profile(
    name="instruct",
    wording=INSTRUCT_WORDING,
    answers=AnswerRules(
        judge=judge,
        weights=Weights(supported=100.0, verbatim=0.0, doubtful=-20.0, match=10.0, entropy=-1.0),
        look_ahead=192,
        longest=600,
        asking_seconds=20.0,
        rereading_seconds=60.0,
        attempts=3,
    ),
    summaries=SummaryRules(has_findings=has_findings, summary_tokens=700, paragraph_tokens=300),
    list_item=re.compile(r"\s*(?:[-*+\u2022\u2013\u25aa\u25cf]|\(?\d{1,3}[.)])\s+"),
)
