"""Skip-gram and CBOW with negative sampling on a GPU through torch, many blocks of the text in one step.

A block of 64 tokens is set against its neighbourhood and its negatives by products of small matrices, all blocks of a
step at once: scores, then what changes the rows. Blocks of one step read the same tables. A frequent word then changes
by the sum of what hundreds of places say, none of which knows of the others, and is thrown far off; so the learning
rates that a row is changed with in one step may add up to `_MOST`, and are scaled down beyond. How often a row is met
is known before any table is read, and most are never scaled.

What hangs on no table, which rows are drawn together and how hard, is laid out for many steps at once, so that a step
itself is a dozen operations: a GPU is kept waiting by their number, not by their size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from kinfold.errors import MachineError
from kinfold.estimators.skipgram_drawn import Pairs, Sources, Tensor, draw, labels, pair
from kinfold.estimators.skipgram_parts import Parts, StepParts
from kinfold.kernels.lanes import BLOCK, Draws, Rule, Tables
from kinfold.types import Array, Ids1d, Ints1d, Singles1d

#: Blocks in a step at most, and steps that a pass is to have where the text is long enough.
_BLOCKS, _STEPS = 64, 2048
#: What the learning rates of one row may add up to in a step.
_MOST = 4.0
#: Pairs, and rows of tables, that are laid out at a time.
_PAIRS, _ROWS = 1 << 24, 1 << 26


class Step(NamedTuple):
    """One step's share of what is laid out: `Pairs`, with weights for what changes each side's rows."""

    left: Tensor  # (N, L) rows of the input table, or places among the words of `parts`
    right: Tensor  # (N, R) rows of the output table
    to_left: Tensor  # (N, BLOCK, R)
    to_right: Tensor  # (N, BLOCK, R)
    means: Tensor | None  # (N, BLOCK, L)
    context: Tensor | None  # (N, L, BLOCK)
    parts: StepParts | None


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
        self._parts = Parts(there(tables.parts), there(tables.starts)) if len(tables.parts) else None
        self._outputs = there(tables.outputs)
        self._inputs = self._outputs if tables.inputs is tables.outputs else there(tables.inputs)
        self._moved = True

    def _layout_size(self) -> int:
        """Return how many blocks to lay out at a time: whole steps."""
        pairs = BLOCK * (BLOCK + 2 * self._rule.window + self._n_noise)
        steps = min(_PAIRS // (pairs * self._blocks), _ROWS // len(self._inputs))
        return self._blocks * max(1, steps)

    def _learn(self, pairs: Pairs) -> None:
        """Take the steps of some blocks; the loss of the first is measured."""
        steps = self._laid(pairs)
        errors = self._step(steps[0])
        counts = pairs.weights[: self._blocks] / pairs.rates[: self._blocks, :, None].clamp(min=1e-30)
        losses = counts * (1 - errors.abs_()).clamp_(min=1e-7).log_()
        self._measured[0] -= losses.sum(dtype=self._measured.dtype)
        self._measured[1] += (counts * self._labels).sum(dtype=self._measured.dtype)
        for step in steps[1:]:
            self._step(step)

    def _laid(self, pairs: Pairs) -> list[Step]:
        """Scale the weights of rows that are met too often in a step, and cut into steps."""
        import torch

        n = len(pairs.left)
        n_steps = -(-n // self._blocks)
        step = (torch.arange(n, device=self._device) // self._blocks)[:, None]  # (N, 1)
        left, right = pairs.left + step * len(self._inputs), pairs.right + step * len(self._outputs)
        left_weights, laid = pairs.left_weights, None
        if self._parts is not None:
            laid = self._parts.lay(pairs.left, step, n_steps)
            left_weights = self._sums(laid.place, left_weights, len(laid.starts))[laid.owner]
            left = laid.rows + laid.step * len(self._inputs)
        sums = self._sums(left, left_weights, n_steps * len(self._inputs))
        right_sums = self._sums(right, pairs.right_weights, n_steps * len(self._outputs))
        if self._inputs is self._outputs:
            sums = right_sums = sums + right_sums
        scale = (_MOST / sums.clamp_(min=_MOST))[left]
        to_right = -pairs.weights * (_MOST / right_sums.clamp_(min=_MOST))[right][:, None, :]
        to_left, context = -pairs.weights, pairs.context
        if laid is None and context is None:
            to_left *= scale[:, :, None]
        elif laid is None:
            context = context * scale[:, :, None]
        cut = [_split(given, self._blocks, n_steps) for given in (pairs.right, to_left, to_right, pairs.means, context)]
        if laid is None:
            return [Step(*given, None) for given in zip(pairs.left.split(self._blocks), *cut, strict=True)]
        return [Step(*given) for given in zip(laid.places(self._blocks), *cut, laid.steps(scale), strict=True)]

    def _step(self, step: Step) -> Tensor:
        """Learn from one step's blocks; return how far each pair's score is from its label, (N, BLOCK, R)."""
        rights = step.right.view(-1)
        x = self._read(step)  # (N, L, D)
        y = self._outputs.index_select(0, rights).view(*step.right.shape, -1)  # (N, R, D)
        hidden = x if step.means is None else step.means.bmm(x)  # (N, BLOCK, D)
        errors = hidden.bmm(y.transpose(1, 2)).sigmoid_().sub_(self._labels)  # (N, BLOCK, R)
        d_hidden = (errors * step.to_left).bmm(y)
        d_y = (errors * step.to_right).transpose(1, 2).bmm(hidden)
        self._write(step, d_hidden if step.context is None else step.context.bmm(d_hidden))
        self._add(self._outputs, rights, d_y.flatten(0, 1))
        return errors

    def _read(self, step: Step) -> Tensor:
        """Return the input vectors of a step's left words, (N, L, D)."""
        import torch

        table, parts = self._inputs, step.parts
        if parts is not None:
            table = torch.nn.functional.embedding_bag(parts.rows, table, parts.starts, mode="mean")  # (U, D)
        return table.index_select(0, step.left.reshape(-1)).view(*step.left.shape, -1)

    def _write(self, step: Step, changes: Tensor) -> None:
        """Add what changes the left words' vectors, (N, L, D), to their rows: to each part all of it."""
        rows, changes, parts = step.left.reshape(-1), changes.flatten(0, 1), step.parts
        if parts is not None:
            sums = changes.new_zeros(len(parts.starts), changes.shape[1])
            self._add(sums, rows, changes)
            rows, changes = parts.rows, sums.index_select(0, parts.owner) * parts.scale
        self._add(self._inputs, rows, changes)

    def _sums(self, keys: Tensor, numbers: Tensor, size: int) -> Tensor:
        """Return the sum of the `numbers` of each key, (size,)."""
        sums = numbers.new_zeros(size)
        self._add(sums, keys.reshape(-1), numbers.reshape(-1))
        return sums

    def _add(self, table: Tensor, rows: Tensor, changes: Tensor) -> None:
        """Add `changes` to the `rows` of a table, in which rows may be named often."""
        if self._ordered:
            table.index_put_((rows,), changes, accumulate=True)
        else:
            table.index_add_(0, rows, changes)


def _split(given: Tensor | None, blocks: int, n_steps: int) -> Sequence[Tensor | None]:
    return [None] * n_steps if given is None else given.split(blocks)


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
