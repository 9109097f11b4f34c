"""What is done in one case: a name that a user might give, made from (seed, index), and the way it is read."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fuzz.bombs import BOMBS
from fuzz.byte_mutations import mutate
from fuzz.declared_sizes import DECLARED
from fuzz.model_folders import Good, odd_model, write_samples
from fuzz.odd_arrays import odd_array
from fuzz.odd_configs import odd_config
from fuzz.odd_folders import odd_folder, odd_place
from fuzz.odd_tables import odd_csv, odd_parquet
from fuzz.seed_images import SEED_IMAGES
from fuzz.seed_tables import SEED_PARQUETS, SEED_TABLES


@dataclass
class Case:
    """One case.

    Parameters
    ----------
    made
        What was done to which file.
    door
        The function of :mod:`fuzz.doors` that reads it.
    source
        What is read.
    model
        The model that scores it, or is loaded; None for a fit.
    options
        Of the command line.
    endless
        Whether the source is truly so large that five seconds do not suffice; memory has to.
    """

    made: str
    door: str
    source: Path
    model: Path | None = None
    options: list[str] = field(default_factory=list)
    endless: bool = False


def make_case(seed: int, index: int, good: dict[str, Good], folder: Path) -> Case:
    """The case of an index: inputs at even ones, models at odd ones."""
    rng = random.Random(f"{seed} {index}")
    (folder / "input").mkdir(parents=True)
    return (_model_case if index % 2 else _input_case)(rng, good, folder)


def _model_case(rng: random.Random, good: dict[str, Good], folder: Path) -> Case:
    model = folder / "model"
    name, made = odd_model(rng, good, model)
    source = write_samples(rng, good[name], name, folder / "input")
    return Case(f"model {name}: {made}", rng.choice(("load", "load", "score")), source, model)


def _changed_file(rng: random.Random, folder: Path) -> str:
    seeds = rng.choice((SEED_IMAGES, SEED_TABLES, SEED_TABLES))
    name, second = rng.choice(list(seeds)), rng.choice(list(SEED_IMAGES))
    suffix = "".join(Path(name).suffixes)
    alike = [n for n in seeds if n.endswith(suffix)] if rng.random() < 0.7 else [second]
    other = {**SEED_IMAGES, **SEED_TABLES}[rng.choice(alike)](rng.randrange(100))
    data = seeds[name](rng.randrange(100))
    choice = rng.random()
    if choice < 0.06:
        said = "unchanged"
    elif choice < 0.5 and suffix in DECLARED:
        data, said = DECLARED[suffix](rng, data)
    else:
        data, said = mutate(rng, data, other)
    if rng.random() < 0.05:
        suffix = rng.choice((".png", ".csv", ".npy", ".npz", ".parquet", ".arrow", ".jsonl", ".PNG", ".jpg"))
        said += f", called {suffix}"
    (folder / f"x{suffix}").write_bytes(data)
    return f"{name}, {said}"


MAKERS: dict[Callable[[random.Random, Path], str], float] = {
    _changed_file: 34, odd_folder: 18, odd_parquet: 16, odd_csv: 12, odd_array: 8, odd_place: 5, odd_config: 6,
    **dict.fromkeys(BOMBS, 0.5),
}  # fmt: skip


def _input_case(rng: random.Random, good: dict[str, Good], folder: Path) -> Case:
    place = folder / "input"
    [maker] = rng.choices(list(MAKERS), list(MAKERS.values()))
    made = maker(rng, place)
    if maker is odd_config:
        table = folder / "rows.parquet"
        table.write_bytes(SEED_PARQUETS["labelled.parquet"](0))
        return Case(made, "fit", table, None, ["--config", str(place / "x.yaml")])
    files = sorted(place.iterdir())
    whole = len(files) != 1 or maker is odd_folder
    source = place if whole else files[0]
    pictured = any(f.suffix.lower() in IMAGE_SUFFIXES for f in files) or whole
    endless = BOMBS.get(maker, False)
    door = rng.choice(("score", "score", "fit", "open", "predict"))
    if endless or "sparse" in made:
        door = rng.choice(("score", "describe"))
    model = rng.choice(
        ["grey", "grey", "colour", "pca"]
        if pictured or "image" in made
        else ["rows", "table", "neighbours", "svdd"]
    )
    if rng.random() < 0.1:
        model = rng.choice(list(good))
    return Case(
        made, door, source, None if door == "fit" else good[model].folder, _options(rng, door), endless
    )


def _options(rng: random.Random, door: str) -> list[str]:
    options = []
    if rng.random() < 0.15:
        options.append("--strict")
    if door == "fit" and rng.random() < 0.2:
        options += ["--normal-label", rng.choice(("good", "a", "1"))]
    if rng.random() < 0.07:
        options += ["--label-column", rng.choice(("label", "a", "y", "id", "nothing"))]
    if door == "fit" and rng.random() < 0.1:
        options += ["--image-size", "16"]
    if door == "fit" and rng.random() < 0.3:
        options += ["--method", "PCAReconstruction"]
    return options


IMAGE_SUFFIXES = {Path(name).suffix for name in SEED_IMAGES}
