"""Checking a model: files, config, every weight, tokenizer, template, and a forward pass.

Each part is said in one line; what cannot be looked at because an earlier part failed is skipped. Faults make a model
unusable; warnings say what will be worse with it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from engine.control import Cancelled, Control
from engine.errors import KnownError
from engine.models.local import LocalModel, LocalModels
from engine.models.source import config_of, tokenizer_of
from engine.network.checkpoint import AnyCheckpoint, open_checkpoint
from engine.network.config import FalconMambaConfig
from engine.network.device import configure_cpu
from engine.network.footprint import parameter_count
from engine.network.model import FalconMamba
from engine.network.precision import Precision, choose_precision
from engine.network.weights import load_model
from engine.profile.choose import choose_profile
from engine.prompting.tokenizer import Tokenizer
from engine.protocol.events import Event
from engine.protocol.model_events import CheckDone, ModelChecked
from engine.units import size_text

PARTS = ("files", "config", "weights", "tokenizer", "template", "forward", "chunks")
SAMPLE = (
    "The pump P-17 was repaired on 3 March 2024 by Anna Smith; the cost was 12,400.50 EUR (see page 7).\n"
    "Größe, naïve, œuvre: “quoted” – ½ €\n\n- a list\n- of two\n"
)
REPORT_SECONDS = 4.0
TOKENS = 48
"""Tokens of the forward pass."""
TOLERANCE = {torch.float32: 2e-3, torch.bfloat16: 0.1, torch.float16: 0.05}
"""Largest difference between logits read in chunks and at once, as a share of the largest logit."""
LARGEST = 1e4
"""A weight beyond this is a fault of a file: trained ones are below a hundred."""
_PIECE = 1 << 22


def check_model(path: Path, show: Callable[[Event], None], control: Control | None = None) -> ModelChecked:
    """Check the model at `path`, a folder or a .gguf file; `show` gets a CheckDone for each part, then the result.

    Raises Cancelled.
    """
    check = _Check(path, show, control or Control())
    check.run()
    result = ModelChecked(
        job_id="check", path=str(path), sound=not check.problems, problems=check.problems, warnings=check.warnings
    )
    show(result)
    return result


class _Check:
    def __init__(self, path: Path, show: Callable[[Event], None], control: Control) -> None:
        self._path, self._show, self._control = path, show, control
        self.problems: list[str] = []
        self.warnings: list[str] = []
        self._config: FalconMambaConfig | None = None
        self._checkpoint: AnyCheckpoint | None = None
        self._tokenizer: Tokenizer | None = None
        self._model: FalconMamba | None = None
        self._reported = time.monotonic()

    def run(self) -> None:
        for part in PARTS:
            if self._control.cancelled:
                raise Cancelled
            before = len(self.problems)
            try:
                details = list(self._part(part))
            except KnownError as error:
                details = []
                self._fail(str(error))
            except (MemoryError, torch.OutOfMemoryError):
                details = ["there is not enough memory for it here"]
            if len(self.problems) > before:
                for problem in self.problems[before:]:
                    self._say(part, "failed", problem)
            elif details and details[-1].startswith("-"):
                self._say(part, "skipped", details[-1].removeprefix("-"))
            else:
                self._say(part, "ok", "; ".join(details))

    def _advance(self, part: str, detail: str) -> None:
        """Say every few seconds how far a part is. Raises Cancelled."""
        if self._control.cancelled:
            raise Cancelled
        now = time.monotonic()
        if now - self._reported >= REPORT_SECONDS:
            self._reported = now
            self._say(part, "running", detail)

    def _fail(self, sentence: str) -> None:
        self.problems.append(sentence.rstrip("."))

    def _warn(self, part: str, sentence: str) -> None:
        self.warnings.append(sentence)
        self._say(part, "warning", sentence)

    def _say(self, part: str, result: str, detail: str) -> None:
        self._show(CheckDone(job_id="check", part=part, result=result, detail=detail))

    def _part(self, part: str) -> Iterator[str]:
        """Yield the details of a part; the last begins with a hyphen where it was skipped."""
        match part:
            case "files":
                return self._check_files()
            case "config":
                return self._check_config()
            case "weights":
                return self._check_weights()
            case "tokenizer":
                return self._check_tokenizer()
            case "template":
                return self._check_template()
            case "forward":
                return self._check_forward()
            case _:
                return self._check_chunks()

    def _check_files(self) -> Iterator[str]:
        self._config = config_of(self._path)
        self._checkpoint = open_checkpoint(self._path)
        n_bytes = sum(file.stat().st_size for file in self._checkpoint.files)
        known = next((m for m in LocalModels().all() if Path(m.path) == self._path and m.checksums), None)
        count = len(self._checkpoint.files)
        yield f"{count} weight {'file' if count == 1 else 'files'}, {size_text(n_bytes)}"
        if known is not None:
            self._compare_checksums(known)
            yield "the checksums are those of the download"

    def _compare_checksums(self, known: LocalModel) -> None:
        for name, expected in known.checksums.items():
            file = self._path / name
            if not file.is_file():
                self._fail(f"{name} of the download is missing; download the model again")
            elif self._sha256(file) != expected:
                self._fail(f"{name} is not the file that was downloaded; download the model again")

    def _sha256(self, file: Path) -> str:
        digest = hashlib.sha256()
        with file.open("rb") as opened:
            while piece := opened.read(_PIECE):
                digest.update(piece)
                self._advance("files", f"the checksum of {file.name}")
        return digest.hexdigest()

    def _check_config(self) -> Iterator[str]:
        config = self._config
        if config is None:
            yield "-not looked at"
            return
        size = parameter_count(config)
        amount = f"{size / 1e9:.1f}B" if size >= 1e9 else f"{size / 1e6:.0f}M"
        yield f"{config.model_type}, {amount} weights, {config.n_layers} layers of {config.d_model}"
        if config.trained_context is None:
            self._warn("config", "the trained context is not known, so no warning comes beyond it")
        else:
            yield f"trained on {config.trained_context:,} tokens at once"
        outside = [token for token in config.eos_ids if token >= config.vocab_size]
        if outside:
            self._fail(f"the end token {outside[0]} is outside of the vocabulary of {config.vocab_size:,}")

    def _check_weights(self) -> Iterator[str]:
        if self._checkpoint is None:
            yield "-not looked at"
            return
        for done, name in enumerate(self._checkpoint.sizes):
            self._advance("weights", f"{done} of {len(self._checkpoint.sizes)} tensors")
            fault = _fault_of(name, self._checkpoint)
            if fault:
                self._fail(fault)
        yield f"{len(self._checkpoint.sizes)} tensors, all numbers finite"

    def _check_tokenizer(self) -> Iterator[str]:
        self._tokenizer = tokenizer = tokenizer_of(self._path, choose_profile(self._path).wording)
        if self._config is not None and tokenizer.highest_id >= self._config.vocab_size:
            self._fail(
                f"the tokenizer has ids up to {tokenizer.highest_id:,}, and the vocabulary {self._config.vocab_size:,}"
            )
        ids = tokenizer.encode_document(SAMPLE)
        said = tokenizer.decode(ids)
        lost = sorted(set(SAMPLE) - set(said) - set(" \n"))
        if not ids:
            self._fail("the tokenizer makes no tokens of a text")
        elif lost and len(lost) > len(set(SAMPLE)) // 3:
            self._fail(f"the tokenizer does not give back what it encodes: {''.join(lost)[:40]!r} are lost")
        elif lost:
            self._warn("tokenizer", f"the tokenizer loses the characters {''.join(lost)[:40]!r}")
        if len(ids) > len(SAMPLE.encode()) * 2:
            self._fail(f"the tokenizer makes {len(ids)} tokens of {len(SAMPLE)} characters")
        yield f"{tokenizer.highest_id + 1:,} tokens; a sample of {len(SAMPLE)} characters has {len(ids)}"

    def _check_template(self) -> Iterator[str]:
        tokenizer = self._tokenizer
        if tokenizer is None:
            yield "-not looked at"
            return
        stops = tokenizer.stop_ids(self._config.eos_ids if self._config is not None else ())
        if self._config is not None:
            stops = tuple(token for token in stops if token < self._config.vocab_size)
        if not tokenizer.has_chat_template:
            self._warn("template", "it has no chat template: a base model, which does not follow instructions")
        if not stops:
            self._fail("no end token is known, so answers would never end; eos_token_id is missing in config.json")
        elif tokenizer.has_chat_template and not tokenizer.closes_turns(stops):
            self._warn("template", "the template ends a turn without an end token; answers end by their text")
        yield f"{'a chat template' if tokenizer.has_chat_template else 'completion prompts'}; end tokens {list(stops)}"

    def _check_forward(self) -> Iterator[str]:
        if self._checkpoint is None or self._config is None or self.problems:
            yield "-not tried, because of the faults above"
            return
        taken = choose_precision(self._config, "cpu", "auto")
        if not taken.fit.fits:
            yield f"-not tried: {taken.fit.sentence}"
            return
        self._model = self._load(taken)
        logits = self._model(self._ids(), self._model.new_state())
        if not bool(torch.isfinite(logits).all()):
            self._fail("a forward pass gives numbers that are not finite")
        elif float(logits.std()) < 1e-6:
            self._fail("a forward pass gives the same number for every token")
        yield f"finite in {taken.name}"

    def _check_chunks(self) -> Iterator[str]:
        if self._model is None or self.problems:
            yield "-not tried"
            return
        model, ids = self._model, self._ids()
        at_once = model(ids, model.new_state())
        state = model.new_state()
        for start, end in ((0, 17), (17, 18), (18, 34), (34, ids.shape[1])):
            in_chunks = model(ids[:, start:end], state)
        difference = float((at_once - in_chunks).abs().max() / at_once.abs().max().clamp(min=1e-6))
        if difference > TOLERANCE[model.dtype]:
            self._fail(f"read in chunks the logits differ by {difference:.1%} of the largest")
        yield f"the same in chunks and at once (within {difference:.2%})"

    def _load(self, taken: Precision) -> FalconMamba:
        configure_cpu()

        def report(done: int, total: int) -> None:
            self._advance("forward", f"{size_text(done)} of {size_text(total)} loaded")

        return load_model(self._path, "cpu", taken.dtype, taken.bits, report)

    def _ids(self) -> torch.Tensor:
        assert self._config is not None
        return torch.arange(TOKENS)[None] * 7 % self._config.vocab_size


def _fault_of(name: str, checkpoint: AnyCheckpoint) -> str:
    """Return what is wrong with the numbers of a tensor, as a sentence; "" if nothing is."""
    tensor = checkpoint.read(name)
    largest, any_other, finite = 0.0, False, True
    flat = tensor.reshape(-1)
    for start in range(0, len(flat), _PIECE):
        low, high = (float(value) for value in flat[start : start + _PIECE].aminmax())
        if not (abs(low) < float("inf") and abs(high) < float("inf")):
            finite = False
            break
        largest = max(largest, -low, high)
        any_other = any_other or low != 0 or high != 0
    if not finite:
        return f"{name} holds numbers that are not finite; download the weights again"
    if largest > LARGEST:
        return f"{name} holds a number of {largest:.3g}, far beyond trained weights; download the weights again"
    if not any_other and name.endswith((".weight", "A_log")) and not name.endswith("bias"):
        return f"{name} holds nothing but zeros; download the weights again"
    return ""
