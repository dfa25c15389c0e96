"""Reading to scored test rows on IMDB, against a scikit-learn pipeline and fastText; sentences a second; memory.

The three systems read the same two files and end with a score for each test review, in turns in one run, on as many
threads as each can use up to two. scikit-learn: CountVectorizer (words, pairs, triples; binary; min_df 2),
naive-Bayes ratios, liblinear logistic regression with a given C. fastText: bigrams, 5 epochs. Ours chooses its C by
cross-validation within the time that is measured.
"""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import kinfold as kf
from common import data_for, in_turns, medians, parser, write
from kinfold.data.samples import sample_path

THREADS = 2
BREAK = re.compile("<br />")


def plain_rows(path: Path) -> tuple[list[str], np.ndarray]:
    """Read a file of reviews as the peers' users do: split lines at tabs."""
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        lines = file.read().split("\n")[1:]
    rows = [line.split("\t") for line in lines if line]
    return [BREAK.sub(" ", row[3]).lower() for row in rows], np.array([row[1] == "1" for row in rows])


def small_copy(place: Path) -> Path:
    """Write the packaged sample in the form of the two data sets; return the folder."""
    rows = kf.sample("reviews")
    for part, half in zip(("train", "test"), kf.split(rows, (0.5, 0.5)), strict=True):
        lines = [f"{i}\t{int(row.label == 'positive')}\t0\t{row.text}" for i, row in enumerate(half)]
        with gzip.open(place / f"{part}.tsv.gz", "wt", encoding="utf-8") as file:
            file.write("\n".join(["id\tlabel\trating\ttext", *lines, ""]))
    with gzip.open(place / "rt-polarity.csv.gz", "wt", encoding="utf-8") as file:
        file.write(sample_path("reviews").read_text("utf-8").replace(",positive", ",1").replace(",negative", ",0"))
    return place


def kinfold_scores(folder: Path) -> np.ndarray:
    """Ours, as it comes."""
    columns = {"text": "text", "label": "label", "quoting": "none"}
    train = kf.read_table(folder / "train.tsv.gz", **columns).examples
    test = kf.read_table(folder / "test.tsv.gz", **columns).examples
    model = kf.LinearTextClassifier(n_threads=THREADS).fit(train.texts, train.labels)
    return model.predict_proba(test.texts)[:, 1]


class Pipeline:
    """scikit-learn's counts, naive-Bayes ratios and logistic regression."""

    def __init__(self, c: float) -> None:
        self.counter = CountVectorizer(ngram_range=(1, 3), binary=True, min_df=2)
        self.model = LogisticRegression(C=c, solver="liblinear")

    def fit(self, texts: list[str], positive: np.ndarray) -> Pipeline:
        """Learn from texts and whether each is positive."""
        counts = self.counter.fit_transform(texts)
        p = 1 + np.asarray(counts[positive].sum(axis=0)).ravel()
        q = 1 + np.asarray(counts[~positive].sum(axis=0)).ravel()
        self.ratio = sparse.diags(np.log(p / p.sum()) - np.log(q / q.sum()))
        self.model.fit(counts @ self.ratio, positive)
        return self

    def scores(self, texts: list[str]) -> np.ndarray:
        """Return the margin of each text."""
        return self.model.decision_function(self.counter.transform(texts) @ self.ratio)


def sklearn_scores(folder: Path) -> np.ndarray:
    """scikit-learn, given the C that does well on these reviews (0.1)."""
    texts, positive = plain_rows(folder / "train.tsv.gz")
    return Pipeline(0.1).fit(texts, positive).scores(plain_rows(folder / "test.tsv.gz")[0])


def fasttext_scores(folder: Path) -> np.ndarray:
    """fastText, whose tokens are what stands between blanks: symbols are set apart first."""
    import fasttext

    def spaced(texts: list[str]) -> list[str]:
        return [re.sub(r"([^\w\s])", r" \1 ", text) for text in texts]

    texts, positive = plain_rows(folder / "train.tsv.gz")
    order = np.random.default_rng(0).permutation(len(texts))
    lines = spaced(texts)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "train.txt"
        path.write_text("\n".join(f"__label__{int(positive[i])} {lines[i]}" for i in order), encoding="utf-8")
        options = {"wordNgrams": 2, "epoch": 5, "lr": 0.5, "dim": 50, "minCount": 2, "bucket": 2_000_000}
        model = fasttext.train_supervised(str(path), thread=THREADS, verbose=0, **options)
    out = []
    for text in spaced(plain_rows(folder / "test.tsv.gz")[0]):
        # The wrapper's predict does not run on numpy 2; this is what it calls.
        found = {label: score for score, label in model.f.predict(text + "\n", 2, 0.0, "strict")}
        out.append(found.get("__label__1", 0.0))
    return np.array(out)


def whole_job(folder: Path, rounds: int) -> dict:
    """Time each system from file to scores, in turns."""
    truth = plain_rows(folder / "test.tsv.gz")[1]
    scores: dict[str, np.ndarray] = {}
    systems = {"kinfold": kinfold_scores, "scikit-learn": sklearn_scores, "fastText": fasttext_scores}

    def run(name: str) -> None:
        scores[name] = systems[name](folder)

    with tempfile.TemporaryDirectory() as place:
        kinfold_scores(small_copy(Path(place)))  # compile
    seconds = in_turns({name: (lambda name=name: run(name)) for name in systems}, rounds)
    middle = medians(seconds)
    auc = {name: round(float(roc_auc_score(truth, scores[name])), 4) for name in systems}
    ratio = {
        name: round(median(a / b for a, b in zip(seconds[name], seconds["kinfold"], strict=True)), 2)
        for name in systems
    }
    return {"seconds": middle, "auc": auc, "times_ours": ratio}


def predicting(folder: Path, rounds: int) -> dict:
    """Time scoring the sentences of rt-polarity, models fitted on nine tenths of them."""
    rows = kf.read_table(folder / "rt-polarity.csv.gz", text="text", label="label").examples
    train, _ = next(iter(kf.folds(rows, 10, seed=0)))
    learned = rows.take(train)
    peer = Pipeline(0.3).fit(learned.texts, np.array(learned.labels) == "1")
    words = kf.LinearTextClassifier(characters=None, n_threads=THREADS).fit(learned.texts, learned.labels)
    both = kf.LinearTextClassifier(n_threads=THREADS).fit(learned.texts, learned.labels)
    texts = rows.texts
    runs = {
        "kinfold, words": lambda: words.predict_proba(texts),
        "kinfold, words and characters": lambda: both.predict_proba(texts),
        "scikit-learn": lambda: peer.scores(texts),
    }
    seconds = in_turns(runs, rounds)
    speed = {name: round(len(texts) / value) for name, value in medians(seconds).items()}
    ratio = {name: round(value / speed["scikit-learn"], 2) for name, value in speed.items()}
    return {"sentences_a_second": speed, "times_scikit_learn": ratio}


def streaming(megabytes: int) -> dict:
    """Measure how much more memory `kinfold predict` holds on a large file than on a small one."""
    sample = kf.sample("reviews")
    with tempfile.TemporaryDirectory() as place:
        model = Path(place) / "reviews.model"
        kf.save(kf.LinearTextClassifier().fit(sample.texts, sample.labels), model)
        lines = "".join(f"{text}\n" for text in sample.texts).encode()
        peaks, seconds = {}, {}
        # The first run compiles what the second does not.
        for name, size in (("first", 1), ("small", 1), ("large", megabytes)):
            path = Path(place) / f"{name}.txt"
            with path.open("wb") as file:
                for _ in range(size * 1_000_000 // len(lines) + 1):
                    file.write(lines)
            peaks[name], seconds[name] = peak_of(["predict", str(model), str(path), "-o", f"{path}.jsonl"])
            path.unlink()
    return {
        "file_mb": megabytes,
        "peak_mb": {name: round(peak) for name, peak in peaks.items()},
        "growth_mb": round(peaks["large"] - peaks["small"]),
        "mb_a_second": round(megabytes / seconds["large"], 1),
    }


# A process starts with the peak memory of the one that started it, so a small one stands between.
BETWEEN = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "kinfold", *sys.argv[1:]], stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6)
sys.exit(done.returncode)
"""


def peak_of(arguments: list[str]) -> tuple[float, float]:
    """Run the command line; return the most memory it held, in MB, and its seconds."""
    start = time.perf_counter()
    command = [sys.executable, "-c", BETWEEN, *arguments]
    done = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return float(done.stdout.split()[-1]), time.perf_counter() - start


def main() -> None:
    """Run the parts that were asked for."""
    options = parser(__doc__.split("\n")[0])
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--part", choices=("job", "predicting", "streaming"), help="only this one (default: all)")
    args = options.parse_args()
    folder = data_for(args)
    rounds = 1 if args.quick else args.rounds
    result: dict = {"benchmark": "linear_classifier", "ours": {}, "peers": {}, "ratio": {}}
    with tempfile.TemporaryDirectory() as place:
        small = small_copy(Path(place))
        if args.part in ("job", None):
            job = whole_job(folder / "imdb_reviews" if folder else small, rounds)
            of = {name: {"seconds": job["seconds"][name], "auc": job["auc"][name]} for name in job["seconds"]}
            result["ours"] |= of.pop("kinfold")
            result["peers"] = of
            result["ratio"] |= {f"seconds, {name} / ours": job["times_ours"][name] for name in of}
        if args.part in ("predicting", None):
            result["ratio"] |= predicting(folder / "rt_polarity" if folder else small, 3 * rounds)
    if args.part in ("streaming", None):
        result["ours"]["kinfold predict"] = streaming(2 if args.quick else 1000)
    write(result, args.json)


if __name__ == "__main__":
    main()
