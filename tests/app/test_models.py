"""The model dialog, and what the window says of the model."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QProgressBar

from app.jobs.worker_supervisor import WorkerFacts
from app.settings import model_task
from app.settings.model_cards import ModelCard, fit_words
from app.settings.registry import OPTIONS
from app.settings.store import Settings
from app.window.side_pane import model_words
from engine.models.local import LocalModels
from engine.protocol import vocabulary, wire
from tests.little_mamba import LITTLE_MAMBA

FAKE = """
import json, signal, sys, time
for line in json.loads(sys.argv[1]):
    print(json.dumps(line), flush=True)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
if sys.argv[2] == "waits":
    time.sleep(60)
sys.exit(int(sys.argv[3]))
"""


@pytest.fixture(autouse=True)
def own_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of models and a cache that are the test's own."""
    monkeypatch.setenv("READTHROUGH_MODELS", str(tmp_path / "models.json"))
    monkeypatch.setattr("engine.models.listing.cache_folder", lambda: tmp_path / "hub")


def says(monkeypatch: pytest.MonkeyPatch, *events: wire.Event, waits: bool = False, status: int = 0) -> list[object]:
    """Let a process say these events in the place of `readthrough models`; returns the arguments of each start."""
    started: list[object] = []
    lines = json.dumps([json.loads(wire.encode(event)) for event in events])

    def command(*arguments: str) -> list[str]:
        started.append(arguments)
        return [sys.executable, "-c", FAKE, lines, "waits" if waits else "ends", str(status)]

    monkeypatch.setattr(model_task, "command_of", command)
    return started


def opened(driver):
    driver.window.actions_.by_name["model"].trigger()
    dialog = driver.find("modelDialog")
    driver.until(lambda: dialog.findChild(ModelCard) is not None)
    return dialog


def card(dialog, name: str) -> ModelCard:
    return next(each for each in dialog._cards if each.row.name == name)


def model_folder(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(LITTLE_MAMBA))
    (folder / "model.safetensors").write_bytes(bytes(1000))
    return folder


def test_dialog_lists_included_models_and_those_to_download(start):
    driver = start()
    dialog = opened(driver)
    names = [each.row.name for each in dialog._cards]
    assert names[:2] == ["demo", "reader"] and names[2] == "falcon3-mamba-7b-instruct"
    falcon = card(dialog, "falcon3-mamba-7b-instruct")
    facts = driver.text("modelFacts", falcon)
    assert "15 GB" in facts and "context 32,768 tokens" in facts and "TII Falcon-LLM License 2.0" in facts
    assert driver.text("modelFit", falcon).startswith("Memory: ") and "int4" in driver.text("modelFit", falcon)
    assert driver.text("downloadModel", falcon) == "Accept licence and download"
    assert driver.text("downloadModel", card(dialog, "mamba-130m-hf")) == "Download"
    dialog.reject()


def test_a_download_shows_its_progress_is_paused_and_resumed(start, monkeypatch):
    name = "mamba-130m-hf"
    advanced = wire.DownloadAdvanced(
        name=name, file="model.safetensors", n_bytes=250, of_bytes=1000, bytes_per_second=50, seconds_left=15
    )
    started = says(monkeypatch, advanced, waits=True)
    driver = start()
    dialog = opened(driver)
    mamba = card(dialog, name)
    driver.click("downloadModel", within=mamba)
    driver.until(lambda: driver.text("modelSaid", mamba).startswith("250 B of 1.0 KB · 50 B/s"))
    assert driver.find("downloadProgress", QProgressBar, mamba).value() == 250
    assert started == [("get", name, "--accept-licence")]
    driver.click("pauseDownload", within=mamba)
    driver.until(lambda: driver.text("modelSaid", mamba).startswith("Paused"))
    assert not driver.find("downloadModel", within=mamba).isHidden()
    driver.click("downloadModel", within=mamba)
    driver.until(lambda: len(started) == 2 and driver.text("modelSaid", mamba).startswith("250 B"))
    dialog.reject()


def test_a_failed_download_says_why_on_its_card(start, monkeypatch):
    name = "mamba-130m-hf"
    sentence = "the disk of /x is full; free some space"
    says(monkeypatch, wire.JobFailed(job_id=name, kind="known", message=sentence, reason="disk full"), status=2)
    driver = start()
    dialog = opened(driver)
    driver.click("downloadModel", within=card(dialog, name))
    driver.until(lambda: driver.text("modelSaid", card(dialog, name)) == sentence)
    dialog.reject()


def test_a_check_names_the_faults_on_the_card(start, tmp_path: Path, monkeypatch):
    path = str(model_folder(tmp_path / "mine"))
    LocalModels().add(path)
    checked = wire.ModelChecked(job_id="check", path=path, sound=False, problems=["no end token is known"], warnings=[])
    started = says(monkeypatch, checked, status=2)
    driver = start()
    dialog = opened(driver)
    driver.click("checkModel", within=card(dialog, "mine"))
    driver.until(lambda: driver.text("modelSaid", card(dialog, "mine")) == "Not usable: No end token is known.")
    assert started == [("check", path)]
    dialog.reject()


@pytest.mark.parametrize(
    ("name", "words"),
    [("weights.gguf", "is not a GGUF file"), ("", "No model in"), ("config.json", "cannot be read")],
)
def test_a_folder_without_a_model_is_said_where_it_was_chosen(start, tmp_path: Path, name: str, words: str):
    folder = tmp_path / "models"
    folder.mkdir()
    if name:
        (folder / name).write_bytes(b"GG")
    driver = start()
    dialog = opened(driver)
    dialog.add_folder(str(folder))
    driver.until(lambda: words in driver.text("modelProblem", dialog))
    assert driver.shown("modelProblem", dialog) and LocalModels().all() == []
    dialog.reject()


def test_an_added_model_is_chosen_and_can_be_removed_again(start, tmp_path: Path):
    folder = model_folder(tmp_path / "mamba")
    driver = start()
    dialog = opened(driver)
    dialog.add_folder(str(folder))
    driver.until(lambda: any(each.row.path == str(folder) and each.choice.isChecked() for each in dialog._cards))
    assert driver.find("useModel", within=dialog).isEnabled() and LocalModels().find("mamba") is not None
    driver.click("removeModel", within=card(dialog, "mamba"))
    driver.until(lambda: all(each.row.name != "mamba" for each in dialog._cards))
    assert LocalModels().all() == [] and folder.is_dir()
    dialog.reject()


def test_a_folder_dropped_on_the_dialog_is_added(start, tmp_path: Path):
    folder = model_folder(tmp_path / "dropped")
    driver = start()
    dialog = opened(driver)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    dialog.dropEvent(QDropEvent(QPoint(5, 5).toPointF(), Qt.DropAction.CopyAction, data, buttons, keys))
    driver.until(lambda: any(each.row.name == "dropped" for each in dialog._cards))
    dialog.reject()


def test_downloaded_files_are_deleted_at_the_second_press(qtbot):
    downloaded = ModelCard(wire.ModelListed(name="m", title="M", place="downloaded", path="/m", n_bytes=15_000_000_000))
    qtbot.addWidget(downloaded)
    wished: list[str] = []
    downloaded.remove.connect(wished.append)
    remove = downloaded._remove
    remove.click()
    assert wished == [] and remove.text() == "Delete 15 GB now?"
    remove.click()
    assert wished == ["m"]


@pytest.mark.parametrize(
    ("free", "best", "words"), [(64, "bf16", "Runs in bf16 here"), (10, "int8", "Runs in int8"), (1, "", "Too large")]
)
def test_fit_of_a_model_is_told_against_the_free_memory(free: int, best: str, words: str):
    needs = {"bf16": 16_000_000_000, "int8": 9_000_000_000, "int4": 6_000_000_000}
    row = wire.ModelListed(
        name="m",
        title="M",
        place="catalogue",
        needs=needs,
        best=best,
        free_bytes=free * 10**9,
        seconds_per_page={"bf16": 6.0},
    )
    said, role = fit_words(row)
    assert words in said and (role == "warning") == (not best)
    assert ("About 10 min for 100 pages" in said) == (best == "bf16")


def test_badge_after_a_failed_load_names_the_model_and_the_reason():
    words, tip = model_words(WorkerFacts("ready", failed="The file is cut off."), "mamba-2.8b")
    assert words == "mamba-2.8b: not loaded" and tip == "The file is cut off."
    assert model_words(WorkerFacts("ready", loading="/m"), "m")[0] == "Loading the model…"


def test_settings_have_the_choices_of_the_protocol():
    for name, values in (
        ("device", vocabulary.DEVICES),
        ("precision", vocabulary.PRECISIONS),
        ("summary_method", vocabulary.METHODS),
        ("summary_length", vocabulary.LENGTHS),
    ):
        assert OPTIONS[name].values == values
    assert all(getattr(Settings(), name) in option.values for name, option in OPTIONS.items())
