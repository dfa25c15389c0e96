"""Arguments of `kinfold train match`."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import typer

from kinfold.cli.arguments.common import (
    FileReading,
    GroupColumn,
    LabelColumn,
    Left,
    MaxRejected,
    MergeLabels,
    Right,
)
from kinfold.cli.arguments.training import (
    Assignments,
    Config,
    Output,
    Resume,
    Seed,
    Test,
    Threads,
    Valid,
    WithParameters,
    model_option,
)

#: How pairs are held out -> what is then kept together.
SPLITS = {
    "component": "pairs that share a text, directly or through others",
    "pair": "equal pairs only",
    "group": "rows of one --group",
}


class MatchCommand(WithParameters):
    """The command `kinfold train match`."""

    task = "match"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainMatch(FileReading):
    """Learn to tell whether two texts belong together, from a file of pairs, and save the model.

    DATA is a file with a column for each side (CSV, TSV, JSON lines, Parquet, packed or not), - for standard input,
    sample:questions for a small data set that comes with kinfold, or fetch:NAME for a public one. Of two labels one
    is that of pairs that match: the other one of a label that says no, else the second in the order of the alphabet;
    --set match=LABEL says which. The boosted trees come first; the others are nets, which need the extra deep, and
    blend, which is the trees and a net with attention together.
    """

    verb: ClassVar[str] = "train match"
    command_class: ClassVar[type[Any]] = MatchCommand

    data: Annotated[str, typer.Argument(metavar="DATA", help="The pairs.")]
    output: Output
    left: Left = None
    right: Right = None
    label: LabelColumn = None
    no_labels: Annotated[
        bool, typer.Option("--no-labels", help="There are none, since all pairs match (nets with --set loss=softmax).")
    ] = False
    directed: Annotated[
        bool, typer.Option("--directed", help="A pair with its sides exchanged is another pair: directed=true.")
    ] = False
    model: Annotated[str | None, model_option("match")] = None
    test: Test = None
    split: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            show_default="component, or group where there is --group",
            help="What --test keeps on one side: component (pairs that share a text, directly or through others), pair "
            "(equal pairs only), group.",
        ),
    ] = None
    valid: Valid = None
    group: GroupColumn = None
    merge_labels: MergeLabels = False
    merge_duplicates: Annotated[
        bool, typer.Option("--merge-duplicates", help="Keep one of several rows with equal texts and label.")
    ] = False
    max_rejected: MaxRejected = None
    set: Assignments = None
    config: Config = None
    seed: Seed = None
    threads: Threads = None
    resume: Resume = False

    def reading(self) -> dict[str, Any]:
        """Return the arguments of `read_table` that were given."""
        given = {
            "left": self.left,
            "right": self.right,
            "label": self.label,
            "group": self.group,
            "max_rejected": self.max_rejected,
            "merge_labels": True if self.merge_labels else None,
            "merge_duplicates": True if self.merge_duplicates else None,
        }
        found = FileReading.reading(self) | {name: value for name, value in given.items() if value is not None}
        return found | ({"label": None} if self.no_labels else {})

    def splitting(self) -> str:
        """Return how pairs are held out: one of `SPLITS`, as far as what was asked for is known."""
        return self.split or ("component" if self.group is None else "group")
