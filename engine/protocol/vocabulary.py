"""The words of the protocol that settings, command line and engine share: each a Literal and its values. Light."""

from __future__ import annotations

from typing import Literal, get_args

Method = Literal["auto", "state", "sections", "selection"]
"""How a summary is made: from the document state, from the sections, by quoting key sentences, or whichever suits the
document and the model."""
METHODS: tuple[Method, ...] = get_args(Method)

Length = Literal["paragraph", "page", "outline"]
"""How long a summary is; an outline is headings with pages and a line each."""
LENGTHS: tuple[Length, ...] = get_args(Length)

Reread = Literal["auto", "always", "never"]
"""When the evidence pages are read again before a question is answered; auto: where the answer is not certain."""
REREADS: tuple[Reread, ...] = get_args(Reread)

Device = Literal["auto", "cpu", "cuda"]
"""Where the model runs."""
DEVICES: tuple[Device, ...] = get_args(Device)

Precision = Literal["auto", "fp32", "bf16", "int8", "int4"]
"""Precision of the weights."""
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

EndReason = Literal["stop", "length", "repetition", "cancelled"]
"""Why a generated text ended: by itself, at the most tokens that are allowed, because it repeated itself, or because
the job was cancelled (no such text is stored)."""
