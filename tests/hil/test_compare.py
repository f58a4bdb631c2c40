"""Comparison of runs: real flights, and recordings whose difference is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fsw import registers as r
from fsw.rmap import decode_reply, encode_reply
from fsw.rmap_packets import Reply
from fsw.slip import FrameDecoder, encode_frame
from hil import scenario
from hil.cli import app
from hil.compare import Comparison, compare
from hil.errors import UsageError
from hil.flight import Flight, Order
from hil.recording import (
    FROM_CONTROLLER,
    LINK_RECORD,
    TO_CONTROLLER,
    LinkRecord,
    Recording,
    read_link,
)
from hil.scenario import Duration
from hil.tolerances import Tolerance, parse_tolerances, tolerance_of

Samples = Mapping[str, list[tuple[float, Mapping[str, Any]]]]
READ_OVERHEAD = 12  # header of a read reply, its data behind


def fly(out: Path, target: str = "model", seed: int = 1, seconds: float = 30) -> Path:
    nominal = scenario.load(scenario.find("nominal"))
    flown = nominal.model_copy(update={"duration": Duration(seconds=seconds), "seed": seed})
    return Flight(Order(flown, scenario.SCENARIOS, target, out)).fly().folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fly(tmp_path_factory.mktemp("compare") / "model")


def write_run(
    folder: Path,
    samples: Samples,
    target: str = "model",
    link: list[LinkRecord] | None = None,
    **summary: Any,
) -> Path:
    """A run with these samples by topic, at these seconds."""
    recording = Recording(folder, byte_ns=10_000)
    for topic, rows in samples.items():
        for time_s, values in rows:
            recording.telemetry(topic, round(time_s * 1e9), values)
    for record in link or []:
        recording.link(record.time_ns, record.direction, record.data)
    recording.close({"target": target, **summary})
    return folder


def truth(*values: float, step_s: float = 0.1, channel: str = "soc") -> Samples:
    rows = [(step_s * (number + 1), {channel: value}) for number, value in enumerate(values)]
    return {"/truth": rows}


def of(comparison: Comparison, name: str) -> Any:
    return next(channel for channel in comparison.channels if channel.name == name)


def changed_reply(record: LinkRecord, change: Callable[[bytes], bytes]) -> LinkRecord:
    """A record that holds one whole reply, with other data."""
    (payload,) = FrameDecoder().feed(record.data)
    reply = decode_reply(payload)
    assert reply.data is not None
    other = Reply(
        reply.instruction,
        reply.status,
        reply.transaction_id,
        change(reply.data),
        reply.initiator_address,
        reply.target_address,
    )
    return LinkRecord(record.time_ns, record.direction, encode_frame(encode_reply(other)))


def joined(records: list[LinkRecord]) -> list[LinkRecord]:
    """Replies in one record each, as a read of more bytes would have recorded them."""
    found: list[LinkRecord] = []
    for record in records:
        if found and record.direction == found[-1].direction == FROM_CONTROLLER:
            data = found[-1].data + record.data
            found[-1] = LinkRecord(found[-1].time_ns, FROM_CONTROLLER, data)
        else:
            found.append(record)
    return found


def fast_replies(records: list[LinkRecord]) -> list[int]:
    """Places of the replies with the fast block."""
    places = []
    for place, record in enumerate(records):
        payloads = FrameDecoder().feed(record.data) if record.direction == FROM_CONTROLLER else []
        if len(payloads) == 1 and len(payloads[0]) == READ_OVERHEAD + r.FAST.size + 1:
            places.append(place)
    return places


def put(data: bytes, address: int, word: int) -> bytes:
    place = address - r.FAST.base
    return data[:place] + word.to_bytes(4, "big") + data[place + 4 :]


def test_model_and_rtl_fly_alike(model: Path, tmp_path: Path) -> None:
    found = compare(model, fly(tmp_path / "rtl", "rtl"))
    assert found.exact and found.alike
    assert found.register is found.command is None
    assert found.transactions > 300
    assert len(found.channels) > 150
    assert not any(channel.difference for channel in found.channels)
    assert found.only == ((), ())
    assert ("minor_cycles", 300, 300) in found.timing


def test_two_seeds_part_at_the_first_noisy_sensor(model: Path, tmp_path: Path) -> None:
    found = compare(model, fly(tmp_path / "run", seed=2))
    assert not found.alike
    assert found.register is not None and found.command is not None
    assert found.register.name == "fast.bus.voltage"  # the first sensor in the first fast block
    assert 0.1 < found.register.times_s[0] < 0.11
    assert found.command.times_s[0] > found.register.times_s[0]


def test_the_first_differing_register_is_the_one_that_was_changed(
    model: Path, tmp_path: Path
) -> None:
    records = joined(list(read_link(model / "link.bin")))
    samples = truth(0.5, 0.5)
    before = write_run(tmp_path / "before", samples, link=records)
    places = fast_replies(records)
    assert len(places) > 250

    def noisy(data: bytes) -> bytes:
        """Fields that count freely."""
        frames = r.FAST_FRAMES.address
        return put(put(data, frames, 0xFFFFFFFF), r.FAST_ACTIVITY.address, 77)

    def warmer(data: bytes) -> bytes:
        return put(noisy(data), r.FAST_COOLANT_SUPPLY.address, 30_000 << 16 | 29_000)

    after = list(records)
    for place in places[:40]:
        after[place] = changed_reply(after[place], noisy)
    for place in places[40:50]:
        after[place] = changed_reply(after[place], warmer)
    found = compare(before, write_run(tmp_path / "after", samples, link=after))
    assert found.command is None
    assert found.register is not None
    assert found.register.name == "fast.coolant_supply.a"
    at_s = records[places[40] - 1].time_ns / 1e9
    assert found.register.times_s == (at_s, at_s)
    assert found.register.values[1] == "300 K (raw 30000)"
    assert not found.alike


def test_a_lost_reply_and_another_command_are_told(model: Path, tmp_path: Path) -> None:
    records = joined(list(read_link(model / "link.bin")))
    samples = truth(0.5, 0.5)
    before = write_run(tmp_path / "before", samples, link=records)
    place = fast_replies(records)[9]
    lost = records[:place] + records[place + 1 :]
    found = compare(before, write_run(tmp_path / "lost", samples, link=lost))
    assert found.register is not None
    assert found.register.name.startswith("reply to read of 64 bytes from fast.status")
    assert found.register.values == (
        "status 0 (command executed successfully)",
        "no reply, 0 bytes received",
    )
    ended = write_run(tmp_path / "ended", samples, link=records[:place])
    assert compare(before, ended).register is None  # no reply, as the recording ends
    missing = records[: place - 1] + records[place + 1 :]  # the command, too
    found = compare(before, write_run(tmp_path / "missing", samples, link=missing))
    assert found.command is not None and found.command.name == "another command"
    assert found.command.values[0].startswith("read of 64 bytes from fast.status")
    assert found.register is None  # what was read behind that has no counterpart


@pytest.mark.parametrize(
    ("channel", "values", "alike"),
    [
        ("gpu_temp_max_c", (50.0, 50.5), True),
        ("gpu_temp_max_c", (50.0, 50.51), False),
        ("load_power_w", (1000.0, 990.0), True),  # 1 % of the larger one
        ("load_power_w", (1000.0, 989.9), False),
        ("soc", (0.5, 0.504), True),
        ("soc", (0.5, 0.506), False),
        ("deadline_misses", (0.0, 1.0), False),
    ],
)
def test_tolerances_of_a_board_go_by_unit(
    tmp_path: Path, channel: str, values: tuple[float, float], alike: bool
) -> None:
    folders = [
        write_run(tmp_path / target, truth(1.0, value, channel=channel), target)
        for target, value in zip(("model", "board"), values, strict=True)
    ]
    found = compare(*folders)
    assert not found.exact
    assert found.alike == alike
    worst = of(found, f"truth.{channel}")
    assert worst.time_s == pytest.approx(0.2)
    assert worst.values == values


def test_of_two_lockstep_runs_the_last_digit_counts(tmp_path: Path) -> None:
    a = write_run(tmp_path / "a", truth(0.5, 0.5))
    b = write_run(tmp_path / "b", truth(0.5, 0.500000001), "rtl")
    assert not compare(a, b).alike
    for name in ("soc", "truth.soc"):
        assert compare(a, b, {name: Tolerance(1.1e-9)}).alike
    assert not compare(a, b, {"soc": Tolerance(0.9e-9)}).alike


def test_a_link_that_differs_is_forgiven_to_a_board_alone(tmp_path: Path) -> None:
    for target, alike in (("model", False), ("board", True)):
        folders = [
            write_run(tmp_path / f"{target}{byte}", truth(0.5), target, link)
            for byte, link in enumerate(
                [LinkRecord(0, TO_CONTROLLER, bytes([byte]))] for byte in (1, 2)
            )
        ]
        found = compare(*folders)
        assert found.alike == alike
        assert found.command is not None
        assert found.command.values[1] == "1 bytes that are no command: 02"


def test_runs_of_different_length_are_compared_as_far_as_both_go(
    model: Path, tmp_path: Path
) -> None:
    short = fly(tmp_path / "run", seconds=12.3)
    found = compare(short, model)
    assert found.alike
    assert found.timing[0] == ("recorded_s", 12.3, 30.0)
    a = write_run(tmp_path / "a", truth(0.1, 0.2))
    b = write_run(tmp_path / "b", truth(0.1, 0.2, 0.9))
    assert compare(a, b).alike


def test_a_value_holds_until_the_next_one(tmp_path: Path) -> None:
    """As on topics that are written when they change."""
    drive = {"/truth": [(0.1, {"x": 0.0}), (1.0, {"x": 0.0})]}
    a = write_run(
        tmp_path / "a", {**drive, "/actuators": [(0.1, {"heater": 0.0}), (0.5, {"heater": 1.0})]}
    )
    b = write_run(tmp_path / "b", {**drive, "/actuators": [(0.1, {"heater": 0.0})]})
    worst = of(compare(a, b), "actuators.heater")
    assert (worst.difference, worst.time_s, worst.values) == (1.0, 0.5, (1.0, 0.0))


def test_texts_and_missing_numbers(tmp_path: Path) -> None:
    def modes(*modes: str, number: float = 1.0) -> Samples:
        rows = [(at + 1.0, {"fsw_mode": mode, "n": number}) for at, mode in enumerate(modes)]
        return {"/housekeeping": rows}

    a = write_run(tmp_path / "a", modes("boot", "boot", "nominal", "nominal"), "board")
    b = write_run(tmp_path / "b", modes("boot", "nominal", "safe", "safe", number=float("nan")))
    found = compare(a, b)
    assert of(found, "housekeeping.fsw_mode").difference == 3
    assert of(found, "housekeeping.fsw_mode").values == ("boot", "nominal")
    assert not of(found, "housekeeping.fsw_mode").within
    assert of(compare(a, b, {"fsw_mode": Tolerance(3)}), "housekeeping.fsw_mode").within
    assert found.channels[0].name == "housekeeping.n"  # without a number on one side: furthest off
    assert not found.channels[0].within
    assert not of(compare(b, b), "housekeeping.n").difference


def test_channels_of_one_run_alone_are_named(tmp_path: Path) -> None:
    a = write_run(tmp_path / "a", {"/truth": [(1.0, {"soc": 0.5, "extra": 1.0})]})
    b = write_run(tmp_path / "b", {"/truth": [(1.0, {"soc": 0.5})], "/other": [(1.0, {"y": 1.0})]})
    found = compare(a, b)
    assert found.alike
    assert found.only == (("truth.extra",), ("other.*",))
    with pytest.raises(UsageError, match="nothing to compare, they have neither"):
        compare(a, write_run(tmp_path / "c", {"/truth": [(1.0, {"else": 1.0})]}))


def test_without_telemetry_the_link_decides(tmp_path: Path) -> None:
    folders = [
        write_run(tmp_path / str(byte), {}, "board", [LinkRecord(0, TO_CONTROLLER, bytes([byte]))])
        for byte in (1, 2)
    ]
    assert compare(folders[0], folders[0]).alike
    assert not compare(*folders).alike


def test_latencies_of_both_are_shown(tmp_path: Path) -> None:
    a = write_run(tmp_path / "a", truth(0.5), timing={"reply": {"p99_ms": 1.5}, "only_ms": 1})
    b = write_run(tmp_path / "b", truth(0.5), timing={"reply": {"p99_ms": 9.0}}, wall_s=3.0)
    assert compare(a, b).timing[1:] == (("timing.reply.p99_ms", 1.5, 9.0),)


def test_format_1_is_compared_with_format_2(model: Path, tmp_path: Path) -> None:
    records = list(read_link(model / "link.bin"))
    old = write_run(tmp_path / "old", truth(0.5))
    header = bytes.fromhex("5241434b5341544c 0001 00002710")
    packed = (LINK_RECORD.pack(x.time_ns, x.direction, len(x.data)) + x.data for x in records)
    (old / "link.bin").write_bytes(header + b"".join(packed))
    found = compare(old, write_run(tmp_path / "new", truth(0.5), link=records))
    assert found.alike
    assert found.transactions == sum(record.direction == TO_CONTROLLER for record in records)


def test_what_cannot_be_compared_is_bad_input(model: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a run"):
        compare(model, tmp_path)
    with pytest.raises(UsageError, match="gpu_temp_c: neither run has .* mean .*gpu_temp_max_c"):
        compare(model, model, {"gpu_temp_c": Tolerance(1.0)})


def test_tolerances_are_parsed() -> None:
    assert parse_tolerances(["a_c=0.5", "truth.b=2%"]) == {
        "a_c": Tolerance(0.5),
        "truth.b": Tolerance(share=0.02),
    }
    for wrong in ("a", "=1", "a=", "a=-1", "a=nan", "a=one"):
        with pytest.raises(UsageError, match=f"--tolerance {wrong}: expected CHANNEL=VALUE"):
            parse_tolerances([wrong])
    assert tolerance_of("fsw_soc") == Tolerance(0.005)
    assert tolerance_of("pump_a_rpm").allowed(2000.0) == 20.0


def test_the_command_line(model: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    same = runner.invoke(app, ["compare", str(model), str(model)])
    assert same.exit_code == 0
    assert same.output.endswith("\nalike\n")
    a = write_run(tmp_path / "a", {"/truth": [(1.0, {f"cap_{n}_w": 5.0 for n in range(30)})]})
    b = write_run(tmp_path / "b", {"/truth": [(1.0, {f"cap_{n}_w": 7.0 for n in range(30)})]})
    other = runner.invoke(app, ["compare", str(a), str(b)])
    assert other.exit_code == 1
    assert "telemetry: 30 channels, 30 over tolerance\n" in other.output
    assert "  truth.cap_0_w and 29 like it  2  0  1.0 s  5  7\n" in other.output
    wide = [f"--tolerance=cap_{n}_w=2" for n in range(30)]
    assert runner.invoke(app, ["compare", str(a), str(b), *wide]).exit_code == 0
    replayed = runner.invoke(app, ["replay", str(model)])
    assert replayed.exit_code == 0
    assert replayed.output.startswith("same decisions: 300 minor cycles, ")
    (a / "summary.json").write_text(json.dumps({}))
    bad = runner.invoke(app, ["replay", str(a)])
    assert isinstance(bad.exception, UsageError)
