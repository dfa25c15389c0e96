"""Skip-gram and CBOW with negative sampling on a GPU through torch, many blocks of the text in one step.

A block of 64 tokens is set against its neighbourhood and its negatives by products of small matrices, all blocks of a
step at once: scores, then what changes the rows. What hangs on no table, which rows are drawn together and how hard,
is laid out for many steps at once (`kinfold.estimators.skipgram.steps`), so that a step itself is a dozen operations: a
GPU is kept waiting by their number, not by their size.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kinfold.errors import MachineError
from kinfold.estimators.skipgram.drawn import Pairs, Sources, Tensor, draw, labels, pair
from kinfold.estimators.skipgram.parts import Parts
from kinfold.estimators.skipgram.steps import Layout, Step, Target, add_rows
from kinfold.kernels.lanes import BLOCK, Draws, Rule, Tables
from kinfold.types import Array, Ids1d, Ints1d, Singles1d

#: Blocks in a step at most, and steps that a pass is to have where the text is long enough.
_BLOCKS, _STEPS = 64, 2048
#: Pairs, and rows of tables, that are laid out at a time.
_PAIRS, _ROWS = 1 << 24, 1 << 26


class TorchEngine:
    """A GPU, or what else torch computes on.

    Parameters
    ----------
    tokens
        (T,) int32: the words of sentences, each sentence followed by a negative number.
    tables, draws, rule
        As for the kernels; the tables are copied to the device when the first segment begins.
    n_noise
        Negatives that a block shares.
    ordered
        Sum in the same order each time, and so to the same bits on one kind of device; slower.
    device
        A torch device's name.
    """

    places = 10

    def __init__(
        self, tokens: Ids1d, tables: Tables, draws: Draws, rule: Rule, n_noise: int, *, ordered: bool, device: str
    ) -> None:
        self._tokens, self._draws, self._rule, self._n_noise = tokens, draws, rule, n_noise
        self._ordered, self._device = ordered, device
        self._blocks = min(max(1, len(tokens) // (_STEPS * BLOCK)), _BLOCKS)
        self._tables, self._moved, self._ahead = tables, False, False

    @property
    def tables(self) -> Tables:
        """What is learned, as it is now."""
        if self._ahead:
            self._tables.inputs[:] = self._inputs.cpu().numpy()
            if self._outputs is not self._inputs:
                self._tables.outputs[:] = self._outputs.cpu().numpy()
            self._ahead = False
        return self._tables

    def segment(self, chunks: Ints1d, seed: int, rates: Singles1d) -> tuple[float, float]:
        """Learn from `chunks`; return the loss over the pairs that were measured, and their number."""
        with _room():
            if not self._moved:
                self._move()
            self._ahead = True
            drawn = draw(self._tokens, chunks, seed, rates, self._sources, self._rule)
            n, size = len(drawn.reach), self._layout_size()
            for first in range(0, n, size):
                self._learn(pair(drawn, first, min(n, first + size), self._rule))
            loss, pairs = self._measured.tolist()
            self._measured.zero_()
        return loss, pairs

    def _move(self) -> None:
        """Copy all that is needed to the device."""
        import torch

        def there(array: Array) -> Tensor:
            return torch.tensor(array, device=self._device)

        tables, draws = self._tables, self._draws
        self._sources = Sources(there(draws.keep), there(draws.noise), self._n_noise)
        self._labels = labels(self._rule, self._n_noise, self._device)
        self._measured = torch.zeros(2, dtype=torch.float64, device=self._device)
        self._outputs = there(tables.outputs)
        one_table = tables.inputs is tables.outputs
        self._inputs = self._outputs if one_table else there(tables.inputs)
        parts = Parts(there(tables.parts), there(tables.starts)) if len(tables.parts) else None
        n_rows = len(self._inputs), len(self._outputs)
        self._layout = Layout(self._blocks, *n_rows, one_table=one_table, parts=parts, ordered=self._ordered)
        self._moved = True

    def _layout_size(self) -> int:
        """Return how many blocks to lay out at a time: whole steps."""
        pairs = self._blocks * BLOCK * (BLOCK + 2 * self._rule.window + self._n_noise)
        return self._blocks * max(1, min(_PAIRS // pairs, _ROWS // len(self._inputs)))

    def _learn(self, pairs: Pairs) -> None:
        """Take the steps of some blocks; the loss of the first step is measured."""
        first, *others = self._layout.steps(pairs)
        missed = self._step(first).abs_()  # (N, BLOCK, R)
        counts = pairs.weights[: self._blocks] / pairs.rates[: self._blocks, :, None].clamp(min=1e-30)
        self._measured[0] -= (counts * (1 - missed).clamp_(min=1e-7).log_()).sum(dtype=self._measured.dtype)
        self._measured[1] += (counts * self._labels).sum(dtype=self._measured.dtype)
        for step in others:
            self._step(step)

    def _step(self, step: Step) -> Tensor:
        """Learn from one step; return how far each pair's score is from its label, (N, BLOCK, R)."""
        n, _, n_right = step.to_right.shape
        x = self._read(step).view(n, -1, self._outputs.shape[1])  # (N, L, D)
        y = self._outputs.index_select(0, step.outputs.rows).view(n, n_right, -1)  # (N, R, D)
        hidden = x if step.means is None else step.means.bmm(x)  # (N, BLOCK, D)
        errors = hidden.bmm(y.transpose(1, 2)).sigmoid_().sub_(self._labels)  # (N, BLOCK, R)
        d_hidden = (errors * step.to_left).bmm(y)  # (N, BLOCK, D)
        d_y = (errors * step.to_right).transpose(1, 2).bmm(hidden)  # (N, R, D)
        d_x = d_hidden if step.context is None else step.context.bmm(d_hidden)  # (N, L, D)
        self._write(step, d_x.flatten(0, 1))
        self._add(self._outputs, step.outputs, d_y.flatten(0, 1))
        return errors

    def _read(self, step: Step) -> Tensor:
        """Return the input vectors that a step reads, (N L, D)."""
        import torch

        table = self._inputs
        if step.words is not None:
            rows, starts = step.inputs.rows, step.words.starts
            table = torch.nn.functional.embedding_bag(rows, table, starts, mode="mean")  # (U, D)
        return table.index_select(0, step.left)

    def _write(self, step: Step, changes: Tensor) -> None:
        """Change the input vectors that were read, (N L, D): all of a change goes to each part of a word."""
        if step.words is not None:
            sums = changes.new_zeros(len(step.words.starts), changes.shape[1])  # (U, D)
            add_rows(sums, step.left, changes, self._ordered)
            changes = sums.index_select(0, step.words.owner) * step.words.scale  # (P, D)
        self._add(self._inputs, step.inputs, changes)

    def _add(self, table: Tensor, target: Target, changes: Tensor) -> None:
        """Add changes (M, D), held to what they may be."""
        add_rows(table, target.rows, changes.clamp_(target.least, target.most), self._ordered)


@contextmanager
def _room() -> Iterator[None]:
    """Raise MachineError M-010 where a block needs more memory than the device has."""
    import torch

    try:
        yield
    except torch.OutOfMemoryError as error:
        raise MachineError(
            "The GPU has too little memory for this training.",
            seen=str(error).split(". ")[0][:120],
            fix="device='cpu'; or fewer words (min_count, max_words) or buckets, or a smaller dim.",
            code="M-010",
        ) from error
