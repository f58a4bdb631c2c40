"""Compute trays: clock, power, temperatures, tokens, and what radiation does to them.

A tray's power is its idle power plus a part that goes with demand and clock. How clock, power and
throughput go together is the power-cap curve measured on a 350 W GPU (see CAP_CURVE): prefill is
bound by the clock, decode by memory bandwidth and hardly by the clock. The governor acts on the
clock: the lowest of the clock cap, what the power cap leaves, and the tray's own slowdown; the
power follows with a limited ramp, as power smoothing does.

Junctions are quasi-static (dies follow in milliseconds): cold plate + resistance * power of the
hottest chip. A latch-up is a short at the tray's 54 V input: its heat goes into the cold plate
(0.7 K in 0.1 s), not through the dies. The tray's own slowdown is a slow filter with hysteresis, so
it is a last resort and does not hold the slowdown limit by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple, TypeVar

import numpy as np

from sim import tray_memory, tray_modes
from sim.actuators import Actuators, BoolArray, FloatArray
from sim.constants import ZERO_CELSIUS_K
from sim.tray_memory import IntArray, TrayMemory, UpsetLike
from sim.tray_modes import TrayModes
from sim.vehicle import ComputeRack

# Power cap (of 350 W), prefill rate and decode rate, all relative to no cap: measured W 350 300 250
# 200 150 100; prefill tok/s 9893 9326 8436 5941 2549 1390; decode tok/s 72.6 72.1 70.7 68.3 62.6
# 12.1 (secondary source, see docs). Prefill is compute-bound: its rate is taken for the clock.
CAP_CURVE = np.array([
    (100 / 350, 1390 / 9893, 12.1 / 72.6),
    (150 / 350, 2549 / 9893, 62.6 / 72.6),
    (200 / 350, 5941 / 9893, 68.3 / 72.6),
    (250 / 350, 8436 / 9893, 70.7 / 72.6),
    (300 / 350, 9326 / 9893, 72.1 / 72.6),
    (1.0, 1.0, 1.0),
])  # fmt: skip
HEARTBEAT_HZ = 10.0


TRAY_ELEMENTS = (
    "hbm_corrected",
    "hbm_uncorrectable",
    "weights",
    "compute",
    "tray_hang",
    "tray_latchup",
)


@dataclass(frozen=True, slots=True)
class RackState:
    """Rack state, arrays (S, T) unless noted."""

    modes: TrayModes
    memory: TrayMemory
    power_w: FloatArray  # without latch-up current
    clock_mhz: FloatArray  # 0 where the tray does not run
    gpu_k: FloatArray  # hottest GPU
    hbm_k: FloatArray  # hottest memory stack
    over_limit_s: FloatArray  # time since a limit was exceeded
    slowdown: BoolArray  # the tray holds its own clock down
    heartbeat: FloatArray
    digest_timer_s: FloatArray  # (S,)


@dataclass(frozen=True, slots=True)
class HasRack:
    """A spacecraft state, as far as the rack is concerned."""

    rack: RackState


Spacecraft = TypeVar("Spacecraft", bound=HasRack)


class RackPower(NamedTuple):
    """Electrical side of a step."""

    state: RackState  # temperatures still those of before
    total_w: FloatArray  # (S, T) with latch-up current
    tokens_per_s: FloatArray  # (S,)


class PendingUpsets(NamedTuple):
    """Faults that are still there, arrays (S, T)."""

    hung: BoolArray
    latchup: BoolArray
    corrupted_words: IntArray
    suspect: BoolArray
    wrong_results: IntArray  # so far, nothing clears them


@lru_cache(maxsize=16)
def _curves(prefill_share: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Clock ratio, dynamic power ratio and throughput ratio, rising from 0 to 1."""
    power, prefill, decode = np.vstack([(0.0, 0.0, 0.0), CAP_CURVE]).T
    idle = (
        CAP_CURVE[0, 0]
        - (CAP_CURVE[1, 0] - CAP_CURVE[0, 0])
        / (CAP_CURVE[1, 1] - CAP_CURVE[0, 1])
        * CAP_CURVE[0, 1]
    )  # the curve's lowest segment, extended to a clock of 0
    dynamic = np.maximum((power - idle) / (1.0 - idle), 0.0)
    slow = np.maximum(np.stack([prefill, decode]), 1e-9)
    throughput = 1.0 / (prefill_share / slow[0] + (1.0 - prefill_share) / slow[1])
    throughput[0] = 0.0
    return prefill.copy(), dynamic, throughput


def power_ratio(rack: ComputeRack, clock_ratio: FloatArray) -> FloatArray:
    """Dynamic power over its nominal value, at full demand."""
    clock, dynamic, _ = _curves(rack.prefill_share)
    return np.interp(clock_ratio, clock, dynamic)


def clock_ratio_for(rack: ComputeRack, dynamic_ratio: FloatArray) -> FloatArray:
    """Clock ratio at which the dynamic power is that part of the nominal one; 1 above it."""
    clock, dynamic, _ = _curves(rack.prefill_share)
    return np.interp(dynamic_ratio, dynamic, clock)


def throughput_ratio(rack: ComputeRack, clock_ratio: FloatArray) -> FloatArray:
    """Tokens over tokens at nominal clock, for the rack's mix of prefill and decode."""
    clock, _, throughput = _curves(rack.prefill_share)
    return np.interp(clock_ratio, clock, throughput)


def initial_rack(
    rack: ComputeRack, satellites: int, running: bool, temperature_k: float
) -> RackState:
    """All trays off, or all running at idle."""
    shape = (satellites, rack.trays)
    return RackState(
        modes=tray_modes.initial_modes(rack, satellites, running),
        memory=tray_memory.initial_memory(satellites, rack.trays),
        power_w=np.full(shape, rack.tray_idle_w if running else 0.0),
        clock_mhz=np.full(shape, rack.clock_nominal_mhz if running else 0.0),
        gpu_k=np.full(shape, temperature_k),
        hbm_k=np.full(shape, temperature_k),
        over_limit_s=np.zeros(shape),
        slowdown=np.zeros(shape, np.bool_),
        heartbeat=np.zeros(shape),
        digest_timer_s=np.zeros(satellites),
    )


def step_power(
    rack: ComputeRack,
    state: RackState,
    actuators: Actuators,
    shed: BoolArray,
    demand: float | FloatArray,
    dt_s: float,
) -> RackPower:
    """Modes, slowdown, clocks and power over one step; `demand` is 0..1, scalar or (S, 1)."""
    over = np.maximum(
        state.gpu_k - (rack.gpu_slowdown_c + ZERO_CELSIUS_K),
        state.hbm_k - (rack.hbm_slowdown_c + ZERO_CELSIUS_K),
    )
    over_limit_s = (state.over_limit_s + dt_s) * (over > 0.0)
    slowdown = (state.slowdown | (over_limit_s > rack.slowdown_delay_s)) & (
        over > -rack.slowdown_hysteresis_k
    )
    modes, memory, digest_timer_s = _events(rack, state, actuators, shed, dt_s)

    dynamic_w = rack.tray_power_w - rack.tray_idle_w
    spare = (actuators.power_cap_w - rack.tray_idle_w) / np.maximum(dynamic_w * demand, 1e-3)
    capped = clock_ratio_for(rack, spare) * rack.clock_nominal_mhz
    clock = np.minimum(capped, actuators.clock_cap_mhz)
    own_limit = rack.clock_nominal_mhz * (1.0 - (1.0 - rack.slowdown_clock_ratio) * slowdown)
    clock = np.maximum(np.minimum(clock, own_limit), rack.clock_min_mhz) * modes.active
    ratio = clock * (1.0 / rack.clock_nominal_mhz)

    work = modes.active * demand
    target = modes.floor_w + work * (dynamic_w * power_ratio(rack, ratio))
    power = np.minimum(
        np.maximum(target, state.power_w - rack.power_ramp_down_w_s * dt_s),
        state.power_w + rack.power_ramp_up_w_s * dt_s,
    )
    power = power * modes.powered
    tokens = np.add.reduce(work * throughput_ratio(rack, ratio), 1)
    return RackPower(
        state=RackState(
            modes,
            memory,
            power,
            clock,
            state.gpu_k,
            state.hbm_k,
            over_limit_s,
            slowdown,
            state.heartbeat + modes.alive * (HEARTBEAT_HZ * dt_s),
            digest_timer_s,
        ),
        total_w=power + modes.latchup * (rack.latchup_current_a * rack.busbar_voltage_v),
        tokens_per_s=tokens * (rack.tokens_per_s / rack.trays),
    )


def _events(
    rack: ComputeRack, state: RackState, actuators: Actuators, shed: BoolArray, dt_s: float
) -> tuple[TrayModes, TrayMemory, FloatArray]:
    """Modes and memory; costs next to nothing while nothing happens."""
    modes, memory = state.modes, state.memory
    digest_timer_s = state.digest_timer_s + dt_s
    powered = actuators.tray_power & ~shed[:, None]
    overheated = state.gpu_k > rack.shutdown_c + ZERO_CELSIUS_K
    quiet = modes.settled and modes.lines is actuators and not overheated.any()
    if not quiet or not np.array_equal(powered, modes.powered):
        modes, rewritten, checked = tray_modes.advance(
            rack, modes, actuators, powered, overheated, dt_s
        )
        if rewritten.any():
            memory = tray_memory.reload(memory, rewritten)
        if checked.any():
            memory = tray_memory.check_digests(memory, checked)
    due = digest_timer_s >= rack.digest_period_s
    if due.any():
        memory = tray_memory.check_digests(memory, due[:, None] & (modes.active > 0.0))
        digest_timer_s = np.where(due, 0.0, digest_timer_s)
    return modes, memory, digest_timer_s


def with_temperatures(
    rack: ComputeRack, state: RackState, plate_k: FloatArray, served: FloatArray
) -> RackState:
    """Junction temperatures above cold plates at the end of a step; `served` (S,) as of the bus."""
    chips_w = state.power_w * served[:, None]
    per_chip = rack.hottest_spread / rack.gpus_per_tray
    gpu = rack.gpu_k_w * rack.gpu_power_share * per_chip
    hbm = rack.hbm_k_w * rack.hbm_power_share * per_chip
    return RackState(
        state.modes,
        state.memory,
        state.power_w,
        state.clock_mhz,
        plate_k + gpu * chips_w,
        plate_k + hbm * chips_w,
        state.over_limit_s,
        state.slowdown,
        state.heartbeat,
        state.digest_timer_s,
    )


def apply_upset(state: Spacecraft, upset: UpsetLike, satellite: int = 0) -> Spacecraft:
    """Spacecraft state after an upset in one of its trays. A tray without power is not hurt.

    Raises ValueError on an element that is not in a tray, or a tray that is not fitted.
    """
    rack = state.rack
    trays = rack.power_w.shape[1]
    if upset.element not in TRAY_ELEMENTS:
        raise ValueError(
            f"upset of element {upset.element!r} is not one of a tray: {', '.join(TRAY_ELEMENTS)}"
        )
    if not 0 <= upset.tray < trays:
        raise ValueError(f"upset of tray {upset.tray}, must be 0 to {trays - 1}")
    where = (satellite, upset.tray)
    if not rack.modes.powered[where]:
        return state
    if upset.element == "tray_hang":
        rack = replace(rack, modes=tray_modes.hang(rack.modes, where))
    elif upset.element == "tray_latchup":
        rack = replace(rack, modes=tray_modes.latch_up(rack.modes, where))
    else:
        rack = replace(rack, memory=tray_memory.upset(rack.memory, upset, where))
    return replace(state, rack=rack)


def pending_upsets(state: HasRack) -> PendingUpsets:
    """Which faults are still in the trays."""
    rack = state.rack
    return PendingUpsets(
        hung=rack.modes.hung,
        latchup=rack.modes.latchup,
        corrupted_words=tray_memory.corrupted_words(rack.memory),
        suspect=rack.memory.suspect,
        wrong_results=rack.memory.wrong_results,
    )
