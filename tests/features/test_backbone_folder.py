"""Folders of backbones, and snapshots of the hub in its own cache."""

from __future__ import annotations

import pytest

from ama.errors import InputError
from ama.features.backbone_folder import CARD, PROCESSOR, backbone_folder, check_name
from tiny_backbones import tiny

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A machine without a network, and a cache of the hub that holds owner/tiny."""
    constants = pytest.importorskip("huggingface_hub").constants
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    repository = tmp_path / "hub" / "models--owner--tiny"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    return tiny("resnet", repository / "snapshots" / COMMIT)


def test_a_folder_is_named_by_its_whole_path(tmp_path, monkeypatch):
    path = tiny("resnet", tmp_path / "own")
    monkeypatch.chdir(tmp_path)
    folder = backbone_folder("own")
    assert folder == (path, "own", f"the folder {path}", str(path))
    assert folder.licence() == "apache-2.0"
    assert folder.read("no.json") == {}


def test_an_id_of_the_hub_is_read_from_its_cache_and_names_its_revision(hub):
    for name in ("owner/tiny", "owner/tiny@main", f"owner/tiny@{COMMIT}"):
        folder = backbone_folder(name)
        assert folder.path == hub
        assert folder.origin == "the Hugging Face hub, revision 0123456789ab"
        assert folder.source == f"owner/tiny@{COMMIT}"


def test_what_is_not_in_the_cache_is_one_sentence(hub):
    with pytest.raises(
        InputError, match="no folder owner/other, and it cannot be fetched from the Hugging Face"
    ):
        backbone_folder("owner/other")


@pytest.mark.parametrize("name", ["", "tiny", "./tiny", "../a/b", "a/b/c", "hf://a/b", "a/b@"])
def test_what_is_neither_a_folder_nor_an_id_is_refused(name):
    with pytest.raises(
        InputError, match=r"features must be none, lite0, lite0:FILE, timm:NAME, a folder, or an id"
    ):
        check_name(name)


def test_a_folder_that_is_gone_or_without_a_configuration_is_refused(tmp_path):
    with pytest.raises(InputError, match=f"there is no folder {tmp_path / 'gone'}"):
        check_name(str(tmp_path / "gone"))
    with pytest.raises(InputError, match=r"is a folder without config\.json"):
        check_name(str(tmp_path))


@pytest.mark.parametrize("card", [None, "no front matter", "---\n: [\n---\n", "---\nlicense:\n---\n"])
def test_without_a_readable_card_the_licence_is_unknown(tmp_path, card):
    folder = backbone_folder(str(tiny("resnet", tmp_path / "own")))
    (folder.path / CARD).unlink()
    if card is not None:
        (folder.path / CARD).write_text(card)
    assert folder.licence() == "licence unknown"


@pytest.mark.parametrize(("text", "reason"), [("{", "cannot be read"), ("[]", "holds no JSON object")])
def test_a_broken_file_is_refused(tmp_path, text, reason):
    folder = backbone_folder(str(tiny("resnet", tmp_path / "own")))
    (folder.path / PROCESSOR).write_text(text)
    with pytest.raises(InputError, match=rf"{PROCESSOR} {reason}"):
        folder.read(PROCESSOR)
