"""Good model folders, made once, and changed copies of them."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import ama
from fuzz.nasty_values import FILE_NAMES, JSON_VALUES, TEXTS
from fuzz.odd_folders import PLACES
from fuzz.odd_weights import ODD_WEIGHTS
from fuzz.seed_images import SEED_IMAGES
from fuzz.seed_tables import image_array, parquet, row_array, rows

CONFIG, WEIGHTS = "config.json", "weights.safetensors"
SMALL = {"max_steps": 2, "latent_dim": 4, "encoder_width": 8, "generator_width": 8, "discriminator_width": 8}
MARK = "@@value@@"
SIZES = (0, 1, 3, 100, 1000, 4096, 15_000, 65_536, 10**6, 10**7, 10**9, 10**12, 2**63, 10**30)


class Good(NamedTuple):
    """A detector that was fitted, and three samples for it."""

    folder: Path
    samples: np.ndarray


def write_good_models(home: Path) -> dict[str, Good]:
    """Fit the detectors from which the others are made, and save them under their names."""
    table = home / "table.parquet"
    table.write_bytes(parquet(rows(0)))
    images = image_array(0).repeat(4, axis=0)
    colours = np.stack([images] * 3, axis=1)
    data: dict[str, tuple[ama.detectors.base.Detector, Any, np.ndarray]] = {
        "rows": (ama.AMADetector(**SMALL), row_array(0), row_array(1)[:3]),
        "table": (ama.AMADetector(scoring="auto", **SMALL), table, row_array(1)[:3]),
        "grey": (ama.AMADetector(**SMALL), images, images[:3]),
        "colour": (ama.AMADetector(**SMALL), colours, colours[:3]),
        "pca": (ama.baselines.PCAReconstruction(), images, images[:3]),
        "neighbours": (ama.baselines.NearestNeighbours(), row_array(0), row_array(1)[:3]),
        "svdd": (ama.baselines.DeepSVDD(max_steps=2), row_array(0), row_array(1)[:3]),
        "alad": (ama.baselines.ALAD(max_steps=2), row_array(0), row_array(1)[:3]),
        "typicality": (ama.baselines.Typicality(max_steps=2), images, images[:3]),
    }
    for name, (detector, X, _) in data.items():
        detector.set_params(false_alarm_rate=0.3, random_state=0, device="cpu", progress=False).fit(X).save(
            home / name
        )
    return {name: Good(home / name, samples) for name, (_, _, samples) in data.items()}


def _places(value: Any, skipped: tuple[str, ...] = ()) -> list[tuple[Any, Any]]:
    """Every container and key of parsed JSON, at any depth; not within the keys that are skipped."""
    found: list[tuple[Any, Any]] = []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in pairs:
        found += [(value, key), *([] if key in skipped else _places(part))]
    return found


def _size(rng: random.Random, config: dict[str, Any]) -> str:
    """Another whole number for one of those on which the size of the networks may depend."""
    whole = [
        (container, key)
        for container, key in _places(config, ("history", "versions", "parameters"))
        if type(container[key]) is int and key not in ("format", "steps")
    ]
    if not whole:  # an earlier change has removed them
        return "no whole number is left"
    container, key = rng.choice(whole)
    before, container[key] = container[key], rng.choice(SIZES)
    return f"{key} = {container[key]} for {before}"


def _nearby(rng: random.Random, value: Any) -> Any:
    """Another value of the same kind, which a check may let pass."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return rng.choice(
            (-value, value + 1, value * 10, value / 3, float(value), str(value), value * 1000, 0, [value])
        )
    if isinstance(value, str):
        return rng.choice((value + "x", value.upper(), "", value[:-1], rng.choice(TEXTS[:-1])))
    if isinstance(value, list):
        return rng.choice(
            (value[:-1], [*value, *value], value[::-1], value[:1] * 3, dict.fromkeys(map(str, value)))
        )
    return rng.choice(({}, [], 0, "x", [value]))


def _odd_config(rng: random.Random, text: str) -> tuple[str, str]:
    """One or two values, keys or blocks changed."""
    config, said, raw = json.loads(text), [], []
    for _ in range(rng.choice((1, 1, 1, 2))):
        change = rng.choice(("value",) * 4 + ("nearby",) * 4 + ("size",) * 2 + ("drop", "rename", "add"))
        # The history and the versions are long and without effect.
        skipped = ("history", "versions") if rng.random() < 0.9 else ()
        container, key = rng.choice(
            [p for p in _places(config, skipped) if p[0] is config or rng.random() < 0.5]
        )
        if change == "size":
            said.append(_size(rng, config))
        elif change == "value":
            raw.append(rng.choice(JSON_VALUES))
            container[key] = f"{MARK}{len(raw) - 1}"
            said.append(f"{key} = {raw[-1][:40]}")
        elif change == "nearby":
            before = container[key]
            container[key] = _nearby(rng, before)
            said.append(f"{key} = {str(container[key])[:40]!r} for {str(before)[:40]!r}")
        elif isinstance(container, list) or change == "drop":
            said.append(f"{key} left out")
            del container[key]
        else:
            name = rng.choice(TEXTS[:-1])
            container[name] = container.pop(key) if change == "rename" else 1
            said.append(f"{key} renamed to {name[:20]!r}" if change == "rename" else f"{name[:20]!r} added")
    changed = json.dumps(config)
    for i, value in enumerate(raw):
        changed = changed.replace(f'"{MARK}{i}"', value)
    return changed, "config.json: " + ", ".join(said)


def _change_config(rng: random.Random, folder: Path, other: Path) -> str:
    path = folder / CONFIG
    if rng.random() < 0.15:
        text = rng.choice(
            (
                *JSON_VALUES,
                "",
                "{",
                path.read_text()[:-20],
                (other / CONFIG).read_text(),
                "\ufeff" + path.read_text(),
            )
        )
        said = f"config.json: {text[:40]}"
    else:
        text, said = _odd_config(rng, path.read_text())
    path.write_text(text, encoding=rng.choice(("utf-8",) * 9 + ("utf-16",)), errors="surrogatepass")
    return said


def _change_weights(rng: random.Random, folder: Path, other: Path) -> str:
    path = folder / WEIGHTS
    change = rng.choice(ODD_WEIGHTS)
    data, said = change(rng, path.read_bytes(), (other / WEIGHTS).read_bytes())
    path.write_bytes(data)
    if rng.random() < 0.2:
        return f"weights, {said}; the checksum is that of before"
    config = json.loads((folder / CONFIG).read_text())
    config["weights_sha256"] = hashlib.sha256(data).hexdigest()
    (folder / CONFIG).write_text(json.dumps(config))
    return f"weights, {said}"


def _change_files(rng: random.Random, folder: Path, other: Path) -> str:
    name, what = rng.choice((CONFIG, WEIGHTS)), rng.choice(list(PLACES))
    (folder / name).unlink()
    if rng.random() < 0.2:
        return f"{name} is missing"
    PLACES[what](folder / name)
    return f"{name} is {what}"


def _add_files(rng: random.Random, folder: Path, other: Path) -> str:
    what, name = (
        rng.choice(list(PLACES)),
        rng.choice((b"README.md", b".DS_Store", b"x.safetensors", *FILE_NAMES[:6])),
    )
    PLACES[what](folder / os.fsdecode(name))
    return f"beside the model, {what} called {name[:20]!r}"


def _replace_folder(rng: random.Random, folder: Path, other: Path) -> str:
    shutil.rmtree(folder)
    what = rng.choice(list(PLACES))
    PLACES[what](folder)
    return f"in place of the model, {what}"


CHANGES: tuple[Callable[[random.Random, Path, Path], str], ...] = (
    *(_change_config,) * 10, *(_change_weights,) * 9, *(_change_files,) * 2, _add_files, _replace_folder,
)  # fmt: skip


def odd_model(rng: random.Random, good: dict[str, Good], folder: Path) -> tuple[str, str]:
    """A changed copy of a good model; which one, and what was changed."""
    name, other = rng.choice(list(good)), rng.choice(list(good))
    shutil.copytree(good[name].folder, folder)
    return name, rng.choice(CHANGES)(rng, folder, good[other].folder)


def write_samples(rng: random.Random, good: Good, name: str, folder: Path) -> Path:
    """The three samples of a model in a file of some kind."""
    if good.samples.ndim == 2 and rng.random() < 0.5:
        path = folder / "x.parquet"
        path.write_bytes(parquet({c: good.samples[:, j] for j, c in enumerate("abcde")}))
    elif name == "grey" and rng.random() < 0.5:
        for i in range(3):
            (folder / f"{i}.png").write_bytes(SEED_IMAGES["grey.png"](i))
        path = folder
    else:
        path = folder / "x.npy"
        np.save(path, good.samples)
    return path
