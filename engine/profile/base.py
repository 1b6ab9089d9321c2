"""The profile of base models, which continue a text and follow no instructions: every request is a text to continue."""

from __future__ import annotations

from dataclasses import replace

from engine.profile.instruct import INSTRUCT
from engine.prompting.prompts import NOT_FOUND, Wording

BASE = replace(
    INSTRUCT,
    name="base",
    wording=Wording(
        document="",
        question=(
            "\n\nQuestions about the text above, with short answers from it. Where the text does not say, the answer "
            f"is: {NOT_FOUND}\n\nQuestion: "
        ),
        reread="Question: ",
        summary="\n\nQuestion: What are the main points of the text above?",
        focus="\n\nQuestion: What does the text above say about this subject? ",
        merge_document="",
        merge="\n\nQuestion: What are the main points of all the notes above?",
    ),
    answers=replace(INSTRUCT.answers, stop_strings=("\nQuestion:", "\n\n"), attempts=None, look_ahead=96),
    summaries=replace(INSTRUCT.summaries, summary_tokens=400),
)
