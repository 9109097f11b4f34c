"""Optional libraries: one sentence where one is missing."""

from __future__ import annotations

import sys

import pytest

from ama.data.hub import hub_dataset
from ama.errors import InputError
from ama.utils.extras import EXTRAS, Extra, needs_extra


@pytest.fixture
def missing(monkeypatch):
    """Makes libraries look as if they were not installed."""
    return lambda *libraries: [monkeypatch.setitem(sys.modules, name, None) for name in libraries]


@pytest.mark.parametrize("name", [name for name in EXTRAS if name != "timm"])  # it needs torchvision
def test_with_its_libraries_an_extra_asks_for_nothing(name):
    with needs_extra(name):
        pass


@pytest.mark.parametrize(
    ("name", "libraries", "sentence"),
    [
        (
            "train",
            ["lightning"],
            "training needs lightning, which is not installed: pip install lightning (the extra 'train' of ama)",
        ),
        (
            "report",
            ["matplotlib", "pandas"],
            "plotting needs matplotlib and pandas, which are not installed: pip install matplotlib pandas "
            "(the extra 'report' of ama)",
        ),
    ],
)
def test_a_missing_library_is_one_sentence(missing, name, libraries, sentence):
    missing(*libraries)
    with pytest.raises(InputError) as error, needs_extra(name):
        raise AssertionError("the imports are reached")
    assert str(error.value) == sentence


def test_the_message_can_name_its_subject(missing):
    missing("lightning")
    with (
        pytest.raises(InputError, match="DeepSVDD needs lightning, which"),
        needs_extra("train", "DeepSVDD"),
    ):
        pass


def test_an_error_in_the_imports_is_not_disguised():
    with pytest.raises(ModuleNotFoundError, match="no_such_library"), needs_extra("train"):
        import no_such_library  # noqa: F401


def test_a_folder_with_the_name_of_a_library_does_not_stand_in_for_it(monkeypatch, tmp_path):
    (tmp_path / "not_a_library").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(EXTRAS, "folder", Extra("this", ("not_a_library",)))
    with pytest.raises(InputError, match="this needs not_a_library, which"), needs_extra("folder"):
        pass


def test_a_data_set_of_the_hub_names_its_extra(missing):
    missing("datasets")
    with pytest.raises(InputError) as error:
        hub_dataset("owner/name")
    assert str(error.value) == (
        "reading owner/name as a data set of the Hugging Face hub needs datasets, which is not installed: "
        "pip install datasets (the extra 'hub' of ama)"
    )
