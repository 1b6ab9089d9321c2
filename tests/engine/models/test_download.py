"""Downloading a model from a server with the Hub's interface, in spite of all that can go wrong."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.control import Cancelled, Control
from engine.models import cached_files, transfer
from engine.models import download as downloads
from engine.models import hub as hub_files
from engine.models.catalogue import find
from engine.models.download import Download
from engine.models.hub import DownloadError
from engine.models.local import LocalModels, resolve
from engine.protocol.events import Event
from engine.protocol.model_events import DownloadAdvanced, ModelReady
from engine.resources import source_root
from tests.engine.models import hub_server
from tests.engine.models.hub_server import HubServer, cut_after, other_bytes, random_cuts, serve, status
from tests.little_mamba import LITTLE_MAMBA

REPOSITORY = "somebody/little-mamba"


def files_of(size: int) -> dict[str, bytes]:
    return {
        "config.json": json.dumps(LITTLE_MAMBA).encode(),
        "tokenizer.json": b"{}",
        "README.md": b"# A model\n",
        "model.safetensors": random.Random(7).randbytes(size),
        "pytorch_model.bin": b"a pickle",
        "run.py": b"code",
    }


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with serve(HubServer(REPOSITORY, files_of(600_000))) as served:
        yield served


@pytest.fixture
def new_download(hub: HubServer, tmp_path: Path) -> Callable[..., Download]:
    """(report, control) -> a download of the server's repository into the test's folder."""

    def new(report: Callable[[Event], None] = lambda _: None, control: Control | None = None) -> Download:
        place = {"cache": tmp_path / "hub", "models": LocalModels(tmp_path / "models.json")}
        return Download("little", hub.repository, report, control, endpoint=hub.endpoint, **place)

    return new


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "LONGEST_WAIT", 0.01)
    monkeypatch.setattr(transfer, "LONGEST_WAIT", 0.01)
    for name in ("HF_HUB_OFFLINE", "READTHROUGH_OFFLINE"):
        monkeypatch.delenv(name, raising=False)


def fetch(download: Download) -> Path:
    download.plan()
    return Path(download.run().path)


def in_place(tmp_path: Path) -> list[str]:
    """Names of all files that the cache holds as models' files."""
    return sorted(path.name for path in (tmp_path / "hub").glob("models--*/**/*") if path.is_file())


def test_a_model_arrives_whole_without_pickles_and_code(hub: HubServer, new_download, tmp_path: Path):
    events: list[Event] = []
    folder = fetch(new_download(events.append))
    assert {path.name for path in folder.iterdir()} == {
        "config.json",
        "tokenizer.json",
        "README.md",
        "model.safetensors",
    }
    assert all((folder / name).read_bytes() == hub.files[name] for name in ("config.json", "model.safetensors"))
    model = LocalModels(tmp_path / "models.json").find("little")
    assert model is not None and model.revision == hub.revision and len(model.checksums["model.safetensors"]) == 64
    assert isinstance(events[-1], ModelReady) and not list((tmp_path / "hub").rglob("*.part"))
    advanced = [event for event in events if isinstance(event, DownloadAdvanced)]
    assert advanced and advanced[-1].of_bytes == sum(len(hub.files[path.name]) for path in folder.iterdir())


def test_other_programs_find_the_model_in_the_cache(new_download, tmp_path: Path):
    from huggingface_hub import snapshot_download

    folder = fetch(new_download())
    found = snapshot_download(REPOSITORY, cache_dir=tmp_path / "hub", local_files_only=True)
    assert Path(found) == folder


def test_a_second_download_transfers_nothing(hub: HubServer, new_download):
    fetch(new_download())
    before = hub.transferred
    fetch(new_download())
    assert hub.transferred == before


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ten_cut_connections_cost_no_byte_twice(hub: HubServer, new_download, seed: int):
    hub.faults = random_cuts(seed, 10)
    folder = fetch(new_download())
    assert (folder / "model.safetensors").read_bytes() == hub.files["model.safetensors"]
    assert not hub.faults and sum(bool(wanted) for wanted in hub.ranges) >= 9


def test_ten_stops_at_random_places_are_resumed(hub: HubServer, new_download, monkeypatch: pytest.MonkeyPatch):
    draw = random.Random(5)
    monkeypatch.setattr(transfer, "REPORT_SECONDS", 0.0)
    transferred: list[int] = []
    for _ in range(10):
        control = Control()
        left = draw.randint(1, 4)

        def stop_later(event: Event, control: Control = control, counter: list[int] = [left]) -> None:  # noqa: B006
            if isinstance(event, DownloadAdvanced) and event.phase == "download":
                counter[0] -= 1
                if counter[0] <= 0:
                    control.cancel()

        stopped = new_download(stop_later, control)
        transferred.append(stopped.plan().present_bytes)
        try:
            stopped.run()
        except Cancelled:
            continue
        break
    folder = fetch(new_download())
    assert (folder / "model.safetensors").read_bytes() == hub.files["model.safetensors"]
    assert transferred == sorted(transferred) and transferred[-1] > 0


def test_a_wrong_checksum_never_reaches_the_models_folder(hub: HubServer, new_download, tmp_path: Path):
    hub.faults = [other_bytes]
    with pytest.raises(DownloadError, match="does not have the checksum"):
        fetch(new_download())
    assert "model.safetensors" not in in_place(tmp_path) and not list((tmp_path / "hub").rglob("*.part"))
    assert LocalModels(tmp_path / "models.json").all() == []
    folder = fetch(new_download())
    assert (folder / "model.safetensors").read_bytes() == hub.files["model.safetensors"]


def test_a_damaged_file_in_the_cache_is_fetched_again(hub: HubServer, new_download):
    file = fetch(new_download()) / "model.safetensors"
    file.write_bytes(bytes(len(hub.files["model.safetensors"])))
    fetch(new_download())
    assert file.read_bytes() == hub.files["model.safetensors"]


def test_files_of_one_content_are_both_there(hub: HubServer, new_download):
    for name in ("generation_config.json", "special_tokens_map.json"):
        hub.files[name] = b"{}"
        hub.stated[name] = hub_server._described(name, b"{}")
    folder = fetch(new_download())
    assert all((folder / name).read_bytes() == b"{}" for name in ("tokenizer.json", "generation_config.json"))


def test_a_server_without_ranges_sends_the_whole_file_again(hub: HubServer, new_download):
    hub.faults = [cut_after(0.5), hub_server.without_ranges]
    folder = fetch(new_download())
    assert (folder / "model.safetensors").read_bytes() == hub.files["model.safetensors"]


@pytest.mark.parametrize("code", [429, 503])
def test_a_busy_server_is_asked_again(hub: HubServer, new_download, code: int):
    hub.faults = [status(code, {"Retry-After": "0"}), cut_after(0.3), status(code)]
    folder = fetch(new_download())
    assert (folder / "model.safetensors").read_bytes() == hub.files["model.safetensors"]


def test_a_page_of_a_busy_server_is_asked_for_again(hub: HubServer, new_download):
    hub.page_faults = [429, 503]
    assert new_download().plan().files == 4
    hub.page_faults = [404]
    with pytest.raises(DownloadError):
        new_download().plan()


def test_a_server_that_stays_busy_is_one_sentence(hub: HubServer, new_download):
    hub.always = status(429, {"Retry-After": "0"})
    with pytest.raises(DownloadError, match=r"status 429"):
        fetch(new_download())


def test_a_full_disk_is_said_before_the_download(hub: HubServer, new_download, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 10**6, 10**6))
    with pytest.raises(DownloadError, match="free some space") as caught:
        new_download().plan()
    assert caught.value.reason == "disk full" and not hub.ranges


def test_a_disk_that_fills_up_keeps_what_came(hub: HubServer, new_download, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(transfer, "REPORT_SECONDS", 0.0)

    def full(event: Event) -> None:
        if isinstance(event, DownloadAdvanced) and event.phase == "download" and event.n_bytes > 200_000:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DownloadError, match="is full"):
        fetch(new_download(full))
    monkeypatch.undo()
    assert new_download().plan().present_bytes > 0
    folder = fetch(new_download())
    assert (folder / "model.safetensors").read_bytes() == hub.files["model.safetensors"]


def test_a_changed_file_of_the_same_commit_is_refused(hub: HubServer, new_download, tmp_path: Path):
    folder = fetch(new_download())
    shutil.rmtree(folder.parent.parent)
    hub.files["model.safetensors"] = random.Random(8).randbytes(600_000)
    hub.stated["model.safetensors"] = hub_server._described("model.safetensors", hub.files["model.safetensors"])
    with pytest.raises(DownloadError, match="is not the file that was downloaded before"):
        fetch(new_download())
    assert not in_place(tmp_path)


def test_an_unusable_config_ends_before_the_weights(hub: HubServer, new_download):
    hub.files["config.json"] = json.dumps({"model_type": "llama"}).encode()
    hub.stated["config.json"] = hub_server._described("config.json", hub.files["config.json"])
    with pytest.raises(Exception, match="model_type"):
        fetch(new_download())
    assert hub.transferred < 1000


@pytest.mark.parametrize("variable", ["READTHROUGH_OFFLINE"])
def test_the_offline_switch_refuses_every_request(hub: HubServer, new_download, monkeypatch, variable: str):
    monkeypatch.setenv(variable, "1")
    with pytest.raises(DownloadError, match=variable):
        new_download().plan()


def test_unknown_repositories_and_unreachable_servers_are_one_sentence(hub: HubServer, tmp_path: Path):
    place = {"cache": tmp_path / "hub", "models": LocalModels(tmp_path / "models.json")}
    with pytest.raises(DownloadError, match="there is no public repository"):
        Download("x", "no/such", lambda _: None, endpoint=hub.endpoint, **place).plan()
    with pytest.raises(DownloadError, match="cannot be reached"):
        Download("x", REPOSITORY, lambda _: None, endpoint="http://127.0.0.1:9", **place).plan()
    with pytest.raises(DownloadError, match="not the name of a repository"):
        Download("x", "a/b/c", lambda _: None, endpoint=hub.endpoint, **place).plan()


def test_a_removed_download_leaves_no_file(new_download, tmp_path: Path):
    fetch(new_download())
    models = LocalModels(tmp_path / "models.json")
    freed = cached_files.delete(models.remove("little"), tmp_path / "hub")
    assert freed > 600_000 and not in_place(tmp_path)


def run_command(hub: HubServer, home: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(home / "hf"),
        "HF_TOKEN": "hf_test",
        "READTHROUGH_MODELS": str(home / "models.json"),
        "PYTHONPATH": str(source_root()),
    }
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        environment.pop(name, None)
    command = [sys.executable, str(source_root() / "main.py"), "models", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_command_downloads_with_the_hubs_environment(hub: HubServer, tmp_path: Path, monkeypatch):
    out, err = (process := run_command(hub, tmp_path, "get", REPOSITORY, "--json")).communicate(timeout=60)
    assert process.returncode == 0, err
    kinds = [json.loads(line)["type"] for line in out.splitlines()]
    assert kinds[0] == "DownloadPlanned" and kinds[-2:] == ["ModelReady", "JobFinished"]
    assert (tmp_path / "hf" / "hub" / "models--somebody--little-mamba" / "snapshots").is_dir()
    assert "Bearer hf_test" in hub.authorisations
    monkeypatch.setenv("READTHROUGH_MODELS", str(tmp_path / "models.json"))
    assert resolve("little-mamba").name == hub.revision


def test_a_licence_is_accepted_before_the_first_byte(hub: HubServer, tmp_path: Path):
    hub.card = {"license": "other", "license_name": "falcon-llm-license", "license_link": "https://example.org/terms"}
    process = run_command(hub, tmp_path, "get", REPOSITORY)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2 and "the licence of little-mamba was not accepted" in err
    assert "falcon-llm-license" in err and hub.transferred == 0
    process = run_command(hub, tmp_path, "get", REPOSITORY, "--accept-licence")
    assert process.communicate(timeout=60) and process.returncode == 0


@pytest.mark.slow
def test_200_megabytes_survive_ten_kills_and_cuts(tmp_path: Path):
    draw = random.Random(11)
    with serve(HubServer(REPOSITORY, files_of(200_000_000))) as hub:
        hub.faults = random_cuts(3, 5)
        kills = 0
        while kills < 10:
            process = run_command(hub, tmp_path, "get", REPOSITORY)
            parts = tmp_path / "hf" / "hub" / cached_files.PARTS
            before = sum(file.stat().st_size for file in parts.rglob("*.part"))
            goal = before + draw.randint(1_000_000, 20_000_000)
            while process.poll() is None and sum(f.stat().st_size for f in parts.rglob("*.part")) < goal:
                time.sleep(0.002)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.communicate()
            kills += 1
        process = run_command(hub, tmp_path, "get", REPOSITORY)
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        (file,) = (tmp_path / "hf" / "hub").glob("models--*/snapshots/*/model.safetensors")
        assert file.read_bytes() == hub.files["model.safetensors"]
        assert sum(bool(wanted) for wanted in hub.ranges) >= 8


def test_the_catalogue_has_the_models_of_its_families():
    entry = find("tiiuae/falcon3-mamba-7b-instruct")
    assert entry is not None and entry.context == 32_768 and entry.stop_ids == (10, 11)
    assert entry.download_bytes == 14_545_330_176
    assert find("mamba-130m-hf") is not None and find("mamba-2.8b-hf") is not None


@pytest.mark.parametrize("commit", ["../../../../evil", "/tmp/evil", "main", "\x1b]0;x\x07", "A" * 40, ""])
def test_a_commit_that_is_none_is_refused(hub: HubServer, new_download: Callable[..., Download], commit: str) -> None:
    hub.revision = commit
    with pytest.raises(DownloadError, match="does not name a commit"):
        new_download().plan()


@pytest.mark.parametrize("limit", [{"SMALL": 100}, {"DESCRIPTION_SECONDS": -1.0}])
def test_a_description_without_end_is_refused(
    new_download: Callable[..., Download], monkeypatch: pytest.MonkeyPatch, limit: dict[str, float]
) -> None:
    for name, value in limit.items():
        monkeypatch.setattr(hub_files, name, value)
    with pytest.raises(DownloadError, match="does not end"):
        new_download().plan()


@pytest.mark.parametrize(
    "change",
    [
        {"rfilename": "a\0.safetensors"},
        {"rfilename": "\x1b]0;x\x07.safetensors"},
        {"rfilename": "x" * 3_000 + ".safetensors"},
        {"rfilename": 7},
        {"size": -1},
        {"size": 2**80},
        {"size": "x"},
        {"lfs": {"sha256": "../../../evil", "size": 4, "pointerSize": 1}},
        {"lfs": 7},
    ],
)
def test_a_file_that_cannot_be_one_is_refused(
    hub: HubServer, new_download: Callable[..., Download], change: dict[str, object]
) -> None:
    name = "model.safetensors"
    hub.stated[name] = {**hub.stated[name], **change}
    with pytest.raises(DownloadError):
        new_download().plan()


def test_a_body_that_is_too_long_is_not_asked_for_again(hub: HubServer, new_download: Callable[..., Download]) -> None:
    hub.always = lambda handler, rest: rest + b"more"
    download = new_download()
    download.plan()
    with pytest.raises(DownloadError, match="sent more"):
        download.run()
    assert len(hub.ranges) == len(hub.files) - 2, "each file once; two are not wanted"


@pytest.mark.parametrize("place", ["file:///etc/hostname", "ftp://127.0.0.1/x"])
def test_a_redirect_to_no_address_of_the_web_is_refused_at_once(
    hub: HubServer, new_download: Callable[..., Download], place: str
) -> None:
    hub.always = lambda handler, rest: handler.reply(302, b"", {"Location": place})
    download = new_download()
    download.plan()
    with pytest.raises(DownloadError):
        download.run()
    assert hub.ranges.count("") == 4, "the weights were asked for once"
