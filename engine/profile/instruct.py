"""The profile of instruct models: they follow instructions and write sentences of their own."""

from __future__ import annotations

from dataclasses import replace

from engine.profile.demo import DEMO

INSTRUCT = replace(
    DEMO,
    name="instruct",
    summaries=replace(DEMO.summaries, copied_lists=False, merge_lines=None),
    wording=replace(DEMO.wording, paragraph="\n\nWrite one paragraph of at most five sentences."),
    unfamiliar=None,
    demonstration=False,
)
