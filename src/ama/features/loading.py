"""Backbones by the parameter ``features``, by what a model folder says of them, and by where their weights came from.

======================================  =======================================================================
features                                backbone
======================================  =======================================================================
``lite0``, ``lite0:FILE``               EfficientNet-Lite0 with the weights of the package, or of a file
``FOLDER``                              what transformers' ``AutoBackbone`` loads from a folder
``OWNER/NAME``, ``OWNER/NAME@REVISION``  the same from the Hugging Face hub, where there is no such folder
``timm:NAME``                           a network of timm
======================================  =======================================================================
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, TypedDict, get_type_hints

from torch import Tensor

from ama.errors import InputError, as_written
from ama.features.backbone import Backbone, Lite0Backbone
from ama.features.provenance import Provenance
from ama.features.timm_backbone import TimmBackbone
from ama.features.transformers_backbone import TransformersBackbone
from ama.io.typed_values import check_values

BACKBONES: dict[str, type[Backbone]] = {
    kind.library: kind for kind in (Lite0Backbone, TransformersBackbone, TimmBackbone)
}


class Description(TypedDict):
    """A backbone in ``config.json``: what builds its network, and the fields of its :class:`Provenance`."""

    library: str
    network: dict[str, Any]
    provenance: dict[str, str]


def check_features(features: Any) -> None:
    """Refuse, before samples are read, features by which no backbone is found.

    Raises
    ------
    InputError
        If they name none, or its library, file or folder is missing.
    """
    kind, name = _named(features)
    kind.check(name)


def load_backbone(features: str) -> Backbone:
    """The backbone with its pre-trained weights.

    Raises
    ------
    InputError
        As :func:`check_features`, or if its weights cannot be read.
    """
    kind, name = _named(features)
    return kind.loaded(name)


def _named(features: Any) -> tuple[type[Backbone], str]:
    """The class of a backbone, and the name by which that finds it."""
    if not isinstance(features, str):
        raise InputError(f"features must be text that names a backbone, found {as_written(features)}")
    library, colon, name = features.partition(":")
    if library in (Lite0Backbone.library, TimmBackbone.library) and bool(name) == bool(colon):
        return BACKBONES[library], name
    return TransformersBackbone, features


def description_of(backbone: Backbone) -> Description:
    """What :func:`described_backbone` needs, as JSON types."""
    return {
        "library": backbone.library,
        "network": backbone.description(),
        "provenance": asdict(backbone.provenance),
    }


def described_backbone(description: dict[str, Any]) -> Backbone:
    """A backbone without weights; anything missing or wrong in its description may raise any usual error."""
    known = description["provenance"]
    check_values(known, get_type_hints(Provenance), "the provenance of its backbone")
    return _kind(description).described(description["network"], Provenance(**known))


def prepare_backbone(description: dict[str, Any]) -> None:
    """Import what :func:`described_backbone` needs, which it may not do while tensors are without memory.

    Raises
    ------
    MissingLibraryError
        If its library is not installed.
    ValueError
        If there is no such backbone.
    """
    _kind(description).prepare(description["network"])


def _kind(description: dict[str, Any]) -> type[Backbone]:
    check_values(description, get_type_hints(Description), "its backbone")
    if missing := sorted(Description.__required_keys__ - description.keys()):
        raise ValueError(f"its backbone lacks {missing[0]}")
    if description["library"] not in BACKBONES:
        raise ValueError(f"its backbone is of the unknown library {description['library']!r}")
    return BACKBONES[description["library"]]


def weights_again(known: Provenance) -> dict[str, Tensor]:
    """The weights of a model that holds them by reference, from where they came.

    Raises
    ------
    InputError
        If they are no longer there, or are others.
    """
    found = load_backbone(known.source)
    if found.provenance.sha256 != known.sha256:
        raise InputError(
            f"the weights of {known.origin} have changed: their SHA-256 starts with {found.provenance.sha256[:12]}, "
            f"expected {known.sha256[:12]}"
        )
    return found.state_dict()
