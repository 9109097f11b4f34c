"""The folder of a backbone of transformers: a local one, or a snapshot of a repository of the Hugging Face hub."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from ama.errors import InputError, sentence
from ama.features.provenance import UNKNOWN_LICENCE

CONFIG, PROCESSOR, CARD = "config.json", "preprocessor_config.json", "README.md"
DESCRIBING = [CONFIG, PROCESSOR, CARD]
SAFE, PICKLED = ["model*.safetensors", "model*.safetensors.index.json"], ["pytorch_model*.bin*"]
HUB_ID = re.compile(r"(?P<name>[\w-][\w.-]*/[\w-][\w.-]*)(@(?P<revision>[\w./-]+))?")
LONGEST_LICENCE = 60  # characters


class BackboneFolder(NamedTuple):
    """Where the files of a backbone are."""

    path: Path
    name: str  # for messages and the model card
    origin: str  # in words
    source: str  # finds it again

    def read(self, file: str) -> dict[str, Any]:
        """A JSON file of the folder; empty if there is none.

        Raises
        ------
        InputError
            If it is no JSON object.
        """
        path = self.path / file
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
        if not isinstance(found, dict):
            raise InputError(f"{path} holds no JSON object")
        return found

    def licence(self) -> str:
        """What its model card names as its licence."""
        from huggingface_hub.repocard import metadata_load

        try:
            found = (metadata_load(self.path / CARD) or {}).get("license")
        except Exception:  # none, or one that is no YAML; the library's errors depend on its version
            found = None
        return sentence(str(found), LONGEST_LICENCE) if found else UNKNOWN_LICENCE


def check_name(name: str) -> None:
    """Refuse what is neither a folder of a network nor an id of the hub.

    Raises
    ------
    InputError
        If it is neither.
    """
    folder = Path(name)
    if name and folder.is_dir():
        if not (folder / CONFIG).is_file():
            raise InputError(
                f"features={name!r} is a folder without {CONFIG}, so no backbone of transformers"
            )
        return
    if folder.is_absolute():
        raise InputError(f"features names a backbone's folder, and there is no folder {name}")
    if not HUB_ID.fullmatch(name):
        raise InputError(
            "features must be none, lite0, lite0:FILE, timm:NAME, a folder, or an id of the Hugging Face hub such as "
            f"facebook/dinov2-small, found {name!r}, where there is no folder"
        )


def backbone_folder(name: str) -> BackboneFolder:
    """The folder of that path or hub id; the files of a hub id are downloaded if they are not there yet.

    Raises
    ------
    InputError
        As :func:`check_name`; and if the hub has no such repository, or neither it nor its copy can be read.
    """
    check_name(name)
    path = Path(name)
    if path.is_dir():
        path = path.resolve()
        return BackboneFolder(path, path.name, f"the folder {path}", str(path))
    found = HUB_ID.fullmatch(name)
    assert found is not None
    repository = found["name"]
    path = _snapshot(repository, found["revision"])
    commit = path.name
    return BackboneFolder(
        path, repository, f"the Hugging Face hub, revision {commit[:12]}", f"{repository}@{commit}"
    )


def _snapshot(repository: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        path = Path(snapshot_download(repository, revision=revision, allow_patterns=[*DESCRIBING, *SAFE]))
        if not any(path.glob(SAFE[0])):
            snapshot_download(repository, revision=path.name, allow_patterns=PICKLED)
    except RepositoryNotFoundError as error:
        raise InputError(
            f"there is no folder {repository}, and the Hugging Face hub has no public network of that name"
        ) from error
    except Exception as error:  # which HTTP library raises it depends on the version of huggingface_hub
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise InputError(
            f"there is no folder {repository}, and it cannot be fetched from the Hugging Face hub: {reason}"
        ) from error
    return path
