"""Training on pairs: pairs learned from a second, what the nets are worth, and memory as more and more are drawn.

Speed: whole trainings, from texts to a net, of `PairMatcher` and of the same net as a tutorial writes it: words split
at blanks, a `DataLoader` that shuffles and pads each batch to its longest text, one encoder for both sides, the cosine
scaled and moved, Adam. Both see the same question pairs as often, on two threads, in turns in one run; beside speed
stands the AUC on the same held-out pairs. Two encoders: the mean of embeddings, and a GRU with the mean of its states.

Memory: the peak of a child process that learns from a million drawn pairs, and from ten million, a hundred thousand at
a time.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader

import kinfold as kf
from common import data_for, in_turns, medians, parser, write

THREADS, BATCH, DIM, RATE = 2, 128, 100, 1e-3
PAD, UNK = 0, 1
Rows = tuple[list[tuple[str, str]], list[str]]


def questions(data: Path | None, n: int) -> tuple[Rows, Rows]:
    """Return pairs to learn from and a quarter as many to test on, each with its labels."""
    if data is None:
        pairs = kf.sample("questions")
    else:
        given = {"left": "question1", "right": "question2", "label": "is_duplicate", "quoting": "none"}
        pairs = kf.read_table(data / "quora_question_pairs" / "questions.tsv.gz", **given).pairs
    order = np.random.default_rng(0).permutation(len(pairs))[: n + n // 4].tolist()
    cut = len(order) * 4 // 5
    parts = pairs.take(order[:cut]), pairs.take(order[cut:])
    first, second = ((list(zip(one.lefts, one.rights, strict=True)), list(one.labels)) for one in parts)
    return first, second


class Plain(nn.Module):
    """The same net as a tutorial writes it."""

    def __init__(self, n_tokens: int, kind: str) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_tokens, DIM, padding_idx=PAD)
        nn.init.normal_(self.embedding.weight, std=0.1)
        self.recurrent = nn.GRU(DIM, DIM, batch_first=True) if kind == "gru" else None
        self.scale, self.offset = nn.Parameter(torch.tensor(1.5)), nn.Parameter(torch.tensor(0.0))

    def encode(self, ids: Tensor) -> Tensor:
        """Return the vectors (B, D) of ids (B, T)."""
        states, real = self.embedding(ids), (ids != PAD).unsqueeze(2)  # (B, T, D), (B, T, 1)
        if self.recurrent is not None:
            states = self.recurrent(states)[0]
        return (states * real).sum(1) / real.sum(1).clamp(min=1)

    def forward(self, lefts: Tensor, rights: Tensor) -> Tensor:
        """Return the log-odds (B,)."""
        near = functional.cosine_similarity(self.encode(lefts), self.encode(rights))
        return self.scale.exp() * near + self.offset


class PlainLoop:
    """What a tutorial does with pairs."""

    def __init__(self, rows: Rows, kind: str, epochs: int) -> None:
        pairs, labels = rows
        counts = Counter(word for pair in pairs for side in pair for word in self.words(side))
        self.known = {word: i + 2 for i, word in enumerate(word for word, n in counts.items() if n > 1)}
        torch.manual_seed(0)
        self.net = Plain(len(self.known) + 2, kind)
        data = [(*map(self.ids, pair), float(label == max(labels))) for pair, label in zip(pairs, labels, strict=True)]
        rule = torch.optim.Adam(self.net.parameters(), lr=RATE)
        for _ in range(epochs):
            for lefts, rights, targets in DataLoader(data, BATCH, shuffle=True, collate_fn=self.padded):
                rule.zero_grad()
                functional.binary_cross_entropy_with_logits(self.net(lefts, rights), targets).backward()
                nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
                rule.step()

    @staticmethod
    def words(text: str) -> list[str]:
        """Return the words of a text, and its other signs."""
        return re.findall(r"\w+|[^\w\s]", text.lower())

    def ids(self, text: str) -> Tensor:
        """Return the ids (T,) of a text, at least one."""
        return torch.tensor([self.known.get(word, UNK) for word in self.words(text)] or [UNK])

    @staticmethod
    def padded(rows: list[tuple[Tensor, Tensor, float]]) -> tuple[Tensor, Tensor, Tensor]:
        """Return a batch: both sides padded to their longest, and the targets."""
        lefts, rights, targets = zip(*rows, strict=True)
        sides = (pad_sequence(side, batch_first=True, padding_value=PAD) for side in (list(lefts), list(rights)))
        return *sides, torch.tensor(targets)

    def score(self, rows: Rows) -> float:
        """Return the AUC on pairs."""
        pairs, labels = rows
        data = [(*map(self.ids, pair), 0.0) for pair in pairs]
        with torch.no_grad():
            scores = [self.net.eval()(*self.padded(data[i : i + 512])[:2]) for i in range(0, len(data), 512)]
        return float(roc_auc_score(np.array(labels) == max(labels), torch.cat(scores).numpy()))


def speed(data: Path | None, n: int, epochs: int, rounds: int) -> dict[str, Any]:
    """Train in turns; return pairs a second, the ratio, and the AUCs."""
    train, test = questions(data, n)
    found: dict[str, Any] = {}
    for kind, encoder in {
        "bag": kf.BagOfEmbeddings(dim=DIM),
        "gru": kf.GRU(dim=DIM, units=DIM, pooling="mean"),
    }.items():
        made: dict[str, Any] = {}

        def ours(encoder: Any = encoder, made: dict[str, Any] = made) -> None:
            model = kf.PairMatcher(encoder=encoder, max_epochs=epochs, batch_size=BATCH, n_threads=THREADS, valid=0.0)
            made["kinfold"] = model.fit(*train)

        def plain(kind: str = kind, made: dict[str, Any] = made) -> None:
            made["plain torch"] = PlainLoop(train, kind, epochs)

        runs: dict[str, Callable[[], None]] = {"kinfold": ours, "plain torch": plain}
        seconds = medians(in_turns(runs, rounds))
        scores = made["kinfold"].decision_function(test[0])
        truth = np.array(test[1]) == max(test[1])
        auc = {"kinfold": float(roc_auc_score(truth, scores)), "plain torch": made["plain torch"].score(test)}
        found[kind] = {
            "pairs_a_second": {name: round(epochs * len(train[0]) / seconds[name]) for name in runs},
            "auc": {name: round(value, 4) for name, value in auc.items()},
            "times_as_fast": round(seconds["plain torch"] / seconds["kinfold"], 2),
        }
        print(f"{kind}: {found[kind]}", file=sys.stderr)
    return found


CHILD = """
import json, sys
from pathlib import Path
import numpy as np
import kinfold as kf
n_items, (n_links, epochs, batch) = 20_000, map(int, sys.argv[1:])
random = np.random.default_rng(0)
items = [" ".join(f"w{i}" for i in row) for row in random.integers(0, 5000, (n_items, 8)).tolist()]
lefts, rights = random.integers(0, n_items, (2, n_links + n_links // 10))
links = kf.Positives.of_numbers(lefts, rights, n_left=n_items, n_right=n_items, shared=True)
net = kf.PairMatcher(
    encoder=kf.BagOfEmbeddings(dim=8), batch_size=batch, max_epochs=epochs, patience=None, valid=0.0, n_threads=2
)
net.fit(links.pairs, items=items, negatives=kf.Negatives(links).epoch)
peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024
print(json.dumps([peak, epochs * len(links)]))
"""


def memory(n_links: int, epochs: int, batch: int) -> dict[str, int]:
    """Learn in a child process; return how many pairs it drew and the peak of its memory."""
    command = [sys.executable, "-c", CHILD, str(n_links), str(epochs), str(batch)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    peak, drawn = json.loads(done.stdout.split("\n")[-2])
    return {"drawn": drawn, "peak_mb": round(peak / 1e6)}


def main() -> None:
    """Run the parts asked for."""
    options = parser(__doc__.split("\n")[0])
    options.add_argument("--part", choices=("speed", "memory", "all"), default="all")
    options.add_argument("--pairs", type=int, default=40_000, help="to learn from where speed is measured")
    options.add_argument("--rounds", type=int, default=3)
    args = options.parse_args()
    torch.set_num_threads(THREADS)
    data = data_for(args)
    quick = data is None
    ours: dict[str, Any] = {}
    peers: dict[str, Any] = {"plain torch": {}}
    ratio: dict[str, Any] = {}
    if args.part in ("speed", "all"):
        counts = (120, 1, 1) if quick else (args.pairs, 2, args.rounds)
        for kind, found in speed(data, *counts).items():
            for key in ("pairs_a_second", "auc"):
                ours[f"{key}, {kind}"] = found[key]["kinfold"]
                peers["plain torch"][f"{key}, {kind}"] = found[key]["plain torch"]
            ratio[f"times as fast, {kind}"] = found["times_as_fast"]
    if args.part in ("memory", "all"):
        n_links, batch, both = (2000, 64, (1, 3)) if quick else (100_000, 4096, (10, 100))
        few, many = (memory(n_links, epochs, batch) for epochs in both)
        ours["memory"] = [few, many]
        ratio["peak, ten times as many drawn"] = round(many["peak_mb"] / few["peak_mb"], 3)
    write({"benchmark": "pair_training", "ours": ours, "peers": peers, "ratio": ratio}, args.json)


if __name__ == "__main__":
    main()
