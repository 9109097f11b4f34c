"""Weights: read in the order of the layers, and refused where they are of something else."""

from __future__ import annotations

import pytest
import torch

from ama.errors import InputError
from ama.features import lite0_weights as module
from ama.features.lite0 import Lite0
from ama.features.lite0_weights import load_lite0


@pytest.fixture
def stored(tmp_path):
    """A file like the package's, with other names and a classifier."""
    network = Lite0()
    drawn = {name: torch.rand(t.shape) for name, t in network.state_dict().items() if t.is_floating_point()}
    network.load_state_dict(drawn, strict=False)
    tensors = {f"_{i}.{name.split('.')[-1]}": t for i, (name, t) in enumerate(network.state_dict().items())}
    torch.save(
        {**tensors, "_fc.weight": torch.ones(1000, 1280), "_fc.bias": torch.ones(1000)}, tmp_path / "w.pth"
    )
    return network, tmp_path / "w.pth"


def test_the_tensors_are_taken_in_order(stored):
    network, path = stored
    loaded = load_lite0(path)
    for name, tensor in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name
    x = torch.rand(1, 3, 32, 32)
    assert torch.equal(loaded(x).pooled, network(x).pooled)


def test_other_tensors_are_refused(tmp_path):
    path = tmp_path / "other.pth"
    for content in ({"a": torch.ones(3)}, [torch.ones(3)], {"a": 1}):
        torch.save(content, path)
        with pytest.raises(
            InputError, match=r"other.pth has \d tensors, expected the 245 of EfficientNet-Lite0"
        ):
            load_lite0(path)


def test_a_tensor_of_another_shape_is_named(stored, tmp_path):
    tensors = {
        name: tensor[:3] if tensor.ndim == 4 else tensor for name, tensor in stored[0].state_dict().items()
    }
    torch.save(tensors, tmp_path / "other.pth")
    found = r"tensor of shape \(3, 3, 3, 3\) for stem.* of EfficientNet-Lite0, expected \(32, 3, 3, 3\)$"
    with pytest.raises(InputError, match=found):
        load_lite0(tmp_path / "other.pth")


@pytest.mark.parametrize("content", [b"", b"no weights", b"a,b\n1,2\n", b"0,1\n", None])
def test_a_file_without_weights_is_refused(tmp_path, content):
    path = tmp_path / "bad.pth"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"bad.pth cannot be read as weights: "):
        load_lite0(path)


def test_code_in_the_file_is_not_run(tmp_path):
    class Hostile:
        def __reduce__(self):
            return (open, (str(tmp_path / "made"), "w"))

    torch.save({"a": Hostile()}, tmp_path / "hostile.pth")
    with pytest.raises(InputError, match="cannot be read as weights: it is not a state dict"):
        load_lite0(tmp_path / "hostile.pth")
    assert not (tmp_path / "made").exists()


def test_the_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(module, "PACKAGE", "no_such_package")
    with pytest.raises(InputError, match="pip install no-such-package"):
        load_lite0()
