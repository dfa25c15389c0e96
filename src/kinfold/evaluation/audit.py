"""Training and test rows in; whether the score measured on them can be believed, out.

What stands on both sides of the split, models that must fail, the score by how new the rows are, by how much leaked
rows lift it, and a split without them. For single texts and for pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from kinfold.errors import InvalidParameterError
from kinfold.evaluation import audit_page, audit_words, headline, reference
from kinfold.evaluation.audit_words import Finding
from kinfold.evaluation.coding import Coded
from kinfold.evaluation.inflation import Inflation, inflation_of
from kinfold.evaluation.intervals import Interval
from kinfold.evaluation.joined import Joined, Sides, join
from kinfold.evaluation.leaks import Leaks, find_leaks
from kinfold.evaluation.probes import Probe, coded_of, judged, run_probes
from kinfold.evaluation.repair import Repair, repair
from kinfold.evaluation.scoring import score
from kinfold.evaluation.strata import Stratum, strata_of, stratum_scores
from kinfold.types import Json

#: Called as progress(what is being done, share of it that is done).
Progress = Callable[[str, float | None], None]


@dataclass(frozen=True, slots=True)
class Audit:
    """Whether a score on these test rows can be believed; made by `audit`.

    `headline` holds the scores of the model named in `model`, `chance` what the commonest label gives. `inflation`
    says what leaked rows (``copies``) and, for pairs, sides that stand in training (``entities``) add to the score.
    Without labels there are only `leaks`, `repair` and what `findings` say of them.
    """

    kind: str  # "pairs" or "texts"
    n_train: int
    n_test: int
    classes: tuple[str, ...]
    metric: str
    model: str
    headline: dict[str, Interval]
    chance: float | None
    leaks: Leaks
    strata: tuple[Stratum, ...]
    probes: tuple[Probe, ...]
    inflation: dict[str, Inflation]
    repair: Repair
    findings: tuple[Finding, ...]
    n_clusters: int | None
    threshold: float
    level: float
    n_draws: int
    seed: int

    @property
    def clean(self) -> bool:
        """Whether nothing crosses the split and no probe beats chance; flaws of the data itself don't count."""
        return all(finding.kind == "data" for finding in self.findings)

    def sentences(self) -> list[str]:
        """Return the verdict, then the findings, what matters most first."""
        return audit_words.sentences(self)

    def tables(self) -> list[tuple[str, list[str], list[list[str]]]]:
        """Return each table: its title, the names of its columns, its lines."""
        return audit_words.tables(self)

    def section(self) -> str:
        """Return a card of a report; `kinfold.report(..., audit=...)` puts it there."""
        return audit_page.card(self)

    def html(self, title: str = "") -> str:
        """Return one page: the verdict, the findings, every table. It loads nothing and runs no script."""
        return audit_page.html(self, title)

    def to_dict(self) -> dict[str, Json]:
        """Return what ``kinfold audit --json`` prints."""
        return {
            "kind": self.kind,
            "rows": {"train": self.n_train, "test": self.n_test},
            "clean": self.clean,
            "findings": [finding.to_dict() for finding in self.findings],
            "model": self.model,
            "metric": self.metric,
            "headline": {metric: value.to_dict() for metric, value in self.headline.items()},
            "chance": self.chance,
            "counts": dict(self.leaks.counts),
            "inflation": {name: one.to_dict() for name, one in self.inflation.items()},
            "strata": [stratum.to_dict() for stratum in self.strata],
            "probes": [probe.to_dict() for probe in self.probes],
            "repair": self.repair.to_dict(),
            "settings": {
                "threshold": self.threshold,
                "level": self.level,
                "draws": self.n_draws,
                "clusters": self.n_clusters,
                "seed": self.seed,
            },
        }

    def __str__(self) -> str:
        """Return the sentences, then the tables."""
        return audit_words.plain(self)

    def _repr_html_(self) -> str:
        return audit_page.fragment(self)


def audit(
    train: Any,
    test: Any,
    *,
    model: Any = None,
    scores: Any = None,
    metric: str = "accuracy",
    directed: bool = False,
    threshold: float = 0.75,
    train_sides: Sides | None = None,
    test_sides: Sides | None = None,
    level: float = 0.95,
    n_draws: int = 1000,
    seed: int = 0,
    progress: Progress | None = None,
) -> Audit:
    """Look for leaks between training and test rows, and for shortcuts in them.

    Parameters
    ----------
    train, test
        `Examples` or `Pairs`, or anything with their columns. Without labels only leaks are looked for. Several labels
        of one row count as one label.
    model
        A fitted classifier, whose score is the headline: `predict_proba` and `predict` of the texts, or of the pairs.
    scores
        Instead of a model, what it said of the test rows: a probability or score for the second label in sorted order,
        (n_test,); one for each label, (n_test, C); or answers. Without both a logistic regression on words (of pairs:
        shared, different and crossed words) stands in.
    metric
        ``accuracy`` or ``auc``: of the headline, and of what leaks add to it. Probes are judged by their AUC.
    directed
        For pairs: (b, a) is another pair than (a, b).
    threshold
        The likeness from which on rows are near-duplicates (see `near_duplicates`): 0.75 is a slip or two a sentence.
    train_sides, test_sides
        For pairs: ids of the lefts and of the rights, where the same text may be two things or one thing has two texts.
    level, n_draws, seed
        Of the bootstrap intervals. Test rows are drawn by group, or pairs by connected component, where that can be.
    progress
        Called with what is being done and the share that is done.

    Raises
    ------
    DataError
        D-140 to D-143, D-145: the two parts, their labels, scores or ids don't fit together.
    InvalidParameterError
        U-036: the metric or threshold is none, or a model and scores are both given.

    Examples
    --------
    >>> train, test = kf.split(kf.sample("questions"), (0.8, 0.2))  # doctest: +SKIP
    >>> print(kf.audit(train, test))  # doctest: +SKIP
    """
    _check(metric, model, scores)
    said = progress or _silent
    rows = join(train, test, train_sides, test_sides)
    said("looking for what is on both sides", 0.0)
    leaks = find_leaks(
        rows,
        threshold=threshold,
        directed=directed,
        progress=lambda done: said("looking for what is on both sides", done),
    )
    coded, name = None, ""
    if rows.codes is not None and len(rows.classes) > 1:
        said("the headline", None)
        coded, name = _headline(rows, test, model, scores)
        headline.check_metric(coded, metric)
    draws: dict[str, Any] = {"groups": rows.clusters(), "n_draws": n_draws, "level": level, "seed": seed}
    measured = _measured(rows, leaks, coded, metric, draws, said)
    said("done", 1.0)
    made: dict[str, Any] = {
        "kind": "pairs" if rows.pairs else "texts",
        "n_train": rows.n_train,
        "n_test": rows.n_test,
        "classes": rows.classes,
        "metric": metric,
        "model": name,
        "leaks": leaks,
        "repair": repair(rows, leaks, seed),
        "n_clusters": None if draws["groups"] is None else len(set(draws["groups"])),
        "threshold": threshold,
        "level": level,
        "n_draws": n_draws,
        "seed": seed,
        **measured,
    }
    plain = Audit(findings=(), **made)
    return replace(plain, findings=audit_words.findings(plain))


def _check(metric: str, model: Any, scores: Any) -> None:
    if metric not in headline.METRICS:
        raise InvalidParameterError(
            "the metric must be accuracy or auc", seen=repr(metric), fix="leave it out", code="U-036"
        )
    if model is not None and scores is not None:
        raise InvalidParameterError("a model and scores are both given", fix="give one of them", code="U-036")


def _silent(stage: str, share: float | None) -> None:
    """Report progress to nobody."""


def _headline(rows: Joined, test: Any, model: Any, scores: Any) -> tuple[Coded, str]:
    if model is not None:
        return headline.of_model(model, test, rows), "model given"
    if scores is not None:
        return headline.of_scores(scores, rows), "scores given"
    return coded_of(rows, reference.reference(rows)), reference.NAME


def _measured(
    rows: Joined, leaks: Leaks, coded: Coded | None, metric: str, draws: dict[str, Any], said: Progress
) -> dict[str, Any]:
    """Return all that needs labels: the headline's intervals, chance, probes, strata and inflation."""
    strata = strata_of(leaks)
    if coded is None:
        parts = stratum_scores(None, strata, ())
        return {"headline": {}, "chance": None, "probes": (), "inflation": {}, "strata": parts}
    there = {"accuracy": coded.answers is not None, "auc": coded.probabilities is not None}
    metrics = [name for name in headline.METRICS if there[name]]
    probes = judged(run_probes(rows, leaks, said), coded, rows.classes, **draws)
    said("measuring what leaks add", None)
    plain = {name: value for name, value in draws.items() if name != "level"}
    positive = coded.classes[1] if len(coded.classes) == 2 else None
    scored = {name: score({"": coded}, positive=positive, only=name, **plain)[""][name] for name in metrics}
    inflation = {"copies": inflation_of(coded, leaks.leaked, metric, **draws)}
    if leaks.seen is not None:
        inflation["entities"] = inflation_of(coded, leaks.seen > 0, metric, **draws)
    return {
        "headline": {name: one.interval(draws["level"]) for name, one in scored.items()},
        "chance": float(coded.present.mean(axis=0).max()) if metric == "accuracy" else 0.5,
        "probes": probes,
        "inflation": inflation,
        "strata": stratum_scores(coded, strata, metrics, **draws),
    }
