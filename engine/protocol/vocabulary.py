"""The words of the protocol that settings, command line and engine share: each a Literal and its values. Light."""

from __future__ import annotations

from typing import Literal, get_args

Method = Literal["auto", "state", "sections", "selection"]
"""Method of a summary: from the document state, from the sections, or by quoting key sentences; "auto" chooses by the
document and the model."""
METHODS: tuple[Method, ...] = get_args(Method)

Length = Literal["paragraph", "page", "outline"]
"""Length of a summary; an outline is headings with pages and a line each."""
LENGTHS: tuple[Length, ...] = get_args(Length)

Reread = Literal["auto", "always", "never"]
"""Condition for reading the evidence pages again before a question is answered; auto: when the answer is uncertain."""
REREADS: tuple[Reread, ...] = get_args(Reread)

Device = Literal["auto", "cpu", "cuda"]
"""Device that the model runs on."""
DEVICES: tuple[Device, ...] = get_args(Device)

Precision = Literal["auto", "fp32", "bf16", "int8", "int4", "fp8"]
"""Precision of the weights."""
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

EndReason = Literal["stop", "length", "repetition", "cancelled"]
"""Reason for the end of a generated text: the model ended it, it reached the token limit, it repeated itself, or the
job was cancelled (no such text is stored)."""
