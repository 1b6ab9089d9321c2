"""The list of models: those that come with the program, those on this computer, those to download. Light: no torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from engine.errors import KnownError
from engine.model_files import ModelFileError, read_json
from engine.models.cached_files import incomplete_bytes, parts_folder
from engine.models.catalogue import CatalogueEntry, catalogue, find
from engine.models.fit import fit
from engine.models.hub import cache_folder
from engine.models.local import LocalModel, LocalModels, included
from engine.models.speed import seconds_per_page
from engine.network.config import MODEL_TYPES, FalconMambaConfig
from engine.network.footprint import parameter_count
from engine.network.published import repository_of
from engine.network.weight_files import weight_files
from engine.protocol.model_events import ModelListed


def listing(models: LocalModels | None = None, cache: Path | None = None) -> list[ModelListed]:
    """Return all models: included, on this computer, found in the cache of huggingface_hub, then the catalogue's rest.

    Reads small files and sizes only. Raises KnownError where the list of models is damaged.
    """
    cache = cache or cache_folder()
    rows = [_described(name, folder, "included") for name, folder in included().items()]
    local = (models or LocalModels()).all()
    rows += [_of_local(model) for model in local]
    known = {Path(model.path) for model in local}
    rows += [_described(folder_name(folder), folder, "found") for folder in snapshots(cache) if folder not in known]
    here = {row.name for row in rows} | {row.repository.casefold() for row in rows}
    for entry in catalogue():
        if entry.name not in here and entry.repository.casefold() not in here:
            rows.append(_of_entry(entry, incomplete_bytes(entry.repository, cache)))
    return rows


def snapshots(cache: Path) -> Iterator[Path]:
    """Yield the Mamba checkpoints in the cache of huggingface_hub that are whole."""
    for folder in sorted(cache.glob("models--*/snapshots/*")):
        with suppress(KnownError, OSError):
            values = read_json(folder / "config.json")
            if values is not None and values.get("model_type") in MODEL_TYPES and weight_files(folder):
                yield folder


def folder_name(folder: Path) -> str:
    """Return the name of a model in the cache of huggingface_hub: that of the catalogue, else its repository's."""
    repository = repository_of(folder)
    entry = find(repository)
    return entry.name if entry is not None else repository


def describe(path: Path) -> ModelListed:
    """Return what a folder or file of the user's holds; `problem` says why it cannot be used."""
    return _described(path.name, path, "added")


def has_partial(repository: str, cache: Path | None = None) -> bool:
    """Return whether a download of `repository` was interrupted."""
    return parts_folder(repository, cache or cache_folder()).is_dir()


def _of_local(model: LocalModel) -> ModelListed:
    path = Path(model.path)
    place = "downloaded" if model.downloaded else "added"
    if not path.exists():
        sentence = f"It is no longer at {model.path}."
        return ModelListed(name=model.name, title=model.name, place="missing", path=model.path, problem=sentence)
    return _described(model.name, path, place, model.repository)


def _described(name: str, path: Path, place: str, repository: str = "") -> ModelListed:
    """Return a row about the model at `path`."""
    from engine.models.source import config_of, is_reader, size_of

    entry = find(repository or (repository_of(path) if path.is_dir() else path.stem))
    config: FalconMambaConfig | None = None
    problem = ""
    n_bytes = 0
    try:
        config = config_of(path)
        n_bytes = size_of(path)
    except (KnownError, ModelFileError, OSError) as error:
        problem = _sentence(str(error))
    fits = None if config is None else fit(config)
    kind = "reader" if is_reader(path) else entry.kind if entry is not None else ""
    return ModelListed(
        name=name,
        title=entry.title if entry is not None else name,
        place=place,
        path=str(path),
        repository=repository or (entry.repository if entry is not None else ""),
        kind=kind,
        parameters=0 if config is None else parameter_count(config),
        n_bytes=n_bytes,
        licence=entry.licence.name if entry is not None else "",
        licence_url=entry.licence.url if entry is not None else "",
        context=None if config is None else config.trained_context,
        languages=list(entry.languages) if entry is not None else [],
        needs={} if fits is None else fits.needs,
        free_bytes=0 if fits is None else fits.free,
        best="" if fits is None else fits.best,
        seconds_per_page={} if config is None else seconds_per_page(config),
        problem=problem,
    )


def _of_entry(entry: CatalogueEntry, partial: int) -> ModelListed:
    fits = fit(entry.config)
    return ModelListed(
        name=entry.name,
        title=entry.title,
        place="incomplete" if partial else "catalogue",
        repository=entry.repository,
        kind=entry.kind,
        parameters=entry.parameters,
        n_bytes=entry.download_bytes,
        licence=entry.licence.name,
        licence_url=entry.licence.url,
        context=entry.context,
        languages=list(entry.languages),
        needs=fits.needs,
        free_bytes=fits.free,
        best=fits.best,
        seconds_per_page=seconds_per_page(entry.config),
    )


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith(".") else text + "."
