"""Good tables, arrays and configuration files, small."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fuzz.seed_images import SEED_IMAGES

N = 77  # rows: a number that is easily found in the bytes of a Parquet file
FEATURES = "abcde"


def rows(seed: int, n: int = N) -> dict[str, np.ndarray]:
    """Five columns of numbers by name."""
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=n) * (i + 1) for i, name in enumerate(FEATURES)}


def parquet(
    columns: dict[str, Any] | pa.Table, metadata: dict[str, Any] | None = None, **options: Any
) -> bytes:
    """A Parquet file of columns, with JSON in the metadata of its schema."""
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    if metadata is not None:
        table = table.replace_schema_metadata(
            {
                key: text if isinstance(text, str | bytes) else json.dumps(text)
                for key, text in metadata.items()
            }
        )
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def images(seed: int, n: int = 12, name: str = "grey.png") -> list[bytes]:
    """Encoded images of one format."""
    return [SEED_IMAGES[name](seed + i) for i in range(n)]


def _labels(n: int = N) -> list[str]:
    return ["good" if i % 5 else "bad" for i in range(n)]


def _image_structs(seed: int) -> pa.Array:
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    return pa.array([{"bytes": b, "path": f"{i}.png"} for i, b in enumerate(images(seed))], kind)


def _features_of_hub(labels: list[str]) -> dict[str, Any]:
    features = {"image": {"_type": "Image"}, "label": {"names": labels, "_type": "ClassLabel"}}
    return {"huggingface": {"info": {"features": features}}}


def _pandas(seed: int) -> bytes:
    import pandas as pd

    frame = pd.DataFrame(rows(seed), index=pd.Index([f"r{i}" for i in range(N)]))
    return parquet(pa.Table.from_pandas(frame))


def _rich(seed: int) -> dict[str, Any]:
    start = datetime(2020, 1, 1)
    return {
        **rows(seed),
        "whole": np.arange(N, dtype=np.int16),
        "flag": np.arange(N) % 2 == 0,
        "half": np.linspace(0, 1, N, dtype=np.float16),
        "money": pa.array([Decimal(i) / 8 for i in range(N)], pa.decimal128(30, 10)),
        "category": pa.array(_labels()).dictionary_encode(),
        "when": [start + timedelta(i) for i in range(N)],
        "list": [[i] * (i % 3) for i in range(N)],
    }


SEED_PARQUETS: dict[str, Callable[[int], bytes]] = {
    "rows.parquet": lambda s: parquet(rows(s)),
    "labelled.parquet": lambda s: parquet({**rows(s), "label": _labels(), "id": [f"r{i}" for i in range(N)]}),
    "groups.parquet": lambda s: parquet(rows(s), row_group_size=20, compression="zstd", data_page_version="2.0"),
    "category.parquet": lambda s: parquet({**rows(s), "label": pa.array(_labels()).dictionary_encode()}),
    "rich.parquet": lambda s: parquet(_rich(s)),
    "pandas.parquet": _pandas,
    "images.parquet": lambda s: parquet({"image": images(s), "label": _labels(12)}),
    "hub.parquet": lambda s: parquet(
        {"image": _image_structs(s), "label": [i % 2 for i in range(12)]}, _features_of_hub(["good", "bad"])
    ),
}  # fmt: skip


def csv(seed: int, mark: str = ",", end: str = "\n", decimal: str = ".", text: bool = False) -> str:
    """Rows as text, with names in the first line."""
    columns: dict[str, Any] = dict(rows(seed))
    if text:
        columns = {"id": [f"r{i}" for i in range(N)], **columns, "label": _labels()}
    cells = ([f"{x:.6g}".replace(".", decimal) if isinstance(x, float) else str(x) for x in row]
             for row in zip(*columns.values(), strict=True))  # fmt: skip
    return end.join(mark.join(line) for line in [list(columns), *cells]) + end


SEED_CSVS: dict[str, Callable[[int], bytes]] = {
    "rows.csv": lambda s: csv(s).encode(),
    "labelled.csv": lambda s: csv(s, text=True).encode(),
    "semicolons.csv": lambda s: csv(s, ";", decimal=",", text=True).encode(),
    "tabs.csv": lambda s: csv(s, "\t", "\r\n").encode(),
    "mark.csv": lambda s: csv(s, text=True).encode("utf-8-sig"),
    "utf16.csv": lambda s: csv(s, text=True).encode("utf-16"),
    "latin.csv": lambda s: csv(s, text=True).replace("good", "grün").encode("latin-1"),
    "quoted.csv": lambda s: csv(s, text=True).replace("good", '"go ""o"", d\n"').encode(),
}


def arrow(columns: dict[str, Any], stream: bool = False, **options: Any) -> bytes:
    """An Arrow file of columns, in two record batches."""
    table, file = pa.table(columns), io.BytesIO()
    opened = (pa.ipc.new_stream if stream else pa.ipc.new_file)(
        file, table.schema, options=pa.ipc.IpcWriteOptions(**options)
    )
    with opened as writer:
        writer.write_table(table, max_chunksize=40)
    return file.getvalue()


def json_lines(seed: int) -> bytes:
    """Rows as an object a line."""
    table = pa.table({**rows(seed), "flag": np.arange(N) % 2 == 0, "label": _labels()})
    return "".join(f"{json.dumps(row)}\n" for row in table.to_pylist()).encode()


SEED_OTHERS: dict[str, Callable[[int], bytes]] = {
    "rows.arrow": lambda s: arrow(rows(s)),
    "stream.arrow": lambda s: arrow(rows(s), stream=True),
    "rich.feather": lambda s: arrow(_rich(s), compression="lz4"),
    "images.feather": lambda s: arrow({"image": images(s), "label": _labels(12)}),
    "rows.jsonl": json_lines,
    "rows.jsonl.gz": lambda s: gzip.compress(json_lines(s), mtime=0),
    "rows.csv.gz": lambda s: gzip.compress(csv(s, text=True).encode(), mtime=0),
}


def npy(array: np.ndarray, **options: Any) -> bytes:
    """An .npy file."""
    file = io.BytesIO()
    np.lib.format.write_array(file, array, **options)
    return file.getvalue()


def npz(**arrays: Any) -> bytes:
    """A compressed .npz file."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def row_array(seed: int) -> np.ndarray:
    """Rows (77, 5)."""
    return np.stack(list(rows(seed).values()), axis=1)


def image_array(seed: int) -> np.ndarray:
    """Grey images (12, 16, 16)."""
    return np.random.default_rng(seed).integers(0, 256, (12, 16, 16), dtype=np.uint8)


SEED_ARRAYS: dict[str, Callable[[int], bytes]] = {
    "rows.npy": lambda s: npy(row_array(s)),
    "single.npy": lambda s: npy(row_array(s).astype(">f4")),
    "fortran.npy": lambda s: npy(np.asfortranarray(row_array(s))),
    "images.npy": lambda s: npy(image_array(s)),
    "floats.npy": lambda s: npy(np.stack([image_array(s) / 255] * 3, axis=3).astype(np.float16)),
    "second.npy": lambda s: npy(row_array(s), version=(2, 0)),
    "rows.npz": lambda s: npz(X=row_array(s), y=np.array(_labels())),
    "images.npz": lambda s: npz(images=image_array(s), labels=np.arange(12) % 2),
    "single.npz": lambda s: npz(arr_0=row_array(s)),
}
SEED_TABLES = {**SEED_PARQUETS, **SEED_CSVS, **SEED_OTHERS, **SEED_ARRAYS}
