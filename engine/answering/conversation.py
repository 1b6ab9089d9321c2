"""Conversation: the turns before a question, as tokens, and the state after each answer.

A conversation is a token sequence: the source's text, then questions and answers in turn. The state after an answer is
saved under exactly the tokens that it has consumed. A follow-up asks the library for the longest stored state along
that sequence and feeds only the remaining tokens. When the states of turns were dropped for space, or the document has
grown since, the whole conversation is fed again after the document's state; the answer is the same.

The state of a re-reading is not kept: it begins with its question, so no other question can follow it. Its turn keeps
its tokens, and a follow-up runs on the document's and the sections' states with these tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.answering.attempts import Prompt
from engine.answering.retrieval import Source
from engine.errors import KnownError
from engine.generation.runtime import Runtime
from engine.library.database import LibraryError
from engine.library.library import Library
from engine.library.prefix import Prefix, PrefixHasher
from engine.library.records import NewTurn, Turn
from engine.network.state import MambaState
from engine.reading.context import Context
from engine.reading.resume import exact_snapshot, longest_state

REPLAYED = 256
"""Highest number of a conversation's tokens that are fed to a state that has not consumed the conversation."""


@dataclass(frozen=True)
class Conversation:
    """The turns before a question, and the question itself, as tokens."""

    request: list[int]
    """The question."""
    tokens: list[int]
    """The turns before it."""
    recent: list[int]
    """The last turns only, for a state that has not consumed the conversation."""
    question: str = ""

    @classmethod
    def of(cls, context: Context, question: str, turns: Sequence[Turn]) -> Conversation:
        """Encode `question` and the `turns` before it, the first of the conversation first."""
        tokenizer = context.runtime.tokenizer
        ask = tokenizer.prompts.next_question if turns else tokenizer.prompts.question
        return cls(
            tokenizer.encode_request(ask(question)),
            tokens_of(context.runtime, context.library, turns),
            tokens_of(context.runtime, context.library, turns, REPLAYED),
            question,
        )

    def prompt(self, context: Context, source: Source) -> Prompt:
        """Build the prompt that puts the question to `source`, from the longest saved state along the conversation."""
        state, missing = source.state, self.tokens
        for conversation in (self.tokens, self.recent):
            state, missing = state_after(context, source, conversation)
            if len(missing) <= REPLAYED:
                break
        return Prompt(source, state, [*missing, *self.request], conversation, self.question)


def turn_before(library: Library, turn: int | None) -> Turn | None:
    """Return the turn that a question follows. Raise KnownError where there is no such turn."""
    if turn is None:
        return None
    try:
        return library.turns.get(turn)
    except LibraryError as error:
        if error.kind != "gone":
            raise
        raise KnownError(f"there is no turn {turn}; `library show` lists a document's turns", "no such turn") from error


def tokens_of(runtime: Runtime, library: Library, turns: Sequence[Turn], room: int | None = None) -> list[int]:
    """Return the tokens that `turns`, the first of a conversation first, have consumed.

    `room`: only as many of the last turns as fit into so many tokens (one at least), as if the conversation began with
    them. The tokens are the model's own where they were stored; else (another model's turn) those of question and
    answer.
    """
    encoded = [_tokens_of(runtime, library, turn, first=index == 0) for index, turn in enumerate(turns)]
    if room is None or sum(map(len, encoded)) <= room:
        return [token for tokens in encoded for token in tokens]
    kept: list[int] = []
    for turn, tokens in zip(reversed(turns), reversed(encoded), strict=True):
        begun = _begun_with(runtime, turn, tokens)
        if kept and len(begun) + len(kept) > room:
            break
        kept, opened = [*tokens, *kept], [*begun, *kept]
    return opened


def _tokens_of(runtime: Runtime, library: Library, turn: Turn, *, first: bool) -> list[int]:
    stored = library.turns.tokens(turn.id, runtime.identity)
    if stored is not None:
        return stored
    tokenizer, prompts = runtime.tokenizer, runtime.tokenizer.prompts
    ask = prompts.question if first else prompts.next_question
    return tokenizer.encode_request(ask(turn.question)) + tokenizer.encode_document(turn.answer)


def _begun_with(runtime: Runtime, turn: Turn, tokens: list[int]) -> list[int]:
    """Return the `tokens` of a turn with its question put as the first of a conversation."""
    tokenizer, prompts = runtime.tokenizer, runtime.tokenizer.prompts
    later = tokenizer.encode_request(prompts.next_question(turn.question))
    if tokens[: len(later)] != later:
        return tokens  # this turn was the first
    return [*tokenizer.encode_request(prompts.question(turn.question)), *tokens[len(later) :]]


def state_after(context: Context, source: Source, conversation: Sequence[int]) -> tuple[MambaState, list[int]]:
    """Return the longest saved state along `source` and then `conversation`, and the tokens it still lacks.

    It may be the source's own state, which is not to be advanced.
    """
    if conversation:
        hasher = PrefixHasher.resume(source.prefix)
        hasher.feed(conversation)
        found = longest_state(context.library, hasher, context.runtime.model.device)
        if found is not None and found[0] > source.prefix.n_tokens:
            return found[1], list(conversation[found[0] - source.prefix.n_tokens :])
    return source.state, list(conversation)


def save_turn(context: Context, prompt: Prompt, state: MambaState | None, turn: NewTurn) -> int:
    """Save `turn` and `state`, which has consumed the prompt's source and conversation and then the tokens of the turn;
    return the turn's id.

    `state` None: it is not kept. On a full disk the turn is saved without its state.
    """
    turns, identity = context.library.turns, context.runtime.identity
    if state is None:
        return turns.add(context.document_id, identity, turn)
    snapshot = exact_snapshot(
        "turn", _prefix_after(prompt.source.prefix, prompt.conversation, turn.tokens or ()), state
    )
    try:
        return turns.add(context.document_id, identity, replace(turn, snapshot=snapshot))
    except LibraryError as error:
        if error.kind != "full":
            raise
        return turns.add(context.document_id, identity, turn)


def _prefix_after(prefix: Prefix, *fed: Sequence[int]) -> Prefix:
    """Return `prefix` with the tokens of `fed` behind it."""
    hasher = PrefixHasher.resume(prefix)
    for tokens in fed:
        hasher.feed(tokens)
    return hasher.at()
