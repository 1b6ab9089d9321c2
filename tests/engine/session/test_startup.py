"""Starting quickly changes nothing but the time it takes."""

from __future__ import annotations

import gc
import sys

import pytest

from engine.session.session import open_session
from engine.session.startup import without_collection


@pytest.fixture(autouse=True)
def thawed():
    yield
    gc.unfreeze()
    gc.enable()


def test_collection_pauses_and_goes_on_after_an_error():
    with pytest.raises(ImportError), without_collection():
        assert not gc.isenabled()
        raise ImportError
    assert gc.isenabled()


def test_what_was_made_meanwhile_is_not_looked_through_again():
    before = gc.get_freeze_count()
    with without_collection():
        made = [[number] for number in range(1000)]
    assert gc.get_freeze_count() >= before + len(made)


def test_collection_that_was_off_stays_off():
    gc.disable()
    with without_collection():
        pass
    assert not gc.isenabled()


def test_a_session_prepares_without_a_model_a_library_or_a_gpu(tmp_path):
    with open_session(tmp_path / "no model", tmp_path / "library.db", "cpu") as session:
        session.model.prepare()
    assert "kernels.cpu.ops" in sys.modules
    assert not (tmp_path / "library.db").exists()


def test_a_small_model_is_loaded_while_no_job_waits_and_reported_by_the_first(tiny_folder, tmp_path):
    with open_session(tiny_folder, tmp_path / "library.db", "cpu") as session:
        session.model.prepare()
        runtime = session.runtime
        assert [type(event).__name__ for event in session.model.load("j")] == ["ModelLoaded"]
        assert session.runtime is runtime
        assert list(session.model.load("j")) == []
