"""What every encoder is: a spec of parameters that builds a module, and the module.

A row of token ids (T,) or of vectors (T, D) enters, padded on the right to the longest of its batch; one vector leaves.
"""

from __future__ import annotations

import difflib
import inspect
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from kinfold.checks import Rule, Rules, check, is_several, whole
from kinfold.errors import InvalidParameterError
from kinfold.nn.inputs import Inputs

#: How many layers there may be. Modules are built before weights are read, and a file may ask for any number.
DEPTH: Rule = whole(1, 64)


class EncoderModule(nn.Module):
    """Turns rows into vectors; what a row becomes does not depend on the rows beside it.

    Parameters
    ----------
    output_dim
        The width of a vector.
    longest
        What lies beyond this position of a row is cut; None cuts nothing.
    state_dim
        The width of what `states` returns; None where an encoder has no state for each position.
    """

    def __init__(self, output_dim: int, longest: int | None = None, *, state_dim: int | None = None) -> None:
        super().__init__()
        self.output_dim, self.longest, self.state_dim = output_dim, longest, state_dim

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return one vector for each row.

        Parameters
        ----------
        inputs
            (B, T) int64 ids or (B, T, D) floats, padded on the right.
        lengths
            (B,) int64: how much of each row is real; what stands behind is not looked at.

        Returns
        -------
        vectors
            (B, `output_dim`); zeros for a row of length 0.
        """
        inputs, lengths = self.cut(inputs, lengths)
        vectors = self.encode(inputs, lengths.clamp(min=1))
        return vectors.masked_fill((lengths == 0).unsqueeze(1), 0.0)

    def cut(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return rows without what is not read of them: at least one position, zeros behind each row's length."""
        if self.longest is not None:
            inputs, lengths = inputs[:, : self.longest], lengths.clamp(max=self.longest)
        if inputs.shape[1] == 0:
            inputs = inputs.new_zeros(inputs.shape[0], 1, *inputs.shape[2:])
        behind = torch.arange(inputs.shape[1], device=inputs.device) >= lengths.unsqueeze(1)  # (B, T)
        return inputs.masked_fill(behind if inputs.ndim == 2 else behind.unsqueeze(2), 0), lengths

    @abstractmethod
    def encode(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the vectors (B, `output_dim`) of rows that have at least one position each."""

    def states(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the states (B, T, `state_dim`) of such rows, not yet pooled; behind a row they mean nothing."""
        raise InvalidParameterError(
            "This encoder has one vector for a text, and none for each token.",
            seen=type(self).__name__.strip("_"),
            fix="Take BagOfEmbeddings, WordCNN, RNN, GRU, LSTM or MinGRU.",
        )


class Encoder:
    """The parameters of an encoder. The constructor stores its arguments; `build` checks them and makes the module."""

    #: What a text is cut into where nothing else is said: "word" or "character".
    unit: ClassVar[str] = "word"
    #: Whether rows may be vectors as well as ids.
    takes_vectors: ClassVar[bool] = True
    #: Whether rows may be ids: those of texts.
    takes_ids: ClassVar[bool] = True
    #: What each parameter must be.
    rules: ClassVar[Rules] = {}

    @property
    def longest(self) -> int | None:
        """How many tokens of a row are read; None for all."""
        return None

    def build(self, inputs: Inputs) -> EncoderModule:
        """Return a new module for such rows; torch's generator draws what it starts from.

        Raises
        ------
        InvalidParameterError
            If a parameter has a value that can't be used, or the rows are not what the encoder reads.
        """
        self.check()
        if inputs.dim is not None and not self.takes_vectors:
            raise InvalidParameterError(
                f"{type(self).__name__} reads token ids, not vectors.",
                seen=f"rows of vectors {inputs.dim} wide",
                fix="Give texts, or take an encoder that reads vectors, such as GRU.",
            )
        if inputs.n_tokens is not None and not self.takes_ids:
            raise InvalidParameterError(
                f"{type(self).__name__} reads pictures, not texts.",
                seen="rows of token ids",
                fix="Give arrays (N, height, width), or take an encoder of texts, such as GRU.",
            )
        return self.module(inputs)

    @abstractmethod
    def module(self, inputs: Inputs) -> EncoderModule:
        """Return a new module; the parameters and the rows have been checked."""

    def check(self) -> None:
        """Raise InvalidParameterError if a parameter has a value that can't be used."""
        check(self, self.rules, type(self).__name__)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments by name; `deep` changes nothing."""
        return {name: getattr(self, name) for name in self._defaults()}

    def set_params(self, **params: Any) -> Self:
        """Set some of the constructor's arguments; return self.

        Raises
        ------
        InvalidParameterError
            If there is none of a name.
        """
        self.check_names(params)
        for name, value in params.items():
            setattr(self, name, value)
        return self

    @classmethod
    def check_names(cls, params: Mapping[str, Any]) -> None:
        """Raise InvalidParameterError if the constructor has no argument of one of these names."""
        known = cls._defaults()
        for name in params:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                raise InvalidParameterError(
                    f"{cls.__name__} has no parameter of this name.",
                    seen=repr(name)[:80],
                    fix=f"Did you mean {near[0]!r}?" if near else f"One of {', '.join(known)}.",
                )

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        signature = inspect.signature(cls.__init__).parameters.values()
        return {parameter.name: parameter.default for parameter in signature if parameter.name != "self"}

    def __eq__(self, other: object) -> bool:
        """Return whether it is the same encoder with the same parameters."""
        if type(self) is not type(other) or not isinstance(other, Encoder):
            return NotImplemented
        return plain(self.get_params()) == plain(other.get_params())

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return the call that makes an encoder like this one."""
        given = self.get_params()
        changed = [f"{name}={given[name]!r}" for name, value in self._defaults().items() if given[name] != value]
        return f"{type(self).__name__}({', '.join(changed)})"

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>"


def plain(value: Any) -> Any:
    """Return a value with every sequence as a list, as JSON has it."""
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def each(value: Any, n: int) -> tuple[int, ...]:
    """Return `n` whole numbers from one that holds for all layers, or from a sequence of them."""
    return tuple(int(one) for one in value) if isinstance(value, Sequence) else (int(value),) * n


def same_length(encoder: Encoder, name: str, value: Any, n: int) -> None:
    """Raise InvalidParameterError if `value` is a sequence that has not one entry for each of `n` layers."""
    if is_several(value) and len(value) != n:
        raise InvalidParameterError(
            f"`{name}` of {type(encoder).__name__} has one entry for each layer.",
            seen=f"{len(value)} for {n}",
            fix="Give as many, or one number for all.",
        )
