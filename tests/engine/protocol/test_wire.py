"""The wire format: every message survives it, and only valid messages are accepted."""

from __future__ import annotations

import json
from typing import Annotated, Any, get_args, get_origin

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.protocol import wire
from engine.protocol.commands import Command
from engine.protocol.events import Event
from engine.protocol.wire import Ask, JobFailed, ProtocolError, decode_command, decode_event, encode

INT64 = st.integers(-(2**63), 2**63 - 1)
# Only finite numbers and whole characters are JSON.
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
st.register_type_strategy(str, st.text(st.characters(exclude_categories=["Cs"])))
st.register_type_strategy(int, INT64)


def values_of(kind: Any) -> st.SearchStrategy:
    """Return a strategy for a field type: constraints are those of Int64, records are built field by field."""
    if get_origin(kind) is Annotated:
        return INT64
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return any_record(kind)
    if get_origin(kind) is tuple:
        return st.lists(values_of(get_args(kind)[0]), max_size=3).map(tuple)
    if get_origin(kind) is list:
        return st.lists(values_of(get_args(kind)[0]), max_size=3)
    if parts := [part for part in get_args(kind) if isinstance(part, type) and issubclass(part, msgspec.Struct)]:
        return st.one_of(st.none(), *map(any_record, parts))
    if any(get_origin(part) is Annotated for part in get_args(kind)):
        return st.one_of(st.none(), INT64)
    return st.from_type(kind)


def any_record(cls: type[msgspec.Struct]) -> st.SearchStrategy:
    fields = {field.name: values_of(field.type) for field in msgspec.structs.fields(cls)}
    return st.builds(cls, **fields)


@given(st.one_of(*map(any_record, Command.__subclasses__())))
def test_command_survives_the_wire(message: Command) -> None:
    line = encode(message)
    assert "\n" not in line
    assert decode_command(line) == message


@given(st.one_of(*map(any_record, Event.__subclasses__())))
def test_event_survives_the_wire(message: Event) -> None:
    line = encode(message)
    assert "\n" not in line
    assert decode_event(line) == message


def test_unknown_field_is_ignored() -> None:
    fields = json.loads(encode(Ask(job_id="1", path="a.pdf", question="who?"))) | {"mood": "curious"}
    assert decode_command(json.dumps(fields)) == Ask(job_id="1", path="a.pdf", question="who?")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        "[]",
        "[" * 100_000,
        '{"path": ' * 100_000,
        '{"path": "a"}',
        '{"type": "Explode"}',
        '{"type": "Command"}',
        '{"type": "JobFinished"}',
        '{"type": "Ask", "path": "a.pdf"}',
        '{"type": "Ask", "path": 7, "question": "who?"}',
        '{"type": "Ask", "path": "a", "question": "b", "page": true}',
        '{"type": "Ask", "path": "a", "question": "b", "page": 9223372036854775808}',
        '{"type": "Ask", "path": "a", "question": "b", "seed": -' + "9" * 70 + "}",
        '{"type": "Summarize", "path": "a", "method": "banana"}',
        '{"type": "Read", "path": "\\ud800"}',
        '{"type": "Read", "path": "\ud800"}',
        b'{"type": "Read", "path": "\xff"}',
        '{"type": "Read", "path": "' + "x" * wire.MAX_LINE + '"}',
    ],
)
def test_invalid_line_is_refused_with_a_reason(line: str | bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        decode_command(line)
    assert 5 < len(str(caught.value)) < 300


def test_error_names_the_field_and_the_job() -> None:
    with pytest.raises(ProtocolError, match=r"\$\.page") as caught:
        decode_command('{"type": "Ask", "job_id": "j7", "path": "a", "question": "b", "page": "two"}')
    assert caught.value.job_id == "j7"


def test_error_does_not_quote_the_fields() -> None:
    for line in (
        '{"type": "Read", "path": 7, "password": "swordfish"}',
        '{"type": "Read", "path": "x", "password": "swordfish"',
    ):
        with pytest.raises(ProtocolError) as caught:
            decode_command(line)
        assert "swordfish" not in str(caught.value)


def test_unencodable_characters_do_not_stop_a_message() -> None:
    sent = JobFailed(job_id="a\ud800", kind="known", message="no file x\udcff")
    assert decode_event(encode(sent)) == JobFailed(job_id="a?", kind="known", message="no file x?")


def test_terminal_events() -> None:
    assert {cls.__name__ for cls in wire.TERMINAL} == {"JobFinished", "JobCancelled", "JobFailed"}
