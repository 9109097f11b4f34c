"""Tables in long form, one value a row, in which what belongs together stands in several rows."""

from __future__ import annotations

from itertools import islice

from ama.data.samples import Wanted
from ama.data.tables.arrow import ArrowTable
from ama.data.tables.arrow_columns import is_number, is_text, values

EXAMINED = 1000  # rows
MOST_COLUMNS = 5
FEWEST_ROWS = 20
MOST_KINDS = 50
COMPLETE = 0.9  # share of the rows that there are, of all pairs of a key and a kind


def say_long_form(table: ArrowTable, wanted: Wanted) -> None:
    """Say of a table that is learned that a row of it seems to be one value of several for the same thing or moment.

    Such a table has a column of a few texts, one of numbers, and others, and each of the texts once for each of what
    the others hold.

    Parameters
    ----------
    table
        The table.
    wanted
        Takes what is said.
    """
    names = [name for name in table.schema.names if name not in wanted.drop]
    if wanted.columns or not 3 <= len(names) <= MOST_COLUMNS:
        return
    batch = next(islice(table.whole_batches(names, EXAMINED), 1))
    columns = {name: values(batch[name]) for name in names}
    for kind in (name for name in names if is_text(table.schema.field(name).type)):
        n_kinds = len({*columns[kind]})
        for value in (name for name in names if is_number(table.schema.field(name).type)):
            keys = [*zip(*(columns[name] for name in names if name not in (kind, value)), strict=True)]
            pairs = {*zip(keys, columns[kind], strict=True)}
            n_keys = len({*keys})
            if (
                2 <= n_kinds <= MOST_KINDS
                and len(batch) == len(pairs) >= max(FEWEST_ROWS, COMPLETE * n_keys * n_kinds)
                and n_keys > n_kinds
            ):
                wanted.remark(
                    f"{table.name} may hold one value a row: {value!r}, for each of {n_kinds} {kind!r}. Only values of "
                    "one row are compared with one another: DataFrame.pivot makes a row of those that belong together",
                    refused=False,
                )
                return
