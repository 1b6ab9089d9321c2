"""Load a checkpoint folder: safetensors, single or sharded, tensor by tensor to its device and dtype.

Each tensor is read, converted and placed before the next one is touched, from a file mapped only for that long; so
the weights never exist twice. All names and shapes are checked before the first tensor is read. Pickled checkpoints are
refused.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from engine.errors import KnownError
from engine.network.config import FalconMambaConfig
from engine.network.device import default_dtype
from engine.network.layer import Layer
from engine.network.linear import Linear, QuantisedLinear, bits_of
from engine.network.memory import short_cpu_chunks
from engine.network.model import FalconMamba
from engine.network.weights_digest import file_digest

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_FLOATING = ("F64", "F32", "F16", "BF16")


class ModelError(KnownError):
    """A model folder cannot be loaded; the text is one sentence for the user."""


@dataclass(frozen=True)
class _Stored:
    """The file of a tensor and its name in that file."""

    path: Path
    name: str


# (name, shape, dtype) -> the tensor on its device; `_assemble` gets every weight of the network through it.
_Source = Callable[[str, tuple[int, ...], torch.dtype], torch.Tensor]


def load_model(
    folder: str | Path,
    device: torch.device | str = "cpu",
    dtype: torch.dtype | None = torch.float32,
    bits: int | None = None,
) -> FalconMamba:
    """Load a Hugging Face folder (config.json, *.safetensors) of model_type `mamba` or `falcon_mamba`.

    `dtype` None means `device.default_dtype`; `bits` 8 or 4 quantises the matrices (`engine.network.linear`).
    Raises ConfigError or ModelError, each one sentence.
    """
    folder, device = Path(folder), torch.device(device)
    config = FalconMambaConfig.from_folder(folder)
    dtype = dtype or default_dtype(device, config, bits)
    tensors = _locate(folder)
    _check(config, tensors)

    def read(name: str, shape: tuple[int, ...], kind: torch.dtype) -> torch.Tensor:
        stored = tensors[name]
        try:
            with safe_open(stored.path, framework="pt") as file:
                tensor: torch.Tensor = file.get_tensor(stored.name)
        except (SafetensorError, OSError) as error:
            raise _damaged(stored.path, error) from error
        # A tensor that already has the right device and dtype is still a view of the file: give it memory of its own.
        return tensor.to(device).to(kind, copy=device.type == "cpu").reshape(shape)

    try:
        return _assemble(config, read, dtype, bits)
    except RuntimeError as error:
        # On CUDA torch has a class for this (a RuntimeError too), on the CPU only a text.
        if not isinstance(error, torch.OutOfMemoryError) and "allocate memory" not in str(error):
            raise
        advice = "use a smaller model" if device.type == "cpu" else "use --device cpu or a smaller model"
        raise ModelError(f"the model does not fit into the free memory of {device}; {advice}") from error


def random_model(
    config: FalconMambaConfig,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    seed: int = 0,
    bits: int | None = None,
) -> FalconMamba:
    """Return a network with random weights, made on `device`; `bits` as in `load_model`.

    Matrices keep the scale of their input; A, D and dt are drawn as in section 3.6 of the Mamba paper (A from -1 to
    -d_state, dt log-uniform in [0.001, 0.1]), so that states grow and decay as trained ones do.
    """
    device = torch.device(device)
    generator = torch.Generator(device).manual_seed(seed)

    def draw(name: str, shape: tuple[int, ...], kind: torch.dtype) -> torch.Tensor:
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
        if name.endswith("embeddings.weight"):
            return tensor.normal_(std=0.02, generator=generator)
        bound = shape[-1] ** -0.5
        return tensor.uniform_(-bound, bound, generator=generator)

    return _assemble(config, draw, dtype, bits)


def weights_fingerprint(folder: str | Path) -> str:
    """Return 64 hex digits that identify a set of weights.

    They cover the network's shape and constants, and the name and every byte of each weight file, but not the path of
    the folder. Raises ConfigError or ModelError.
    """
    folder = Path(folder)
    config = asdict(FalconMambaConfig.from_folder(folder))
    for key in ("eos_ids", "bos_id", "pad_id", "trained_context", "checkpoint_dtype"):
        del config[key]  # these change no logits
    digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    for path in sorted({stored.path for stored in _locate(folder).values()}):
        try:
            digest.update(f"{path.name} {file_digest(path)} ".encode())
        except OSError as error:
            raise _damaged(path, error) from error
    return digest.hexdigest()


def expected_shapes(config: FalconMambaConfig) -> dict[str, tuple[int, ...]]:
    """Return the shapes of all tensors of such a checkpoint by their names, without the `backbone.` prefix."""
    c = config
    shapes: dict[str, tuple[int, ...]] = {"embeddings.weight": (c.vocab_size, c.d_model)}
    for index in range(c.n_layers):
        mixer = f"layers.{index}.mixer."
        shapes[f"layers.{index}.norm.weight"] = (c.d_model,)
        shapes[mixer + "in_proj.weight"] = (2 * c.d_inner, c.d_model)
        shapes[mixer + "conv1d.weight"] = (c.d_inner, 1, c.d_conv)
        shapes[mixer + "x_proj.weight"] = (c.dt_rank + 2 * c.d_state, c.d_inner)
        shapes[mixer + "dt_proj.weight"] = (c.d_inner, c.dt_rank)
        shapes[mixer + "dt_proj.bias"] = (c.d_inner,)
        shapes[mixer + "A_log"] = (c.d_inner, c.d_state)
        shapes[mixer + "D"] = (c.d_inner,)
        shapes[mixer + "out_proj.weight"] = (c.d_model, c.d_inner)
        if c.use_conv_bias:
            shapes[mixer + "conv1d.bias"] = (c.d_inner,)
        if c.use_bias:
            shapes[mixer + "in_proj.bias"] = (2 * c.d_inner,)
            shapes[mixer + "out_proj.bias"] = (c.d_model,)
    shapes["norm_f.weight"] = (c.d_model,)
    if not c.tie_word_embeddings:
        shapes["lm_head.weight"] = (c.vocab_size, c.d_model)
    return shapes


def _assemble(config: FalconMambaConfig, source: _Source, dtype: torch.dtype, bits: int | None) -> FalconMamba:
    """Build the model from the tensors of `expected_shapes`, each taken from `source` once."""
    shapes = expected_shapes(config)
    pack = short_cpu_chunks(config)

    def get(name: str, kind: torch.dtype = dtype) -> torch.Tensor:
        return source(name, shapes[name], kind)

    def linear(name: str, bias: bool = False) -> Linear:
        added = get(name + ".bias") if bias else None
        if bits is None:
            return Linear(get(name + ".weight"), added, pack)
        part, width = name.rsplit(".", maxsplit=1)[-1], shapes[name + ".weight"][1]
        return QuantisedLinear(get(name + ".weight", torch.float32), added, bits_of(part, width, bits), dtype)

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

    embeddings = get("embeddings.weight")
    layers = [layer(index) for index in range(config.n_layers)]
    norm_f = get("norm_f.weight")
    if not config.tie_word_embeddings:
        head = linear("lm_head")
    elif bits is None:
        head = Linear(embeddings)
    else:  # a quantised copy, which every token reads whole; of the embeddings it reads one row
        head = QuantisedLinear(embeddings, None, bits_of("lm_head", config.d_model, bits), dtype)
    return FalconMamba(config, embeddings, layers, norm_f, head)


def _locate(folder: Path) -> dict[str, _Stored]:
    """Return all tensors in the folder's safetensors files by canonical name. Raises ModelError."""
    tensors: dict[str, _Stored] = {}
    for path in _weight_files(folder):
        try:
            with safe_open(path, framework="pt") as file:
                names = list(file.keys())
        except (SafetensorError, OSError) as error:
            raise _damaged(path, error) from error
        for name in names:
            canonical = name.removeprefix("backbone.").replace("embedding.weight", "embeddings.weight")
            if canonical in tensors:
                raise ModelError(f"{folder} holds {name} twice; keep one copy of the weights in the folder")
            tensors[canonical] = _Stored(path, name)
    return tensors


def _weight_files(folder: Path) -> list[Path]:
    """Return the safetensors files of the checkpoint. Raises ModelError."""
    index = folder / INDEX
    if index.is_file():
        try:
            names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise ModelError(f"{index} is damaged; download the file again") from error
        if any(Path(name).name != name for name in names):
            raise ModelError(f"{index} names files outside its folder; download the checkpoint again")
        missing = [name for name in names if not (folder / name).is_file()]
        if missing:
            raise ModelError(
                f"{folder} lacks {missing[0]} ({len(missing)} of {len(names)} weight files); download it again"
            )
        return [folder / name for name in names]
    if (folder / SINGLE).is_file():
        return [folder / SINGLE]
    found = sorted(folder.glob("*.safetensors"))
    if len(found) == 1:
        return found
    if found:
        raise ModelError(f"{folder} has {len(found)} weight files but no {INDEX} to say how they belong together")
    pickled = sorted(
        path.name for pattern in _PICKLED for path in folder.glob(pattern) if path.name != "training_args.bin"
    )
    if pickled:
        raise ModelError(
            f"{folder} has its weights only as {pickled[0]}, a pickle, which can run any code when it is opened; where "
            "you trust it, load it once with transformers and save it with save_pretrained, which writes safetensors"
        )
    raise ModelError(f"{folder} has no weights; it must hold {SINGLE} or shards with {INDEX}")


def _check(config: FalconMambaConfig, tensors: dict[str, _Stored]) -> None:
    """Compare names, shapes and dtypes with config.json. Raises ModelError with the first difference."""
    expected = expected_shapes(config)
    missing = [name for name in expected if name not in tensors]
    if missing:
        raise ModelError(f"the weights lack {missing[0]} ({len(missing)} of {len(expected)} tensors); download them")
    # A tied checkpoint may carry its head too: older versions of transformers wrote both names.
    unexpected = [name for name in tensors if name not in expected and name != "lm_head.weight"]
    if unexpected:
        raise ModelError(
            f"the weights hold {len(unexpected)} tensors that this config.json has no place for ({unexpected[0]}); "
            "use the config.json that belongs to the weights"
        )
    by_file: dict[Path, list[tuple[str, str]]] = {}
    for name in expected:
        by_file.setdefault(tensors[name].path, []).append((name, tensors[name].name))
    for path, pairs in by_file.items():
        with safe_open(path, framework="pt") as file:
            for name, stored_name in pairs:
                part = file.get_slice(stored_name)
                shape, kind = tuple(part.get_shape()), part.get_dtype()
                if shape != expected[name]:
                    raise ModelError(
                        f"{name} has the shape {list(shape)} where config.json asks for {list(expected[name])}; "
                        "use the config.json that belongs to the weights"
                    )
                if kind not in _FLOATING:
                    raise ModelError(f"{name} is stored as {kind}; use the checkpoint in bf16, fp16 or fp32")


def _damaged(path: Path, error: Exception) -> ModelError:
    return ModelError(f"{path} is damaged or cut short ({error}); download it again")
