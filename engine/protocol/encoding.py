"""JSON of records and messages. Light."""

from __future__ import annotations

from typing import Any

import msgspec

_encoder = msgspec.json.Encoder()


def to_json(record: object) -> str:
    """Return a record as one line of JSON, without the line end.

    A character that UTF-8 cannot encode (half of a surrogate pair, as in the name of a file that is not UTF-8) becomes
    a question mark.
    """
    try:
        return _encoder.encode(record).decode()
    except UnicodeEncodeError:
        return _encoder.encode(_encodable(msgspec.to_builtins(record))).decode()


def _encodable(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case list() | tuple():
            return [_encodable(item) for item in value]
        case dict():
            return {_encodable(key): _encodable(item) for key, item in value.items()}
        case _:
            return value
