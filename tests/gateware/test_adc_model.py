"""The ADC of the bench itself: what it answers, and what it refuses."""

from __future__ import annotations

import pytest
from adc_model import INVALID, Adc


def frame(adc: Adc, word: int, clocks: int = 32) -> tuple[list[int], str]:
    """One frame with 32 bits on SDI. The bits launched on SDO, and the complaint."""
    adc.begin()
    bits = [adc.fall(word >> 31 - clock & 1) for clock in range(clocks)]
    return bits, adc.end()


@pytest.fixture
def adc() -> Adc:
    adc = Adc()
    adc.inputs = [0x1000 + channel for channel in range(8)]
    adc.inputs[5] = 0x8001
    return adc


def result(bits: list[int]) -> int:
    """Bits of falling edges 16 to 31."""
    return int("".join(map(str, bits[15:31])), 2)


def test_a_channel_comes_in_the_frame_after_its_command(adc: Adc) -> None:
    frame(adc, 0xD400_0000)  # MAN_Ch_5
    bits, complaint = frame(adc, 0xC400_FFFF)  # MAN_Ch_1; what follows the command is not read
    assert bits == [0] * 15 + [1] + [0] * 14 + [1] + [0]
    assert result(frame(adc, 0xC000_0000)[0]) == 0x1001
    assert result(frame(adc, 0)[0]) == 0x1000
    assert complaint == ""


def test_it_waits_for_a_command(adc: Adc) -> None:
    assert result(frame(adc, 0xDC00_0000)[0]) == INVALID
    assert result(frame(adc, 0x8500_0000)[0]) == 0x1007
    assert result(frame(adc, 0xC000_0000)[0]) == INVALID
    assert adc.resets == 1


@pytest.mark.parametrize("clocks", [0, 15, 16, 31])
def test_an_aborted_frame_makes_it_invalid(adc: Adc, clocks: int) -> None:
    frame(adc, 0xC000_0000)
    assert frame(adc, 0xC400_0000, clocks)[1] == f"{clocks} clocks in a frame"
    assert result(frame(adc, 0xC400_0000)[0]) == INVALID
    assert result(frame(adc, 0xC400_0000)[0]) == 0x1001
    assert adc.aborts == 1


@pytest.mark.parametrize("command", [0x0000, 0x8200, 0x8300, 0xA000, 0xE000, 0xC001, 0x4400])
def test_other_commands_are_refused(adc: Adc, command: int) -> None:
    assert frame(adc, command << 16)[1] == f"command {command:04X}"
