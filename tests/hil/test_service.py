"""A served mission that goes wrong, or too slowly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from hil import scenario
from hil.errors import InternalError
from hil.report import write_report
from hil.run_folder import RunFolder
from hil.serve import Served, ServeOrder, Service


class NobodyThere:
    """A port that nobody opens."""

    address = "nowhere"
    sessions = 0
    in_session = False
    poll_s = None

    def files(self) -> Sequence[int]:
        return ()

    def receive(self, limit: int) -> bytes:
        return b""

    def send(self, data: bytes) -> int:
        return 0

    def close(self) -> None: ...


def service(folder: Path, speed: float, seconds: float) -> Service:
    path = scenario.find("saa")
    flown = scenario.overridden(scenario.load(path), None, seconds, None)
    conditions = flown.conditions.model_copy(update={"upset_scale": 1000.0})
    flown = flown.model_copy(update={"conditions": conditions})
    return Service(ServeOrder(flown, path.parent, "model", folder, 1_000_000, speed, "replay"))


def test_an_error_of_the_physics_leaves_a_readable_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = service(tmp_path / "run", speed=100.0, seconds=60.0)
    sense, calls = made.plant.sense, []

    def broken(time_ns: int) -> None:
        calls.append(time_ns)
        if len(calls) == 25:
            raise ZeroDivisionError("a bug in the physics")
        sense(time_ns)

    monkeypatch.setattr(made.plant, "sense", broken)
    with pytest.raises(InternalError, match=r"a bug in the physics; at 2\.4 s of the flight"):
        made.serve(NobodyThere(), lambda line: None)
    run = RunFolder(tmp_path / "run")
    assert run.summary["outcome"] == "aborted"
    assert len(run.topic("truth")) == 24
    assert "Traceback" in (tmp_path / "run" / "error.log").read_text()
    assert "aborted" in write_report(tmp_path / "run").read_text()


def test_it_says_that_the_machine_is_too_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hil.serve.TELL_LATE_EVERY_S", 0.1)
    made = service(tmp_path / "run", speed=1e6, seconds=60.0)
    lines: list[str] = []
    served = made.serve(NobodyThere(), lines.append)
    assert lines and all("too slow for ×1e+06: simulated time was held back" in x for x in lines)
    assert len(lines) < 100
    assert_everything_settled(served)
    pace = json.loads((tmp_path / "run" / "summary.json").read_text())["pace"]
    assert 0.0 < pace["lost_s"] <= served.summary["wall_s"]


def assert_everything_settled(served: Served) -> None:
    """The scenario has upsets: flight software's own memory is none of the bench's here."""
    assert served.ended
    upsets = RunFolder(served.folder).upsets
    assert upsets
    assert {upset["fate"] for upset in upsets} <= {"corrected", "silent", "recovered"}
    assert "flight_memory" not in {upset["element"] for upset in upsets}
    assert served.summary["upsets"]["open"] == 0
