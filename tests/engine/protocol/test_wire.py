"""The wire format: what is sent is what arrives, and nothing else is believed."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.protocol import wire
from engine.protocol.wire import Ask, JobFailed, PrefillAdvanced, ProtocolError, ReadingFinished, decode, encode

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = {
    "str": TEXT,
    "int": st.integers(-(2**53), 2**53),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
    "None": st.none(),
    "list[int]": st.lists(st.integers()),
    "list[float]": st.lists(st.floats(allow_nan=False, allow_infinity=False)),
    "list[list[int]]": st.lists(st.lists(st.integers())),
    "list[str]": st.lists(TEXT),
    "dict[str, str]": st.dictionaries(TEXT, TEXT),
}


def any_message(cls: type) -> st.SearchStrategy:
    fields = {
        field.name: st.one_of(*(VALUES[part] for part in str(field.type).split(" | ")))
        for field in dataclasses.fields(cls)
    }
    return st.builds(cls, **fields)


@given(st.one_of(*(any_message(cls) for cls in wire._TYPES.values())))
def test_every_message_survives_the_wire_on_one_line(message):
    line = encode(message)
    assert "\n" not in line
    assert decode(line) == message


def test_a_newer_peer_may_add_fields():
    fields = json.loads(encode(Ask(job_id="1", path="a.pdf", question="who?"))) | {"mood": "curious"}
    assert decode(json.dumps(fields)) == Ask(job_id="1", path="a.pdf", question="who?")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        "[]",
        '{"path": "a"}',
        '{"type": "Explode"}',
        '{"type": "Message"}',
        '{"type": "Ask", "path": "a.pdf"}',
        '{"type": "Ask", "path": 7, "question": "who?"}',
        '{"type": "Ask", "path": "a", "question": "b", "page": true}',
        '{"type": "Read", "path": "' + "x" * wire.MAX_LINE + '"}',
    ],
)
def test_what_is_no_message_is_refused_with_a_reason(line):
    with pytest.raises(ProtocolError) as caught:
        decode(line)
    assert str(caught.value)
    assert len(str(caught.value)) < 300


def test_each_job_can_end_in_exactly_three_ways():
    assert {cls.__name__ for cls in wire.TERMINAL} == {"JobFinished", "JobCancelled", "JobFailed"}
    assert JobFailed(kind="known", message="x").job_id == ""
    assert {PrefillAdvanced, ReadingFinished} <= set(wire._TYPES.values())
