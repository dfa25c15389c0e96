"""Documents: ids, texts and a payload of columns, all as strings that can be saved and mapped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kinfold.errors import DataError
from kinfold.index.rows import checked_ids
from kinfold.index.strings import Strings
from kinfold.types import Json


@dataclass(frozen=True, slots=True)
class Documents:
    """Documents, each with an id, a text, and one value a column, written as JSON."""

    ids: Strings
    texts: Strings
    columns: dict[str, Strings]

    @classmethod
    def of(cls, ids: Sequence[str], texts: Sequence[str], columns: Mapping[str, Sequence[Json]]) -> Documents:
        """Return documents made of lists of the same length.

        Raises
        ------
        DataError
            D-130: ids that are not distinct strings. D-133: lists of different lengths, a text that is none, a value
            that JSON can't hold.
        """
        names = checked_ids(ids, len(ids))
        for name, column in {"texts": texts, **columns}.items():
            if isinstance(column, str) or len(column) != len(names):
                raise unfit(f"{name}: there must be one an id.", f"{len(column):,} for {len(names):,} ids")
        wrong = next((text for text in texts if not isinstance(text, str)), None)
        if wrong is not None:
            raise unfit("A text is no string.", repr(wrong)[:60])
        packed = {name: _packed(name, [_json(name, value) for value in column]) for name, column in columns.items()}
        return cls(Strings.pack(names), _packed("texts", texts), packed)

    def named(self) -> dict[str, Strings]:
        """Return what is saved, by the names of its arrays."""
        columns = {f"column_{i}": column for i, column in enumerate(self.columns.values())}
        return {"ids": self.ids, "texts": self.texts, **columns}


def unfit(what: str, seen: str) -> DataError:
    """Return the error of documents or encodings that don't go together."""
    return DataError(what, seen=seen, code="D-133")


def _json(name: str, value: Json) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise unfit(f"Column {name!r} has a value that JSON can't hold.", str(error)[:80]) from error


def _packed(name: str, strings: Sequence[str]) -> Strings:
    try:
        return Strings.pack(strings)
    except UnicodeEncodeError as error:
        raise unfit(f"{name}: one can't be written as UTF-8.", repr(error.object)[:60]) from None
