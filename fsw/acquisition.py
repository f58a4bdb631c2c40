"""Acquisition: raw counts of the fast block and the tray block become engineering values.

A value outside the range of its sensor, or a step no plant can make, is flagged by name in
`invalid` and replaced by the last good one. The three coolant supply sensors are voted. Calibration
comes from the register map (value = raw * scale + offset); temperatures are kelvins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fsw.current_check import CurrentCheck, CurrentSensor
from fsw.registers import FAST_FIELDS, TRAY_FIELDS, FastBlock, TrayBlock
from fsw.state_of_charge import StateOfCharge
from fsw.supply_vote import SENSORS, SupplyVote

TRAY_BYTES = 16

# Raw limits: half-open ranges outside of which a sensor is taken for broken, and the largest step
# between two samples 0.1 s apart (None: any step is possible).
_RANGES: dict[str, tuple[float, float, float | None]] = {
    "bus_voltage": (1.0, 1200.0, None),
    "bus_current": (0.0, 1300.0, None),
    "battery_voltage": (1.0, 1200.0, None),
    "battery_current": (-1300.0, 1300.0, None),
    "array_current": (0.0, 1300.0, None),
    "battery_temperature": (200.0, 400.0, 2.0),
    "coolant_supply_a": (200.0, 400.0, 3.0),
    "coolant_supply_b": (200.0, 400.0, 3.0),
    "coolant_supply_c": (200.0, 400.0, 3.0),
    "coolant_return": (200.0, 400.0, 3.0),
    "coolant_flow": (0.0, 650.0, None),
    "radiator_outlet": (150.0, 400.0, 5.0),
    "pump_speed_a": (0.0, 60000.0, None),
    "pump_speed_b": (0.0, 60000.0, None),
    "bypass_position": (0.0, 1.001, None),
}
_SPIKE_SAMPLES = 5  # a step that persists so long is believed
_CHARGE_GAP_S = 600.0  # over a longer gap one current says nothing: the voltage tells the charge
_CHANNELS = tuple(
    (name, FAST_FIELDS[name].scale, FAST_FIELDS[name].offset, low, high, step)
    for name, (low, high, step) in _RANGES.items()
)
_POSITIONS = tuple(FastBlock._fields.index(name) for name, *_ in _CHANNELS)
_KELVIN = FAST_FIELDS["hottest_gpu"].scale
_TRAY_WATT = TRAY_FIELDS["load_power"].scale
_TRAY_AMPERE = TRAY_FIELDS["load_current"].scale
_TRAY_KELVIN = TRAY_FIELDS["temperature_gpu"].scale


@dataclass(frozen=True, slots=True)
class RackTelemetry:
    """The fast block in engineering units, 10 Hz."""

    time_ns: int
    uptime_ticks: int  # low 16 bits
    config_damaged: bool
    watchdog_expired: bool
    heater_on: bool
    memory_error: bool
    watchdog_enabled: bool
    tripped: bool
    safe: bool
    over_temperature: int  # bit i = tray i
    over_current: int  # bit i = tray i
    powered: int  # bit i = tray i
    bus_voltage_v: float
    bus_current_a: float
    battery_voltage_v: float
    battery_current_a: float  # positive while charging
    array_current_a: float
    battery_temperature_k: float
    hottest_gpu_k: float  # 0 when no tray is powered
    hottest_hbm_k: float
    coolant_supply_k: float  # voted
    coolant_return_k: float
    coolant_flow_l_min: float
    radiator_outlet_k: float
    pump_speed_a_rpm: float
    pump_speed_b_rpm: float
    bypass_position: float
    soc: float
    array_power_w: float
    battery_power_w: float  # positive while charging
    protons: int  # counted since the last sample
    memory_corrected: int  # since the last sample
    memory_uncorrectable: int  # since the last sample
    frames_dropped: int  # since the last sample
    trips: int  # since the last sample
    invalid: tuple[str, ...]  # names of sensors whose value was held
    outliers: tuple[str, ...]  # supply sensors voted out
    current_failed: CurrentSensor | None  # its current is the balance of the two others
    currents_unbalanced: bool  # currents of battery, array and loads do not add up


@dataclass(frozen=True, slots=True)
class TrayTelemetry:
    """One tray, 1 Hz."""

    state: int  # 0 off, 1 booting, 2 running, 3 reloading weights, 4 fault
    powered: bool
    over_temperature: bool
    over_current: bool
    slowdown: bool
    heartbeat: int
    clock_mhz: int
    power_w: float
    current_a: float
    gpu_k: float
    hbm_k: float
    hbm_corrected: int  # since the last sample
    hbm_uncorrectable: int  # since the last sample
    digests_wrong: int  # since the last sample


@dataclass(frozen=True, slots=True)
class TrayBlockTelemetry:
    """All trays, 1 Hz."""

    time_ns: int
    trays: tuple[TrayTelemetry, ...]
    power_w: float  # all trays together


class CounterDifference:
    """Advance of a counter that wraps at `bits`; the first sample gives 0."""

    def __init__(self, bits: int = 16) -> None:
        self._mask = (1 << bits) - 1
        self._last: int | None = None

    def update(self, raw: int) -> int:
        """Counts since the last sample."""
        last, self._last = self._last, raw
        return 0 if last is None else (raw - last) & self._mask


class Acquisition:
    """Decodes the two telemetry blocks and remembers what validity needs."""

    def __init__(
        self,
        parameters: Mapping[str, float],
        trays: int,
        soc: float | None = None,
        soc_ns: int | None = None,
        current_failed: CurrentSensor | None = None,
    ) -> None:
        """`soc` is the charge remembered from `soc_ns`, None when there is none."""
        self.current = CurrentCheck(parameters, current_failed)
        self.charge = StateOfCharge(parameters, soc)
        self.vote = SupplyVote(parameters["supply_disagreement_k"])
        self._parameters = parameters
        self._trays = trays
        self._last: list[float | None] = [None] * len(_CHANNELS)
        self._held = [0] * len(_CHANNELS)
        self._stepped_to = [0.0] * len(_CHANNELS)  # the last sample that was held back
        self._last_ns = soc_ns
        self._bus_v = 0.0
        self._protons = CounterDifference()
        self._corrected = CounterDifference()
        self._uncorrectable = CounterDifference()
        self._dropped = CounterDifference()
        self._trips = CounterDifference()
        self._hbm_corrected = [CounterDifference(16) for _ in range(trays)]
        self._hbm_uncorrectable = [CounterDifference(8) for _ in range(trays)]
        self._digests = [CounterDifference(8) for _ in range(trays)]

    def forget_counters(self) -> None:
        """The controller was reset: its counters start again from zero."""
        for counter in (
            self._corrected,
            self._uncorrectable,
            self._dropped,
            self._trips,
        ):
            counter.update(0)

    def fast(self, data: bytes, time_ns: int) -> RackTelemetry:
        """Decode 64 bytes of the fast block read at `time_ns`."""
        raw = FastBlock.from_bytes(data)
        last, held, stepped_to = self._last, self._held, self._stepped_to
        values: list[float] = []
        bad: list[str] = []
        for index, (name, scale, offset, low, high, step) in enumerate(_CHANNELS):
            value = raw[_POSITIONS[index]] * scale + offset
            before = last[index]
            if not low <= value <= high:
                bad.append(name)
                value = before if before is not None else value
            elif step is not None and before is not None and abs(value - before) > step:
                # Spikes up and down are not a step that persists.
                agrees = abs(value - stepped_to[index]) <= step
                held[index] = held[index] + 1 if agrees else 1
                stepped_to[index] = value
                if held[index] < _SPIKE_SAMPLES:
                    bad.append(name)
                    value = before
                else:
                    held[index] = 0
                    last[index] = value
            else:
                held[index] = 0
                last[index] = value
            values.append(value)
        (bus_v, bus_a, battery_v, battery_a, array_a, battery_k, a_k, b_k, c_k, return_k, flow,
         radiator_k, pump_a, pump_b, bypass) = values  # fmt: skip
        valid = (
            (SENSORS[0] not in bad, SENSORS[1] not in bad, SENSORS[2] not in bad)
            if bad
            else (True, True, True)
        )
        self.vote.limit_k = self._parameters["supply_disagreement_k"]
        supply_k = self.vote.update((a_k, b_k, c_k), valid)
        dt_s = 0.0 if self._last_ns is None else (time_ns - self._last_ns) / 1e9
        self._last_ns = time_ns
        if not 0.0 <= dt_s <= _CHARGE_GAP_S:
            self.charge.forget()
        current = self.current.step(
            battery_a,
            array_a,
            bus_a,
            bad,
            self.charge.drop_v(battery_v),
            max(dt_s, 0.0),
        )
        battery_a, array_a, bus_a = current.battery_a, current.array_a, current.loads_a
        self._bus_v = bus_v
        if "battery_voltage" in bad and self.charge.soc is None:
            soc = 0.0
        else:
            self.charge.correct(current.missed_ah)
            soc = self.charge.update(battery_v, battery_a, dt_s, current.flowing_a)
        return RackTelemetry(
            time_ns,
            raw.status_uptime,
            raw.status_config_damaged != 0,
            raw.status_watchdog_expired != 0,
            raw.status_heater_on != 0,
            raw.status_memory_error != 0,
            raw.status_watchdog_enabled != 0,
            raw.status_tripped != 0,
            raw.status_safe != 0,
            raw.over_temperature_trays,
            raw.over_current_trays,
            raw.powered_trays,
            bus_v,
            bus_a,
            battery_v,
            battery_a,
            array_a,
            battery_k,
            raw.hottest_gpu * _KELVIN,
            raw.hottest_hbm * _KELVIN,
            supply_k,
            return_k,
            flow,
            radiator_k,
            pump_a,
            pump_b,
            bypass,
            soc,
            bus_v * array_a,
            battery_v * battery_a,
            self._protons.update(raw.protons),
            self._corrected.update(raw.memory_errors_corrected),
            self._uncorrectable.update(raw.memory_errors_uncorrectable),
            self._dropped.update(raw.frames_dropped),
            self._trips.update(raw.activity_trips),
            tuple(bad),
            self.vote.outliers,
            current.failed,
            current.unbalanced,
        )

    def trays(self, data: bytes, time_ns: int) -> TrayBlockTelemetry:
        """Decode 16 bytes a tray of the tray block read at `time_ns`."""
        if len(data) != TRAY_BYTES * self._trays:
            raise ValueError(
                f"tray block of {len(data)} bytes, expected {TRAY_BYTES * self._trays} "
                f"for {self._trays} trays"
            )
        trays = []
        for index in range(self._trays):
            raw = TrayBlock.from_bytes(data[TRAY_BYTES * index : TRAY_BYTES * (index + 1)])
            trays.append(
                TrayTelemetry(
                    raw.status_state,
                    raw.status_powered != 0,
                    raw.status_over_temperature != 0,
                    raw.status_over_current != 0,
                    raw.status_slowdown != 0,
                    raw.status_heartbeat,
                    raw.status_clock,
                    raw.load_power * _TRAY_WATT,
                    raw.load_current * _TRAY_AMPERE,
                    raw.temperature_gpu * _TRAY_KELVIN,
                    raw.temperature_hbm * _TRAY_KELVIN,
                    self._hbm_corrected[index].update(raw.errors_corrected),
                    self._hbm_uncorrectable[index].update(raw.errors_uncorrectable),
                    self._digests[index].update(raw.errors_digest),
                )
            )
        power_w = sum(tray.power_w for tray in trays if tray.powered)
        if self._bus_v > 0.0:
            self.current.trays(power_w / (self._parameters["tray_path_efficiency"] * self._bus_v))
        return TrayBlockTelemetry(time_ns, tuple(trays), power_w)
