"""The state after each answer: saved under exactly what it consumed, and found again by the longest stored prefix.

A conversation is a token sequence like any other: what the state it was put to had consumed, then question and answer,
question and answer. A follow-up asks the library for the longest stored state along that sequence and feeds only the
rest. Where the turns' states were dropped for space, or the document has grown since, that is the whole conversation,
read again behind the document's state; the answer is the same.

A state of pages that were read again for one question is not kept: it begins with that question, so no other one ever
comes to stand behind it. Its turn keeps its tokens, and a follow-up is put to the document and its sections with them.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import KnownError
from engine.generation.runtime import Runtime
from engine.library.database import LibraryError
from engine.library.library import Library
from engine.library.prefix import Prefix, PrefixHasher
from engine.library.records import NewSnapshot, NewTurn, Turn
from engine.network.state import MambaState
from engine.protocol.evidence import Evidence
from engine.reading.resume import exact_snapshot, longest_state

REPLAYED = 256
"""Tokens of a conversation that a state which knows nothing of it is fed."""


def turn_before(library: Library, turn: int | None) -> Turn | None:
    """The turn that a question follows. Raises KnownError for one that there is not."""
    if turn is None:
        return None
    try:
        return library.turns.get(turn)
    except LibraryError as error:
        if error.kind != "gone":
            raise
        raise KnownError(f"there is no turn {turn}; `library show` lists a document's turns", "no such turn") from error


def tokens_of(runtime: Runtime, library: Library, before: Sequence[Turn], room: int | None = None) -> list[int]:
    """What the turns in `before`, the first of a conversation first, have consumed.

    `room`: only as many of the last turns as fit into so many tokens (one at least), as if the conversation began with
    them. The model's own tokens where they were stored; else (another model's turn) the text of question and answer.
    """
    turns = [_tokens_of(runtime, library, turn, first=index == 0) for index, turn in enumerate(before)]
    if room is None or sum(map(len, turns)) <= room:
        return [token for tokens in turns for token in tokens]
    kept: list[int] = []
    for turn, tokens in zip(reversed(before), reversed(turns), strict=True):
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
    """`tokens` of a turn, its question put as the first one."""
    tokenizer, prompts = runtime.tokenizer, runtime.tokenizer.prompts
    later = tokenizer.encode_request(prompts.next_question(turn.question))
    if tokens[: len(later)] != later:
        return tokens  # it was the first
    return [*tokenizer.encode_request(prompts.question(turn.question)), *tokens[len(later) :]]


def state_after(
    runtime: Runtime, library: Library, state: MambaState, prefix: Prefix, conversation: Sequence[int]
) -> tuple[MambaState, list[int]]:
    """A state along `state` (which has consumed `prefix`) and then `conversation`, and the tokens it still lacks.

    May be `state` itself, which belongs to the document: not to be advanced.
    """
    if conversation:
        hasher = PrefixHasher.resume(prefix)
        hasher.feed(conversation)
        found = longest_state(library, hasher, runtime.model.device)
        if found is not None and found[0] > prefix.n_tokens:
            return found[1], list(conversation[found[0] - prefix.n_tokens :])
    return state, list(conversation)


def save_turn(
    runtime: Runtime,
    library: Library,
    document: int,
    state: MambaState | None,
    prefix: Prefix,
    conversation: Sequence[int],
    tokens: Sequence[int],
    *,
    question: str,
    answer: str,
    evidence: Evidence,
    parent: int | None,
    as_of_page: int | None,
    seed: int | None,
) -> int:
    """Save a turn and `state`, which has consumed `prefix`, `conversation` and then `tokens`, the turn's own; its id.

    `state` None: it is not to be kept. On a full disk the turn is saved without its state.
    """

    def add(snapshot: NewSnapshot | None) -> int:
        return library.turns.add(
            document,
            runtime.identity,
            NewTurn(
                question,
                answer,
                evidence,
                parent=parent,
                snapshot=snapshot,
                as_of_page=as_of_page,
                seed=seed,
                tokens=tokens,
            ),
        )

    if state is None:
        return add(None)
    hasher = PrefixHasher.resume(prefix)
    hasher.feed(conversation)
    hasher.feed(tokens)
    snapshot = exact_snapshot("turn", hasher.at(), state)
    try:
        return add(snapshot)
    except LibraryError as error:
        if error.kind != "full":
            raise
        return add(None)
