"""Numbers as they are plainly written."""

from __future__ import annotations

from ama.data.tables.arrow_columns import NUMBER

# A number in text, perhaps with commas between thousands.
NUMBER_IN_TEXT = rf"{NUMBER}|^\s*[+-]?[1-9]\d{{0,2}}(,\d{{3}})+(\.\d*)?\s*$"
