"""The profile of a checkpoint folder, by its config.json and its chat template."""

from __future__ import annotations

import json

import pytest

from engine.profile.choose import choose_profile
from engine.resources import resource_path


@pytest.mark.parametrize(
    ("marks", "template", "name"),
    [
        ({"demo": True}, False, "demo"),
        ({"reader": True}, False, "reader"),
        ({}, True, "instruct"),
        ({}, False, "base"),
        ("no object", False, "base"),
    ],
)
def test_profile_of_a_folder(tmp_path, marks, template, name):
    (tmp_path / "config.json").write_text(json.dumps({"readthrough": marks}))
    if template:
        (tmp_path / "chat_template.jinja").write_text("{{ messages }}")
    assert choose_profile(tmp_path).name == name


@pytest.mark.parametrize(("folder", "selects"), [("models/reader", True), ("models/demo", False)])
def test_shipped_models_have_their_own_profiles(folder, selects):
    assert choose_profile(resource_path(folder)).summaries.selects == selects
