"""A summary job: its document, length, focus and rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from engine.control import Cancelled
from engine.generation.generate import SequenceEnded, SequenceToken, decode_batch, prefill_batch
from engine.generation.sampling import Sampling
from engine.generators import run_to_end
from engine.network.state import MambaState
from engine.profile.profile import SummaryRules
from engine.prompting.prompts import Request
from engine.protocol.vocabulary import EndReason
from engine.reading.context import Context


@dataclass(frozen=True)
class SummaryJob:
    """One summary that was asked for."""

    context: Context
    length: str
    """paragraph, page or outline."""
    focus: str | None
    """Subject of the summary; None for the whole document."""

    @property
    def rules(self) -> SummaryRules:
        """Return how the loaded model summarises."""
        return self.context.runtime.profile.summaries

    def request(self) -> Request:
        """Return the request for a summary of the text just read."""
        return self.context.runtime.tokenizer.prompts.summary(self.focus)

    def encoded(self, request: Request, *, shorter: bool = False) -> list[int]:
        """Return the tokens of `request`. With `shorter`, ask for a paragraph if that is the length and the model
        supports it."""
        wording = self.context.runtime.profile.wording
        if shorter and self.length == "paragraph" and wording.paragraph:
            request = replace(request, text=request.text + wording.paragraph)
        return self.context.runtime.tokenizer.encode_request(request)

    def count(self, text: str) -> int:
        """Return the tokens of `text`."""
        return len(self.context.runtime.tokenizer.encode_document(text))


def generate_batch(
    job: SummaryJob, state: MambaState, texts: Sequence[list[int]], most: int
) -> Iterator[tuple[str, EndReason]]:
    """Yield the answer of the model when each sequence of `state` has read its own of `texts` (token ids), and why it
    ended, in order, each as soon as those before it are complete. `most`: tokens of an answer. Raises Cancelled."""
    context = job.context
    model = context.runtime.model
    length = context.runtime.batch_chunk_length(len(texts))
    logits = run_to_end(prefill_batch(model, state, texts, length, context.cancelled))
    if logits is None:
        raise Cancelled
    said: list[list[int]] = [[] for _ in texts]
    ended: dict[int, EndReason] = {}
    shown = 0
    for item in decode_batch(model, state, logits, Sampling(), context.runtime.stop_ids, most, context.cancelled):
        match item:
            case SequenceToken(sequence, token):
                said[sequence].append(token)
            case SequenceEnded(sequence, reason):
                if reason == "cancelled":
                    raise Cancelled
                ended[sequence] = reason
        while shown in ended:
            yield context.runtime.tokenizer.decode(said[shown]).strip(), ended[shown]
            shown += 1
