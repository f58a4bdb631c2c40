"""A recorded run, read back: series over time, events, figures."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hil.errors import UsageError
from hil.recording import LinkRecord, read_events, read_link, read_telemetry

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Topic:
    """Samples of a topic."""

    time_s: FloatArray  # (N,)
    channels: dict[str, list[Any]]  # N values each; None where a number was not finite

    def series(self, channel: str) -> FloatArray:
        """A numeric channel (N,), NaN where there was no number."""
        values = self.channels.get(channel, [None] * len(self.time_s))
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

    def __len__(self) -> int:
        return len(self.time_s)


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run; files are read when they are asked for."""

    path: Path

    def __post_init__(self) -> None:
        if not (self.path / "telemetry.mcap").is_file():
            raise UsageError(f"{self.path}: not a run, expected a folder with telemetry.mcap in it")

    @cached_property
    def topics(self) -> dict[str, Topic]:
        """Topics by name without the slash; an empty one where nothing was recorded."""
        times: dict[str, list[int]] = {}
        channels: dict[str, dict[str, list[Any]]] = {}
        for topic, time_ns, values in read_telemetry(self.path / "telemetry.mcap"):
            name = topic.strip("/")
            if name not in times:
                times[name], channels[name] = [], {key: [] for key in values}
            times[name].append(time_ns)
            columns = channels[name]
            for key, column in columns.items():
                column.append(values.get(key))
        return {
            name: Topic(np.array(times[name], dtype=np.float64) / 1e9, channels[name])
            for name in times
        }

    def topic(self, name: str) -> Topic:
        """A topic, empty where nothing was recorded."""
        return self.topics.get(name, Topic(np.empty(0), {}))

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """Events in the order in which they were recorded."""
        path = self.path / "events.jsonl"
        return read_events(path) if path.is_file() else []

    @cached_property
    def upsets(self) -> list[dict[str, Any]]:
        """Entries of the ledger with their last fate, out of the events."""
        found: dict[tuple[Any, ...], dict[str, Any]] = {}
        for event in self.events:
            if event["name"] in ("upset", "upset.settled"):
                entry = event["fields"]
                names = ("struck_s", "element", "tray", "index")
                found[*(entry[name] for name in names), tuple(entry["bits"])] = entry
        return list(found.values())

    @cached_property
    def summary(self) -> dict[str, Any]:
        """summary.json; empty for a run that was killed."""
        path = self.path / "summary.json"
        found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        return found

    @cached_property
    def scenario(self) -> dict[str, Any]:
        """scenario.toml as flown."""
        path = self.path / "scenario.toml"
        return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}

    @cached_property
    def vehicle(self) -> dict[str, Any]:
        """vehicle.toml as flown."""
        return tomllib.loads((self.path / "vehicle.toml").read_text("utf-8"))

    @cached_property
    def versions(self) -> dict[str, str]:
        """versions.json."""
        path = self.path / "versions.json"
        found: dict[str, str] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        return found

    @property
    def target(self) -> str:
        """What it flew on; empty where an older run was killed."""
        return str(self.summary.get("target") or self.versions.get("target", ""))

    @cached_property
    def link(self) -> list[LinkRecord]:
        """Records of link.bin."""
        path = self.path / "link.bin"
        return list(read_link(path)) if path.is_file() else []
