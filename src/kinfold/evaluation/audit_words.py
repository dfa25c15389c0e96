"""An audit in; its findings, what matters most first, its sentences and its tables out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kinfold.evaluation.intervals import Interval
from kinfold.evaluation.leaks import COUNTS
from kinfold.evaluation.probes import PROBES, Probe
from kinfold.evaluation.repair import HOW
from kinfold.evaluation.strata import LEAST_ROWS
from kinfold.types import Json

if TYPE_CHECKING:
    from kinfold.evaluation.audit import Audit

#: A probe that explains less of the headline than this is no finding, however sure it is that it beats chance.
_LEAST_EXPLAINED = 0.05
#: Texts of pairs that are nearly one in training are no leak up to this share: questions about two things in one form.
_FEW_NEAR = 0.05
#: A side that stands in more of the rows than this is one.
_HUB = 0.5
_METRICS = {"accuracy": "accuracy", "auc": "AUC"}

_SPLIT = "use the repaired split: audit.repair, kinfold audit --repaired PREFIX"
_NEGATIVES = (
    "draw the negatives so that every side stands in as many of them as in positives: degree_preserving in "
    "kinfold.data.negatives"
)
#: Probe -> what to do where it beats chance.
_ADVICE = {
    "left only": _NEGATIVES,
    "right only": _NEGATIVES,
    "ids and degrees": _NEGATIVES,
    "lengths": "report this probe beside the model, and draw negatives with the lengths of positives",
    "overlap": "report this probe beside the model: it is the baseline to beat",
    "length": "report this probe beside the model: it is the baseline to beat",
    "group": "split by group: split(..., by='group')",
    "id order": "give the model no ids, and look at how the rows were collected",
}
#: What to do where a probe is below chance: rows of one side are balanced over both parts, so that one tells the other.
_TURNED = f"rows with a side in common have opposite labels, some in training and some in the test: {_SPLIT}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    `kind` is ``leak``: it crosses the split; ``shortcut``: a model that must fail does not; ``data``: rows that are odd
    by themselves. `weight` is how many points of the headline are at stake at most, as a share of 1; without labels the
    share of the test rows.
    """

    name: str
    kind: str
    weight: float
    what: str
    figure: str
    advice: str

    def to_dict(self) -> dict[str, Json]:
        """Return the parts as JSON."""
        parts = {"name": self.name, "kind": self.kind, "weight": self.weight}
        return parts | {"what": self.what, "figure": self.figure, "advice": self.advice}

    def __str__(self) -> str:
        """Return one sentence, and what to do."""
        figure = f" ({self.figure})" if self.figure else ""
        return f"{self.what}{figure}. To do: {self.advice}."


def findings(audit: Audit) -> tuple[Finding, ...]:
    """Return what was found, the heaviest first."""
    gap = _gap(audit)
    found = [*_copied(audit, gap), *_entities(audit, gap), *_probes(audit, gap), *_data(audit, gap)]
    return tuple(sorted(found, key=lambda one: -one.weight))


def _gap(audit: Audit) -> float:
    """Return how far the headline is above chance: what all test rows together have at stake; 1 without labels."""
    value = audit.headline[audit.metric].value if audit.headline else None
    return 1.0 if value is None or audit.chance is None else max(value - audit.chance, 0.01)


def _copied(audit: Audit, gap: float) -> Iterator[Finding]:
    counts, n = audit.leaks.counts, audit.n_test
    noun = "pairs" if audit.kind == "pairs" else "texts"
    lift = audit.inflation.get("copies")
    told, points = "", 0.0
    if lift is not None and lift.inflation.value is not None and lift.n_leaked:
        told, points = _added(lift.inflation, audit), lift.inflation.value
    words = (
        ("copies", f"of {n:,} test {noun} stand in training", _SPLIT),
        ("near", f"of {n:,} test {noun} are nearly equal to one in training", _SPLIT),
        ("groups", f"of {n:,} test rows have a group that training rows have too", "split by group"),
        ("ids", f"of {n:,} test rows have an id that a training row has too", "check how the files were made"),
    )
    for name, what, advice in words:
        count = counts.get(name, 0)
        if not count:
            continue
        figure, weight = _percent(count / n), gap * count / n
        if name == "copies" or (name == "near" and not counts["copies"]):
            both = "with near-duplicates " if told and name == "copies" and counts["near"] else ""
            figure, weight = f"{figure}; {both}{told}" if told else figure, max(weight, points)
        other = counts.get(f"{name}_other_label", 0)
        more = f", {other:,} of them with another label" if other else ""
        yield Finding(name, "leak", weight, f"{count:,} {what}{more}", figure, advice)


def _entities(audit: Audit, gap: float) -> Iterator[Finding]:
    counts, n = audit.leaks.counts, audit.n_test
    if audit.kind != "pairs":
        return
    known = n - counts["both_new"]
    if known:
        lift = audit.inflation.get("entities")
        points, told = 0.0, ""
        if lift is not None and lift.inflation.value is not None:
            points, told = lift.inflation.value, f"; {_added(lift.inflation, audit)}"
        elif lift is not None:
            told = f"; what that adds can't be measured on {counts['both_new']:,} pairs that are new"
        what = f"{known:,} of {n:,} test pairs have a side that stands in training pairs too"
        figure = f"both sides {counts['both_seen']:,}, one {counts['one_seen']:,}, none {counts['both_new']:,}{told}"
        weight = max(points, 0.25 * gap * known / n)  # a side alone tells less than the pair
        advice = f"report the score on pairs that are new on both sides, or {_SPLIT}"
        yield Finding("entities", "leak", weight, what, figure, advice)
    chained = counts["linked"] - known
    if chained:
        what = f"{chained:,} more test pairs are linked to training by a chain of pairs"
        yield Finding("chains", "leak", 0.05 * gap * chained / n, what, _percent(chained / n), _SPLIT)
    near = counts["near_texts"]
    if near:
        kind = "leak" if near > _FEW_NEAR * 2 * n else "data"
        what = f"{near:,} of the new texts of test pairs nearly equal one in training"
        yield Finding("near_texts", kind, 0.1 * gap * near / (2 * n), what, _percent(near / (2 * n)), "look at some")


def _probes(audit: Audit, gap: float) -> Iterator[Finding]:
    copied = audit.leaks.leaked.any()
    for probe in audit.probes:
        share = probe.explained.value if probe.explained is not None else None
        alone = probe.name == "seen texts" and copied  # it has been said how many are copied
        small = share is not None and abs(share) < _LEAST_EXPLAINED
        if alone or small or not (probe.beats_chance or probe.turned):
            continue
        said = f"AUC {_number(probe.auc)}"
        weight = gap * min(abs(share) if share is not None else 1.0, 1.0)
        if probe.turned:
            what = f"A model that sees only {PROBES[probe.name]} is below chance: turned round, it would be right"
            yield Finding(probe.name, "shortcut", weight, what, said, _TURNED)
            continue
        if share is not None:
            said += f", {_percent(min(share, 1.0))} of what the headline is above chance"
        what = f"A model that sees only {PROBES[probe.name]} beats chance"
        yield Finding(probe.name, "shortcut", weight, what, said, _ADVICE.get(probe.name, _SPLIT))


def _data(audit: Audit, gap: float) -> Iterator[Finding]:
    counts, n = audit.leaks.counts, audit.n_train + audit.n_test
    words = (
        ("contradictions", "texts or pairs stand in several rows with different labels", "decide which is right"),
        ("reversed_other_label", "pairs stand both ways round with different labels", "decide, or audit with directed"),
        ("equal_sides", "pairs have the same text on both sides", "leave them out: they teach nothing"),
        ("blank_sides", "pairs have an empty side", "leave them out"),
        ("leading_zeros", "ids differ from another by leading zeros only", "check that ids were read as text"),
    )
    for name, what, advice in words:
        count = counts.get(name, 0)
        if count:
            yield Finding(name, "data", gap * count / n / 2, f"{count:,} {what}", "", advice)
    if counts.get("hub", 0) > _HUB * n:
        what = f"one side stands in {counts['hub']:,} of {n:,} pairs, so that nearly all are linked"
        advice = "check that it is no placeholder; give its pairs a model of their own"
        yield Finding("hub", "data", gap / 2, what, _percent(counts["hub"] / n), advice)
    if len(audit.classes) == 1:
        what = f"Every row has the label {audit.classes[0]!r}: nothing can be learned or probed"
        advice = "add rows of another label; kinfold.data.negatives draws pairs that don't match"
        yield Finding("one label", "data", 1.0, what, "", advice)


def sentences(audit: Audit) -> list[str]:
    """Return the verdict, then a sentence for each finding."""
    said = _headline(audit)
    if audit.clean:
        first = f"Clean: nothing crosses the split, and no probe beats chance, in {audit.n_test:,} test rows.{said}"
    else:
        grave = [one for one in audit.findings if one.kind != "data"]
        first = f"Not clean: {len(grave)} finding{'s' if len(grave) > 1 else ''}, what matters most first.{said}"
    return [first, *(f"{k}. {_capital(str(one))}" for k, one in enumerate(audit.findings, 1)), *_repaired(audit)]


def _headline(audit: Audit) -> str:
    value = audit.headline.get(audit.metric)
    if value is None:
        return " There are no labels, so that nothing was scored." if not audit.classes else ""
    poor = ""
    if value.low is not None and audit.chance is not None and value.low <= audit.chance:
        poor = f", not surely better than chance ({audit.chance:.3f})"
    return f" {_capital(_METRICS[audit.metric])} of the {audit.model}: {value}{poor}."


def _repaired(audit: Audit) -> list[str]:
    made = audit.repair
    if made.how == "none":
        return []
    cost = f"{made.n_moved:,} rows change sides, {made.n_dropped:,} are left out"
    why = f" ({made.note})" if made.note else ""
    return [f"Repaired split: {HOW[made.how]}; {made.n_train:,} and {made.n_test:,} rows, {cost}{why}."]


def tables(audit: Audit) -> list[tuple[str, list[str], list[list[str]]]]:
    """Return each table: its title, the names of its columns, its lines."""
    made = [("Counts", ["", "count"], _count_lines(audit))]
    interval = f"{100 * audit.level:g} % interval"
    metrics = list(audit.headline)
    if audit.strata:
        lines = [
            [one.name, f"{one.rows:,}", *(_cell(one.scores.get(metric)) for metric in metrics)] for one in audit.strata
        ]
        lines.append(["all", f"{audit.n_test:,}", *(_cell(audit.headline[metric]) for metric in metrics)])
        heads = [f"{_METRICS[metric]}, {interval}" for metric in metrics]
        made.append(("Scores by how new the rows are", ["test rows", "rows", *heads], lines))
    if any(one.n_leaked for one in audit.inflation.values()):
        lines = [
            [{"copies": "leaked rows", "entities": "sides seen in training"}[name], f"{one.n_leaked:,}"]
            + [_cell(value) for value in (one.leaked, one.clean, one.inflation)]
            for name, one in audit.inflation.items()
        ]
        made.append((f"What they add to the {_METRICS[audit.metric]}", ["", "rows", "theirs", "clean", "added"], lines))
    if audit.probes:
        head = ["sees only", f"AUC, {interval}", "accuracy", "p", "explains"]
        made.append(("Probes that must fail", head, [_probe_line(probe) for probe in audit.probes]))
    return made


def plain(audit: Audit) -> str:
    """Return the sentences, then the tables."""
    lines = sentences(audit)
    for title, head, rows in tables(audit):
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        lines += ["", title, *("  ".join(map(str.ljust, row, widths)).rstrip() for row in [head, *rows])]
    return "\n".join(lines)


def _count_lines(audit: Audit) -> list[list[str]]:
    """Return a line a count; those that are part of another are left out where they are 0."""
    held = audit.leaks.counts.items()
    return [[COUNTS[name], f"{n:,}"] for name, n in held if n or not COUNTS[name].startswith("of them")]


def _probe_line(probe: Probe) -> list[str]:
    share = probe.explained.value if probe.explained is not None else None
    p = "< 0.001" if probe.p < 0.001 else f"{probe.p:.3f}"
    return [probe.name, _cell(probe.auc), _number(probe.accuracy), p, "-" if share is None else _percent(share)]


def _added(value: Interval, audit: Audit) -> str:
    """Return what leaked rows add, in points, or that it can't be told from so few."""
    assert value.value is not None
    points, name = f"{100 * value.value:.1f} points", _METRICS[audit.metric]
    if value.low is None or value.high is None:
        return f"they add {points} to the {name}"
    span = f"{points} ({100 * value.low:.1f} to {100 * value.high:.1f})"
    surely = "they add" if value.low > 0 else "whether they lift the score can't be told:"
    return f"{surely} {span} to the {name}" if value.low > 0 else f"{surely} {span} of {name}"


def _cell(value: Interval | None) -> str:
    if value is None or value.value is None:
        return f"- (fewer than {LEAST_ROWS} rows)" if value is not None and value.reason.endswith("rows") else "-"
    return str(value)


def _number(value: Interval) -> str:
    return "-" if value.value is None else f"{value.value:.3f}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
