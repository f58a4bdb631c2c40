"""TI ADS8688 ADCs behind a chip select decoder, down to the edges and nanoseconds of their SPI.

Datasheet: SBAS582C, "Data Acquisition Example", "Frame Abort Condition", "Command Register Map",
"Timing Requirements: Serial Interface". A broken limit, or a command that a scan has no use for, is
a violation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cocotb
from cocotb.triggers import Timer, ValueChange
from cocotb.utils import get_sim_time

CHANNELS = 8
CLOCKS = 32  # of a frame
COMMAND_CLOCKS = 16
RST = 0x8500
MAN_CH = 0xC000  # channel in bits 12:10
INVALID = 0xDEAD  # a result without a channel; the datasheet leaves it open

SCLK_PERIOD_PS = 58_824  # least: 17 MHz
SCLK_WIDTH_PS = 23_600  # least, high or low: 0.4 periods of 59 ns
CYCLE_PS = 2_000_000  # least, from conversion to conversion of one ADC
CONVERSION_PS = 850_000  # most, from CS falling
CS_HIGH_PS = 30_000  # least
CS_TO_FALL_PS = 30_000  # least, CS falling to SCLK falling
FALL_TO_CS_PS = 10_000  # least, last SCLK falling to CS rising
SDI_PS = 5_000  # least, setup and hold around SCLK falling
SDO_HOLD_PS = 10_000  # SDO may change this early after SCLK falling
SDO_VALID_PS = 34_000  # SDO is valid this late: the period less 25 ns of setup
# Of the board, not of the ADC: pins of the FPGA and wires there and back; decoder such as 74HC154.
ROUND_TRIP_PS = 15_000
DECODER_PS = 30_000


@dataclass(frozen=True)
class Sample:
    """One conversion; channel is None when no channel was selected."""

    device: int
    channel: int | None
    code: int


class Adc:
    """Protocol of one ADC; the board calls it at the edges."""

    def __init__(self) -> None:
        self.inputs = [0] * CHANNELS  # codes
        self.selected: int | None = None  # None: waits for a command
        self.clocks = 0
        self.resets = 0
        self.aborts = 0
        self._command = 0
        self._result = 0

    def power_cycle(self) -> None:
        """Lose the selection, between two frames."""
        self.selected = None

    def begin(self) -> int:
        """CS falls: the input is sampled. Its code."""
        self.clocks = self._command = 0
        self._result = INVALID if self.selected is None else self.inputs[self.selected]
        return self._result

    def fall(self, sdi: int) -> int:
        """SCLK falls. The bit put on SDO by it."""
        self.clocks += 1
        if self.clocks <= COMMAND_CLOCKS:
            self._command = self._command << 1 | sdi
        shift = CLOCKS - 1 - self.clocks
        return self._result >> shift & 1 if 0 <= shift < COMMAND_CLOCKS else 0

    def end(self) -> str:
        """CS rises: the command is executed. What was wrong with the frame, or ""."""
        if self.clocks != CLOCKS:
            self.aborts += 1
            self.selected = None
            return f"{self.clocks} clocks in a frame"
        if self._command == RST:
            self.resets += 1
            self.selected = None
        elif self._command & ~0x1C00 == MAN_CH:
            self.selected = self._command >> 10 & 7
        else:
            return f"command {self._command:04X}"
        return ""


class AdcBoard:
    """ADCs on the pins of a front end: `cs_n`, `device`, `sclk`, `mosi`, `miso` of a lane."""

    def __init__(self, lane: Any, devices: int) -> None:
        self.lane = lane
        self.adcs = [Adc() for _ in range(devices)]
        self.samples: list[Sample] = []  # as they were taken, all devices
        self.violations: list[str] = []
        self.stuck: int | None = None  # level of an SDO line that follows nothing
        self.fastest_sclk_ps = 1 << 62
        self._selected: int | None = None
        self._began = [-CYCLE_PS] * devices  # last falling edge of CS
        self._changed = dict.fromkeys(("cs", "device", "mosi", "rise", "fall"), -CYCLE_PS)
        self._launches = 0

    def start(self) -> AdcBoard:
        """Watch the pins from now on."""
        for name, action in (
            ("cs_n", self._select),
            ("device", self._redirect),
            ("sclk", self._clock),
            ("mosi", self._data),
        ):
            cocotb.start_soon(self._on_change(getattr(self.lane, name), action))
        return self

    async def _on_change(self, handle: Any, action: Any) -> None:
        change = ValueChange(handle)
        while True:
            await change
            action(int(get_sim_time("ps")))

    def _require(self, least_ps: int, since: str, now: int, what: str) -> None:
        elapsed = now - self._changed[since]
        if elapsed < least_ps:
            self._violation(now, f"{what} after {elapsed} ps, must be at least {least_ps}")

    def _violation(self, now: int, what: str) -> None:
        self.violations.append(f"at {now} ps, device {self.lane.device.value}: {what}")

    def _select(self, now: int) -> None:
        if self.lane.cs_n.value:
            self._require(FALL_TO_CS_PS, "fall", now, "CS rises")
            self._deselect(now)
        else:
            self._require(CS_HIGH_PS, "cs", now, "CS falls")
            self._require(DECODER_PS, "device", now, "CS falls after its decoder is set")
            self._begin(now)
        self._changed["cs"] = now

    def _redirect(self, now: int) -> None:
        self._require(DECODER_PS, "cs", now, "decoder changes after CS rises")
        self._changed["device"] = now
        if self._selected is not None:
            self._violation(now, "decoder changes while CS is low")
            self._deselect(now)
            self._begin(now)

    def _begin(self, now: int) -> None:
        device = int(self.lane.device.value)
        if device >= len(self.adcs):
            self._violation(now, "no such device")
            return
        if now - self._began[device] < CYCLE_PS:
            self._violation(now, f"conversions {now - self._began[device]} ps apart")
        self._began[device] = now
        self._selected = device
        adc = self.adcs[device]
        self.samples.append(Sample(device, adc.selected, adc.begin()))
        self._launch(0)

    def _deselect(self, now: int) -> None:
        if self._selected is None:
            return
        complaint = self.adcs[self._selected].end()
        if complaint:
            self._violation(now, complaint)
        self._selected = None
        self._launch(1)  # nobody drives: pulled up

    def _clock(self, now: int) -> None:
        if self.lane.sclk.value:
            self._require(SCLK_WIDTH_PS, "fall", now, "SCLK rises")
            self._changed["rise"] = now
            return
        self._require(SCLK_WIDTH_PS, "rise", now, "SCLK falls after it rose")
        self._require(SCLK_PERIOD_PS, "fall", now, "SCLK falls")
        self._require(CS_TO_FALL_PS, "cs", now, "SCLK falls after CS")
        self.fastest_sclk_ps = min(self.fastest_sclk_ps, now - self._changed["fall"])
        self._changed["fall"] = now
        if self._selected is None:
            self._violation(now, "SCLK without CS")
            return
        adc = self.adcs[self._selected]
        if adc.clocks < COMMAND_CLOCKS:
            self._require(SDI_PS, "mosi", now, "SCLK falls after SDI is set")
        bit = adc.fall(int(self.lane.mosi.value))
        if adc.clocks == COMMAND_CLOCKS:
            self._require(CONVERSION_PS, "cs", now, "result is asked for")
        self._launch(bit)

    def _data(self, now: int) -> None:
        self._require(SDI_PS, "fall", now, "SDI changes")
        self._changed["mosi"] = now

    def _launch(self, bit: int) -> None:
        self._launches += 1
        cocotb.start_soon(self._drive(bit, self._launches))

    async def _drive(self, bit: int, launch: int) -> None:
        """SDO as late as it may come, and wrong from as early as it may change until then."""
        await Timer(SDO_HOLD_PS, "ps")
        self._put(1 - bit)
        await Timer(SDO_VALID_PS + ROUND_TRIP_PS - SDO_HOLD_PS, "ps")
        if launch == self._launches:
            self._put(bit)

    def _put(self, level: int) -> None:
        self.lane.miso.value = level if self.stuck is None else self.stuck
