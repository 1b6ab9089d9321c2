"""Notes are merged in groups that the model can read, and a merge may not say what no note says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.grounding.lines import items, union
from engine.profile.demo import DEMO
from engine.profile.instruct import INSTRUCT
from engine.prompting.prompts import NO_FINDINGS, NOT_FOUND, page_text
from engine.summarising.reduce import Room, grouped, is_faithful, reduce

NOTES = ["Key findings:\n- Pump P-1: it broke.", "Key findings:\n- Fan F-2: it fell."]


def count(text: str) -> int:
    return len(text.split())


class Model:
    """Answers every merge with `say` of its notes; remembers what it was asked."""

    def __init__(self, say) -> None:
        self.say, self.asked = say, []

    def __call__(self, groups, most, last):
        for group in groups:
            self.asked.append((list(group), most, last))
            yield self.say(group)


def merged(notes, say, *, copies=True, context=2048, always=False):
    model = Model(say)
    rules = (DEMO if copies else INSTRUCT).summaries
    return reduce(notes, model, Room(count, context, 40), rules, always=always), model


@pytest.mark.parametrize(
    ("text", "faithful"),
    [
        ("Key findings:\n- Pump P-1: it broke.\n- Fan F-2: it fell.", True),
        ("Key findings:\n- Fan F-2: it fell.\n- Pump P-1: it broke.", True),
        ("Key findings:\n- Pump P-1: it broke.", False),
        ("Key findings:\n- Pump P-1: it fell.\n- Fan F-2: it fell.", False),
        ("Two machines failed: P-1 and F-2.", False),
        ("Key findings:\n- Pump P-9: it broke.", False),
        ("Pump P-1 broke in May 2023.", False),
        ("", False),
    ],
)
def test_merged_list_is_faithful(text, faithful):
    assert is_faithful(text, NOTES) is faithful


def test_unfaithful_merge_is_rejected_and_counted():
    result, _ = merged(NOTES, lambda group: "Key findings:\n- Pump P-9: it flew.")
    assert result.text == union(NOTES)
    assert result.rejected == 1


def test_merge_in_own_words_is_kept_whole():
    said = "Here is the merged summary:\n\n1. **Revenue**: grew by 70.\n2. **Workforce**: the Company shrank."
    result, _ = merged(["Revenue grew from 410 to 480.", "It has fewer people."], lambda group: said, copies=False)
    assert (result.text, result.rejected, result.steps) == (said, 0, 1)


def test_summaries_without_findings_are_not_merged():
    result, model = merged([NO_FINDINGS, NOTES[0], NOT_FOUND, "", NOTES[1]], union)
    assert [group for group, _, _ in model.asked] == [NOTES]
    assert result.text == union(NOTES)
    assert merged([NO_FINDINGS, ""], union)[0].text == NO_FINDINGS
    assert merged([NOTES[0]], union)[1].asked == []


def test_single_summary_is_merged_for_another_length():
    result, model = merged(["A long story of pumps."], lambda group: "Pumps.", copies=False, always=True)
    assert result.text == "Pumps."
    assert [(last, most) for _, most, last in model.asked] == [(True, INSTRUCT.summaries.summary_tokens)]


@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=60).filter(any),
    st.sampled_from([700, 2048, 8192]),
)
def test_every_merge_fits_and_keeps_every_item(sizes, context):
    made = iter(range(10_000))
    notes = [
        "\n".join(["Key findings:", *(f"- Pump P-{next(made)}: the seal of it was leaking." for _ in range(size))])
        if size
        else NO_FINDINGS
        for size in sizes
    ]
    result, model = merged(notes, union, context=context)
    assert set(items(result.text)) == set().union(*map(items, notes))
    assert result.rejected == 0
    for group, most, _ in model.asked:
        read = sum(count(page_text(note)) for note in group)
        assert read + most + 40 <= max(context, 2 * DEMO.summaries.summary_tokens)
        assert read <= most
        assert sum(len(note.splitlines()) for note in group) <= (DEMO.summaries.merge_lines or 0)


def test_prose_is_merged_until_one_text_is_left():
    result, model = merged([f"Part {i} tells " + "much " * 200 for i in range(12)], lambda group: "Much.", copies=False)
    assert (result.text, result.steps) == ("Much.", 2)
    assert [last for _, _, last in model.asked][-1]
    assert (result.steps, result.rejected) == (2, 0)


def test_texts_too_long_to_merge_are_joined():
    long = ["one " * 1400, "two " * 1400]
    result, model = merged(long, lambda group: "", copies=False)
    assert model.asked == []
    assert result.joined
    assert result.text == union(long)


def test_groups_keep_order_and_every_summary():
    notes = [f"note {i}" for i in range(10)]
    groups = grouped(notes, [4] * 10, room=9, lines=2)
    assert [note for group in groups for note in group] == notes
    assert {len(group) for group in groups} == {2}
