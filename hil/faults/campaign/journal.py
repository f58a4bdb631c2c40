"""The folder of a campaign: its order, a journal of samples, results.csv.

    order.json      what the samples depend on; written first, and with it the folder is claimed
    journal.jsonl   a sample a line, in sample order; grows in batches, each on disk before the next
    results.csv     made from the journal when the campaign ends

A kill at any moment loses at most the samples that were not yet in the journal; a line that was
torn by it is cut off on resume.
"""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
from collections.abc import Iterable
from pathlib import Path

from hil.errors import UsageError
from hil.faults.campaign.order import Order
from hil.faults.campaign.sample import COLUMNS, Sample


class Journal:
    """The samples of a campaign that are known, from number 0 on."""

    def __init__(self, folder: Path, order: Order) -> None:
        """Begin a campaign in `folder`, or go on with it.

        Raises UsageError when the folder holds a campaign of another order or something else, or
        another process writes to it.
        """
        self.folder = folder
        self.samples: list[Sample] = []
        self._path = folder / "journal.jsonl"
        _claim(folder, order)
        self._file = self._path.open("ab")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise UsageError(f"{folder}: another process makes this campaign just now") from None
        self._read()

    def append(self, samples: Iterable[Sample]) -> None:
        """Put the next samples on disk."""
        batch = list(samples)
        for sample in batch:
            if sample.sample != len(self.samples):
                raise ValueError(f"sample {sample.sample}, the next is {len(self.samples)}")
            self.samples.append(sample)
        self._file.write("".join(f"{sample.line()}\n" for sample in batch).encode())
        self._file.flush()
        os.fsync(self._file.fileno())

    def write_results(self, count: int) -> Path:
        """results.csv with the first `count` samples, there whole or not at all."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows(sample.row() for sample in self.samples[:count])
        return _write_whole(self.folder / "results.csv", text.getvalue())

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def _read(self) -> None:
        data = self._path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        for number, line in enumerate(whole.decode(errors="replace").split("\n")[:-1]):
            try:
                sample = Sample.of_line(line)
            except ValueError as error:
                raise UsageError(
                    f"{self._path}, line {number + 1}: {error}; move the folder away, begin anew"
                ) from error
            if sample.sample != number:
                raise UsageError(
                    f"{self._path}, line {number + 1}: sample {sample.sample}, expected {number}; "
                    "move the folder away, begin anew"
                )
            self.samples.append(sample)
        if len(whole) < len(data):
            with self._path.open("r+b") as file:
                file.truncate(len(whole))


def _claim(folder: Path, order: Order) -> None:
    path = folder / "order.json"
    identity = order.identity()
    if not path.exists():
        begun = {path.with_name(f"{path.name}.partial")}  # a kill may have left it
        if folder.exists() and set(folder.iterdir()) - begun:
            raise UsageError(f"{folder}: is not empty and holds no campaign; give another --out")
        folder.mkdir(parents=True, exist_ok=True)
        _write_whole(path, json.dumps(identity, indent=1) + "\n")
    else:
        _same_order(folder, path, identity)
    _write_whole(folder / "campaign.toml", order.text)


def _same_order(folder: Path, path: Path, identity: dict[str, str | int]) -> None:
    try:
        begun = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        begun = None
    if not isinstance(begun, dict):
        raise UsageError(f"{path}: cannot be read; move the folder away, begin anew")
    differing = [
        f"{key} is {identity[key]}, the campaign was begun with {begun.get(key)}"
        for key in identity
        if identity[key] != begun.get(key)
    ]
    if differing:
        raise UsageError(
            f"{folder}: holds a campaign of another order: {'; '.join(differing)}. "
            "Give another --out, or move the folder away"
        )


def _write_whole(path: Path, text: str) -> Path:
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    return path
