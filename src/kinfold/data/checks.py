"""Checks of whole columns before they are used: each returns warnings, or raises `DataError`."""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence

from kinfold.data.columns import folded
from kinfold.data.faults import count, fault, shown
from kinfold.data.ledger import Ledger
from kinfold.data.records import Examples, Pairs
from kinfold.types import Label

_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"[+-]?[0-9]+")
#: Texts beyond this many characters are cut by models that read whole texts.
MAX_CHARS = 1_000_000
_SAMPLE = 10_000


def is_number(text: str) -> bool:
    """Return whether `text` is a finite number in ASCII: no ``1_000``, ``1,5``, ``nan`` or foreign digits."""
    return _NUMBER.fullmatch(text) is not None and math.isfinite(float(text))


def single_labels(labels: Iterable[Label]) -> Counter[str]:
    """Return how often each label occurs, the labels of multi-label rows counted one by one."""
    counts: Counter[str] = Counter()
    for label, times in Counter(labels).items():
        for name in (label,) if isinstance(label, str) else label:
            counts[name] += times
    return counts


def _listed(names: Iterable[str], limit: int = 5) -> str:
    held = list(names)
    return ", ".join(repr(shown(name, 40)) for name in held[:limit]) + (", …" if len(held) > limit else "")


def label_groups(counts: Counter[str]) -> list[list[str]]:
    """Return groups of labels that differ only in case or outer space, the most frequent form first."""
    groups: dict[str, list[str]] = defaultdict(list)
    for label in sorted(counts, key=lambda name: (-counts[name], name)):
        groups[folded(label)].append(label)
    return [group for group in groups.values() if len(group) > 1]


def label_warnings(counts: Counter[str]) -> list[str]:
    """Return warnings about labels that look alike: D-068 numbers written in two ways, D-070 case or space."""
    made = []
    numbers: dict[int, list[str]] = defaultdict(list)
    for label in counts:
        if _INTEGER.fullmatch(label) and len(label) < 100:
            numbers[int(label)].append(label)
    for same in (group for group in numbers.values() if len(group) > 1):
        made.append(f"D-068: {_listed(sorted(same))} are kept as different labels")
    for group in label_groups(counts):
        made.append(
            f"D-070: {_listed(group)} differ only in case or space and are kept apart; "
            "merge_labels=True (--merge-labels) joins them"
        )
    return made


def check_labels(labels: Sequence[Label], *, minimum: int = 2) -> list[str]:
    """Check that a classifier can be trained on `labels`; return warnings.

    Parameters
    ----------
    labels
        N labels, or N tuples of labels.
    minimum
        The fewest rows that will do.

    Raises
    ------
    DataError
        D-051: fewer rows than `minimum`. D-071: one class. D-073: nearly as many labels as rows.
    """
    n = len(labels)
    counts = single_labels(labels)
    if n < minimum:
        raise fault("D-051", f"{count(n, 'row')} can't be learned from", fix=f"at least {minimum:,} are needed")
    if len(counts) < 2:
        only = f"all {n:,} rows have {_listed(counts)}" if counts else "no row has a label"
        raise fault(
            "D-071",
            "there is only one class",
            seen=only,
            why="the file may be sorted by label and cut, or another column holds the labels",
            fix="add rows of a second class, or name another label column",
        )
    if n >= 20 and len(counts) > n / 2:
        raise fault(
            "D-073",
            f"{len(counts):,} different labels in {n:,} rows",
            seen=_listed(counts, 3),
            why="the column holds ids or texts, not labels",
            fix="name another label column: label= (--label)",
        )
    return label_warnings(counts) + _rare(counts, n)


def _rare(counts: Counter[str], n: int) -> list[str]:
    made = []
    once = sorted(label for label, times in counts.items() if times == 1)
    if once:
        made.append(f"D-072: {count(len(once), 'label')} with one row only: {_listed(once)}; kept for training")
    label, times = counts.most_common(1)[0]
    if times / n >= 0.99:
        made.append(
            f"D-079: {times:,} of {n:,} rows are {shown(label, 40)!r}: "
            f"always answering that is right in {times / n:.2%}"
        )
    return made


def check_texts(texts: Sequence[str], *, max_chars: int = MAX_CHARS) -> list[str]:
    """Return warnings about texts: D-056 cut ones, D-061 no spaces between words, D-066 words like our marks."""
    made = []
    n_long = sum(len(text) > max_chars for text in texts)
    if n_long:
        made.append(f"D-056: {count(n_long, 'text')} longer than {max_chars:,} characters; the model sees that much")
    sample = [text for text in texts[:_SAMPLE] if len(text) >= 20]
    dense = sum(not any(char.isspace() for char in text) for text in sample)
    if dense > len(sample) / 2:
        made.append(
            f"D-061: {dense:,} of {len(sample):,} longer texts have no space in them; "
            "word features will find nothing there, character features will"
        )
    n_marks = sum("<unk>" in text or "__label__" in text for text in texts)
    if n_marks:
        made.append(f"D-066: {count(n_marks, 'text')} with <unk> or __label__ in them; read as plain words")
    return made


def _keys(rows: Examples | Pairs) -> list[Hashable]:
    return list(rows.texts) if isinstance(rows, Examples) else list(zip(rows.lefts, rows.rights, strict=True))


def check_overlap(train: Examples | Pairs, test: Examples | Pairs) -> list[str]:
    """Return a warning if rows of `test` are also in `train`, by their text.

    Raises
    ------
    DataError
        D-032: all of them are.
    """
    known = set(_keys(train))
    tested = _keys(test)
    n = sum(key in known for key in tested)
    if not n:
        return []
    what = f"{n:,} of {len(tested):,} test rows are also training rows"
    if n == len(tested):
        raise fault("D-032", what, why="the same file twice?", fix="name a test file the model has not seen")
    return [f"D-032: {what}; figures on them say nothing about new texts"]


def check_label_sets(train: Sequence[Label], test: Sequence[Label]) -> list[str]:
    """Return a warning if `test` has labels that `train` lacks (D-074)."""
    unseen = single_labels(test)
    for label in single_labels(train):
        unseen.pop(label, None)
    if not unseen:
        return []
    rows, names = count(sum(unseen.values()), "test row"), _listed(sorted(unseen))
    return [f"D-074: {rows} with labels never seen in training ({names}); counted as wrong"]


def check_leak(texts: Sequence[str], labels: Sequence[Label]) -> list[str]:
    """Return a warning if each text holds its own label as a word (D-080)."""
    n = min(len(texts), _SAMPLE)
    if n < 10:
        return []
    for text, label in zip(texts[:n], labels[:n], strict=True):
        names = (label,) if isinstance(label, str) else label
        if not names or not all(_has_word(text, name) for name in names):
            return []
    return ["D-080: every text holds its own label as a word: a leak, unless new texts will hold it too"]


def _has_word(text: str, word: str) -> bool:
    at = text.casefold().find(word.casefold())
    if at < 0 or not word:
        return False
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) is not None


def check_duplicates(rows: Examples | Pairs, ledger: Ledger) -> list[int]:
    """Note exact duplicates (D-047), contradictions (D-077) and repeated ids (D-046); return the duplicates.

    A duplicate has the text and the label of an earlier row; a contradiction its text, but another label.
    """
    _note_ids(rows.ids, ledger)
    if _all_different(rows):
        return []
    keys = _keys(rows)
    labels: Sequence[Label | None] = rows.labels if rows.labels is not None else [None] * len(keys)
    seen: dict[Hashable, Label | None] = {}
    again: list[int] = []
    contrary: list[int] = []
    for i, (key, label) in enumerate(zip(keys, labels, strict=True)):
        known = seen.setdefault(key, label)
        if known is not label and known != label:
            contrary.append(i)
        elif len(seen) + len(again) + len(contrary) <= i:
            again.append(i)
    again = _true_duplicates(keys, labels, again, contrary)
    if again:
        ledger.noted["D-047"] += len(again)
    if contrary:
        _note_contrary(keys, contrary, ledger)
    return again


def _all_different(rows: Examples | Pairs) -> bool:
    """Return whether no text or pair occurs twice; different hashes prove it without holding the keys."""
    keys = rows.texts if isinstance(rows, Examples) else zip(rows.lefts, rows.rights, strict=True)
    return len(set(map(hash, keys))) == len(rows)


def _true_duplicates(
    keys: Sequence[Hashable], labels: Sequence[Label | None], again: list[int], contrary: list[int]
) -> list[int]:
    """Add the rows that repeat a contradiction, as they too have an equal before them."""
    seen: set[Hashable] = set()
    more = []
    for i in contrary:
        if (keys[i], labels[i]) in seen:
            more.append(i)
        seen.add((keys[i], labels[i]))
    return sorted(again + more)


def _note_contrary(keys: Sequence[Hashable], contrary: list[int], ledger: Ledger) -> None:
    ledger.noted["D-077"] += len(contrary)
    samples = dict.fromkeys(str(keys[i]) for i in contrary)
    ledger.warn(f"D-077: {count(len(contrary), 'row')} with a known text but another label: {_listed(samples, 3)}")


def _note_ids(ids: Sequence[str] | None, ledger: Ledger) -> None:
    if ids is None or len(set(ids)) == len(ids):
        return
    twice = [name for name, times in Counter(ids).items() if times > 1]
    ledger.noted["D-046"] += len(ids) - len(set(ids))
    ledger.warn(f"D-046: {count(len(twice), 'id')} occur more than once: {_listed(twice)}")


def check_unchanged(path: str | os.PathLike[str], ledger: Ledger) -> None:
    """Raise `DataError` D-030 if the file is no longer the one that `ledger` tells of.

    Size and time are looked at first; only if the time differs are the bytes hashed again.
    """
    now = os.stat(path)
    same_size = ledger.size == now.st_size
    if same_size and ledger.modified == now.st_mtime_ns:
        return
    if same_size:
        with open(path, "rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == ledger.sha256:
                return
    raise fault(
        "D-030",
        f"{ledger.source} changed between two readings",
        seen=f"{ledger.size or 0:,} bytes at first, {now.st_size:,} now",
        fix="wait until nobody writes it, or work on a copy",
    )
