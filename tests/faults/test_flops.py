"""Upsets of flip-flops by their names in the Verilog, in the loop."""

from __future__ import annotations

import pytest

from hil.faults.outcome import Outcome
from hil.faults.pytest_items import Satellite


@pytest.fixture
def rtl(satellite: Satellite) -> Satellite:
    """The RTL for 15 s, struck at 10 s."""
    satellite.target = "rtl"
    satellite.duration_s = 15.0
    satellite.expected.append("energy_residual < 1e-6 always")
    return satellite


def strike(satellite: Satellite, **parameters: object) -> None:
    satellite.faults.append({"kind": "upset.flop", "at_s": 10.0, **parameters})


def test_a_copy_is_outvoted(rtl: Satellite) -> None:
    strike(rtl, register="trips.over_temperature.copy_a_q", bit=3)
    result = rtl.fly()
    assert result.outcome is Outcome.CORRECTED
    (injection,) = result.injections
    assert injection.evidence == "trips.over_temperature.copy_a_q read back as 0x8, flipped by 0x8"
    assert injection.detected_by == "controller (voter)"


def test_a_burst_takes_several_registers_and_the_seed_decides_which(rtl: Satellite) -> None:
    strike(rtl, register="rmap_target.*", pattern="burst", bits=5)
    first, second = (rtl.fly().injections[0].evidence for _ in range(2))
    assert first == second
    flips = [int(part.rsplit(" ", 1)[1], 16) for part in first.split("; ")]
    assert sum(mask.bit_count() for mask in flips) == 5 and len(flips) > 1
    rtl.seed = 2
    assert rtl.fly().injections[0].evidence != first


def test_a_register_that_is_not_there(rtl: Satellite) -> None:
    strike(rtl, register="rmap_target.stat_q")
    result = rtl.fly(check=False)
    assert result.outcome is Outcome.TOOL_ERROR and result.injections[0].fired_ns is None
    assert "bad input: upset.flop: no register 'rmap_target.stat_q'; there is" in result.error
