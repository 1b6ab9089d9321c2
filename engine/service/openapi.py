"""The OpenAPI description of the service, made from the table of endpoints and the records' types. Light."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.service.refusal import ErrorReply
from engine.service.routes import ENDPOINTS, Endpoint

VERSION = "3.1.0"
_STATUSES = {
    400: "The request is not valid.",
    401: "The token is missing or wrong.",
    403: "The request comes from a web page.",
    404: "There is no such document, page, answer or file.",
    405: "The path has no such method.",
    408: "The body did not arrive.",
    409: "Another program writes the library, or the name is not one document's.",
    413: "The body is too long.",
    415: "The body is of another type.",
    421: "The Host header is not one of the service's.",
    422: "The file cannot be read, or the question cannot be answered.",
    429: "Too many requests wait, or come at once.",
    503: "The reading process cannot work now.",
    507: "The disk is full.",
}


def description(version: str) -> dict[str, Any]:
    """Return the OpenAPI description of the service of this program's `version`."""
    types = [each for endpoint in ENDPOINTS for each in (endpoint.request, endpoint.reply) if each is not None]
    types = list(dict.fromkeys([*types, ErrorReply]))
    schemas, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    schema_of = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schema_of)
    return {
        "openapi": VERSION,
        "info": {
            "title": "Readthrough",
            "version": version,
            "description": "Documents that were read on this machine: answers, summaries and pages with evidence.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint, schema_of: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    reply = {"type": "object"} if endpoint.reply is None else schema_of[endpoint.reply]
    content: dict[str, Any] = {"application/json": {"schema": reply}}
    if endpoint.streams:
        content["text/event-stream"] = {"schema": {}}
    error = {"application/json": {"schema": schema_of[ErrorReply]}}
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.text,
        "responses": {
            "200": {"description": "The reply.", "content": content},
            **{str(status): {"description": text, "content": error} for status, text in _STATUSES.items()},
        },
    }
    if endpoint.parameters:
        operation["parameters"] = [
            {
                "name": parameter.name,
                "in": parameter.where,
                "required": parameter.where == "path",
                "schema": parameter.schema,
                "description": parameter.text,
            }
            for parameter in endpoint.parameters
        ]
    if endpoint.request is not None:
        bodies: dict[str, Any] = {"application/json": {"schema": schema_of[endpoint.request]}}
        if endpoint.uploads:
            bodies["multipart/form-data"] = {"schema": _upload()}
        operation["requestBody"] = {"required": True, "content": bodies}
    return operation


def _upload() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "password": {"type": "string", "maxLength": 1_024},
            "stream": {"type": "string", "enum": ["true", "false"]},
        },
    }
