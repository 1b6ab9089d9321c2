"""Chat completions in the form of OpenAI's API, answered from documents that were read."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import msgspec

from engine.protocol import wire
from engine.service.citations import answer_footer, answer_text
from engine.service.event_stream import sent
from engine.service.openai_records import (
    AssistantMessage,
    ChatRequest,
    Choice,
    Chunk,
    ChunkChoice,
    Completion,
    Delta,
    Model,
    ModelList,
)
from engine.service.operations import Operations
from engine.service.records import MOST_QUESTION, Answer, AskRequest, Document
from engine.service.refusal import Refusal

PREFIX = "readthrough/"
COLLECTION_PREFIX = "readthrough-collection/"
MOST_DOCUMENTS = 16
"""Documents that one question can be asked of."""
DONE = sent("[DONE]")


class Chat:
    """The conversations of one service."""

    def __init__(self, operations: Operations, checkpoint: str) -> None:
        """`checkpoint`: the name of the model that reads."""
        self._operations, self._checkpoint = operations, checkpoint

    async def models(self) -> ModelList:
        """Return the checkpoint and every document, as models."""
        documents = await self._operations.documents()
        names = [Path(document.path).name for document in documents]
        models = [Model(id=self._checkpoint, created=0)]
        for document, name in zip(documents, names, strict=True):
            known = name if names.count(name) == 1 and not name.isdecimal() else str(document.number)
            models.append(Model(id=PREFIX + known, created=int(document.added), title=document.title))
        models += [Model(id=COLLECTION_PREFIX + c.name, created=0) for c in await self._operations.collections()]
        return ModelList(models)

    async def model(self, name: str) -> Model:
        """Return one model. Raises Refusal."""
        if name == self._checkpoint:
            return Model(id=name, created=0)
        if name.startswith(COLLECTION_PREFIX):
            await self._operations.collection(name.removeprefix(COLLECTION_PREFIX))
            return Model(id=name, created=0)
        if not name.startswith(PREFIX):
            raise Refusal(404, f"there is no model {name}", "model_not_found", "model")
        document = await self._operations.find(name.removeprefix(PREFIX) or "0")
        return Model(id=name, created=int(document.added), title=document.title)

    async def prepare(self, request: ChatRequest) -> Conversation:
        """Return the questions to ask for a request. Raises Refusal."""
        _check(request)
        questions = [message.text.strip() for message in request.messages if message.role == "user"]
        if not questions or not questions[-1] or request.messages[-1].role != "user":
            raise Refusal(400, "the last message must be the user's question", "question", "messages")
        if len(questions[-1]) > MOST_QUESTION:
            raise Refusal(400, f"a question may have {MOST_QUESTION:,} characters", "question", "messages")
        collection = (request.metadata or {}).get("collection", "")
        if request.model.startswith(COLLECTION_PREFIX):
            collection = request.model.removeprefix(COLLECTION_PREFIX)
        if collection and not request.model.startswith(PREFIX):
            found = await self._operations.collection(collection)
            ask = AskRequest(collection=found.name, question=questions[-1])
            return Conversation(self._operations, request, [found.name], [ask])
        documents = await self._documents(request)
        asks = [
            AskRequest(
                document=document.number,
                question=questions[-1],
                parent=await self._operations.latest_turn(document.number, questions[:-1]),
            )
            for document in documents
        ]
        return Conversation(self._operations, request, [document.title for document in documents], asks)

    async def _documents(self, request: ChatRequest) -> list[Document]:
        given = request.metadata or {}
        if request.model.startswith(PREFIX):
            names = [request.model.removeprefix(PREFIX)]
        elif "document" in given:
            names = [given["document"]]
        else:
            names = [name.strip() for name in given.get("documents", "").split(",")]
        names = list(dict.fromkeys(name for name in names if name))
        if not names:
            sentence = "name a document: model readthrough/DOCUMENT, or metadata with document, documents or collection"
            raise Refusal(400, sentence, "document", "model")
        if len(names) > MOST_DOCUMENTS:
            raise Refusal(400, f"one question can be asked of {MOST_DOCUMENTS} documents", "document", "metadata")
        return [await self._operations.find(name) for name in names]


class Conversation:
    """One question to one or several documents, or to a collection, and its reply."""

    def __init__(self, operations: Operations, request: ChatRequest, titles: list[str], asks: list[AskRequest]) -> None:
        self._operations, self._titles, self._asks = operations, titles, asks
        self._model = request.model
        self.streams = bool(request.stream)
        self._id = f"chatcmpl-{uuid.uuid4().hex}"
        self._created = int(time.time())

    async def whole(self) -> Completion:
        """Return the whole reply. Raises Refusal."""
        answers, parts = [], []
        for title, ask in zip(self._titles, self._asks, strict=True):
            async with aclosing(self._operations.ask(ask)) as events:
                async for event in events:
                    if isinstance(event, Answer):
                        answers.append(event)
                        parts.append(self._heading(title) + answer_text(event))
        message = AssistantMessage("\n\n".join(parts))
        return Completion(
            id=self._id, created=self._created, model=self._model, choices=[Choice(message)], readthrough=answers
        )

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the reply in pieces, as server-sent events."""
        answers: list[Answer] = []
        yield self._piece(Delta(content="", role="assistant"))
        try:
            for number, (title, ask) in enumerate(zip(self._titles, self._asks, strict=True)):
                if heading := ("\n\n" if number else "") + self._heading(title):
                    yield self._piece(Delta(content=heading))
                async with aclosing(self._operations.ask(ask)) as events:
                    async for event in events:
                        if isinstance(event, wire.AnswerDelta) and event.text:
                            yield self._piece(Delta(content=event.text))
                        elif isinstance(event, Answer):
                            answers.append(event)
                            if footer := answer_footer(event):
                                yield self._piece(Delta(content=f"\n\n{footer}"))
        except Refusal as refusal:
            yield sent(msgspec.json.encode(refusal.reply))
            return
        yield self._piece(Delta(), "stop", answers)
        yield DONE

    def _heading(self, title: str) -> str:
        """Return the title above an answer where several documents are asked."""
        return f"{title}:\n" if len(self._asks) > 1 else ""

    def _piece(self, delta: Delta, reason: str | None = None, answers: list[Answer] | None = None) -> bytes:
        chunk = Chunk(
            id=self._id,
            created=self._created,
            model=self._model,
            choices=[ChunkChoice(delta, finish_reason=reason)],
            readthrough=msgspec.UNSET if answers is None else answers,
        )
        return sent(msgspec.json.encode(chunk))


def _check(request: ChatRequest) -> None:
    """Raise Refusal for what no answer from a document can have."""
    if request.n not in (None, 1):
        raise Refusal(400, "there is one answer to a question; leave n out", "n", "n")
    if request.response_format is not None and request.response_format.type != "text":
        raise Refusal(400, "answers are text; leave response_format out", "response_format", "response_format")
    if request.tool_choice not in (None, "auto", "none"):
        raise Refusal(400, "no tool is called; leave tool_choice out", "tool_choice", "tool_choice")
    if not all(message.is_text for message in request.messages if message.role == "user"):
        raise Refusal(400, "messages may hold text only", "content", "messages")
