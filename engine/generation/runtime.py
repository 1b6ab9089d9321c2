"""Runtime: a loaded model with its tokenizer, stop tokens, chunk length and identity."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.control import Cancelled, Control
from engine.errors import KnownError
from engine.generation.generate import decode, prefill
from engine.generation.sampling import Sampling
from engine.generation.stopping import EndReason
from engine.generation.text_stream import TextStream
from engine.generators import Kept, run_to_end
from engine.library.prefix import Identity
from engine.network.checkpoint import weights_fingerprint
from engine.network.config import FalconMambaConfig
from engine.network.device import choose_device, configure_cpu
from engine.network.footprint import BITS
from engine.network.linear import SCHEME
from engine.network.memory import chunk_length
from engine.network.model import FalconMamba
from engine.network.precision import Precision, choose_precision
from engine.network.published import repository_of
from engine.network.quantised_copy import default_folder
from engine.network.state import FORMAT_VERSION, MambaState
from engine.network.weights import Progress, load_model
from engine.profile.choose import choose_profile
from engine.profile.profile import Profile
from engine.prompting.tokenizer import Tokenizer
from engine.resources import resource_path
from engine.user_paths import absolute
from kernels import KernelsError, implementation

DEMO_MODEL = resource_path("models/demo")


@dataclass(frozen=True)
class Runtime:
    """A loaded model and its settings, which do not change while it is in use."""

    model: FalconMamba
    tokenizer: Tokenizer
    identity: Identity
    precision: str
    """Of the weights: fp32, bf16, fp16, int8, int4 or fp8."""
    name: str
    profile: Profile
    """The habits of this kind of model."""
    reason: str
    """The reason for this device and these kernels."""
    chunk_length: int
    """Tokens read at once."""
    stop_ids: tuple[int, ...]

    def batch_chunk_length(self, batch_size: int) -> int:
        """Return the tokens of each of `batch_size` sequences to read at once."""
        m = self.model
        return chunk_length(m.config, m.device, m.dtype, batch_size=batch_size, bits=BITS.get(self.precision))

    @property
    def trained_context(self) -> int | None:
        return self.model.config.trained_context

    def respond(
        self,
        state: MambaState,
        request: Sequence[int],
        max_tokens: int,
        control: Control,
        sampling: Sampling | None = None,
        said: list[int] | None = None,
        source: Sequence[int] = (),
    ) -> Generator[str, None, EndReason]:
        """Feed `request` to `state` (one sequence, advanced in place) and yield the model's text in pieces.

        Returns the reason of the end. `said` collects the tokens of the answer: `request` and `said` together are all
        that `state` has consumed. `source` are tokens that the text may copy, beside `request`. Raises Cancelled as
        soon as the job is cancelled.
        """

        def cancelled() -> bool:
            control.wait_while_paused()
            return control.cancelled

        logits = run_to_end(prefill(self.model, state, request, self.chunk_length, cancelled))
        if logits is None:
            raise Cancelled
        stream = TextStream(self.tokenizer)
        tokens = decode(
            self.model, state, logits, sampling or Sampling(), self.stop_ids, max_tokens, cancelled, [*source, *request]
        )
        reason = yield from as_text(tokens, stream, [] if said is None else said)
        if reason == "cancelled":
            raise Cancelled
        return reason


def as_text(
    tokens: Generator[int, None, EndReason], stream: TextStream, said: list[int]
) -> Generator[str, None, EndReason]:
    """Yield the text of token ids in pieces, and append the ids to `said`; return the reason of the end."""
    kept = Kept(tokens)
    for token in kept:
        said.append(token)
        if piece := stream.add(token):
            yield piece
    if rest := stream.flush():
        yield rest
    return kept.value


def load_runtime(
    folder: Path | None, device: str = "auto", precision: str = "auto", progress: Progress | None = None
) -> Runtime:
    """Load the checkpoint in `folder` (default: the demo model). Raises KnownError.

    `precision` "auto" takes the best that fits. `progress` is called while the weights are loaded.
    """
    folder = absolute(folder or DEMO_MODEL)
    choice = choose_device(device)
    config = FalconMambaConfig.from_folder(folder)
    taken = choose_precision(config, choice.device, precision)
    if not taken.fit.fits:
        raise KnownError(f"the model in {folder} does not fit: {taken.fit.sentence} {_advice(taken)}", reason="memory")
    configure_cpu()
    try:
        kernels = implementation(choice.device)
    except KernelsError as error:
        raise KnownError(str(error), reason="kernels") from error
    profile = choose_profile(folder)
    tokenizer = Tokenizer.from_folder(folder, profile.wording)
    if tokenizer.highest_id >= config.vocab_size:
        raise KnownError(
            f"the tokenizer in {folder} has token ids up to {tokenizer.highest_id:,}, and the model's vocabulary has "
            f"{config.vocab_size:,}; use the tokenizer that belongs to the weights",
            reason="damaged",
        )
    model = load_model(folder, choice.device, taken.dtype, taken.bits, progress, default_folder())
    name = repository_of(folder.resolve()).rpartition("/")[2]
    reasons = [choice.reason, f"{kernels.name} kernels, {kernels.reason}"]
    if taken.reason:
        reasons.append(f"{taken.name}, because {taken.reason}")
    return Runtime(
        model=model,
        tokenizer=tokenizer,
        identity=Identity(
            weights=weights_fingerprint(folder),
            tokenizer=tokenizer.fingerprint,
            prefix=tokenizer.prompts.document_prefix,
            precision=_identity_of(taken),
            format=f"state-{FORMAT_VERSION}",
            name=name,
        ),
        precision=taken.name,
        name=name,
        profile=profile,
        reason="; ".join(reasons),
        chunk_length=chunk_length(config, choice.device, taken.dtype, bits=taken.bits),
        stop_ids=tokenizer.stop_ids(config.eos_ids),
    )


def _identity_of(precision: Precision) -> str:
    """Return the part of a snapshot's identity that the precision decides."""
    dtype = str(precision.dtype).removeprefix("torch.")
    return dtype if precision.bits is None else f"{precision.name}, scheme {SCHEME}, {dtype}"


def _advice(precision: Precision) -> str:
    """Return what to do about a model that does not fit."""
    smaller = {"fp32": "bf16", "bf16": "int8", "fp16": "int8", "int8": "int4", "fp8": "int4"}.get(precision.name)
    return "Choose a smaller model." if smaller is None else f"Choose a smaller model or --precision {smaller}."
