"""Actuator vector: literal bytes of a two-tray rack."""

from __future__ import annotations

import pytest

from sim.actuators import decode

RAW = bytes.fromhex(
    "00000003 00000001 00000002 00000000"  # power both, reset tray 0, scrub tray 1
    "8000 0000 FFFF 1999"  # pump A, pump B, bypass, heater
    "00000001"  # safe
    "6B6D07BC FFFFFFFF"  # caps of tray 0 and 1
)


def test_literal_vector() -> None:
    actuators = decode(RAW, 2)
    assert actuators.tray_power.tolist() == [[True, True]]
    assert actuators.tray_reset.tolist() == [[True, False]]
    assert actuators.tray_scrub.tolist() == [[False, True]]
    assert actuators.tray_reload.tolist() == [[False, False]]
    assert actuators.pump_a.tolist() == [pytest.approx(0.5000076)]
    assert actuators.pump_b.tolist() == [0.0]
    assert actuators.bypass.tolist() == [1.0]
    assert actuators.heater.tolist() == [pytest.approx(0.1, abs=1e-5)]
    assert actuators.safe.tolist() == [True]
    assert actuators.power_cap_w[0].tolist() == pytest.approx([5500.2, 13107.0])
    assert actuators.clock_cap_mhz.tolist() == [[1980.0, 65535.0]]


def test_bit_31_is_tray_31() -> None:
    raw = bytes.fromhex("80000000") + bytes(24 + 4 * 32)
    power = decode(raw, 32).tray_power
    assert power.tolist() == [[False] * 31 + [True]]


def test_equal_vectors_are_one_read_only_object() -> None:
    first = decode(RAW, 2)
    assert decode(bytes(bytearray(RAW)), 2) is first
    with pytest.raises(ValueError, match="read-only"):
        first.tray_power[0, 0] = False


@pytest.mark.parametrize("raw", [b"", RAW[:-1], RAW + b"\0"])
def test_wrong_length(raw: bytes) -> None:
    with pytest.raises(ValueError, match=f"{len(raw)} bytes, must be 36 for 2 trays"):
        decode(raw, 2)
