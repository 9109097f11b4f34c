"""Changes to a model's weights: to the bytes of the file, to its header, and to the tensors in it."""

from __future__ import annotations

import json
import random
import re

import torch
from safetensors.torch import load, save

from fuzz.byte_mutations import mutate, truncated
from fuzz.nasty_values import JSON_VALUES, NUMBERS

Tensors = dict[str, torch.Tensor]
TYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int64, torch.uint8, torch.bool)


def _parts(data: bytes) -> tuple[bytes, bytes]:
    size = int.from_bytes(data[:8], "little")
    return data[8 : 8 + size], data[8 + size :]


def odd_header(rng: random.Random, data: bytes, other: bytes) -> tuple[bytes, str]:
    """The header: its length, a bit, or one of its values."""
    header, body = _parts(data)
    choice = rng.choice(("length", "bit", "value", "value", "value"))
    if choice == "length":
        size = rng.choice((0, 1, len(header) - 1, len(header) + 1, 2**31, 2**40, 2**63, 2**64 - 1))
        return size.to_bytes(8, "little") + header + body, f"a header of {size} bytes"
    if choice == "bit":
        header, said = mutate(rng, header, b"{}[],:0123456789")
        return len(header).to_bytes(8, "little") + header + body, f"header: {said}"
    text = header.decode()
    pattern = rng.choice(
        (r'"dtype":"\w+"', r'"shape":\[[\d,]*\]', r'"data_offsets":\[[\d,]*\]', r'"[\w.]+":\{', r":\{[^}]*\}")
    )
    found = rng.choice(list(re.finditer(pattern, text)))
    value = rng.choice(
        (*JSON_VALUES, "[0,0]", "[0,1000000000000]", "[1000000000000,0]", "[-1]", '"F64"', '"BF16"', '"F4"')
    )
    key = found[0].partition(":")[0]
    changed = {"{": f"{value}:{{", "}": f":{value}"}.get(found[0][-1], f"{key}:{value}")
    header = (text[: found.start()] + changed + text[found.end() :]).encode("utf-8", "surrogatepass")
    return len(header).to_bytes(8, "little") + header + body, f"header: {changed[:60]}"


def _changed(rng: random.Random, name: str, tensor: torch.Tensor) -> tuple[torch.Tensor, str]:
    """One tensor with other values, another shape or another type."""
    choice = rng.choice(("value", "value", "values", "shape", "type"))
    if choice == "type":
        kind = rng.choice(TYPES)
        return tensor.to(kind), f"{name} as {kind}"
    if choice == "shape":
        shapes = {
            "no entries": tensor.flatten()[:0], "flat": tensor.flatten(), "one more axis": tensor[None],
            "twice as long": torch.cat([tensor, tensor]) if tensor.ndim else tensor[None],
            "a number": tensor.flatten()[:1].reshape(()) if tensor.numel() else tensor,
            "transposed": tensor.flatten()[None].T,
            "shorter": tensor[:-1] if tensor.ndim else tensor[None],
            "a million entries": torch.zeros(10**6, dtype=tensor.dtype),
        }  # fmt: skip
        kind = rng.choice(list(shapes))
        return shapes[kind].contiguous(), f"{name} of another shape: {kind}"
    value = rng.choice(NUMBERS)
    value = value if tensor.is_floating_point() else rng.choice((0, 1, -1, 127))
    changed = tensor.clone()
    flat = changed.view(-1)
    chosen = slice(None) if choice == "values" or not len(flat) else rng.randrange(len(flat))
    flat[chosen] = torch.tensor(value).double().to(tensor.dtype)
    return changed, f"{name}: {'all' if choice == 'values' else 'one'} {value}"


def odd_tensors(rng: random.Random, data: bytes, other: bytes) -> tuple[bytes, str]:
    """Well formed weights whose tensors are not those of the model."""
    tensors: Tensors = load(data)
    # Statistics are few, and their faults are the ones that are overlooked.
    small = [name for name in tensors if not name.startswith("networks.") or tensors[name].numel() < 10]
    name = rng.choice(sorted(small) if small and rng.random() < 0.6 else sorted(tensors))
    choice = rng.choice(("changed",) * 6 + ("missing", "extra", "swapped", "renamed", "none", "others"))
    said = f"tensor {name} {choice}"
    if choice == "changed":
        tensors[name], said = _changed(rng, name, tensors[name])
    elif choice == "missing":
        del tensors[name]
    elif choice == "extra":
        tensors["extra"] = torch.zeros(rng.choice((0, 1, 1000)))
    elif choice == "swapped":
        second = rng.choice(sorted(tensors))
        tensors[name], tensors[second] = tensors[second].clone(), tensors[name].clone()
    elif choice == "renamed":
        tensors[name + "x"] = tensors.pop(name)
    elif choice == "others":
        return other, "the weights of another model"
    metadata = rng.choice((None, None, {"format": "pt"}, {"a" * 1000: json.dumps("\0")}))
    return save({} if choice == "none" else tensors, metadata), said


ODD_WEIGHTS = (mutate, truncated, odd_header, odd_header, odd_tensors, odd_tensors, odd_tensors, odd_tensors)
