"""The closed loop on the model target: every part real, flights kept short."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fsw.config_frames import essential_bits, golden_frames
from fsw.flight_software import FlightSoftware
from hil import scenario
from hil.errors import InternalError, SimulatorDied, UsageError
from hil.faults.ledger import Fate
from hil.flight import Flight, Order, Result
from hil.mission import CYCLE_NS
from hil.recording import TO_CONTROLLER
from hil.run_folder import RunFolder
from hil.scenario import Scenario

IN_THE_ANOMALY_S = 26_800.0  # orbit time in the middle of a pass, 650 km, 2026-03-20


def variant(name: str, seconds: float, **tables: Any) -> Scenario:
    """A scenario of racksat, flown for `seconds`, with some of its tables' keys replaced."""
    keys = scenario.load(scenario.find(name)).model_dump()
    keys["duration"] = {"seconds": seconds}
    for table, values in tables.items():
        keys[table] = {**keys[table], **values} if isinstance(values, dict) else values
    return Scenario.model_validate(keys)


def order(flown: Scenario, out: Path, target: str = "model") -> Order:
    return Order(flown, scenario.SCENARIOS, target, out)


def fly(flown: Scenario, out: Path) -> Result:
    return Flight(order(flown, out)).fly()


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A minute of the nominal scenario."""
    return fly(variant("nominal", 60), tmp_path_factory.mktemp("runs") / "nominal")


def test_summary_says_what_was_flown(flown: Result) -> None:
    summary = json.loads((flown.folder / "summary.json").read_text())
    assert summary == flown.summary
    assert summary["target"] == "model"
    assert (summary["scenario"], summary["vehicle"]) == ("nominal", "rack_100kw")
    assert (summary["simulated_s"], summary["minor_cycles"]) == (60.0, 600)
    assert summary["deadline_misses"] == 0
    assert summary["energy_residual"] < 1e-6
    assert summary["heat_residual"] < 1e-6
    assert sum(summary["mode_times_s"].values()) == pytest.approx(60.0)
    assert summary["compute"]["energy_kwh"] > 0
    assert 0 < summary["soc_min"] <= 0.91
    assert set(summary["upsets"]) >= {
        "occurred",
        "corrected",
        "uncorrectable",
        "silent",
        "recovered",
    }
    assert len(summary["digest"]) == 64
    assert summary["real_time_factor"] > 0


def test_topics_are_sampled_at_their_rates(flown: Result) -> None:
    run = RunFolder(flown.folder)
    assert run.topic("truth").time_s.tolist() == pytest.approx([k / 10 for k in range(1, 601)])
    for slow in ("environment", "housekeeping"):
        assert run.topic(slow).time_s.tolist() == list(range(1, 61))
    assert 0 < len(run.topic("actuators")) < 600  # only when they change


@pytest.mark.parametrize(
    ("vehicle", "soc"),
    [("rack_100kw", 0.2), ("rack_100kw", 0.8), ("starlink_25kw", 0.5), ("ai_sat_120kw", 0.95)],
)
def test_the_voltage_tells_the_charge_at_a_start(vehicle: str, soc: float, tmp_path: Path) -> None:
    started = variant("nominal", 45, vehicle=vehicle, initial={"soc": soc})
    run = RunFolder(fly(started, tmp_path / "run").folder)
    truth, told = run.topic("truth"), run.topic("housekeeping")
    at = [round(time_s * 10) - 1 for time_s in told.time_s]
    error = (told.series("fsw_soc") - truth.series("soc")[at])[5:]  # the link is up
    assert abs(error).max() < 0.01


def test_flight_software_brings_the_rack_up(flown: Result) -> None:
    truth = RunFolder(flown.folder).topic("truth")
    assert truth.series("trays_powered")[0] == 0
    assert truth.series("trays_powered")[-1] == 18
    assert truth.series("coolant_flow_l_min")[-1] > 20


def test_every_byte_of_the_link_is_recorded_in_order_of_time(flown: Result) -> None:
    records = RunFolder(flown.folder).link
    sent = b"".join(record.data for record in records if record.direction == TO_CONTROLLER)
    assert len(sent) == flown.summary["link"]["bytes_sent"]
    assert sent.startswith(b"\xc0") and sent.endswith(b"\xc0")
    times_ns = [record.time_ns for record in records]
    assert times_ns == sorted(times_ns)
    assert times_ns[-1] < 60.1e9
    for earlier, later in zip(records, records[1:], strict=False):
        assert earlier.time_ns + len(earlier.data) * 10_000 <= later.time_ns


def test_what_flew_can_be_flown_again_from_the_recording(flown: Result, tmp_path: Path) -> None:
    again = scenario.load(flown.folder / "scenario.toml")
    result = Flight(Order(again, flown.folder, "model", tmp_path / "again")).fly()
    assert result.summary["digest"] == flown.summary["digest"]
    assert result.summary["commands_digest"] == flown.summary["commands_digest"]


def test_another_seed_is_another_flight(flown: Result, tmp_path: Path) -> None:
    other = variant("nominal", 60).model_copy(update={"seed": 2})
    assert fly(other, tmp_path / "run").summary["digest"] != flown.summary["digest"]


def test_upsets_strike_and_every_one_is_accounted_for(tmp_path: Path) -> None:
    result = fly(
        variant(
            "saa",
            90,
            orbit={"start": "epoch", "start_s": IN_THE_ANOMALY_S},
            conditions={
                "storm": None,
                "upset_scales": {"controller_memory": 3e5, "flight_memory": 3e5, "weights": 2e3},
            },
            require=[],
        ),
        tmp_path / "run",
    )
    upsets = dict(result.summary["upsets"])
    run = RunFolder(result.folder)
    struck = [event for event in run.events if event["name"] == "upset"]
    kinds = Counter(event["fields"]["element"] for event in struck)
    assert kinds["controller_memory"] > 20 and kinds["flight_memory"] > 5
    told = Counter(upset["fate"] for upset in run.upsets)
    assert told == {fate: count for fate, count in upsets.items() if count and fate != "occurred"}
    assert upsets.pop("occurred") == len(struck)
    assert upsets.pop("open") == 0
    assert sum(upsets.values()) == len(struck)
    assert upsets["corrected"] > 10


def test_a_flipped_bit_is_flipped_in_the_controller(tmp_path: Path) -> None:
    flight = Flight(
        order(
            variant(
                "saa",
                20,
                orbit={"start": "epoch", "start_s": IN_THE_ANOMALY_S},
                conditions={"storm": None, "upset_scales": {"controller_memory": 3e5}},
                require=[],
            ),
            tmp_path / "run",
        )
    )
    flips: list[tuple[int, int]] = []
    target = flight.loop.target
    plain = target.flip_memory

    def flip_memory(word: int, mask: int) -> int:
        before = target.peek_memory(word)
        after = plain(word, mask)
        assert target.peek_memory(word) == after == before ^ mask
        flips.append((word, mask))
        return after

    target.flip_memory = flip_memory  # type: ignore[method-assign]
    flight.fly()
    drawn = [u for u in flight.mission.upsets if u.element == "controller_memory"]
    assert flips == [(u.index, sum(1 << bit for bit in u.bits)) for u in drawn]
    assert flips


def test_frames_are_struck_and_repaired_as_the_ledger_and_flight_software_say(
    tmp_path: Path,
) -> None:
    flight = Flight(
        order(
            variant(
                "saa",
                150,
                orbit={"start": "epoch", "start_s": IN_THE_ANOMALY_S},
                conditions={"storm": None, "upset_scales": {"config_frames": 3e6}},
                require=[],
            ),
            tmp_path / "run",
        )
    )
    result = flight.fly()
    entries = [e for e in flight.loop.ledger.entries if e.upset.element == "config_frames"]
    loaded = [e for e in entries if e.struck_ns > 8e9]
    assert len(loaded) > 60
    fates = Counter(entry.fate for entry in entries)
    assert fates[Fate.CORRECTED] + fates[Fate.RECOVERED] >= len(entries) - 2  # of the last pass
    recovered = {(e.upset.index, e.settled_ns) for e in loaded if e.fate is Fate.RECOVERED}
    values = flight.loop.flight_side.software.housekeeping()
    assert 0 < len(recovered) <= values["fsw_config_reloaded"]
    assert values["fsw_config_crc_errors"] == values["fsw_config_given_up"] == 0
    golden = int.from_bytes(essential_bits(), "big")
    for entry in loaded:  # the mask in order of the frames' polynomials
        words = [16 * entry.upset.index + bit // 32 for bit in entry.upset.bits]
        places = [32 * (255 - w) + b % 32 for w, b in zip(words, entry.upset.bits, strict=True)]
        essential = any(golden >> place & 1 for place in places)
        assert entry.note.startswith("essential") == essential
    told = sum(e.note.startswith("essential") and e.fate is Fate.CORRECTED for e in loaded)
    assert told > 0
    assert values["fsw_config_essential"] >= told - 1
    assert result.summary["deadline_misses"] == 0
    stored = b"".join(flight.loop.target.peek_config(w).to_bytes(4, "big") for w in range(256))
    wrong = int.from_bytes(stored, "big") ^ int.from_bytes(golden_frames(), "big")
    assert wrong.bit_count() <= 2


def test_a_link_too_slow_for_its_slot_is_counted(tmp_path: Path) -> None:
    flight = Flight(order(variant("nominal", 10, require=[]), tmp_path / "run"))
    flight.connection.port.baudrate = 9600  # a fast block alone takes 0.1 s
    assert flight.fly().summary["deadline_misses"] > 10


def test_a_broken_requirement_says_when_and_by_how_much(tmp_path: Path) -> None:
    rule = {"name": "impossible", "channel": "soc", "above": 0.95, "after_s": 2.0}
    result = fly(variant("nominal", 5, require=[rule]), tmp_path / "run")
    assert not result.held
    assert result.summary["outcome"] == "failed"
    assert str(result.verdicts[0]).startswith("impossible: soc above 0.95 after 2 s: 0.9000")
    (event,) = [e for e in RunFolder(result.folder).events if e["name"] == "requirement"]
    assert event["time_s"] == pytest.approx(2.0)


def test_a_requirement_on_an_unknown_channel_leaves_nothing_behind(tmp_path: Path) -> None:
    rule = {"channel": "gpu_temprature", "below": 87.0}
    with pytest.raises(UsageError, match=r"require\.1\.channel = 'gpu_temprature'.*gpu_temp_max_c"):
        Flight(order(variant("nominal", 5, require=[rule]), tmp_path / "run"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parameters": {"soc_flor": 0.5}}, "parameters: .*did you mean soc_floor"),
        ({"vehicle": "rack_100"}, "unknown vehicle 'rack_100'; presets are"),
        ({"orbit": {"beta_deg": 89.0, "start": "epoch"}}, "beta = 89.00 deg cannot be"),
        ({"faults": {"panels_lost": 99}}, "panels_lost = 99, must be <= panels"),
    ],
)
def test_orders_that_cannot_be_flown(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Flight(order(variant("nominal", 5, **changes), tmp_path / "run"))
    assert list(tmp_path.iterdir()) == []


def test_unknown_target_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown target 'fpga'; known are model, rtl"):
        Flight(order(variant("nominal", 5), tmp_path / "run", target="fpga"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [SimulatorDied("last lines"), RuntimeError("a bug")])
def test_a_flight_that_breaks_off_stays_readable(tmp_path: Path, error: Exception) -> None:
    flight = Flight(order(variant("nominal", 30), tmp_path / "run"))
    plain = flight.loop.target.exchange
    calls = 0

    def exchange(data: bytes) -> bytes:
        nonlocal calls
        calls += 1
        if calls == 200:
            raise error
        return plain(data)

    flight.loop.target.exchange = exchange  # type: ignore[method-assign]
    with pytest.raises(InternalError, match=str(error)) as caught:
        flight.fly()
    assert caught.value.exit_code == 3
    run = RunFolder(tmp_path / "run")
    assert run.summary["outcome"] == "aborted"
    assert len(run.topic("truth")) == run.summary["minor_cycles"] > 10
    assert str(error) in (tmp_path / "run" / "error.log").read_text()


# Orbit time 100 s before the eclipse of the nominal scenario's first orbit.
BEFORE_ECLIPSE = {"start": "epoch", "start_s": 3780.0}


def advance(flight: Flight, from_s: float, until_s: float, silent: bool = False) -> None:
    """Minor cycles from `from_s` to `until_s`, `silent` without flight software."""
    for cycle in range(round(10 * from_s), round(10 * until_s)):
        time_ns = (cycle + 1) * CYCLE_NS
        flight.loop.move(cycle)
        flight.loop.strike(time_ns)
        flight.loop.sense(time_ns)
        if not silent:
            flight.loop.run_flight_software(time_ns)
        flight.loop.observe(time_ns)


def test_flight_software_restarted_in_an_eclipse_goes_on_where_it_was(tmp_path: Path) -> None:
    flight = Flight(order(variant("nominal", 400, orbit=BEFORE_ECLIPSE), tmp_path / "run"))
    advance(flight, 0, 300)
    before = flight.loop.flight_side.software.housekeeping()
    assert before["fsw_mode"] == "eclipse"
    cap_w = float(before["fsw_cap_w"])
    assert 40e3 < cap_w < 90e3
    advance(flight, 300, 303, silent=True)
    store = flight.loop.flight_side.store
    flight.loop.flight_side.software = FlightSoftware(
        flight.connection.tap, store, 18, flight.parameters
    )
    for time_s in range(303, 333):
        advance(flight, time_s, time_s + 1)
        values = flight.loop.flight_side.software.housekeeping()
        truth = flight.loop.craft.telemetry()
        assert values["fsw_mode"] == "eclipse"
        assert values["fsw_cap_w"] == pytest.approx(cap_w, rel=0.1)
        assert truth["payload_power_w"] == pytest.approx(cap_w, rel=0.1)
        assert truth["trays_powered"] == 18
        # The estimate begins off the truth by the noise of one voltage, and keeps that distance.
        assert values["fsw_soc"] == pytest.approx(truth["soc"], abs=0.01)
    flight.connection.port.close()


def test_watchdog_puts_the_rack_to_safe_and_flight_software_brings_it_back(tmp_path: Path) -> None:
    flight = Flight(order(variant("nominal", 300), tmp_path / "run"))
    advance(flight, 0, 100)
    assert flight.loop.craft.telemetry()["trays_powered"] == 18
    advance(flight, 100, 107, silent=True)
    assert flight.loop.craft.telemetry()["trays_powered"] == 18
    advance(flight, 107, 110, silent=True)  # its period is 8 s
    assert flight.loop.craft.telemetry()["trays_powered"] == 0
    assert flight.loop.craft.telemetry()["coolant_flow_l_min"] > 50.0  # the safe drive
    advance(flight, 110, 113)
    assert flight.loop.flight_side.software.housekeeping()["fsw_mode"] == "safe"
    advance(flight, 113, 203)
    assert flight.loop.flight_side.software.housekeeping()["fsw_mode"] == "nominal"
    assert flight.loop.craft.telemetry()["trays_powered"] == 18
    flight.connection.port.close()


# The scenarios hot and cold, begun where they bite so that ten minutes show it.
HOT = {"initial": {"soc": 0.74, "coolant_c": 46.0}, "orbit": {"start_s": 1450.0}}
COLD = {"initial": {"coolant_c": 0.0}, "demand": 0.2}


@pytest.mark.parametrize(
    ("name", "changes", "broken_without_laws"),
    [
        ("hot", HOT, {"gpu_temp_max_c", "soc"}),
        ("cold", COLD, {"coolant_freeze_margin_k"}),
    ],
)
def test_the_laws_keep_what_breaks_without_them(
    tmp_path: Path, name: str, changes: dict[str, Any], broken_without_laws: set[str]
) -> None:
    for open_loop in (False, True):
        flown = variant(name, 640, **changes, open_loop=open_loop)
        result = fly(flown, tmp_path / f"{open_loop}")
        failed = {verdict.requirement.channel for verdict in result.verdicts if not verdict.held}
        assert result.summary["open_loop"] == open_loop
        if open_loop:
            assert broken_without_laws <= failed
        else:
            assert not broken_without_laws & failed
