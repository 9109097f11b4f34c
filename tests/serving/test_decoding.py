"""Bodies of requests as samples."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ama import AMADetector
from served import WITHOUT_EXTRA

pytest.importorskip("fastapi", reason=WITHOUT_EXTRA)

from ama.serving.decoding import decoded
from ama.serving.limits import Limits


@pytest.mark.filterwarnings("ignore:column", "ignore:a false-alarm rate of")
def test_groups_of_numbers_in_text_are_those_of_the_fit():
    numbers = np.random.default_rng(0).integers([90, 50], [180, 110], size=(60, 2))
    frame = pd.DataFrame({"age": np.arange(60) * 1.5, "bp": [f"{a}/{b}" for a, b in numbers]})
    frame.loc[3, "bp"] = None
    detector = AMADetector(max_steps=2, noise_steps=0, random_state=0, progress=False).fit(frame)
    rows = json.dumps([{"age": 3.0, "bp": "120/80"}, {"age": 4.5, "bp": None}]).encode()
    file = io.BytesIO()
    table = pa.Table.from_pandas(frame[2:4], preserve_index=False)
    with pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)
    for body, kind, expected in (
        (rows, "application/json", [[3, 120, 80], [4.5]]),
        (file.getvalue(), "application/vnd.apache.arrow.stream", [[3, *numbers[2]], [4.5]]),
    ):
        x = decoded(body, kind, detector, Limits()).samples.x.tolist()
        assert [x[0][0], *x[0][1::2]] == expected[0]
        assert x[1][0] == expected[1][0]
        assert x[1][2::2] == [1, 1]  # the indicators of missing values
    only_missing = json.dumps([{"age": 3.0, "bp": None}]).encode()
    assert decoded(only_missing, "application/json", detector, Limits()).samples.x[0, 2::2].tolist() == [1, 1]
