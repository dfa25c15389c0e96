"""The source's character net against the same net written plainly: speed, accuracy, and memory while it streams.

The plain net is what a tutorial writes: characters one-hot at the full length of 250, three `torch.nn.Conv1d` of width
8 that start as Keras starts them, pools of 2 and 2, a dense layer of 1,024, the scores; shuffled batches of 50,
RMSprop. Ours is `CharCNN.preset("source")`. Both read the same ids on two threads, and memory stays with the process,
as it does in kinfold's trainer.

Speed: whole training steps at 500 filters on film-review sentences, ours and the plain net's in turns on batches of the
same rows (ours put together by length). Accuracy: which of four sections news belongs to, both nets at fewer filters
(`--filters`), as many passes, on the same held-out tenth, three seeds; of the review sentences so few passes of so
small a net learn nothing. Memory: the peak of a child process that trains from a file of a gigabyte, and of two.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

import kinfold as kf
from common import data_for, parser, write
from kinfold.nn.heads import Head
from kinfold.nn.inputs import Inputs
from kinfold.nn.model import TextNet
from kinfold.training.batching import order
from kinfold.training.memory import keep_memory

THREADS, BATCH, LENGTH = 2, 50, 250
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-,;.!?:'\"/\\|_@#$%^&*~`+=<>()[]{} "


def sentences(data: Path | None) -> tuple[list[str], np.ndarray]:
    """Return the sentences and whether each is positive; without data the packaged ones."""
    if data is None:
        rows = kf.sample("reviews")
        return rows.texts, np.array([label == "positive" for label in rows.labels])
    rows = kf.read_table(data / "rt_polarity" / "rt-polarity.csv.gz", text="text", label="label").examples
    return rows.texts, np.array([label == "1" for label in rows.labels])


def news(data: Path | None) -> tuple[list[str], np.ndarray]:
    """Return texts of news and the number of each one's section; without data the packaged sentences."""
    if data is None:
        return sentences(data)
    rows = kf.read_table(data / "ag_news_sample" / "dev.csv.gz", text="content", label="label").examples
    return rows.texts, np.unique(rows.labels, return_inverse=True)[1]


def as_ids(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the characters' ids, (N, 250) with zeros behind, and how many there are."""
    known = {character: i + 3 for i, character in enumerate(ALPHABET)}
    ids, lengths = np.zeros((len(texts), LENGTH), np.int64), np.zeros(len(texts), np.int64)
    for row, text in enumerate(texts):
        found = [known[character] for character in text.lower() if character in known][:LENGTH]
        ids[row, : len(found)], lengths[row] = found, max(1, len(found))
    return ids, lengths


class Plain(nn.Module):
    """The same net as a tutorial writes it."""

    def __init__(self, filters: int, n_classes: int) -> None:
        super().__init__()
        widths = [len(ALPHABET), filters, filters, filters]
        self.layers = nn.ModuleList(nn.Conv1d(a, b, 8, padding="same") for a, b in pairwise(widths))
        self.hidden = nn.Linear(filters * (LENGTH // 4), 1024)
        self.scores = nn.Linear(1024, n_classes)
        for layer in self.layers:
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the scores (B, C) of ids (B, 250)."""
        x = functional.one_hot((ids - 2).clamp(min=0), len(ALPHABET) + 1)[:, :, 1:].float().transpose(1, 2)  # (B, A, T)
        for layer, pool in zip(self.layers, (2, 2, 1), strict=True):
            x = layer(x).relu()
            x = functional.max_pool1d(x, pool) if pool > 1 else x
        return self.scores(self.hidden(x.flatten(1)).relu())


class Ours(nn.Module):
    """kinfold's net behind the same call."""

    def __init__(self, filters: int, n_classes: int) -> None:
        super().__init__()
        encoder = kf.CharCNN.preset("source", filters=filters).build(Inputs(n_tokens=len(ALPHABET) + 3))
        self.net = TextNet(encoder, Head(encoder.output_dim, n_classes))

    def forward(self, ids: Tensor) -> Tensor:
        """Return the scores (B, C) of ids (B, T)."""
        lengths = (ids > 0).sum(1)
        return self.net(ids[:, : int(lengths.max())], lengths)


def batches_of(name: str, lengths: np.ndarray, epoch: int, seed: int) -> list[np.ndarray]:
    """Return an epoch's batches: ours by length, the plain net's as they come."""
    return order(lengths, BATCH, seed, epoch, bucket=name == "kinfold")


def stepper(net: nn.Module, rate: float, device: str) -> Callable[[np.ndarray, np.ndarray], None]:
    """Return what trains a net on a batch of ids and targets."""
    rule = torch.optim.RMSprop(net.parameters(), lr=rate)

    def step(ids: np.ndarray, targets: np.ndarray) -> None:
        rule.zero_grad(set_to_none=True)
        given = torch.from_numpy(ids).to(device), torch.from_numpy(targets.astype(np.int64)).to(device)
        functional.cross_entropy(net(given[0]), given[1]).backward()
        rule.step()
        if device == "cuda":
            torch.cuda.synchronize()

    return step


NETS: dict[str, Callable[[int, int], nn.Module]] = {"kinfold": Ours, "plain torch": Plain}


@keep_memory()
def speed(data: Path | None, filters: int, n_batches: int, device: str) -> dict[str, Any]:
    """Time training steps in turns; return milliseconds a batch and the ratio."""
    texts, positive = sentences(data)
    ids, lengths = as_ids(texts)
    seconds: dict[str, list[float]] = {name: [] for name in NETS}
    steps = {name: stepper(make(filters, 2).to(device).train(), 1e-4, device) for name, make in NETS.items()}
    orders = {name: batches_of(name, lengths, 0, 0) for name in NETS}
    for turn in range(min(n_batches, len(orders["kinfold"]))):
        for name, step in steps.items():
            rows = orders[name][turn]
            if len(rows) < BATCH:
                continue
            start = time.perf_counter()
            step(ids[rows], positive[rows])
            if turn >= 2:  # the first ones compile and make room
                seconds[name].append(time.perf_counter() - start)
        print(f"\rspeed: batch {turn + 1}", end="", file=sys.stderr)
    print(file=sys.stderr)
    # Ours differ in length, so that the mean is what an epoch costs.
    ms = {name: round(1000 * mean(of_name), 1) for name, of_name in seconds.items()}
    epoch = {name: round(ms[name] * len(lengths) / BATCH / 1000, 1) for name in ms}
    ratio = round(ms["plain torch"] / ms["kinfold"], 2)
    return {"filters": filters, "ms_a_batch": ms, "seconds_an_epoch": epoch, "times_as_fast": ratio}


@keep_memory()
def accuracy(data: Path | None, filters: int, epochs: int, seeds: int, device: str) -> dict[str, Any]:
    """Train both nets alike; return their accuracies on the same held-out tenth, and the seconds it took."""
    texts, sections = news(data)
    ids, lengths = as_ids(texts)
    found: dict[str, list[float]] = {name: [] for name in NETS}
    seconds: dict[str, list[float]] = {name: [] for name in NETS}
    for seed in range(seeds):
        shuffled = np.random.default_rng(seed).permutation(len(texts))
        test, train = np.split(shuffled, [len(texts) // 10])
        for name, make in NETS.items():
            torch.manual_seed(seed)
            net = make(filters, int(sections.max()) + 1).to(device).train()
            step = stepper(net, 1e-3, device)
            start = time.perf_counter()
            for epoch in range(epochs):
                for batch in batches_of(name, lengths[train], epoch, seed):
                    step(ids[train[batch]], sections[train[batch]])
            seconds[name].append(round(time.perf_counter() - start, 1))
            with torch.no_grad():
                scores = [net.eval()(torch.from_numpy(ids[rows]).to(device)) for rows in np.array_split(test, 20)]
            answers = torch.cat(scores).argmax(1).cpu().numpy()
            found[name].append(round(float((answers == sections[test]).mean()), 4))
            print(f"seed {seed}, {name}: {found[name][-1]} in {seconds[name][-1]} s", file=sys.stderr)
    means = {name: round(mean(of_name), 4) for name, of_name in found.items()}
    ratio = round(median(a / b for a, b in zip(seconds["plain torch"], seconds["kinfold"], strict=True)), 2)
    return {"filters": filters, "passes": epochs, "accuracy": found, "mean": means, "times_as_fast": ratio}


CHILD = """
import json, sys
from pathlib import Path
import kinfold as kf
encoder = kf.CharCNN(filters=32, widths=(5,), length=250)
model = kf.TextClassifier(encoder=encoder, max_length=250, max_epochs=1, time_budget=float(sys.argv[2]), n_threads=2)
with kf.open_table(sys.argv[1], text="text", label="label") as table:
    model.fit(row for block in table for row in block.rows)
peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024
print(json.dumps([peak, model.fitted_.shape.n_rows]))
"""


def memory(data: Path | None, megabytes: int, seconds: float) -> dict[str, Any]:
    """Train in a child process from a large file; return the peak of its memory."""
    texts, positive = sentences(data)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "large.csv"
        with path.open("w", encoding="utf-8") as file:
            file.write("text,label\n")
            turn = 0
            while file.tell() < megabytes * 1_000_000:
                # Each copy of a sentence differs, or they would be merged.
                file.writelines(
                    f'"{turn} {text.replace(chr(34), " ")}",{int(one)}\n'
                    for text, one in zip(texts, positive, strict=True)
                )
                turn += 1
        start = time.perf_counter()
        command = [sys.executable, "-c", CHILD, str(path), str(seconds)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    peak, n_rows = json.loads(done.stdout.split("\n")[-2])
    return {
        "file_mb": megabytes,
        "rows": n_rows,
        "peak_mb": round(peak / 1e6),
        "seconds": round(time.perf_counter() - start),
    }


def main() -> None:
    """Run the parts asked for."""
    options = parser(__doc__.split("\n")[0])
    options.add_argument("--part", choices=("speed", "accuracy", "memory", "all"), default="all")
    options.add_argument("--filters", type=int, default=64, help="where accuracy is measured")
    options.add_argument("--epochs", type=int, default=20, help="passes where accuracy is measured")
    options.add_argument("--batches", type=int, default=24, help="where speed is measured; the first two not counted")
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    args = options.parse_args()
    torch.set_num_threads(THREADS)
    data = data_for(args)
    quick = data is None
    ours, peers, ratio = {}, {}, {}
    if args.part in ("speed", "all"):
        found = speed(data, 16 if quick else 500, 4 if quick else args.batches, args.device)
        for key in ("ms_a_batch", "seconds_an_epoch"):
            ours[key], peers.setdefault("plain torch", {})[key] = found[key]["kinfold"], found[key]["plain torch"]
        ratio[f"times as fast, {found['filters']} filters"] = found["times_as_fast"]
    if args.part in ("accuracy", "all"):
        counts = (16, 1, 1) if quick else (args.filters, args.epochs, args.seeds)
        found = accuracy(data, *counts, args.device)
        shape = f"{found['filters']} filters, {found['passes']} passes"
        ours[f"accuracy, {shape}"] = found["accuracy"]["kinfold"]
        peers.setdefault("plain torch", {})[f"accuracy, {shape}"] = found["accuracy"]["plain torch"]
        ratio |= {f"times as fast, {shape}": found["times_as_fast"], f"mean accuracy, {shape}": found["mean"]}
    if args.part in ("memory", "all"):
        sizes = (1,) if quick else (1000, 2000)
        ours["memory"] = [memory(data, size, 1 if quick else 20) for size in sizes]
    write({"benchmark": "char_cnn", "ours": ours, "peers": peers, "ratio": ratio}, args.json)


if __name__ == "__main__":
    main()
