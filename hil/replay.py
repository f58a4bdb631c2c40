"""Flight software of today played against a recorded run: does it still decide the same?

It is given what it was given then: parameters, scenario and vehicle as flown, the ground's
telecommands and the upsets of its own memory at the same minor cycles, and over `replay://` every
byte that it received. Compared are every byte it sends, every event and every housekeeping packet.
"""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fsw.events import Event
from hil import scenario as scenarios
from hil.errors import ReplayDiverged, UsageError
from hil.flight_parameters import flight_parameters
from hil.flight_side import FlightSide
from hil.memories import FlightMemory
from hil.mission import CYCLE_NS, load_vehicle_of, plan
from hil.plant import SECOND_NS
from hil.ports.protocol_replay import Serial
from hil.recorded_link import RecordingEnded
from hil.recording import (
    Recording,
    Value,
    as_recorded,
    event_line,
    link_byte_ns,
    read_link,
    read_telemetry,
    require_writable,
)
from hil.run_folder import RunFolder
from hil.transactions import of_flight_software
from hil.versions import versions

SOURCE = "flight software"


@dataclass(frozen=True)
class Outcome:
    """How far the decisions were the same."""

    minor_cycles: int
    transactions: int
    bytes: int  # both directions
    finished: bool  # False where the recording was cut off
    difference: str  # the first one in words, "" where there was none
    not_compared: tuple[str, ...]  # housekeeping that only the recording or only today's has

    @property
    def same(self) -> bool:
        """Whether flight software decided the same all along."""
        return not self.difference

    def __str__(self) -> str:
        if self.difference:
            return self.difference
        text = (
            f"same decisions: {self.minor_cycles} minor cycles, "
            f"{self.transactions} transactions, {self.bytes} bytes"
        )
        return text if self.finished else f"{text}; the recording was cut off there"


class Replay:
    """A replay of the run in `folder`, ready to begin.

    Raises UsageError where something is missing that it takes, or cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        for name in ("scenario.toml", "vehicle.toml", "link.bin", "events.jsonl"):
            if not (folder / name).is_file():
                raise UsageError(
                    f"{folder}: cannot be replayed without {name}; "
                    "expected the folder that racksat run or racksat attach has written"
                )
        self.folder = folder
        scenario = scenarios.load(folder / "scenario.toml")
        vehicle = load_vehicle_of(scenario, folder)
        self.mission = plan(scenario, vehicle)
        self._port = Serial(f"replay://{folder}")
        self._link = self._port.link
        parameters = flight_parameters(vehicle, self.mission.orbit, scenario)
        self._side = FlightSide(self._port, self.mission, parameters)
        self._memory = FlightMemory(self._side.store)
        events = RunFolder(folder).events
        self._strikes = deque(
            event["fields"]
            for event in events
            if event["name"] == "upset" and event["fields"]["element"] == "flight_memory"
        )
        self._events = deque(event for event in events if event["source"] == SOURCE)
        self._housekeeping = _housekeeping(folder / "telemetry.mcap")
        self._not_compared: set[str] = set()

    def run(
        self, out: Path | None = None, tell: Callable[[float], None] = lambda _: None
    ) -> Outcome:
        """Play it, up to the first difference; `tell` is called with the share done.

        Into the folder `out` goes what flight software of today did. Raises UsageError where that
        cannot be written and where the recording is damaged.
        """
        recording = None
        if out is not None:
            require_writable(out)
            recording = Recording(out, link_byte_ns(self._link.path))
        cycles, difference, finished = 0, "", self._link.finished
        try:
            for cycle in range(self.mission.cycles):
                self._minor_cycle((cycle + 1) * CYCLE_NS, recording)
                cycles = cycle + 1
                tell(cycles / self.mission.cycles)
            self._link.require_end()
        except RecordingEnded:
            finished = False
        except ReplayDiverged as error:
            difference = str(error)
        if not difference:
            difference = self._events_left(cycles * CYCLE_NS)
        outcome = Outcome(
            cycles,
            self._link.transactions,
            self._link.bytes_sent + self._link.bytes_received,
            finished,
            difference,
            tuple(sorted(self._not_compared)),
        )
        if recording is not None:
            self._close(recording, outcome)
        return outcome

    def _minor_cycle(self, time_ns: int, recording: Recording | None) -> None:
        """In the order of the closed loop: upsets, flight software, what it tells."""
        while self._strikes and round(self._strikes[0]["struck_s"] * 1e9) <= time_ns:
            upset = self._strikes.popleft()
            self._memory.flip(upset["index"], _strike_mask(upset))
        try:
            self._side.minor_cycle(time_ns)
        except ReplayDiverged as error:
            told = [f"  told now: {_event_text(event)}" for event in self._other_events()]
            raise ReplayDiverged("\n".join([str(error), *told])) from None
        for event in self._side.events():
            if recording is not None:
                recording.event(event.time_ns, **_told(event))
            self._compare_event(_as_recorded(event))
        if time_ns % SECOND_NS == 0:
            values = self._side.housekeeping()
            if recording is not None:
                recording.telemetry("/housekeeping", time_ns, values)
            self._compare_housekeeping(time_ns, as_recorded(values))

    def _other_events(self) -> list[dict[str, Any]]:
        """Events since the last cycle from the first that is not the recorded one on."""
        events = [_as_recorded(event) for event in self._side.events()]
        while events and self._events and events[0] == self._events[0]:
            del events[0], self._events[0]
        return events

    def _compare_event(self, now: Mapping[str, Any]) -> None:
        recorded = self._events.popleft() if self._events else None
        if recorded is None and not self._link.finished:
            return
        if recorded != now:
            times_s = [event["time_s"] for event in (recorded, now) if event is not None]
            raise ReplayDiverged(
                f"differs at {min(times_s):.1f} s, in an event\n"
                f"  recorded: {_event_text(recorded)}\n"
                f"  told now: {_event_text(now)}"
            )

    def _compare_housekeeping(self, time_ns: int, now: Mapping[str, Value | None]) -> None:
        recorded = next(self._housekeeping, None)
        if recorded is None:
            if not self._link.finished:
                return  # telemetry ends with a whole chunk, the link may go on
            raise ReplayDiverged(
                f"differs at {time_ns / 1e9:.1f} s: no housekeeping was recorded from here on"
            )
        recorded_ns, then = recorded
        if recorded_ns != time_ns:
            raise ReplayDiverged(
                f"differs at {time_ns / 1e9:.1f} s: the next recorded housekeeping is of "
                f"{recorded_ns / 1e9:.1f} s"
            )
        self._not_compared |= then.keys() ^ now.keys()
        lines = [
            f"  {name}: {then[name]} recorded, {now[name]} now"
            for name in now
            if name in then and then[name] != now[name]
        ]
        if lines:
            raise ReplayDiverged(
                "\n".join([f"differs at {time_ns / 1e9:.1f} s, in housekeeping", *lines])
            )

    def _events_left(self, end_ns: int) -> str:
        """The first recorded event up to `end_ns` that was not told again, in words."""
        if not self._events or round(self._events[0]["time_s"] * 1e9) > end_ns:
            return ""
        return (
            f"differs at {self._events[0]['time_s']:.1f} s, in an event\n"
            f"  recorded: {_event_text(self._events[0])}\n"
            "  told now: nothing"
        )

    def _close(self, recording: Recording, outcome: Outcome) -> None:
        records = filter(of_flight_software, read_link(self._link.path))
        for record in itertools.islice(records, self._link.played):
            recording.link(record.time_ns, record.direction, record.data)
        if self._link.diverged is not None:
            other = self._link.diverged
            recording.link(other.time_ns, other.direction, other.data)
        for name in ("scenario.toml", "vehicle.toml"):
            recording.note(name, (self.folder / name).read_text("utf-8"))
        recording.note(
            "versions.json", json.dumps({"target": "replay", **versions()}, indent=2) + "\n"
        )
        recording.note("replay.json", json.dumps(asdict(outcome), indent=2) + "\n")
        recording.close()


def _strike_mask(upset: Mapping[str, Any]) -> int:
    mask = 0
    for bit in upset["bits"]:
        mask ^= 1 << bit
    return mask


def _housekeeping(path: Path) -> Iterator[tuple[int, dict[str, Value | None]]]:
    """Time in ns and values of each packet."""
    for topic, time_ns, values in read_telemetry(path):
        if topic == "/housekeeping":
            yield time_ns, values


def _told(event: Event) -> dict[str, Any]:
    """An event of flight software as the closed loop records it."""
    return {
        "source": SOURCE,
        "severity": event.severity.name.lower(),
        "name": event.id,
        "text": event.text,
        "fields": event.fields,
    }


def _as_recorded(event: Event) -> dict[str, Any]:
    """An event of flight software as it is read back from events.jsonl."""
    found: dict[str, Any] = json.loads(event_line(event.time_ns, **_told(event)))
    return found


def _event_text(event: Mapping[str, Any] | None) -> str:
    if event is None:
        return "nothing"
    return f"{event['severity']} {event['name']} at {event['time_s']:.1f} s: {event['text']}"
