"""The file of a model folder that holds the weights for answering."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from engine.errors import KnownError
from engine.model_files import ModelFileError, is_there

ANSWERS_FILE = "answers.safetensors"


class AnswersError(KnownError):
    """The file by which a reader answers cannot be used; the text is one sentence for a person."""


def stored_answers(folder: Path) -> dict[str, Tensor]:
    """Return the tensors of the file as they are stored; nothing where there is no file. Raise AnswersError where it is
    damaged."""
    path = folder / ANSWERS_FILE
    try:
        return load_file(path) if is_there(path) else {}
    except (OSError, SafetensorError, ModelFileError) as error:
        raise AnswersError(f"{path} cannot be used: {error}; install the model again") from error
