"""Configurations and weights that anybody may have written: used as data, or refused."""

from __future__ import annotations

import json
import os
import pickle

import pytest
import torch
from safetensors.torch import load_file, save_file

from ama.errors import InputError
from ama.features.backbone_folder import backbone_folder
from ama.features.transformers_network import (
    build,
    config_from,
    multiple_of,
    plain,
    read_config,
    read_network,
    transformers,
)
from tiny_backbones import CONFIGS, SIZES, tiny

pytest.importorskip("transformers")


@pytest.fixture
def library():
    with transformers() as found:
        yield found


@pytest.fixture
def folder(tmp_path):
    return backbone_folder(str(tiny("resnet", tmp_path / "own")))


def change(path, **values):
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_configuration_builds_the_same_network_after_json(library, tmp_path, kind):
    folder = backbone_folder(str(tiny(kind, tmp_path / "own")))
    config = read_config(library, folder)
    network = read_network(library, folder, config)
    again = build(library, config_from(library, json.loads(json.dumps(plain(library, config)))))
    again.load_state_dict(network.state_dict())
    x = torch.rand(1, 3, 56, 56)
    maps = zip(network.eval()(x).feature_maps, again.eval()(x).feature_maps, strict=True)
    assert all(torch.equal(one, other) for one, other in maps)
    assert multiple_of(config) == {"dinov2": 14, "resnet": 1}.get(kind, 4)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (None, "it holds NoneType, expected an object"),
        ({}, "no backbone of the model_type None"),
        ({"model_type": "bert"}, "no backbone of the model_type 'bert'"),
        (
            {"model_type": "timm_backbone", "backbone": "resnet18"},
            "no backbone of the model_type 'timm_backbone'",
        ),
        ({"model_type": "resnet", "auto_map": {}}, "'resnet' has no field 'auto_map'"),
        ({"model_type": "resnet", "_attn_implementation": "owner/kernel"}, "no field '_attn_implementation'"),
        (
            {"model_type": "dinov2", "num_hidden_layers": 10**9},
            r"num_hidden_layers holds 1e\+09, expected numbers up",
        ),
        ({"model_type": "resnet", "depths": [10**9]}, "depths holds"),
        ({"model_type": "resnet", "depths": [[[[[[1]]]]]]}, "depths is nested too deeply"),
    ],
)
def test_a_hostile_configuration_is_refused(library, values, reason):
    with pytest.raises(ValueError, match=reason):
        config_from(library, values)


def test_code_of_the_folder_is_not_run(library, folder, tmp_path):
    """Neither a module that the configuration names, nor pickled weights."""
    (folder.path / "evil.py").write_text(f"open({str(tmp_path / 'made')!r}, 'w')")
    change(
        folder.path / "config.json", auto_map={"AutoConfig": "evil.Config", "AutoBackbone": "evil.Network"}
    )
    read_network(library, folder, read_config(library, folder))

    class Hostile:
        def __reduce__(self):
            return (open, (str(tmp_path / "made"), "w"))

    os.remove(folder.path / "model.safetensors")
    (folder.path / "pytorch_model.bin").write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(InputError, match="cannot be used as a backbone: "):
        read_network(library, folder, read_config(library, folder))
    assert not (tmp_path / "made").exists()


def test_weights_of_a_classifier_are_read_and_others_are_refused(library, folder):
    path = folder.path / "model.safetensors"
    tensors = load_file(path)
    first = next(name for name in tensors if name.endswith("convolution.weight"))
    save_file({**tensors, "classifier.1.weight": torch.ones(2, SIZES[-1])}, path, {"format": "pt"})
    config = read_config(library, folder)
    assert torch.equal(read_network(library, folder, config).state_dict()[first], tensors[first])
    save_file({name: t for name, t in tensors.items() if name != first}, path, {"format": "pt"})
    with pytest.raises(InputError, match=f"its weights lack 1 tensors, such as {first}"):
        read_network(library, folder, config)
    path.write_bytes(b"no weights")
    with pytest.raises(InputError, match="own cannot be used as a backbone: "):
        read_network(library, folder, config)


def test_a_kind_without_a_backbone_is_named(library, folder):
    change(folder.path / "config.json", model_type="vit")
    with pytest.raises(
        InputError, match=r"own cannot be used as a backbone: .* no backbone of the model_type 'vit'"
    ):
        read_config(library, folder)


def test_a_norm_that_only_the_backbone_has_may_be_missing(library, tmp_path):
    folder = backbone_folder(str(tiny("convnext", tmp_path / "own")))
    path = folder.path / "model.safetensors"
    kept = {name: t for name, t in load_file(path).items() if not name.startswith("hidden_states_norms")}
    save_file(kept, path, {"format": "pt"})
    network = read_network(library, folder, read_config(library, folder))
    norms = {name: t for name, t in network.state_dict().items() if name not in kept}
    assert len(norms) == 2 * len(SIZES)
    assert all(bool((t == name.endswith("weight")).all()) for name, t in norms.items())


def test_the_random_generator_and_the_logging_of_the_library_stay_as_they_were(library, folder):
    logging = library.utils.logging
    before, level = torch.get_rng_state(), logging.get_verbosity()
    with transformers():
        read_network(library, folder, read_config(library, folder))
    assert torch.equal(torch.get_rng_state(), before)
    assert logging.get_verbosity() == level
