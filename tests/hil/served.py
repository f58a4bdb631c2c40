"""A `racksat serve` in a process of its own, for tests."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120.0


class Served:
    """Starts `racksat serve` with these words; as a context manager it is stopped at the end."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.folder = folder / "run"
        self.errors = ""
        self.said = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hil.cli", "serve", *words, "--out", str(self.folder)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,  # what is not read here is left for `wait`
        )
        first = ""
        if select.select([self.process.stdout], [], [], PATIENCE_S)[0]:
            first = self.process.stdout.readline().decode()
        self.url = first.removeprefix("racksat serve: ").strip()
        if self.url == first.strip():
            self.process.kill()
            raise AssertionError(f"{first}{self.process.communicate()}")

    def wait(self) -> int:
        """Exit status, once it has ended by itself."""
        said, errors = self.process.communicate(timeout=PATIENCE_S)
        self.said, self.errors = said.decode(), errors.decode()
        return self.process.returncode

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Exit status after a signal."""
        self.process.send_signal(number)
        return self.wait()

    @property
    def summary(self) -> dict[str, Any]:
        return json.loads((self.folder / "summary.json").read_text())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.wait()
