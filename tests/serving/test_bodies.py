"""Files in multipart forms."""

from __future__ import annotations

import gzip

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from served import BOUNDARY, WITHOUT_EXTRA, form

pytest.importorskip("fastapi", reason=WITHOUT_EXTRA)

from ama.serving.bodies import files_of_form, media_type
from ama.serving.refusals import RefusedError

HEADER = f"multipart/form-data; boundary={BOUNDARY}"
NAMES = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=9)


@given(st.dictionaries(NAMES, st.binary(max_size=200), min_size=1, max_size=5))
def test_files_come_as_they_were_sent(files):
    found = files_of_form(form(files), HEADER)
    assert [(file.id, file.content) for file in found] == [*files.items()]


@given(st.binary(min_size=1, max_size=200), st.data())
def test_a_form_that_ends_early_is_refused(content, data):
    whole = form({"a": content})
    cut = data.draw(st.integers(0, len(whole) - 5))
    with pytest.raises(RefusedError, match="the multipart form is damaged"):
        files_of_form(whole[:cut], HEADER)


def test_a_name_is_made_printable():
    [file] = files_of_form(form({"a\u202e\u0000.png": b"x"}), HEADER)
    assert file.id.isprintable()
    [file] = files_of_form(form({"": b"x"}), HEADER)
    assert file.id == "file 1"


def test_a_media_type_is_read_without_its_options():
    assert media_type("Image/PNG; q=1") == "image/png"
    assert media_type("") == ""


@pytest.mark.parametrize("coding", ["gzip", "identity, GZIP", "br"])
def test_a_compressed_body_is_refused_for_that(server, pictures, coding):
    body = gzip.compress(form(pictures))
    assert server.score(body, HEADER, Content_Encoding=coding).refused(415) == (
        f"Content-Encoding is {coding!r}, expected a body without compression"
    )
    assert server.score(bytes(2**24), HEADER, Content_Encoding=coding).status == 415
    assert server.files(pictures, Content_Encoding="identity").status == 200


def test_json_is_utf_8(table_server, models, scored):
    [row] = scored(models / "table", models / "payments.csv")[:1]
    rows = pd.read_csv(models / "payments.csv", nrows=1)
    body = rows.to_json(orient="records", double_precision=15).encode()
    for charset in ("utf-8", '"UTF8"', "US-ASCII"):
        [found] = table_server.score(body, f"application/json; charset={charset}").samples
        assert found["p_value"] == row["p_value"]
    assert table_server.score(body, "application/json; charset=latin-1").refused(415) == (
        "the charset in Content-Type is 'latin-1', expected utf-8"
    )
