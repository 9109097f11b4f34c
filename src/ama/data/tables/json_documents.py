"""A table in one JSON value, such as pandas writes or web services answer with, as its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

Row: TypeAlias = dict[str, Any]

FEWEST = 10  # rows; fewer objects or lists within an object may be one row with structures or vectors


class Rows(NamedTuple):
    """The rows, and what is said of where they were; "" of an array of objects.

    Parameters
    ----------
    rows
        Objects with a value for each column.
    said
        What follows the name of the file.
    """

    rows: list[Row]
    said: str = ""


def rows_of(value: Any) -> Rows | None:
    """The rows of an array, or of an object that is no row itself; None if it holds none.

    Parameters
    ----------
    value
        An array of objects, or of arrays with a value for each column, perhaps below one of their names; or an object
        with one array of either kind, with a list for each column, or as ``pandas.DataFrame.to_json`` writes it:
        ``orient="split"``, ``"columns"``, its default, or ``"index"``.
    """
    if isinstance(value, list):
        return _of_array(value)
    if not isinstance(value, dict):
        return None
    return _of_split(value) or _of_one_array(value) or _of_lists(value) or _of_labels(value)


def _of_array(rows: list[Any]) -> Rows | None:
    if rows and all(isinstance(row, dict) for row in rows):
        return Rows(rows)
    if not rows or any(not isinstance(row, list) or len(row) != len(rows[0]) for row in rows) or not rows[0]:
        return None
    first, *others = rows
    named = others and all(isinstance(name, str) for name in first) and len({*first}) == len(first)
    if named and any(not isinstance(value, str) for value in others[0]):
        return Rows(_with_names(first, others), "the first array is taken for the column names")
    columns = [str(j + 1) for j in range(len(first))]
    return Rows(_with_names(columns, rows), f"its arrays have no column names, which are 1 to {len(first)}")


def _of_split(value: Row) -> Rows | None:
    names, rows = value.get("columns"), value.get("data")
    if not isinstance(names, list) or not isinstance(rows, list) or not rows:
        return None
    named = all(isinstance(name, str) for name in names) and len({*names}) == len(names)
    if not named or any(not isinstance(row, list) or len(row) != len(names) for row in rows):
        return None
    return Rows(_with_names(names, rows), "its rows are those of 'data', with the names of 'columns'")


def _of_one_array(value: Row) -> Rows | None:
    """The rows of the only array of objects or arrays."""
    arrays = [key for key, found in value.items() if _is_rows(found)]
    if len(arrays) != 1 or (found := _of_array(value[arrays[0]])) is None:
        return None
    others = ", ".join(repr(key) for key in value if key != arrays[0])
    said = f"its rows are those of {arrays[0]!r}" + (f"; {others} left out" if others else "")
    return found._replace(said=f"{said}; {found.said}" if found.said else said)


def _is_rows(found: Any) -> bool:
    return isinstance(found, list) and len(found) > 0 and isinstance(found[0], dict | list)


def _of_lists(value: Row) -> Rows | None:
    """The rows of several lists of one length, one for each column."""
    lists = [*value.values()]
    if len(lists) < 2 or any(not isinstance(found, list) or len(found) < FEWEST for found in lists):
        return None
    if len({len(found) for found in lists}) > 1 or any(isinstance(x, dict | list) for x in lists[0]):
        return None
    rows = [dict(zip(value, row, strict=True)) for row in zip(*lists, strict=True)]
    return Rows(rows, "its lists are taken for columns")


def _of_labels(value: Row) -> Rows | None:
    """The rows of objects within an object, where the keys of the inner or the outer ones are labels of rows."""
    inner = [*value.values()]
    if len(inner) < 1 or any(
        not isinstance(found, dict) or found.keys() != inner[0].keys() for found in inner
    ):
        return None
    outer_keys, inner_keys = [*value], [*inner[0]]
    if _counted(inner_keys) or (len(inner_keys) >= FEWEST and len(inner_keys) > len(outer_keys)):
        rows = [{name: found[label] for name, found in value.items()} for label in inner_keys]
        return Rows(rows, "the keys of its inner objects are taken for labels of rows, and left out")
    if _counted(outer_keys) or len(outer_keys) >= FEWEST:
        return Rows(inner, "the keys of its object are taken for labels of rows, and left out")
    return None


def _counted(keys: Sequence[str]) -> bool:
    """Whether they are those of pandas' default index, 0, 1 and so on."""
    return len(keys) > 1 and list(keys) == [str(i) for i in range(len(keys))]


def _with_names(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Row]:
    return [dict(zip(names, row, strict=True)) for row in rows]
