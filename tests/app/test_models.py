"""The model dialog, and what the window says of the model."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication

from app.jobs.worker_supervisor import WorkerFacts
from app.settings import models
from app.settings.model_cards import need_words
from app.settings.registry import OPTIONS
from app.settings.store import Settings
from app.window.side_pane import model_words
from engine.protocol import vocabulary


def opened(driver):
    driver.window.actions_.by_name["model"].trigger()
    dialog = driver.find("modelDialog")
    driver.until(lambda: dialog.findChild(object, "modelCard") is not None)
    return dialog


def test_dialog_suggests_models_with_a_command_to_copy(start):
    driver = start()
    dialog = opened(driver)
    command = driver.find("downloadCommand", within=dialog)
    assert command.text() == "hf download tiiuae/Falcon3-Mamba-7B-Instruct"
    card = driver.find("suggestionCard", within=dialog)
    next(button for button in card.findChildren(type(driver.find("useModel"))) if button.text() == "Copy").click()
    assert QGuiApplication.clipboard().text() == command.text()
    dialog.reject()


@pytest.mark.parametrize(("name", "words"), [("weights.gguf", "GGUF files are not supported"), ("", "No model in")])
def test_a_folder_without_a_model_is_said_where_it_was_chosen(start, tmp_path: Path, name: str, words: str):
    folder = tmp_path / "models"
    folder.mkdir()
    if name:
        (folder / name).write_bytes(b"GGUF")
    driver = start()
    dialog = opened(driver)
    dialog.add_folder(str(folder))
    assert driver.text("modelProblem", dialog).startswith(words) and driver.shown("modelProblem", dialog)
    assert driver.parts.settings.now.model_folders == ()
    dialog.reject()


def test_an_added_model_is_chosen_and_can_be_removed_again(start, tmp_path: Path):
    folder = tmp_path / "mamba"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "mamba"}')
    (folder / "model.safetensors").write_bytes(bytes(1000))
    driver = start()
    dialog = opened(driver)
    dialog.add_folder(str(folder))
    driver.until(lambda: dialog.findChild(object, "removeModel") is not None)
    assert driver.find("useModel", within=dialog).isEnabled()
    driver.click("removeModel", within=dialog)
    driver.until(lambda: driver.parts.settings.now.model_folders == ())
    dialog.reject()


@pytest.mark.parametrize(
    ("gigabytes", "words"), [(64, "fits this computer"), (20, "just fits"), (8, "too large for this computer")]
)
def test_fit_of_a_model_is_told_against_the_memory(gigabytes: int, words: str):
    assert words in need_words(models.SUGGESTIONS[0].weight_bytes, gigabytes * 1_000_000_000)[0]


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
