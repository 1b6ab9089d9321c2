"""Starting quickly changes nothing but the time it takes."""

from __future__ import annotations

import gc

import pytest

from engine.startup import without_collection


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
