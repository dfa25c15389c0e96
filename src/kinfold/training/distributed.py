"""Several processes that train one module: who they are, and what they tell each other.

torchrun starts them and torch.distributed carries what they say. Each learns from its share of every batch; gradients
are sums over all rows of the batch, so the processes take the step that one would take.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn

from kinfold.errors import InvalidParameterError, MachineError

#: Numbers of a gradient that are sent at a time.
_BUCKET = 1 << 22


@dataclass(frozen=True)
class Group:
    """The processes of one training.

    Attributes
    ----------
    rank, size
        This one's number, from 0, and how many there are.
    device
        What this one computes on, and what it sends from.
    """

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes and reports."""
        return self.rank == 0

    def reduce_gradients(self, weights: Sequence[nn.Parameter]) -> None:
        """Replace every process's gradients by their sum; a weight that none has a gradient for keeps none."""
        if self.size == 1:
            return
        had = torch.tensor([float(weight.grad is not None) for weight in weights], device=self.device)
        distributed.all_reduce(had)
        taking = [weight for weight, n in zip(weights, had.tolist(), strict=True) if n]
        for bucket in _buckets(taking):
            for weight in bucket:
                if weight.grad is None:
                    weight.grad = torch.zeros_like(weight)
            flat = torch.cat([weight.grad.reshape(-1) for weight in bucket if weight.grad is not None])
            distributed.all_reduce(flat)
            for weight, part in zip(bucket, torch.split(flat, [weight.numel() for weight in bucket]), strict=True):
                weight.grad = part.view_as(weight)

    def sums(self, numbers: Sequence[float]) -> list[float]:
        """Return the sums of each number over the processes."""
        if self.size == 1:
            return list(numbers)
        held = torch.tensor(numbers, dtype=torch.float64, device=self.device)
        distributed.all_reduce(held)
        return held.tolist()

    def share(self, work: Callable[[], bytes]) -> bytes:
        """Return what `work` returns in the leading process.

        Raises
        ------
        MachineError
            M-017: it failed there; that process raises what went wrong.
        """
        if self.size == 1:
            return work()
        if not self.leads:
            return self._receive()
        try:
            data = work()
        except BaseException:
            self._send_length(-1)
            raise
        self._send_length(len(data))
        if data:
            distributed.broadcast(_tensor(data).to(self.device), 0)
        return data

    def align(self, tensors: Sequence[Tensor]) -> None:
        """Give all processes the leading one's numbers."""
        if self.size > 1:
            for tensor in tensors:
                distributed.broadcast(tensor, 0)

    def check_same(self, said: bytes) -> None:
        """Raise InvalidParameterError T-013 in every process unless all say the same 32 bytes."""
        if self.size == 1:
            return
        own = _tensor(said).to(self.device)
        others = [torch.empty_like(own) for _ in range(self.size)]
        distributed.all_gather(others, own)
        odd = [rank for rank, other in enumerate(others) if not torch.equal(other, others[0])]
        if odd:
            raise InvalidParameterError(
                "The processes of one training were given different modules, rows or settings.",
                seen=f"process {odd[0]} differs from process 0",
                fix="Start the same program with the same arguments on the same data in each.",
                code="T-013",
            )

    def _send_length(self, length: int) -> None:
        distributed.broadcast(torch.tensor([length], device=self.device), 0)

    def _receive(self) -> bytes:
        length = torch.empty(1, dtype=torch.int64, device=self.device)
        distributed.broadcast(length, 0)
        n = int(length)
        if n < 0:
            raise MachineError(
                "Another process of this training failed.",
                fix="See what process 0 says.",
                code="M-017",
            )
        data = torch.empty(n, dtype=torch.uint8, device=self.device)
        if n:
            distributed.broadcast(data, 0)
        return data.cpu().numpy().tobytes()


def join(device: str) -> Group:
    """Return the processes of the training that this one belongs to: those that torchrun started, else it alone.

    Raises
    ------
    InvalidParameterError
        T-011: torch knows no such device.
    MachineError
        M-014: a GPU is asked for, and there is none. M-017: the processes can't reach each other.
    """
    size = int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ and distributed.is_available() else 1
    where = _device(device, int(os.environ.get("LOCAL_RANK", "0")) if size > 1 else None)
    if size == 1:
        return Group(0, 1, where)
    try:
        if not distributed.is_initialized():
            if where.type == "cuda":
                torch.cuda.set_device(where)
            distributed.init_process_group("nccl" if where.type == "cuda" else "gloo")
            atexit.register(_leave)
    except (RuntimeError, ValueError, OSError) as error:
        raise MachineError(
            "The processes of this training can't reach each other.",
            seen=str(error).split("\n")[0][:120],
            fix="Start them through torchrun; check MASTER_ADDR, MASTER_PORT and the network between the machines.",
            code="M-017",
        ) from error
    return Group(distributed.get_rank(), distributed.get_world_size(), where)


def _leave() -> None:
    if distributed.is_initialized():
        distributed.destroy_process_group()


def _device(name: str, local: int | None) -> torch.device:
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InvalidParameterError(
            "torch knows no such device.", seen=f"device={name!r}"[:80], fix="device='cpu' or 'cuda'.", code="T-011"
        ) from error
    if device.type != "cuda":
        return device
    index = device.index if device.index is not None else (local or 0)
    if index >= torch.cuda.device_count():
        raise MachineError(
            "There is no such GPU that torch can use.",
            seen=f"device={name!r}, {torch.cuda.device_count()} GPUs, torch {torch.__version__}",
            fix="device='cpu'; or another driver, or another build of torch.",
            code="M-014",
        )
    return torch.device("cuda", index)


def _buckets(weights: Sequence[nn.Parameter]) -> list[list[nn.Parameter]]:
    """Return weights of one type put together, so that few messages carry them."""
    buckets: list[list[nn.Parameter]] = []
    room, kind = 0, None
    for weight in weights:
        if weight.dtype != kind or weight.numel() > room:
            buckets.append([])
            room, kind = _BUCKET, weight.dtype
        buckets[-1].append(weight)
        room -= weight.numel()
    return buckets


def _tensor(data: bytes) -> Tensor:
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)
