"""What each compute tray is doing: off, booting, running, reloading, in fault.

    off --power--> booting --boot_s--> reloading --reload_s--> running
    running --reload line--> reloading                 any powered --reset line--> booting
    any powered --junction above shutdown--> fault     any --power removed--> off

A hung tray (SEFI) stays where it is, with its heartbeat stopped and its lines but reset ignored.
A latch-up draws extra current until power is removed. Lines act on their rising edge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sim.actuators import Actuators, BoolArray, FloatArray
from sim.vehicle import ComputeRack

OFF, BOOTING, RUNNING, RELOADING, FAULT = range(5)


@dataclass(frozen=True, slots=True)
class TrayModes:
    """Modes, arrays (S, T), and what follows from them. Replaced only when something happens."""

    mode: npt.NDArray[np.int8]
    timer_s: FloatArray  # left of booting or reloading
    hung: BoolArray
    latchup: BoolArray  # draws the latch-up current
    powered: BoolArray
    lines: Actuators | None  # of the step before, for edges
    settled: bool  # nothing happens until lines, power or upsets change
    active: FloatArray  # 1 where the tray computes
    alive: FloatArray  # 1 where its heartbeat advances
    floor_w: FloatArray  # power without work


def derive(
    rack: ComputeRack,
    mode: npt.NDArray[np.int8],
    timer_s: FloatArray,
    hung: BoolArray,
    latchup: BoolArray,
    powered: BoolArray,
    lines: Actuators | None,
) -> TrayModes:
    """Modes with everything that follows from them."""
    well = ~hung
    running = mode == RUNNING
    waiting = (mode == BOOTING) | (mode == RELOADING)
    return TrayModes(
        mode=mode,
        timer_s=timer_s,
        hung=hung,
        latchup=latchup,
        powered=powered,
        lines=lines,
        settled=not bool((waiting & well).any()),
        active=(running & well).astype(np.float64),
        alive=((running | (mode == RELOADING)) & well).astype(np.float64),
        floor_w=powered.astype(np.float64) * rack.tray_idle_w,
    )


def initial_modes(rack: ComputeRack, satellites: int, running: bool) -> TrayModes:
    """All trays off, or all running."""
    shape = (satellites, rack.trays)
    return derive(
        rack,
        mode=np.full(shape, RUNNING if running else OFF, np.int8),
        timer_s=np.zeros(shape),
        hung=np.zeros(shape, np.bool_),
        latchup=np.zeros(shape, np.bool_),
        powered=np.full(shape, running),
        lines=None,
    )


def advance(
    rack: ComputeRack,
    modes: TrayModes,
    actuators: Actuators,
    powered: BoolArray,
    overheated: BoolArray,
    dt_s: float,
) -> tuple[TrayModes, BoolArray, BoolArray]:
    """New modes, trays whose weights were rewritten, trays asked for a digest check."""
    before = modes.lines
    if before is None:
        reset, scrub, reload = actuators.tray_reset, actuators.tray_scrub, actuators.tray_reload
    else:
        reset = actuators.tray_reset & ~before.tray_reset
        scrub = actuators.tray_scrub & ~before.tray_scrub
        reload = actuators.tray_reload & ~before.tray_reload
    hung = modes.hung & powered & ~reset
    latchup = modes.latchup & powered
    mode = modes.mode
    timer_s = np.where(hung, modes.timer_s, np.maximum(modes.timer_s - dt_s, 0.0))
    done = (timer_s <= 0.0) & ~hung & powered
    rewritten = done & (mode == RELOADING)
    loaded = done & (mode == BOOTING)
    asked = reload & (mode == RUNNING) & ~hung & powered
    booting = powered & ((mode == OFF) | reset)
    mode = np.where(rewritten, RUNNING, mode)
    mode = np.where(loaded | asked, RELOADING, mode)
    mode = np.where(overheated & powered, FAULT, mode)
    mode = np.where(booting, BOOTING, mode)
    mode = np.where(powered, mode, OFF).astype(np.int8)
    timer_s = np.where(loaded | asked, rack.reload_s, timer_s)
    timer_s = np.where(booting, rack.boot_s, timer_s) * powered
    checked = scrub & (mode == RUNNING) & ~hung
    derived = derive(rack, mode, timer_s, hung, latchup, powered, actuators)
    return derived, rewritten & powered, checked


def hang(modes: TrayModes, where: tuple[int, int]) -> TrayModes:
    """Modes with the tray at `where` (satellite, tray) hung."""
    hung = modes.hung.copy()
    hung[where] = True
    return replace(modes, hung=hung, active=modes.active * ~hung, alive=modes.alive * ~hung)


def latch_up(modes: TrayModes, where: tuple[int, int]) -> TrayModes:
    """Modes with the tray at `where` (satellite, tray) latched up."""
    latchup = modes.latchup.copy()
    latchup[where] = True
    return replace(modes, latchup=latchup)
