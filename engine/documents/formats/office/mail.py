"""Mail: one message (.eml) or many (.mbox), with their headers, text and attachments."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable
from email.message import EmailMessage, MIMEPart
from typing import Any

from engine.documents.formats.parts import Block, Parts
from engine.documents.formats.text.html import HtmlText

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_FROM_LINE = re.compile(rb"^From [^\n]*\d{4}[^\n]*\r?\n", re.MULTILINE)
_ESCAPED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)

_LONGEST_HEADER = 10_000
"""Characters of a header that are read; the parser's time grows with their square."""

ReadFile = Callable[[str, bytes], Parts | None]
"""Reads a file inside of another one: its name and content -> its pages, None if it cannot be read."""


class _Policy(email.policy.EmailPolicy):
    """The usual policy, for headers of a bounded length."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        return super().header_fetch_parse(name, value if hasattr(value, "name") else value[:_LONGEST_HEADER])


_POLICY = _Policy()


def read_mail(data: bytes, read_file: ReadFile) -> Parts:
    """Return a message's, or a mailbox's, pages; attachments that can be read follow their message."""
    starts = [found.start() for found in _FROM_LINE.finditer(data)] if data.startswith(b"From ") else []
    if not starts:
        parts = Parts()
        _add(parts, data, "", read_file)
        return parts
    parts = Parts()
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(data)], strict=True), 1):
        text = data[start:end].split(b"\n", 1)[-1]
        _add(parts, _ESCAPED_FROM.sub(rb"\1", text), f"Message {number}", read_file)
    parts.title = ""
    return parts


def _add(parts: Parts, data: bytes, label: str, read_file: ReadFile) -> None:
    message = email.message_from_bytes(data, policy=_POLICY)
    assert isinstance(message, EmailMessage)
    subject = _header(message, "Subject")
    parts.title = parts.title or subject
    head = [f"{name}: {value}" for name in _HEADERS if (value := _header(message, name))]
    unread = []
    attached: list[tuple[str, bytes]] = []
    for part in message.iter_attachments():
        name = part.get_filename() or _name(part)
        content = _content(part)
        attached.append((name, content))
    blocks = [Block(line) for line in head]
    if attached:
        blocks.append(Block("Attachments: " + ", ".join(name for name, _ in attached)))
    if label and subject:
        blocks.insert(0, Block(subject, 1))
    blocks += [Block(""), Block(_body(message))]
    found = []
    for name, content in attached:
        pages = read_file(name, content)
        if pages is None:
            unread.append(name)
        else:
            found.append((name, pages))
    notes = [f"attachment not read: {name}" for name in unread]
    parts.add_blocks(blocks, label, notes, breaks=False)
    for name, pages in found:
        parts.add(pages, name)


def _name(part: MIMEPart) -> str:
    """Return a name for an attachment without one: an attached message has its subject's."""
    if part.get_content_type() != "message/rfc822":
        return part.get_content_type()
    inner = part.get_payload(0)
    subject = _header(inner, "Subject") if isinstance(inner, EmailMessage) else ""
    return f"{subject or 'message'}.eml"


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message.get(name) or "").split())
    except (ValueError, IndexError, AttributeError):  # broken headers raise anything in their parser
        return ""


def _body(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    raw = _content(part)
    charset = part.get_content_charset() or "utf-8"
    try:
        text = raw.decode(charset, "replace")
    except (LookupError, ValueError):  # of an unknown encoding, or one for other things than text
        text = raw.decode("utf-8", "replace")
    return "".join(HtmlText().convert([text])) if part.get_content_subtype() == "html" else text


def _content(part: MIMEPart) -> bytes:
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload(0)
        return inner.as_bytes() if isinstance(inner, EmailMessage) else b""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
