"""Fixtures of the engine's tests: tiny random checkpoints, a runtime, a session and a library of one's own, files.

Functions that use them: `tests.engine.running` (run a command, read, ask), `tests.engine.tiny` (make files),
`tests.engine.library_fakes` (rows and states without a model). A module may replace a fixture, for
instance `session` by one that is shared by its tests; the fixtures that use it follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from engine.generation.runtime import Runtime, load_runtime
from engine.library.library import Library
from engine.session.session import Session, open_session
from tests.engine.tiny import add_tokenizer, write_pages, write_texts

if TYPE_CHECKING:
    from tests.engine.scripted_model import ScriptedModel

MODEL_TYPES = ("mamba", "falcon_mamba")


class ByteTokenizer:
    """Token i is byte i; token 256 ends a text. Has the parts of a transformers tokenizer that the engine uses."""

    eos_token_id = 256
    vocab_size = 257
    chat_template = None

    def encode(self, text: str, add_special_tokens: bool = False) -> list[int]:
        return list(text.encode())

    def decode(self, ids: Iterable[int], skip_special_tokens: bool = True, **_: Any) -> str:
        return bytes(token for token in ids if token < 256).decode("utf-8", errors="replace")


def reference_model(model_type: str, seed: int = 0, **config: Any) -> Any:
    """A random transformers model of two small layers, fp32, on the CPU."""
    from transformers import FalconMambaConfig, FalconMambaForCausalLM, MambaConfig, MambaForCausalLM

    shape = {
        "vocab_size": 64,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "state_size": 8,
        "conv_kernel": 4,
        "tie_word_embeddings": False,
        "pad_token_id": 0,
        "eos_token_id": 0,
        **config,
    }
    torch.manual_seed(seed)
    if model_type == "mamba":
        model = MambaForCausalLM(MambaConfig(**shape))
    else:
        model = FalconMambaForCausalLM(FalconMambaConfig(**shape))
    with torch.no_grad():  # transformers leaves these at one value, which would hide a mix-up of channels
        for name, weight in model.named_parameters():
            if name.endswith(("norm.weight", "norm_f.weight", "mixer.D")):
                weight.uniform_(0.5, 1.5)
            elif name.endswith(("conv1d.bias", "in_proj.bias", "out_proj.bias")):
                weight.uniform_(-0.3, 0.3)
            elif name.endswith("dt_proj.bias"):
                weight.add_(2)  # steps of 0.01 to 0.6: states that fade within a test's few tokens
            elif name.endswith("A_log"):
                weight.add_(torch.empty_like(weight).uniform_(-0.3, 0.3))
    return model.eval()


@pytest.fixture(scope="session")
def save_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """(model, **save_pretrained options) -> a folder that holds it."""

    def save(model: Any, **options: Any) -> Path:
        folder = tmp_path_factory.mktemp("checkpoint")
        model.save_pretrained(folder, **options)
        return folder

    return save


@pytest.fixture(scope="session")
def checkpoints(save_checkpoint: Callable[..., Path]) -> dict[str, Path]:
    """One folder of each model type, vocabulary 257, for tests that need no comparison."""
    return {kind: save_checkpoint(reference_model(kind, vocab_size=257)) for kind in MODEL_TYPES}


@pytest.fixture
def byte_tokenizer() -> ByteTokenizer:
    return ByteTokenizer()


@pytest.fixture(scope="session")
def tiny_folder(save_checkpoint: Callable[..., Path]) -> Path:
    """A checkpoint folder complete with tokenizer and chat template; its words mean nothing."""
    model = reference_model("falcon_mamba", vocab_size=259, num_hidden_layers=2, eos_token_id=256)
    return add_tokenizer(save_checkpoint(model))


@pytest.fixture(scope="session")
def runtime(tiny_folder: Path) -> Runtime:
    """The tiny model, loaded once: fp32 on the CPU."""
    return load_runtime(tiny_folder, "cpu", "fp32")


@pytest.fixture
def new_session(tiny_folder: Path, tmp_path: Path) -> Iterator[Callable[..., Session]]:
    """(library file: a name in the test's folder or a path, **options of open_session) -> an open session with the tiny
    model, closed at the end of the test."""
    opened: list[Session] = []

    def new(library: str | Path = "library.db", **options: Any) -> Session:
        opened.append(open_session(tiny_folder, tmp_path / library, "cpu", "fp32", **options))
        return opened[-1]

    yield new
    for session in opened:
        session.__exit__()


@pytest.fixture
def session(new_session: Callable[..., Session]) -> Session:
    """A session with the tiny model and an empty library."""
    return new_session()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """An empty library, open for writing; without a model."""
    with Library.open(tmp_path / "library.db") as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A text file of two pages, or more where a page is short."""
    return write_pages(tmp_path / "log.txt", 2)


@pytest.fixture
def build_document(tmp_path: Path) -> Callable[..., Path]:
    """(*texts of pages, name) -> a text file in which each text is on a page of its own."""

    def build(*texts: str, name: str = "record.txt") -> Path:
        return write_texts(tmp_path / name, texts)

    return build


@pytest.fixture
def scripted_model(session: Session, monkeypatch: pytest.MonkeyPatch) -> ScriptedModel:
    """Answers in the place of the session's model; see `ScriptedModel.says`."""
    from engine.answering import pipeline
    from tests.engine.scripted_model import ScriptedModel

    model = ScriptedModel(session)
    monkeypatch.setattr(pipeline, "generate_attempts", model.generate_attempts)
    monkeypatch.setattr(pipeline, "decode_constrained", model.decode_constrained)
    return model
