"""Ctrl-C and SIGTERM in, a flag that the training looks at after each step out.

The signal does what it would have done once the training has written where it is. A second one does so at once.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """A signal came while nothing was computed that would be lost."""


class Signals:
    """A context manager that holds signals back; outside the main thread, where there are none, it does nothing.

    Attributes
    ----------
    came
        The signal that came, or None.
    """

    def __init__(self) -> None:
        self.came: int | None = None
        self._before: dict[int, Any] = {}
        self._open = False

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                before = signal.getsignal(number)
                # None was set outside Python and could not be put back; who ignores a signal goes on ignoring it.
                if before not in (None, signal.SIG_IGN):
                    self._before[number] = before
                    signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Let a signal end the block at once, as `Interrupted`."""
        if self.came is not None:
            raise Interrupted
        self._open = True
        try:
            yield
        finally:
            self._open = False

    def obey(self) -> NoReturn:
        """Do what the signal that came would have done."""
        number = self.came
        self._restore()
        if number is not None and callable(signal.getsignal(number)):
            signal.raise_signal(number)
        # The handler returned, or there is only the system's, which would leave files open and temporary ones behind.
        if number == signal.SIGTERM:
            raise SystemExit(128 + number)
        raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.came is not None:
            self.obey()
        self.came = number
        if self._open:
            raise Interrupted

    def _restore(self) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()
