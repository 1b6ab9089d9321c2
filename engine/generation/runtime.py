"""Runtime: a loaded model with its tokenizer, stop tokens, chunk length and identity."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from engine.control import Cancelled, Control
from engine.errors import KnownError
from engine.generation.generate import decode, prefill
from engine.generation.sampling import Sampling
from engine.generation.stopping import EndReason
from engine.generation.text_stream import TextStream
from engine.generators import Kept, run_to_end
from engine.library.prefix import Identity
from engine.network.config import FalconMambaConfig
from engine.network.device import choose_device, configure_cpu, default_dtype
from engine.network.linear import BITS, SCHEME
from engine.network.memory import chunk_length, memory_fit
from engine.network.model import FalconMamba
from engine.network.state import FORMAT_VERSION, MambaState
from engine.network.weights import load_model, weights_fingerprint
from engine.profile.choose import choose_profile
from engine.profile.profile import Profile
from engine.prompting.tokenizer import Tokenizer
from engine.resources import resource_path
from engine.user_paths import absolute
from kernels import KernelsError, implementation

DEMO_MODEL = resource_path("models/demo")
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Runtime:
    """A loaded model and its settings, which do not change while it is in use."""

    model: FalconMamba
    tokenizer: Tokenizer
    identity: Identity
    precision: str
    """Of the weights: fp32, bf16, fp16, int8 or int4."""
    name: str
    profile: Profile
    """The habits of this kind of model."""
    reason: str
    """The reason for this device and these kernels."""
    chunk_length: int
    """Tokens read at once."""
    stop_ids: tuple[int, ...]

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
    ) -> Generator[str, None, EndReason]:
        """Feed `request` to `state` (one sequence, advanced in place) and yield the model's text in pieces.

        Returns the reason of the end. `said` collects the tokens of the answer: `request` and `said` together are all
        that `state` has consumed. Raises Cancelled as soon as the job is cancelled.
        """

        def cancelled() -> bool:
            control.wait_while_paused()
            return control.cancelled

        logits = run_to_end(prefill(self.model, state, request, self.chunk_length, cancelled))
        if logits is None:
            raise Cancelled
        stream = TextStream(self.tokenizer)
        tokens = decode(self.model, state, logits, sampling or Sampling(), self.stop_ids, max_tokens, cancelled)
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


def load_runtime(folder: Path | None, device: str = "auto", precision: str = "auto") -> Runtime:
    """Load the checkpoint in `folder` (default: the demo model). Raises KnownError."""
    folder = absolute(folder or DEMO_MODEL)
    choice = choose_device(device)
    config = FalconMambaConfig.from_folder(folder)
    bits = BITS.get(precision)
    dtype = DTYPES.get(precision) or default_dtype(choice.device, config, bits)
    fit = memory_fit(config, choice.device, dtype, bits=bits)
    if not fit.fits:
        raise KnownError(
            f"the model in {folder} does not fit: {fit.sentence} Choose a smaller model or --precision "
            f"{'int4' if bits or dtype.itemsize == 2 else 'bf16'}",
            reason="memory",
        )
    configure_cpu()
    try:
        kernels = implementation(choice.device)
    except KernelsError as error:
        raise KnownError(str(error), reason="kernels") from error
    profile = choose_profile(folder)
    tokenizer = Tokenizer.from_folder(folder, profile.wording)
    model = load_model(folder, choice.device, dtype, bits)
    name = folder.resolve().name
    return Runtime(
        model=model,
        tokenizer=tokenizer,
        identity=Identity(
            weights=weights_fingerprint(folder),
            tokenizer=tokenizer.fingerprint,
            prefix=tokenizer.prompts.document_prefix,
            precision=("" if bits is None else f"{precision}, scheme {SCHEME}, ") + str(dtype).removeprefix("torch."),
            format=f"state-{FORMAT_VERSION}",
            name=name,
        ),
        precision=precision if bits else next(known for known, kind in DTYPES.items() if kind is dtype),
        name=name,
        profile=profile,
        reason=f"{choice.reason}; {kernels.name} kernels, {kernels.reason}",
        chunk_length=chunk_length(config, choice.device, dtype),
        stop_ids=tokenizer.stop_ids(config.eos_ids),
    )
