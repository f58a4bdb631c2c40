"""Replay: flight software against its own recordings, whole, cut off, failed and changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import serial

import hil.ports  # noqa: F401  makes replay:// known
from fsw import registers as r
from fsw.payload_link import LinkCounters, LinkDown, LinkError, LinkTimeout, PayloadLink
from fsw.rmap import ReadCommand, Reply, WriteCommand, encode_command, encode_reply
from fsw.slip import encode_frame
from hil import scenario
from hil.errors import PortUrlError, ReplayDiverged, UsageError
from hil.flight import Flight, Order
from hil.link_tap import LinkTap
from hil.recorded_link import RecordedLink, RecordingEnded
from hil.recording import (
    BENCH_FROM_CONTROLLER,
    BENCH_TO_CONTROLLER,
    FROM_CONTROLLER,
    LINK_RECORD,
    PORT_EVENT,
    TO_CONTROLLER,
    UNAWAITED,
    LinkRecord,
    Recording,
    read_link,
    read_telemetry,
)
from hil.replay import Replay
from hil.scenario import Scenario
from hil.transactions import reply_text, transactions

IN_THE_ANOMALY_S = 26_800.0  # orbit time in the middle of a pass


def flown_as(name: str, seconds: float, **tables: Any) -> Scenario:
    keys = scenario.load(scenario.find(name)).model_dump()
    keys |= {"duration": {"seconds": seconds}, "require": []}
    for table, values in tables.items():
        keys[table] = {**keys[table], **values} if isinstance(values, dict) else values
    return Scenario.model_validate(keys)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 s in the anomaly, with upsets of flight software's own memory beyond its code."""
    storm = {"flight_memory": 3e6, "weights": 2e3}
    flown = flown_as(
        "saa",
        40,
        orbit={"start": "epoch", "start_s": IN_THE_ANOMALY_S},
        conditions={"storm": None, "upset_scales": storm},
    )
    folder = tmp_path_factory.mktemp("replay") / "run"
    return Flight(Order(flown, scenario.SCENARIOS, "model", folder)).fly().folder


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    return Path(shutil.copytree(run, tmp_path / "copy"))


def read_frame(transaction_id: int, address: int = r.FAST.base, length: int = 4) -> bytes:
    command = ReadCommand(
        address, length, transaction_id=transaction_id, key=r.FLIGHT_KEY, target_address=0xFE
    )
    return encode_frame(encode_command(command))


def reply_frame(transaction_id: int, data: bytes) -> bytes:
    return encode_frame(encode_reply(Reply(0b001100, 0, transaction_id, data)))


def recorded(folder: Path, *records: tuple[int, bytes], finished: bool = True) -> Path:
    """A folder whose link.bin has these records of direction and bytes, 1 ms apart."""
    recording = Recording(folder, byte_ns=10_000)
    for number, (direction, data) in enumerate(records):
        recording.link(number * 1_000_000, direction, data)
    recording.close({"outcome": "held"} if finished else None)
    return folder


def test_the_same_flight_software_decides_the_same(run: Path, tmp_path: Path) -> None:
    summary = json.loads((run / "summary.json").read_text())
    told = (run / "events.jsonl").read_text().splitlines()
    assert sum('"struck' in line and '"flight_memory"' in line for line in told) > 20
    outcome = Replay(run).run(tmp_path / "again")
    assert outcome.same, outcome.difference
    assert outcome.minor_cycles == 400
    assert outcome.bytes == sum(summary["link"].values())
    assert str(outcome) == (
        f"same decisions: 400 minor cycles, {outcome.transactions} transactions, "
        f"{outcome.bytes} bytes"
    )
    assert (tmp_path / "again" / "link.bin").read_bytes() == (run / "link.bin").read_bytes()
    mine = [line for line in told if '"source": "flight software"' in line]
    assert (tmp_path / "again" / "events.jsonl").read_text().splitlines() == mine
    with pytest.raises(UsageError, match="is not empty"):
        Replay(run).run(tmp_path / "again")


def test_upsets_of_its_memory_left_out_are_noticed(copy: Path) -> None:
    events = (copy / "events.jsonl").read_text().splitlines(keepends=True)
    kept = [line for line in events if '"name": "upset"' not in line]
    (copy / "events.jsonl").write_text("".join(kept))
    outcome = Replay(copy).run()
    assert not outcome.same
    assert "fsw_store_corrected" in outcome.difference or "RECORD" in outcome.difference


def test_another_parameter_is_another_decision(copy: Path) -> None:
    text = (copy / "scenario.toml").read_text()
    (copy / "scenario.toml").write_text(text + "\n[parameters]\nthermostat_k = 274.5\n")
    outcome = Replay(copy).run()
    assert not outcome.same
    first, *rest = outcome.difference.splitlines()
    assert first.startswith("differs at 0.1")
    assert "control.thermostat.supply_min: " in outcome.difference
    assert " recorded, 274.5 K (raw 27450) now" in outcome.difference
    assert any("recorded: write of " in line for line in rest)
    assert not any("COMMAND_ACCEPTED" in line for line in rest)  # recorded as well


def test_an_event_and_a_packet_that_differ_are_told_with_their_time(copy: Path) -> None:
    whole = (copy / "events.jsonl").read_text()
    own = next(line for line in whole.splitlines() if '"source": "flight software"' in line)
    event = json.loads(own)
    other = json.dumps(event | {"text": "another text"})
    (copy / "events.jsonl").write_text(whole.replace(own, other, 1))
    known = f"{event['severity']} {event['name']} at {event['time_s']:.1f} s: "
    assert Replay(copy).run().difference == (
        f"differs at {event['time_s']:.1f} s, in an event\n"
        f"  recorded: {known}another text\n"
        f"  told now: {known}{event['text']}"
    )
    (copy / "events.jsonl").write_text(whole)
    telemetry = copy / "telemetry.mcap"
    packets = [values for topic, _, values in read_telemetry(telemetry) if topic == "/housekeeping"]
    telemetry.unlink()
    for name in ("link.bin", "events.jsonl"):
        (copy / name).rename(copy / f"{name}.kept")
    changed = Recording(copy, byte_ns=10_000)
    packets[6] |= {"fsw_soc": 0.125}
    for number, values in enumerate(packets, start=1):
        changed.telemetry("/housekeeping", number * 1_000_000_000, values)
    changed.close()
    for name in ("link.bin", "events.jsonl"):
        (copy / f"{name}.kept").replace(copy / name)
    first, second = Replay(copy).run().difference.splitlines()
    assert first == "differs at 7.0 s, in housekeeping"
    assert second.startswith("  fsw_soc: 0.125 recorded, 0.")


def test_a_recorded_event_that_is_not_told_again(copy: Path) -> None:
    with (copy / "events.jsonl").open("a") as file:
        line = {"time_s": 40.0, "source": "flight software", "severity": "high"}
        file.write(json.dumps(line | {"name": "LOST", "text": "x", "fields": {}}) + "\n")
    outcome = Replay(copy).run()
    assert outcome.difference == (
        "differs at 40.0 s, in an event\n  recorded: high LOST at 40.0 s: x\n  told now: nothing"
    )


@pytest.mark.parametrize("share", [0.1, 0.5, 0.93])
def test_a_run_that_was_cut_off_is_replayed_as_far_as_it_goes(copy: Path, share: float) -> None:
    (copy / "summary.json").unlink()
    for name in ("link.bin", "telemetry.mcap"):
        whole = (copy / name).read_bytes()
        (copy / name).write_bytes(whole[: int(share * len(whole))])
    outcome = Replay(copy).run()
    assert outcome.same, outcome.difference
    assert not outcome.finished
    assert 0 < outcome.minor_cycles < 400
    assert outcome.transactions in (
        sent := sum(rec.direction == TO_CONTROLLER for rec in read_link(copy / "link.bin")),
        sent - 1,
    )
    assert str(outcome).endswith("; the recording was cut off there")


def test_a_finished_run_that_lacks_its_last_bytes_differs(copy: Path) -> None:
    whole = (copy / "link.bin").read_bytes()
    (copy / "link.bin").write_bytes(whole[: len(whole) * 2 // 3])
    outcome = Replay(copy).run()
    assert "\n  recorded: nothing more\n  sent now: " in outcome.difference


def test_a_write_that_is_left_out_now_differs(copy: Path) -> None:
    with (copy / "link.bin").open("ab") as file:
        more = read_frame(9)
        file.write(LINK_RECORD.pack(40_050_000_000, TO_CONTROLLER, len(more)) + more)
    assert Replay(copy).run().difference.splitlines()[1:] == [
        "  recorded: read of 4 bytes from fast.status, transaction 9",
        "  sent now: nothing",
    ]


class Unplugged(serial.SerialBase):
    """A port of which the cable is pulled at the second write."""

    writes = 0

    def open(self) -> None: ...

    def _reconfigure_port(self, force_update: bool = False) -> None: ...

    def write(self, data: Any, /) -> int:
        self.writes += 1
        if self.writes == 2:
            raise serial.SerialException("no such device")
        return len(data)

    def read(self, size: int = 1) -> bytes:
        return b""


def test_the_tap_records_failures_so_that_they_are_replayed(tmp_path: Path) -> None:
    def fly(link: PayloadLink) -> LinkCounters:
        for _ in range(3):
            with pytest.raises(LinkError):
                link.read(r.FAST.base, 4, retries=0)
        return link.counters

    recording = Recording(tmp_path / "run", byte_ns=10_000)
    tap = LinkTap(Unplugged(), lambda: 5, byte_ns=10_000)
    tap.record_into(recording)
    counters = fly(PayloadLink(tap))
    assert (counters.port_errors, counters.timeouts) == (1, 2)
    recording.close({"outcome": "held"})
    directions = [record.direction for record in read_link(tmp_path / "run" / "link.bin")]
    assert directions == [TO_CONTROLLER, TO_CONTROLLER, PORT_EVENT, TO_CONTROLLER]
    with serial.serial_for_url(f"replay://{tmp_path / 'run'}") as port:
        assert fly(PayloadLink(port)) == counters
        port.link.require_end()


def test_a_transaction_has_the_reply_of_its_own_number() -> None:
    records = [
        LinkRecord(0, BENCH_TO_CONTROLLER, read_frame(7)),
        LinkRecord(1, TO_CONTROLLER, read_frame(2)),
        LinkRecord(2, FROM_CONTROLLER, reply_frame(1, b"late")),
        LinkRecord(3, UNAWAITED, b"?"),
        LinkRecord(4, FROM_CONTROLLER, reply_frame(2, b"good")),
        LinkRecord(5, TO_CONTROLLER, read_frame(3)),
    ]
    first, second = transactions(records)
    assert (first.time_ns, first.sent) == (1, read_frame(2))
    assert first.reply is not None and first.reply.data == b"good"
    assert (second.time_ns, second.received, second.reply) == (5, b"", None)
    assert reply_text(second) == "no reply, 0 bytes received"


def test_an_open_loop_run_is_replayed_even_when_killed(tmp_path: Path) -> None:
    flown = flown_as("nominal", 20, open_loop=True)
    folder = Flight(Order(flown, scenario.SCENARIOS, "model", tmp_path / "run")).fly().folder
    (folder / "summary.json").unlink()
    outcome = Replay(folder).run()
    assert outcome.same, outcome.difference
    assert outcome.minor_cycles == 200
    text = (folder / "scenario.toml").read_text()
    (folder / "scenario.toml").write_text(text.replace("open_loop = true\n", ""))
    assert not Replay(folder).run().same


def test_what_is_missing_is_named(copy: Path, tmp_path: Path) -> None:
    (copy / "scenario.toml").unlink()
    with pytest.raises(UsageError, match=r"cannot be replayed without scenario\.toml"):
        Replay(copy)
    with pytest.raises(UsageError, match="no recording, expected the folder of a run"):
        RecordedLink(tmp_path / "nowhere")


def test_reads_come_back_short_where_they_did(tmp_path: Path) -> None:
    """A lost reply, a retry with the late reply before its own, and the bench in between."""
    answer = bytes.fromhex("01020304")
    folder = recorded(
        tmp_path / "run",
        (TO_CONTROLLER, read_frame(1)),
        (BENCH_TO_CONTROLLER, b"bench"),
        (TO_CONTROLLER, read_frame(2)),
        (FROM_CONTROLLER, reply_frame(1, answer)),
        (BENCH_FROM_CONTROLLER, b"bench"),
        (UNAWAITED, b"noise"),
        (PORT_EVENT, b"reopened"),
        (FROM_CONTROLLER, reply_frame(2, answer)),
    )
    with serial.serial_for_url(f"replay://{folder}", timeout=5.0) as port:
        link = PayloadLink(port)
        assert link.read(r.FAST.base, 4) == answer
        assert (link.counters.timeouts, link.counters.stale_replies) == (1, 1)
        assert port.in_waiting == 0
        with pytest.raises(ReplayDiverged, match="recorded: nothing more\n  sent now: read of 8"):
            link.read(r.FAST.base, 8)


def test_a_failure_of_the_port_is_one_again(tmp_path: Path) -> None:
    records = [
        (TO_CONTROLLER, read_frame(1)),
        (PORT_EVENT, b"flight: device disconnected"),
        (TO_CONTROLLER, read_frame(2)),
        (FROM_CONTROLLER, reply_frame(2, b"abcd")),
    ]
    link = PayloadLink(serial.serial_for_url(f"replay://{recorded(tmp_path / 'run', *records)}"))
    with pytest.raises(LinkDown, match="port failed: device disconnected"):
        link.read(r.FAST.base, 4)
    assert link.read(r.FAST.base, 4) == b"abcd"
    with pytest.raises(ReplayDiverged):
        link.read(r.FAST.base, 4)


def test_a_silent_end_is_a_timeout_only_in_a_finished_run(tmp_path: Path) -> None:
    sent = (TO_CONTROLLER, read_frame(1))
    whole = recorded(tmp_path / "whole", sent)
    with pytest.raises(LinkTimeout):
        PayloadLink(serial.serial_for_url(f"replay://{whole}")).read(r.FAST.base, 4, retries=0)
    cut = recorded(tmp_path / "cut", sent, finished=False)
    aborted = recorded(tmp_path / "aborted", sent)
    (aborted / "summary.json").write_text('{"outcome": "aborted"}')
    for path in (cut / "link.bin", aborted):
        link = PayloadLink(serial.serial_for_url(f"replay://{path}"))
        with pytest.raises(RecordingEnded, match=r"link\.bin: was cut off here"):
            link.read(r.FAST.base, 4, retries=0)


def test_the_first_other_command_is_told_in_words(tmp_path: Path) -> None:
    def write(word: int, number: int) -> bytes:
        address = r.TRAY_CONTROL_CAP.at(3)
        command = WriteCommand(
            address, word.to_bytes(4, "big"), transaction_id=number, key=0x20, target_address=0xFE
        )
        return encode_frame(encode_command(command))

    folder = recorded(
        tmp_path / "run", (TO_CONTROLLER, b"\xc0"), (TO_CONTROLLER, write(5 << 16, 2))
    )
    link = RecordedLink(folder)
    link.write(b"\xc0")
    with pytest.raises(ReplayDiverged) as caught:
        link.write(write(6 << 16, 2))
    assert str(caught.value) == (
        "differs at 0.001000 s, after 1 equal transactions\n"
        "  recorded: write of tray_control.cap[3] = 0x00050000 (power 1 W (raw 5), clock 0 MHz), "
        "transaction 2\n"
        "  sent now: write of tray_control.cap[3] = 0x00060000 (power 1.2 W (raw 6), clock 0 MHz), "
        "transaction 2\n"
        "  tray_control.cap[3].power: 1 W (raw 5) recorded, 1.2 W (raw 6) now"
    )


def test_a_url_without_a_path_is_refused() -> None:
    with pytest.raises(PortUrlError, match="expected replay:// and the folder of a run"):
        serial.serial_for_url("replay://")
