"""A dataclass for an estimator: its parameters are declared once, each with its type and default."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar, get_type_hints

from typing_extensions import dataclass_transform

Class = TypeVar("Class")


@dataclass_transform(kw_only_default=True, eq_default=False)
def parameters(kind: type[Class]) -> type[Class]:
    """A class whose annotated fields, and those of its bases, are the keyword parameters of its constructor.

    scikit-learn reads them from the constructor's signature, jsonargparse their types from its annotations, which a
    dataclass leaves as text.
    """
    dataclasses.dataclass(kw_only=True, eq=False, repr=False)(kind)
    hints = get_type_hints(kind)
    fields: tuple[dataclasses.Field[Any], ...] = dataclasses.fields(kind)  # type: ignore[arg-type]
    kind.__init__.__annotations__ = {field.name: hints[field.name] for field in fields}
    return kind
