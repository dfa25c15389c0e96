"""The account of one read: rows in = used + rejected + merged, and everything that was changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html import escape
from typing import Any

from kinfold.data.faults import count
from kinfold.types import Json


@dataclass
class Ledger:
    """What went in and what became of it.

    Parameters
    ----------
    source, format
        The file's name, and the format it was read as.
    read, used, merged
        Records in the file, records handed on, exact duplicates merged into an earlier record.
    rejected, repaired, noted
        Counts by code: records left out; things put right; things left as they are but worth knowing.
    warnings
        One sentence each.
    n_labels
        How often each label was used.
    sha256
        Of the file's bytes as they are on disk, once it has been read to its end; else empty.
    size, modified
        The file's size in bytes and modification time in nanoseconds; None for a stream.
    """

    source: str
    format: str = ""
    read: int = 0
    used: int = 0
    merged: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    repaired: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)
    n_labels: Counter[str] = field(default_factory=Counter)
    sha256: str = ""
    size: int | None = None
    modified: int | None = None

    @property
    def n_rejected(self) -> int:
        """How many records were rejected."""
        return sum(self.rejected.values())

    @property
    def balanced(self) -> bool:
        """Whether the numbers add up; anything else is a bug."""
        return self.read == self.used + self.n_rejected + self.merged

    def warn(self, message: str) -> None:
        """Keep a warning, once."""
        if message not in self.warnings:
            self.warnings.append(message)

    def to_dict(self) -> dict[str, Json]:
        """Return the ledger as JSON can hold it."""
        return {
            "source": self.source,
            "format": self.format,
            "rows": {"in": self.read, "used": self.used, "rejected": self.n_rejected, "merged": self.merged},
            "rejected": dict(sorted(self.rejected.items())),
            "repaired": dict(sorted(self.repaired.items())),
            "noted": dict(sorted(self.noted.items())),
            "warnings": list(self.warnings),
            "labels": dict(sorted(self.n_labels.items())),
            "sha256": self.sha256,
            "bytes": self.size,
        }

    def __str__(self) -> str:
        rejected = f"{self.n_rejected:,} rejected"
        return f"{self.read:,} in = {self.used:,} used + {rejected} + {self.merged:,} merged"

    def _repr_html_(self) -> str:
        rows: list[tuple[str, Any]] = [("source", self.source), ("format", self.format), ("rows", str(self))]
        for name, counts in (("rejected", self.rejected), ("repaired", self.repaired), ("noted", self.noted)):
            rows += [(f"{name} {code}", count(n, "row")) for code, n in sorted(counts.items())]
        rows += [("warning", message) for message in self.warnings]
        cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>" for name, value in rows)
        return f"<table>{cells}</table>"
