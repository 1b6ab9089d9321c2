"""FalconMamba from a checkpoint or from random numbers, tensor by tensor to its device and dtype.

Each tensor is read, converted and placed before the next one is touched, from a file mapped only for that long, and
quantised from there; so the weights never exist twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import torch

from engine.network.checkpoint import AnyCheckpoint, open_checkpoint, weights_fingerprint
from engine.network.config import FalconMambaConfig
from engine.network.footprint import Bits, bits_of
from engine.network.layer import Layer
from engine.network.linear import Linear, QuantisedLinear, ScaledLinear
from engine.network.model import FalconMamba
from engine.network.quantised_copy import Quantised, QuantisedCopy, copy_file, keep_copy, open_copy
from engine.network.shapes import expected_shapes
from engine.network.weight_files import ModelError
from kernels import operations
from kernels.cpu.memory import copied, empty

EMBEDDINGS = "embeddings.weight"
Progress = Callable[[int, int], None]
"""Called with the bytes of the checkpoint that are loaded, and with all of them."""
Source = Callable[[str, tuple[int, ...], torch.dtype], torch.Tensor]
"""(name, shape, dtype) to the tensor on its device."""
Quantise = Callable[[str, tuple[int, ...], Bits], Quantised]
"""(name, shape, bits) to the quantised weight on its device."""


def load_model(
    folder: str | Path,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    bits: Bits | None = None,
    progress: Progress | None = None,
    copies: Path | None = None,
) -> FalconMamba:
    """Load a Hugging Face folder (config.json, *.safetensors) or a .gguf file of a Mamba or Falcon Mamba network.

    `bits` quantises the matrices (`engine.network.linear`). `copies` is the folder of quantised copies
    (`engine.network.quantised_copy`): on a CPU the copy of these weights in 4 bits is read if there is one, and written
    if not. Raises ConfigError or ModelError, each one sentence.
    """
    device = torch.device(device)
    checkpoint = open_checkpoint(folder)
    use_copy = copies is not None and bits == 4 and device.type == "cpu"
    path = copy_file(copies, weights_fingerprint(folder), 4) if use_copy and copies is not None else None
    copy = None if path is None else open_copy(path)
    loading = _Loading(checkpoint, device, progress, copy)
    try:
        model = _assemble(checkpoint.config, loading.floats, dtype, bits, loading.quantised)
    except RuntimeError as error:
        # On CUDA torch has a class for this (a RuntimeError too), on the CPU only a text.
        if not isinstance(error, torch.OutOfMemoryError) and "allocate memory" not in str(error):
            raise
        advice = "use a smaller model" if device.type == "cpu" else "use --device cpu or a smaller model"
        raise ModelError(f"the model does not fit into the free memory of {device}; {advice}") from error
    finally:
        if copy is not None:
            copy.close()
    if path is not None and not loading.all_copied:
        keep_copy(path, loading.weights)
    return model


class _Loading:
    """The tensors of a checkpoint on their way to a device."""

    def __init__(
        self, checkpoint: AnyCheckpoint, device: torch.device, progress: Progress | None, copy: QuantisedCopy | None
    ) -> None:
        self._checkpoint, self._device, self._progress, self._copy = checkpoint, device, progress, copy
        self._quantise = operations(device).quantise
        self._done, self._total = 0, sum(checkpoint.sizes.values())
        self.weights: dict[str, Quantised] = {}
        """All quantised weights by name."""
        self.all_copied = True
        """True when all tensors came from the copy."""

    def floats(self, name: str, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        """Return a tensor of the checkpoint in `dtype`, with memory of its own. Raises ModelError."""
        tensor = self._checkpoint.read(name)  # on a CPU perhaps a view of the file
        tensor = copied(tensor, dtype) if self._device.type == "cpu" else tensor.to(self._device).to(dtype)
        self._report(name)
        return tensor.reshape(shape)

    def quantised(self, name: str, shape: tuple[int, ...], bits: Bits) -> Quantised:
        """Return a weight of the checkpoint in `bits` bits, from the copy if it is there. Raises ModelError."""
        found = None if self._copy is None or bits == "fp8" else self._copy.get(name, shape[0], bits)
        if found is None:
            parts = [self._quantise(rows.to(self._device), bits) for rows in self._checkpoint.blocks(name)]
            integers, scales = zip(*parts, strict=True)
            found = parts[0] if len(parts) == 1 else (_joined(integers), _joined(scales))
            self.all_copied = False
        self.weights[name] = found
        if name != EMBEDDINGS:  # a tied head, which was counted as the embeddings
            self._report(name)
        return found

    def _report(self, name: str) -> None:
        self._done += self._checkpoint.sizes[name]
        if self._progress is not None:
            self._progress(self._done, self._total)


def _joined(parts: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Return blocks of rows as one tensor."""
    first = parts[0]
    if first.device.type != "cpu":
        return torch.cat(parts)
    rows = sum(len(part) for part in parts)
    return torch.cat(parts, out=empty((rows, *first.shape[1:]), first.dtype))


def random_model(
    config: FalconMambaConfig,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    seed: int = 0,
    bits: Bits | None = None,
) -> FalconMamba:
    """Return a network with random weights, made on `device`; `bits` as in `load_model`.

    Matrices keep the scale of their input; A, D and dt are drawn as in section 3.6 of the Mamba paper (A from -1 to
    -d_state, dt log-uniform in [0.001, 0.1]), so that states grow and decay as trained ones do.
    """
    device = torch.device(device)
    generator = torch.Generator(device).manual_seed(seed)
    tied: dict[str, torch.Tensor] = {}  # the embeddings, which the head may take again

    def draw(name: str, shape: tuple[int, ...], kind: torch.dtype) -> torch.Tensor:
        if name in tied:
            return tied[name]
        tensor = torch.empty(shape, device=device, dtype=kind)
        if name.endswith("A_log"):
            return tensor.copy_(torch.arange(1, shape[1] + 1, device=device).log())
        if name.endswith(("mixer.D", "norm.weight", "norm_f.weight")):
            return tensor.fill_(1)
        if name.endswith("dt_proj.bias"):
            dt = tensor.uniform_(math.log(0.001), math.log(0.1), generator=generator).exp_()
            return dt + torch.log(-torch.expm1(-dt))  # the inverse of softplus
        if name.endswith("bias"):
            return tensor.zero_()
        if name.endswith("out_proj.weight"):
            return tensor.normal_(std=(2 * config.n_layers * shape[1]) ** -0.5, generator=generator)
        if name == EMBEDDINGS:
            tied[name] = tensor.normal_(std=0.02, generator=generator)
            return tied[name]
        bound = shape[-1] ** -0.5
        return tensor.uniform_(-bound, bound, generator=generator)

    def quantised(name: str, shape: tuple[int, ...], bits: Bits) -> Quantised:
        return operations(device).quantise(draw(name, shape, torch.float32), bits)

    return _assemble(config, draw, dtype, bits, quantised)


def _assemble(
    config: FalconMambaConfig, floats: Source, dtype: torch.dtype, bits: Bits | None, quantised: Quantise
) -> FalconMamba:
    """Build the model from the tensors of `expected_shapes`, each taken from `floats` or `quantised` once."""
    shapes = expected_shapes(config)

    def get(name: str, kind: torch.dtype = dtype) -> torch.Tensor:
        return floats(name, shapes[name], kind)

    def linear(part: str, bias: bool = False) -> Linear:
        name, added = part + ".weight", get(part + ".bias") if bias else None
        kept = None if bits is None else bits_of(part.rsplit(".", maxsplit=1)[-1], shapes[name], bits)
        return Linear(get(name), added) if kept is None else quantised_linear(name, kept, added)

    def quantised_linear(name: str, bits: Bits, bias: torch.Tensor | None = None) -> Linear:
        made = ScaledLinear if bits == "fp8" else QuantisedLinear
        return made(*quantised(name, shapes[name], bits), bias, dtype)

    def layer(index: int) -> Layer:
        mixer = f"layers.{index}.mixer."
        return Layer(
            norm=get(f"layers.{index}.norm.weight"),
            in_proj=linear(mixer + "in_proj", config.use_bias),
            conv=get(mixer + "conv1d.weight").squeeze(1),
            conv_bias=get(mixer + "conv1d.bias") if config.use_conv_bias else None,
            x_proj=linear(mixer + "x_proj"),
            dt_proj=linear(mixer + "dt_proj"),
            dt_bias=get(mixer + "dt_proj.bias", torch.float32),
            A=get(mixer + "A_log", torch.float32).exp_().neg_(),
            D=get(mixer + "D", torch.float32),
            out_proj=linear(mixer + "out_proj", config.use_bias),
        )

    embeddings = get(EMBEDDINGS)
    layers = [layer(index) for index in range(config.n_layers)]
    norm_f = get("norm_f.weight")
    if not config.tie_word_embeddings:
        head = linear("lm_head")
    elif bits in (None, "fp8"):
        head = Linear(embeddings)
    else:  # a quantised copy, which every token reads whole; of the embeddings it reads one row
        head = quantised_linear(EMBEDDINGS, 8)
    return FalconMamba(config, embeddings, layers, norm_f, head)
