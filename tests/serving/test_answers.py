"""Which type an answer has."""

from __future__ import annotations

import pytest

from served import WITHOUT_EXTRA

pytest.importorskip("fastapi", reason=WITHOUT_EXTRA)

from ama.serving.answers import JSON, chosen_type
from ama.serving.decoding import ARROW
from ama.serving.refusals import RefusedError


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/json", JSON),
        (ARROW, ARROW),
        (f"{ARROW.upper()}; q=0.5", ARROW),
        (f"application/json;q=0.1, {ARROW}", ARROW),
        (f"text/html, {ARROW};q=0.2, */*;q=0.8", JSON),
        (f"{ARROW};q=x, application/json", JSON),
    ],
)
def test_the_client_chooses_the_type(accept, kind):
    assert chosen_type(accept) == kind


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", ","])
def test_what_there_is_not_is_refused(accept):
    with pytest.raises(RefusedError, match="expected application/json or"):
        chosen_type(accept)
