"""The service's token: a secret in a file that only its user can read. Light."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from engine.errors import KnownError

TOKEN_BYTES = 32
_LONGEST = 4_096


def token_in(file: Path) -> tuple[str, bool]:
    """Return the token in `file`, and whether it was made now because there was none.

    Raises KnownError for a file that others can read, that is a link, or that holds no token.
    """
    try:
        return _read(file), False
    except FileNotFoundError:
        pass
    except OSError as error:
        raise KnownError(f"the token file {file} cannot be read: {error.strerror}", "token") from error
    token = secrets.token_urlsafe(TOKEN_BYTES)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(file), False  # another service made it just now
    except OSError as error:
        raise KnownError(f"the token file {file} cannot be written: {error.strerror}", "token") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(token + "\n")
    return token, True


def _read(file: Path) -> str:
    with os.fdopen(os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as opened:
        facts = os.fstat(opened.fileno())
        if os.name == "posix" and (facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO) or facts.st_uid != os.getuid()):
            raise KnownError(f"other users can read the token file {file}; delete it, and a new one is made", "token")
        token = opened.read(_LONGEST).decode("ascii", "replace").strip()
    if len(token) < 16 or not token.isprintable():
        raise KnownError(f"the token file {file} holds no token; delete it, and a new one is made", "token")
    return token
