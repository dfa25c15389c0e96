"""What some blocks of the text draw together and push apart -> the steps that do so, laid out before a table is read.

All blocks of a step read the same tables. A frequent word would change by the sum of what hundreds of places say, none
of which knows of the others, and be thrown far off; so the learning rates that a row is changed with in one step may
add up to `MOST`, and are scaled down beyond. None of a row's numbers changes by more than `FAR` in a step; each place
where the row is met may say its share of that.

Letters as in `kinfold.estimators.skipgram.drawn`; P parts of the words that a step reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kinfold.estimators.skipgram.drawn import Pairs, Tensor
from kinfold.estimators.skipgram.parts import Means, Parts

#: What the learning rates of one row may add up to in a step, and what one of its numbers may change by.
MOST, FAR = 4.0, 0.5
_TINY = 1e-30


class Target(NamedTuple):
    """Rows of a table (M,), named as often as they are changed, and what each change is held to, (M, 1)."""

    rows: Tensor
    least: Tensor
    most: Tensor


class Step(NamedTuple):
    """One step: what is read, with what weights it changes, and where to.

    Attributes
    ----------
    left : (N L,)
        Rows of the input table that are read, or places among `words`.
    to_left, to_right : (N, BLOCK, R)
        What errors are multiplied with before they change the left rows, and the right.
    means : (N, BLOCK, L) or None
        CBOW: a token's hidden vector is this mean of the left rows; else it is the left row.
    context : (N, L, BLOCK) or None
        CBOW: what the change of a hidden vector is multiplied with before it changes a left row.
    words
        Those that are read, if they have parts.
    inputs : M = N L, or P
        What is changed in the input table.
    outputs : M = N R
        What is read and changed in the output table.
    """

    left: Tensor
    to_left: Tensor
    to_right: Tensor
    means: Tensor | None
    context: Tensor | None
    words: Means | None
    inputs: Target
    outputs: Target


class Layout:
    """Cuts blocks into steps of `blocks` of them.

    Parameters
    ----------
    n_inputs, n_outputs
        Rows of the two tables.
    one_table
        They are the same one.
    parts
        The rows that each word's input vector is the mean of; None: its own row.
    ordered
        Sum in the same order each time.
    """

    def __init__(
        self, blocks: int, n_inputs: int, n_outputs: int, *, one_table: bool, parts: Parts | None, ordered: bool
    ) -> None:
        self._blocks, self._n_inputs, self._n_outputs = blocks, n_inputs, n_outputs
        self._one_table, self._parts, self._ordered = one_table, parts, ordered

    def steps(self, pairs: Pairs) -> list[Step]:
        """Return the steps of some blocks."""
        import torch

        n, n_steps = len(pairs.left), -(-len(pairs.left) // self._blocks)
        step = (torch.arange(n, device=pairs.left.device) // self._blocks)[:, None]  # (N, 1)
        inputs, keys, in_weights, laid = pairs.left, pairs.left + step * self._n_inputs, pairs.left_weights, None
        if self._parts is not None:
            laid = self._parts.lay(pairs.left, step, n_steps)
            in_weights = self._sums(laid.place, in_weights, len(laid.starts))[laid.owner]  # (P,)
            inputs, keys = laid.rows, laid.rows + laid.step * self._n_inputs
        out_weights, out_keys = pairs.right_weights, pairs.right + step * self._n_outputs
        in_sums = self._sums(keys, in_weights, n_steps * self._n_inputs)
        out_sums = self._sums(out_keys, out_weights, n_steps * self._n_outputs)
        if self._one_table:
            in_sums = out_sums = in_sums + out_sums
        in_sums, out_sums = in_sums[keys], out_sums[out_keys]  # (N, L) or (P,), (N, R)
        scale, to_left, context = MOST / in_sums.clamp(min=MOST), -pairs.weights, pairs.context
        to_right = to_left * (MOST / out_sums.clamp(min=MOST))[:, None, :]
        if laid is None and context is None:
            to_left = to_left * scale[:, :, None]
        elif laid is None and context is not None:
            context = context * scale[:, :, None]
        size = self._blocks * pairs.left.shape[1]
        left = pairs.left.reshape(-1).split(size) if laid is None else laid.places(self._blocks)
        words: Sequence[Means | None] = [None] * n_steps if laid is None else laid.means(scale)
        cut = [_split(given, self._blocks, n_steps) for given in (to_left, to_right, pairs.means, context)]
        targets = _targets(inputs, in_weights, in_sums, size if laid is None else laid.sizes)
        others = _targets(pairs.right, out_weights, out_sums, self._blocks * pairs.right.shape[1])
        return [Step(*given) for given in zip(left, *cut, words, targets, others, strict=True)]

    def _sums(self, keys: Tensor, numbers: Tensor, size: int) -> Tensor:
        """Return the sum of the `numbers` of each key, (size,)."""
        sums = numbers.new_zeros(size)
        add_rows(sums, keys.reshape(-1), numbers.reshape(-1), self._ordered)
        return sums


def add_rows(table: Tensor, rows: Tensor, changes: Tensor, ordered: bool) -> None:
    """Add `changes` (M, ...) to the `rows` (M,) of a table; a row may be named often.

    `ordered`: in the same order each time. Torch then sorts the rows on a GPU, and adds them as they come otherwise.
    """
    if ordered:
        table.index_put_((rows,), changes, accumulate=True)
    else:
        table.index_add_(0, rows, changes)


def _targets(rows: Tensor, weights: Tensor, sums: Tensor, sizes: int | list[int]) -> list[Target]:
    """Return each step's rows; its share of a row's weights is the share of the way that a place may go."""
    most = (FAR * weights / sums.clamp(min=_TINY)).reshape(-1, 1)
    cut = (given.split(sizes) for given in (rows.reshape(-1), -most, most))
    return [Target(*given) for given in zip(*cut, strict=True)]


def _split(given: Tensor | None, blocks: int, n_steps: int) -> Sequence[Tensor | None]:
    return [None] * n_steps if given is None else given.split(blocks)
