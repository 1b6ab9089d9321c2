"""Refusals: every error of the service, with its HTTP status and its record. Light."""

from __future__ import annotations

import msgspec

from engine.errors import KnownError
from engine.protocol.wire import JobFailed

_STATUSES = {
    "missing": 404,
    "gone": 404,
    "no such page": 404,
    "locked": 409,
    "other document": 409,
    "ambiguous": 409,
    "busy": 503,
    "memory": 503,
    "worker": 503,
    "stopping": 503,
    "disk full": 507,
    "full": 507,
}
"""Reason of a failed job or a known error -> HTTP status; 422 for every other known error."""


class ErrorDetail(msgspec.Struct, frozen=True):
    """An error in the form of OpenAI's API."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ErrorReply(msgspec.Struct, frozen=True):
    """The body of every reply with an error status."""

    error: ErrorDetail


class Refusal(Exception):
    """A request that gets no answer: `status` is the HTTP status, str() the sentence for the client.

    `retry_after`: seconds after which the same request may succeed.
    """

    def __init__(
        self, status: int, message: str, code: str = "", param: str | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.param, self.retry_after = status, code, param, retry_after

    @property
    def reply(self) -> ErrorReply:
        """Return the record of the error."""
        return ErrorReply(ErrorDetail(str(self), _type_of(self.status), self.param, self.code or None))


def of_known(error: KnownError) -> Refusal:
    """Return the refusal for an error that the user can fix."""
    return Refusal(_STATUSES.get(error.reason, 422), str(error), error.reason.replace(" ", "_"))


def of_failed(event: JobFailed) -> Refusal:
    """Return the refusal for a job that failed. The text of a bug stays in the worker's log."""
    if event.kind == "bug":
        status = _STATUSES.get(event.reason, 500)
        return Refusal(
            status, "something is wrong in Readthrough itself; details are in its log", event.reason or "bug"
        )
    return Refusal(_STATUSES.get(event.reason, 422), event.message, event.reason.replace(" ", "_"))


def _type_of(status: int) -> str:
    if status == 401:
        return "authentication_error"
    if status == 429:
        return "rate_limit_error"
    return "server_error" if status >= 500 else "invalid_request_error"
