"""The endpoints of the HTTP service: the one table that the application and the OpenAPI description are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.service import openai_records as openai
from engine.service import records


@dataclass(frozen=True)
class Parameter:
    """A parameter of a path or a query."""

    name: str
    where: str
    schema: dict[str, Any]
    text: str


@dataclass(frozen=True)
class Endpoint:
    """One method of one path. `name` is the handler's."""

    method: str
    path: str
    name: str
    text: str
    request: Any = None
    """Type of the JSON body; None without one."""
    reply: Any = None
    """Type of the JSON reply; None for the description itself."""
    parameters: tuple[Parameter, ...] = ()
    streams: bool = False
    """True where the reply can be server-sent events."""
    uploads: bool = False
    """True where a multipart body with a file is accepted too."""


_WHOLE = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
DOCUMENT = Parameter(
    "document", "path", {"type": "string", "minLength": 1, "maxLength": 255}, "Number or title of a document."
)
MODEL = Parameter("model", "path", {"type": "string", "minLength": 1}, "Name of a model.")
TURN = Parameter("turn", "path", _WHOLE, "Number of an answer.")
FIRST = Parameter("first", "query", _WHOLE, "First page (default: 1).")
LAST = Parameter("last", "query", _WHOLE, "Last page; at most a hundred pages are sent.")

ENDPOINTS = (
    Endpoint(
        "GET", "/v1/models", "models", "List the checkpoint and the documents, as models.", None, openai.ModelList
    ),
    Endpoint("GET", "/v1/models/{model}", "model", "Return one model.", None, openai.Model, (MODEL,)),
    Endpoint(
        "POST",
        "/v1/chat/completions",
        "chat",
        "Answer the last user message from a document.",
        openai.ChatRequest,
        openai.Completion,
        streams=True,
    ),
    Endpoint("GET", "/collections", "collections", "List the collections.", None, records.CollectionList),
    Endpoint("GET", "/documents", "documents", "List the documents of the library.", None, records.DocumentList),
    Endpoint(
        "POST",
        "/documents",
        "read",
        "Read a file of this machine, or one that is uploaded as `file`.",
        records.ReadRequest,
        records.Reading,
        streams=True,
        uploads=True,
    ),
    Endpoint(
        "GET",
        "/documents/{document}",
        "document",
        "Return a document with its saved states.",
        None,
        records.DocumentDetail,
        (DOCUMENT,),
    ),
    Endpoint(
        "DELETE",
        "/documents/{document}",
        "remove",
        "Remove a document from the library. Its file stays, unless it was uploaded.",
        None,
        records.Removed,
        (DOCUMENT,),
    ),
    Endpoint(
        "GET",
        "/documents/{document}/pages",
        "pages",
        "Return the text of pages.",
        None,
        records.PageList,
        (DOCUMENT, FIRST, LAST),
    ),
    Endpoint(
        "POST",
        "/ask",
        "ask",
        "Ask a document or a collection a question.",
        records.AskRequest,
        records.Answer,
        streams=True,
    ),
    Endpoint(
        "POST", "/summary", "summary", "Summarise a document.", records.SummaryRequest, records.Summary, streams=True
    ),
    Endpoint(
        "POST",
        "/table",
        "table",
        "List a document's tables, dates, amounts and names.",
        records.TableRequest,
        records.Table,
    ),
    Endpoint(
        "POST",
        "/evidence",
        "lookup",
        "Look a text up in a document: the passages that support its sentences.",
        records.EvidenceRequest,
        records.Lookup,
    ),
    Endpoint(
        "GET", "/evidence/{turn}", "turn", "Return the evidence of an answer.", None, records.TurnEvidence, (TURN,)
    ),
    Endpoint("GET", "/openapi.json", "description", "Return this description."),
)
