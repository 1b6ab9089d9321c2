"""The Hugging Face Hub: the files of a model's repository, their sizes and checksums. Light: no torch.

huggingface_hub makes every request, so its environment counts: HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_TOKEN,
HF_HUB_OFFLINE and the proxies. READTHROUGH_OFFLINE=1 refuses every request of this program alone.
"""

from __future__ import annotations

import fnmatch
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from engine.errors import KnownError

OFFLINE = "READTHROUGH_OFFLINE"
WANTED = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "*.safetensors",
    "*.safetensors.index.json",
    "LICENSE*",
    "NOTICE*",
    "README.md",
)
"""Files of a repository that are downloaded: no pickles and no code."""
BUSY = (408, 425, 429, 500, 502, 503, 504)
"""Answers after which another attempt may succeed."""
LONGEST_PAUSE = 300.0
"""Longest wait that a server may ask for, in seconds."""
SMALL = 64 << 20
"""Most bytes of a file that is not weights, and of the description of a repository."""
LONGEST_NAME, MOST_FILES, MOST_BYTES = 200, 1_000, 1 << 50
"""Of a file's name, of a repository's files and of a file."""
DESCRIPTION_SECONDS = 60.0
"""Longest time of a description."""
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_JSON = msgspec.json.Decoder(dict[str, Any])


class DownloadError(KnownError):
    """A model cannot be downloaded; the text is one sentence for the user."""

    def __init__(self, sentence: str, reason: str = "", retry_after: float = 0.0) -> None:
        """`retry_after`: seconds that the server asks to wait before another attempt."""
        super().__init__(sentence, reason)
        self.retry_after = retry_after


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository."""

    name: str
    size: int
    sha256: str
    """SHA-256 of a file in LFS; "" for others."""
    blob: str
    """Git's identifier of a file that is not in LFS: the SHA-1 of its header and content."""

    @property
    def key(self) -> str:
        """The name of the file's content in the cache of huggingface_hub."""
        return self.sha256 or self.blob


@dataclass(frozen=True)
class Repository:
    """A repository at one commit."""

    name: str
    """owner/name"""
    revision: str
    licence: str
    licence_url: str
    files: tuple[RemoteFile, ...]
    """The wanted files, small ones first."""

    @property
    def n_bytes(self) -> int:
        """Bytes of all wanted files."""
        return sum(file.size for file in self.files)


def require_online() -> None:
    """Raise DownloadError where the network is switched off."""
    from huggingface_hub import constants

    if os.environ.get(OFFLINE, "").strip().lower() not in ("", "0", "no", "off", "false"):
        raise DownloadError(f"downloads are switched off by {OFFLINE}; unset it to download a model", "offline")
    if constants.is_offline_mode():
        raise DownloadError("downloads are switched off by HF_HUB_OFFLINE; unset it to download a model", "offline")


def cache_folder() -> Path:
    """Return the cache of huggingface_hub, where downloaded models are."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def look_up(name: str, revision: str | None = None, endpoint: str | None = None) -> Repository:
    """Return the repository `name` (owner/name) at `revision` (default: the newest commit). Raises DownloadError."""
    require_online()
    with sentences(name):
        info = _description(name, revision, endpoint)
        files = [_remote_file(name, sibling) for sibling in info.siblings or [] if _wanted(sibling.rfilename)]
    if len(files) > MOST_FILES:
        raise DownloadError(f"{name} has {len(files):,} files, far more than a model needs; check the name")
    if not any(file.name.endswith(".safetensors") for file in files):
        raise DownloadError(f"{name} has no .safetensors weights, so it cannot be used here; choose another model")
    if not isinstance(info.sha, str) or not _COMMIT.fullmatch(info.sha):  # it becomes the name of a folder
        raise DownloadError(f"the server does not name a commit of {name}; try again later")
    licence, url = _licence(info.card_data)
    order = sorted(files, key=lambda file: (file.name.endswith(".safetensors"), file.name))
    return Repository(name, info.sha, licence, url, tuple(order))


def _description(name: str, revision: str | None, endpoint: str | None) -> Any:
    """Return huggingface_hub's record of a repository. Its own request would take an answer of any length.

    Raises DownloadError, and the errors that `sentences` turns into one.
    """
    from huggingface_hub import HfApi, ModelInfo, get_session
    from huggingface_hub.utils._headers import build_hf_headers
    from huggingface_hub.utils._http import hf_raise_for_status
    from huggingface_hub.utils._validators import validate_repo_id

    validate_repo_id(name)
    address = f"{HfApi(endpoint=endpoint).endpoint}/api/models/{name}"
    if revision is not None:
        address += f"/revision/{quote(revision, safe='')}"
    end = time.monotonic() + DESCRIPTION_SECONDS
    answer = bytearray()
    headers, params = build_hf_headers(), {"blobs": True}
    with get_session().stream("GET", address, headers=headers, params=params, timeout=30) as response:
        hf_raise_for_status(response)
        for piece in response.iter_bytes():
            answer += piece
            if len(answer) > SMALL or time.monotonic() > end:
                raise DownloadError(f"the server's answer about {name} does not end; try again later")
    return ModelInfo(**_JSON.decode(answer))  # type: ignore[no-untyped-call]


@contextmanager
def sentences(name: str) -> Iterator[None]:
    """Turn the errors of huggingface_hub and of the network into DownloadErrors about the repository `name`."""
    import httpx2
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError as error:
        sentence = f"{name} asks you to accept its conditions on its web page first; then run `hf auth login`"
        raise DownloadError(sentence, "gated") from error
    except errors.RevisionNotFoundError as error:
        raise DownloadError(f"{name} does not have the revision that was asked for", "missing") from error
    except errors.RepositoryNotFoundError as error:
        raise DownloadError(f"there is no public repository {name}; check the name", "missing") from error
    except errors.OfflineModeIsEnabled as error:
        raise DownloadError("downloads are switched off by HF_HUB_OFFLINE; unset it to download a model") from error
    except errors.HFValidationError as error:
        raise DownloadError(f"{name!r} is not the name of a repository; write it as owner/name") from error
    except errors.HfHubHTTPError as error:
        status = getattr(error.response, "status_code", 0)
        sentence = f"the server refuses the download of {name} (status {status}); try again later"
        raise DownloadError(sentence, "busy" if status in BUSY else "refused", _retry_after(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, msgspec.MsgspecError) as error:
        raise DownloadError(
            f"the server's answer about {name} is not that of a model hub ({error}); check HF_ENDPOINT"
        ) from error
    except (httpx2.UnsupportedProtocol, httpx2.TooManyRedirects, httpx2.InvalidURL) as error:
        raise DownloadError(
            f"the server redirects the download of {name} to an invalid address; try again later", "refused"
        ) from error
    except (httpx2.HTTPError, httpx2.StreamError) as error:
        what = str(error) or type(error).__name__
        raise DownloadError(f"the server cannot be reached ({what}); check the connection", "network") from error


def _retry_after(error: Any) -> float:
    """Return the seconds that a refusal asks to wait, 0 where it does not."""
    try:
        return min(LONGEST_PAUSE, max(0.0, float(error.response.headers.get("Retry-After", 0))))
    except (AttributeError, ValueError):
        return 0.0


def _wanted(name: str) -> bool:
    return "/" not in name and any(fnmatch.fnmatch(name, pattern) for pattern in WANTED)


def _remote_file(name: str, sibling: Any) -> RemoteFile:
    """Return the file that the server describes. Raises DownloadError where it gives no size or checksum."""
    sha256 = sibling.lfs.sha256 if sibling.lfs is not None else ""
    file = RemoteFile(sibling.rfilename, sibling.size or 0, sha256, sibling.blob_id or "")
    whole = isinstance(file.key, str) and file.key.isalnum() and len(file.key) in (40, 64)
    sized = isinstance(sibling.size, int) and 0 <= sibling.size < MOST_BYTES
    named = file.name.isprintable() and len(file.name) <= LONGEST_NAME and "\\" not in file.name
    if not (whole and sized and named) or file.name.startswith("."):
        raise DownloadError(f"the server gives no size or checksum of {name}/{file.name}; try again later")
    if file.size > SMALL and not file.name.endswith(".safetensors"):
        raise DownloadError(
            f"{name}/{file.name} has {file.size:,} bytes, far more than such a file needs; choose another model"
        )
    return file


def _licence(card: Any) -> tuple[str, str]:
    """Return name and address of the licence that the repository's card states, "" where it states none."""
    values = card.to_dict() if card is not None and hasattr(card, "to_dict") else {}
    kind, name, link = (values.get(key) for key in ("license", "license_name", "license_link"))
    found = name if isinstance(name, str) else kind
    return found if isinstance(found, str) else "", link if isinstance(link, str) else ""
