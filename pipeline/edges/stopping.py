"""SIGINT and SIGTERM as a wish to finish: what was read is delivered, then the run ends."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType
from typing import Any


class Stop:
    """Once entered, the first signal only sets ``signal`` (and wakes whoever selects on ``fd``); the next one kills."""

    def __init__(self) -> None:
        self.signal = 0
        self.fd, self._bell = os.pipe()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stop:
        if threading.current_thread() is threading.main_thread():  # Python allows handlers nowhere else
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._wish)
        return self

    def _wish(self, number: int, _frame: FrameType | None) -> None:
        self.signal = number
        os.write(self._bell, b"!")
        for each in self._before:
            signal.signal(each, signal.SIG_DFL)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self.fd)
        os.close(self._bell)
