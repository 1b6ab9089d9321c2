"""Records of OpenAI's API, as far as the service speaks it: models and chat completions.

Unknown fields of a request are ignored, because clients send fields of newer versions. Light.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from engine.service.records import Answer


class ContentPart(Struct, frozen=True):
    """A part of a message. Only parts of type text are understood."""

    type: str
    text: str | None = None


class Message(Struct, frozen=True):
    """A message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None

    @property
    def text(self) -> str:
        """Return the text of the message."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text or "" for part in self.content or ())

    @property
    def is_text(self) -> bool:
        """Return whether every part of the message is text."""
        return not isinstance(self.content, list) or all(part.type == "text" for part in self.content)


class ResponseFormat(Struct, frozen=True):
    """The form of a reply. Only text is given."""

    type: str = "text"


class ChatRequest(Struct, frozen=True, kw_only=True):
    """A chat completion: the last user message is the question.

    The document is named by `model` as readthrough/DOCUMENT, or by `metadata` as `document`; `documents` names several,
    separated by commas. A collection is named by `model` as readthrough-collection/NAME, or by `metadata` as
    `collection`.
    """

    model: Annotated[str, Meta(min_length=1, max_length=4_096)]
    messages: Annotated[list[Message], Meta(min_length=1, max_length=1_000)]
    stream: bool | None = None
    metadata: dict[str, str] | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    response_format: ResponseFormat | None = None
    tool_choice: str | dict[str, Any] | None = None


class AssistantMessage(Struct, frozen=True):
    """The answer as a message: its text, then its citations."""

    content: str
    role: str = "assistant"
    refusal: str | None = None


class Choice(Struct, frozen=True):
    """The one answer of a completion."""

    message: AssistantMessage
    index: int = 0
    finish_reason: str = "stop"
    logprobs: None = None


class Completion(Struct, frozen=True, kw_only=True):
    """A whole reply. `readthrough` holds the answers with pages, sentences and evidence, one for each document."""

    id: str
    created: int
    model: str
    choices: list[Choice]
    readthrough: list[Answer]
    object: Literal["chat.completion"] = "chat.completion"


class Delta(Struct, frozen=True):
    """A piece of an answer."""

    content: str | UnsetType = UNSET
    role: str | UnsetType = UNSET


class ChunkChoice(Struct, frozen=True):
    """A piece of the one answer."""

    delta: Delta
    index: int = 0
    finish_reason: str | None = None
    logprobs: None = None


class Chunk(Struct, frozen=True, kw_only=True):
    """A piece of a streamed reply. The last one holds the answers as `readthrough`."""

    id: str
    created: int
    model: str
    choices: list[ChunkChoice]
    readthrough: list[Answer] | UnsetType = UNSET
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"


class Model(Struct, frozen=True, kw_only=True):
    """A model: the checkpoint, or a document that questions can be asked of."""

    id: str
    created: int
    title: str | UnsetType = UNSET
    object: Literal["model"] = "model"
    owned_by: str = "readthrough"


class ModelList(Struct, frozen=True):
    """The checkpoint and the documents of the library."""

    data: list[Model]
    object: Literal["list"] = "list"
