"""Options that several verbs share.

These modules leave annotations as objects: typer looks them up where the last class is, not where a field is.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import typer
from typer.core import TyperCommand

from kinfold.cli.signatures import parameters

_READING = parameters("data.table", "read_table")


def _default(name: str) -> str:
    value = _READING[name].default
    return f"{value:g}" if isinstance(value, float) else str(value)


#: An option of the verbs that stop where too many records can't be used.
MaxRejected = Annotated[
    float | None,
    typer.Option(
        metavar="N",
        show_default=_default("max_rejected"),
        help="Share of records that may be rejected, or above 1 their number.",
    ),
]
Left = Annotated[
    str | None, typer.Option(metavar="COL", help="Of pairs: column of the left texts.", show_default="left")
]
Right = Annotated[
    str | None, typer.Option(metavar="COL", help="Of pairs: column of the right texts.", show_default="right")
]
LabelColumn = Annotated[str | None, typer.Option(metavar="COL", help="Column of the labels.", show_default="label")]
GroupColumn = Annotated[
    str | None,
    typer.Option(metavar="COL", help="Column of what rows belong to, such as their author: kept together."),
]
MergeLabels = Annotated[
    bool, typer.Option("--merge-labels", help="Join labels that differ only in case or outer space.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What every verb takes."""

    verb: ClassVar[str]
    command_class: ClassVar[type[Any]] = TyperCommand

    json: Annotated[
        bool, typer.Option("--json", help="Write one JSON object to standard output, and nothing else.")
    ] = False
    debug: Annotated[bool, typer.Option("--debug", help="Add the traceback to an error.")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReading(Common):
    """How a file is read; an option that is not given keeps the default of `read_table`."""

    format: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT",
            show_default=_default("format"),
            help="csv, tsv, jsonl, parquet, fasttext, text (one a line) or xml.",
        ),
    ] = None
    delimiter: Annotated[
        str | None, typer.Option(metavar="CHAR", help=r"What parts the fields; \t is a tab.", show_default="a comma")
    ] = None
    encoding: Annotated[
        str | None, typer.Option(metavar="NAME", show_default=_default("encoding"), help="Of the file.")
    ] = None
    no_header: Annotated[
        bool, typer.Option("--no-header", help="The first row is data; columns are called 1, 2, ...")
    ] = False
    quoting: Annotated[
        str | None,
        typer.Option(
            metavar="RULE",
            show_default=_default("quoting"),
            help="minimal: fields may be quoted; none: a quote is a plain character.",
        ),
    ] = None
    member: Annotated[str | None, typer.Option(metavar="NAME", help="Which file of a zip archive.")] = None
    allow_truncated: Annotated[
        bool, typer.Option("--allow-truncated", help="Keep the records before the damage in a cut XML file.")
    ] = False
    rejected: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write rejected records here, one JSON object a line.")
    ] = None

    def reading(self) -> dict[str, Any]:
        """Return the arguments of `open_table` that were given."""
        delimiter = "\t" if self.delimiter in ("\\t", "tab") else self.delimiter
        given = {
            "format": self.format,
            "delimiter": delimiter,
            "encoding": self.encoding,
            "quoting": self.quoting,
            "member": self.member,
            "rejected": self.rejected,
            "header": False if self.no_header else None,
            "allow_truncated": True if self.allow_truncated else None,
        }
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(FileReading):
    """How a file of texts is read."""

    text: Annotated[
        str | None, typer.Option(metavar="COL", help="Column of the texts; without it 'text', or the only column.")
    ] = None

    def reading(self) -> dict[str, Any]:
        """Return the arguments of `open_table` that were given."""
        # Named, since a class made anew for its slots has no cell for super().
        return FileReading.reading(self) | ({} if self.text is None else {"text": self.text})


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledReading(Reading):
    """How a file of labelled texts is read."""

    label: LabelColumn = None
    group: GroupColumn = None
    multi_label: Annotated[
        bool | None,
        typer.Option(
            "--multi-label/--single-label", help="A row may have several labels, a list or parted by |; or never."
        ),
    ] = None
    label_separator: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Parts the labels of a row; implies --multi-label.")
    ] = None
    merge_labels: MergeLabels = False
    merge_duplicates: Annotated[
        bool, typer.Option("--merge-duplicates", help="Keep one of several rows with equal text and label.")
    ] = False
    max_rejected: MaxRejected = None

    def reading(self) -> dict[str, Any]:
        """Return the arguments of `read_table` that were given."""
        given = {
            "label": self.label,
            "group": self.group,
            "multi_label": self.label_separator or self.multi_label,
            "max_rejected": self.max_rejected,
            "merge_labels": True if self.merge_labels else None,
            "merge_duplicates": True if self.merge_duplicates else None,
        }
        return Reading.reading(self) | {name: value for name, value in given.items() if value is not None}
