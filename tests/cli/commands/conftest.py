"""A place with samples and models for all commands, and how a command is run there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from ama.cli.main import main
from places import CLASSES, EACH, SMALL, noise, picture, png, write


@pytest.fixture(scope="session")
def place(tmp_path_factory) -> Path:
    """The same samples as a folder, a hub's Parquet and an .npz; a table of numbers; and a model of each."""
    place, random = tmp_path_factory.mktemp("place"), np.random.default_rng(0)
    pictures = {kind: [picture(kind, random) for _ in range(EACH)] for kind in CLASSES}
    for kind, found in pictures.items():
        (place / "photos" / kind).mkdir(parents=True)
        for i, pixels in enumerate(found):
            (place / "photos" / kind / f"{i:02}.png").write_bytes(png(pixels))
    every = [(kind, pixels) for kind, found in pictures.items() for pixels in found]
    images = [{"bytes": png(pixels), "path": f"{kind}-{i}.png"} for i, (kind, pixels) in enumerate(every)]
    labels = [CLASSES.index(kind) for kind, _ in every]
    names = {"info": {"features": {"label": {"names": list(CLASSES), "_type": "ClassLabel"}}}}
    hub = pa.table({"image": images, "label": labels})
    pq.write_table(hub.replace_schema_metadata({"huggingface": json.dumps(names)}), place / "hub.parquet")
    np.savez(place / "arrays.npz", X=np.stack([pixels for _, pixels in every]), y=labels)
    values = random.normal(size=(3 * EACH, 3)) + np.repeat([0, 1, 9], EACH)[:, None]
    table = pa.table({"name": [f"n{i}" for i in range(3 * EACH)], **dict(zip("abc", values.T, strict=True))})
    table = table.append_column("kind", [[kind for kind, _ in every]]).rename_columns(["id", *"abc", "kind"])
    pa.csv.write_csv(table, place / "table.csv")
    for kind in CLASSES[:2]:
        (place / "new-cats-and-dogs" / kind).mkdir(parents=True)
        for i in range(30):
            (place / "new-cats-and-dogs" / kind / f"{i:02}.png").write_bytes(png(picture(kind, random)))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        normal = ["--normal-label", "cat", "dog", *SMALL]
        assert main(["fit", "photos", "--out", "photos.model", *normal]) == 0
        assert main(["fit", "table.csv", "--out", "table.model", "--label-column", "kind", *normal]) == 0
    return place


@pytest.fixture
def call(place, monkeypatch, capsys):
    """Runs a command in the shared place, in this process: exit status, standard output, standard error."""
    monkeypatch.chdir(place)
    capsys.readouterr()

    def run(*words: object) -> tuple[int, str, str]:
        status = main([str(word) for word in words])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def bad(tmp_path) -> Path:
    """Sources to stumble over."""
    bad = tmp_path / "bad"
    bad.mkdir()
    write(bad / "one", noise(1))
    write(bad / "three", noise(3))
    write(bad / "same", {f"{i}.png": np.full((8, 8), 7, np.uint8) for i in range(20)})
    write(bad / "tiny", noise(20, side=1))
    write(bad / "text", {"a.png": "hello"})
    write(bad / "mixed", noise(60) | {"x.png": "hello", "y.png": ""})
    write(bad / "flat", noise(60))
    write(bad / "foreign", {"holiday.txt": "sun"})
    (bad / "empty").mkdir()
    rows = [f"{i},{i % 7}" for i in range(60)]
    pq.write_table(pa.table({"a": range(60), "b": [[[1]]] * 60}), bad / "nested.parquet")
    (bad / "same.csv").write_text("\n".join(["a,b", *["1,2"] * 60]))
    (bad / "lacking.csv").write_text("\n".join(["a,d", *rows]))
    (bad / "file").write_text("x")
    return bad
