"""A hostile model hub: names and commits that lead out of the cache, redirects to files, endless bodies, wrong sizes,
wrong checksums, deep answers, escape codes.

Each is asked for a model by `models get`: one line, and nothing is written outside of the model's folder in the cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from engine.bench.attack.place import SHAPE, Case, Place
from engine.bench.attack.process import Settings, Victim

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SECRET = "zyxandrian"
CONFIG = json.dumps(SHAPE).encode()
WEIGHTS = b"\x02\0\0\0\0\0\0\0{}" + b"\0" * 1000
REPOSITORY = "owner/model"
_STEP = b"x" * (1 << 16)

Answer = Callable[["Hub", str], None]


class Hub(BaseHTTPRequestHandler):
    """A request to the hub; `answer` belongs to the server."""

    def do_GET(self) -> None:
        """Answer as the case wants."""
        with contextlib.suppress(OSError):
            self.server.answer(self, self.path)  # type: ignore[attr-defined]

    do_HEAD = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def reply(self, body: bytes, status: int = 200, **headers: str) -> None:
        """Send a whole reply."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def endless(self, length: str | None = None) -> None:
        """Send a body without end, for half a minute."""
        self.send_response(200)
        if length is not None:
            self.send_header("Content-Length", length)
        self.end_headers()
        end = time.monotonic() + 30
        while time.monotonic() < end:
            self.wfile.write(_STEP)


def _listed(name: str, content: bytes, **changes: Any) -> dict[str, Any]:
    """Return the description of a file, as the hub's list has it."""
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    found: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": blob}
    if name.endswith(".safetensors"):
        found["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 100}
    return {**found, **changes}


def _model(**changes: Any) -> dict[str, Any]:
    files = [_listed("config.json", CONFIG), _listed("model.safetensors", WEIGHTS)]
    return {"id": REPOSITORY, "sha": COMMIT, "private": False, "tags": [], "siblings": files, **changes}


def _info(**changes: Any) -> Answer:
    """Answer with a changed description of the model, and with sound files."""
    return _files(_model(**changes))


def _file(name: str, **changes: Any) -> Answer:
    """Describe one more file."""
    return _info(siblings=[*_model()["siblings"], _listed(name, b"evil", **changes)])


def _files(info: Any, serve: Answer | None = None) -> Answer:
    def answer(hub: Hub, path: str) -> None:
        if path.startswith("/api/"):
            hub.reply(info if isinstance(info, bytes) else json.dumps(info).encode(), Content_Type="application/json")
        elif serve is not None:
            serve(hub, path)
        else:
            hub.reply(CONFIG if path.endswith("config.json") else WEIGHTS if "safetensors" in path else b"evil")

    return answer


def _redirect(target: str) -> Answer:
    return _files(_model(), lambda hub, path: hub.reply(b"", 302, Location=target))


def _long(size: int) -> Answer:
    """State a size, and send something else without end."""
    weights = _listed("model.safetensors", WEIGHTS, size=size)
    weights["lfs"] = {**weights["lfs"], "size": size}
    return _files(
        _model(siblings=[_listed("config.json", CONFIG), weights]),
        lambda hub, path: hub.reply(CONFIG) if path.endswith("config.json") else hub.endless(),
    )


def _endless_api(hub: Hub, path: str) -> None:
    hub.endless()


def _circle(hub: Hub, path: str) -> None:
    hub.reply(b"", 302, Location=path + "x")


ANSWERS: dict[str, Answer] = {
    "a file name that leads out": _file("../../evil.safetensors"),
    "a file name of an absolute path": _file("/tmp/evil.safetensors"),
    "a file name of backslashes": _file("..\\..\\evil.safetensors"),
    "a file name of escape codes": _file("\x1b]0;PWNED\x07.safetensors"),
    "a file name of NUL": _file("a\0.safetensors"),
    "a file name of 3,000 characters": _file("x" * 3_000 + ".safetensors"),
    "a file name of a number": _file("a.safetensors", rfilename=7),
    "a hidden file": _file(".evil.safetensors"),
    "the same file twice": _file("config.json"),
    "a checksum that leads out": _file("a.safetensors", lfs={"sha256": "../../../evil", "size": 4, "pointerSize": 1}),
    "a blob that leads out": _file("LICENSE", blobId="../../../../evil"),
    "a commit that leads out": _info(sha="../../../../evil"),
    "a commit of escape codes": _info(sha="\x1b]0;PWNED\x07"),
    "a commit of a number": _info(sha=7),
    "no commit": _info(sha=None),
    "a size of minus one": _file("a.safetensors", size=-1),
    "a size of 2^80": _file("a.safetensors", size=2**80),
    "a size of 1e400": _file("a.safetensors", size=float("inf")),
    "a size of letters": _file("a.safetensors", size="x"),
    "100,000 files": _info(siblings=[_listed(f"{n}.safetensors", b"x") for n in range(100_000)]),
    "no files": _info(siblings=[]),
    "files of numbers": _info(siblings=[1, 2]),
    "a licence of escape codes": _info(cardData={"license": "\x1b]0;PWNED\x07", "license_link": "\x1b[31m\n"}),
    "a licence of a list": _info(cardData={"license": ["a", {}]}),
    "another repository": _info(id="../../evil"),
    "deep JSON": _files(b"[" * 500_000),
    "not JSON": _files(b"<html>"),
    "not UTF-8": _files(b'{"id":"\xff"}'),
    "a list": _files([]),
    "null": _files(b"null"),
    "100 MB of blanks": _files(b" " * (100 << 20)),
    "an endless answer": _endless_api,
    "redirects in a circle": _circle,
    "a redirect to a file": _redirect("file:///etc/hostname"),
    "a redirect to nothing": _redirect(""),
    "a redirect of escape codes": _redirect("\x1b]0;PWNED\x07"),
    "a redirect to a closed port": _redirect("http://127.0.0.1:9/x"),
    "a body without end": _long(len(WEIGHTS)),
    "a body without end for 200 MB": _long(200 << 20),
    "a checksum that is wrong": _files(_model(), lambda hub, path: hub.reply(b"y" * len(WEIGHTS))),
    "a config of another network": _info(
        siblings=[_listed("config.json", b"[]"), _listed("model.safetensors", WEIGHTS)]
    ),
    "refusals of escape codes": lambda hub, path: hub.reply(
        b'{"error":"\\u001b]0;PWNED\\u0007"}', 403, X_Error_Message="\x1b]0;PWNED\x07", X_Error_Code="\x1b[31m"
    ),
    "a wait of 10^9 s": lambda hub, path: hub.reply(b"", 503, Retry_After="1000000000"),
    "a wait of letters": lambda hub, path: hub.reply(b"", 404, Retry_After="x"),
    "a teapot": lambda hub, path: hub.reply(b"", 418),
}
REFUSED = frozenset(
    (
        "a checksum that is wrong",
        "a checksum that leads out",
        "a blob that leads out",
        "a commit that leads out",
        "a commit of escape codes",
        "a body without end",
        "a redirect to a file",
        "an endless answer",
    )
)
"""Answers that must end in a refusal."""
WAITING = frozenset(
    (
        "a wait of 10^9 s",
        "a redirect to a closed port",
        "a redirect of escape codes",  # a header that HTTP does not allow looks like a broken connection
        "a body without end for 200 MB",
    )
)
"""Answers after which the program rightly tries again or goes on for longer than a minute: it is stopped then."""


def cases(place: Place, chance: random.Random, share: float) -> Iterator[Case]:
    """Yield hubs."""
    for name in list(ANSWERS) if share >= 1 else chance.sample(list(ANSWERS), max(6, int(len(ANSWERS) * share))):
        yield Case("downloads", name, lambda name=name: use_hub(place, name))  # type: ignore[misc]


def use_hub(place: Place, name: str) -> list[str]:
    """Ask a hub for a model; nothing is written outside of the cache, no model is entered."""
    folder = place.new_folder()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.daemon_threads = True
    server.answer = ANSWERS[name]  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = Settings(
        environment=(
            ("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}"),
            ("HF_HOME", str(folder / "cache")),
            ("HF_HUB_DISABLE_TELEMETRY", "1"),
            ("HF_TOKEN", SECRET),
            ("XDG_DATA_HOME", str(folder / "data")),
            ("XDG_CONFIG_HOME", str(folder / "data")),
        )
    )
    try:
        victim = Victim(["models", "get", REPOSITORY, "--accept-licence"], folder, settings)
        if name in WAITING:
            time.sleep(4)
            victim.signal(signal.SIGINT)
        ended = victim.finish()
    finally:
        server.shutdown()
        server.server_close()
    statuses = (130, 2) if name in WAITING else (2,) if name in REFUSED else (0, 2)
    faults = ended.faults(place.base, statuses)
    if SECRET in ended.out + ended.err:
        faults.append("it shows the token")
    return faults + _written_outside(folder)


def _written_outside(folder: Path) -> list[str]:
    cache = folder / "cache" / "hub"
    own = (cache / "models--owner--model", cache / ".readthrough", cache / ".locks", folder / "data")
    files = [path for path in folder.rglob("*") if not path.is_dir() and not path.name.startswith("std")]
    wrong = [path for path in files if not any(path.is_relative_to(place) for place in own)]
    wrong += [path for path in files if "evil" in path.name and path.suffix == ".safetensors"]
    wrong += [path for place in (folder.parent, Path(tempfile.gettempdir())) for path in place.glob("*evil*")]
    return [f"it wrote {path}" for path in wrong[:3]]
