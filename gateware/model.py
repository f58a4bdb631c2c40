"""Golden model of the payload controller: registers, trips, watchdog, safe state, command lines.

Written from the register map, never from the Verilog, so that the two can be compared. Time is
counted in ticks; within a tick the order is uptime, inter-byte timeout and hang of the link,
command lines, over-temperature, watchdog, memory scrubber, scanner of the configuration frames.
Over-current is evaluated after every change.

The actuator vector, big-endian: u32 tray power, reset, scrub and reload lines (bit i = tray i), u16
pump A, pump B, bypass, heater, u32 flags (bit 0 = safe, bit 1 = a trip is latched), u32 cap word of
each tray.
"""

from __future__ import annotations

from struct import Struct

from fsw import registers as r
from fsw.register_map import Region, Register
from gateware.model_frames import WORDS as FRAMES_WORDS
from gateware.model_frames import ConfigurationFrames
from gateware.model_injection import LinkFaults
from gateware.model_lines import RELOAD, RESET, SCRUB, CommandLines
from gateware.model_link import SILENT_TICKS_MAX, FrameReceiver, RmapTarget
from gateware.model_memory import CODEWORD_MASK, WORDS, ProtectedMemory
from gateware.model_sensors import SensorStore
from gateware.model_trips import Trips
from gateware.model_watchdog import Watchdog
from gateware.triplication import (
    CAPS_FIRST,
    STATE_FIRST,
    TriplicatedRegister,
    triplicated,
    triplicated_register,
)

TRAYS_MAX = 32

_MASK16 = 0xFFFF
_MASK32 = 0xFFFF_FFFF
_ENABLE = 1 << 31
_HEATER_FULL = 0xFFFF
_POWER_ON, _EXTERNAL_RESET = 1, 2  # bits of diagnostics.reset_cause
_QUIET = 1 << 62  # more ticks than anybody asks for

_FAST_HEAD = Struct(">4I")
_FAST_TAIL = Struct(">3I")
_CONTROL_REGISTERS = tuple(reg for reg in r.REGISTERS if reg.name.startswith("control."))
_RESETS = tuple(register.reset for register in _CONTROL_REGISTERS)
_MASKS = tuple(
    sum(field.maximum << field.lsb for field in register.fields) for register in _CONTROL_REGISTERS
)


def _index(register: Register) -> int:
    return (register.address - r.CONTROL.base) // 4


_POWER_SWITCH = _index(r.CONTROL_POWER_SWITCH)
_PUMP_DRIVE = _index(r.CONTROL_PUMP_DRIVE)
_THERMAL_DRIVE = _index(r.CONTROL_THERMAL_DRIVE)
_SAFE_DRIVE = _index(r.CONTROL_SAFE_DRIVE)
_THERMOSTAT = _index(r.CONTROL_THERMOSTAT)
_TEMPERATURE_LIMIT = _index(r.CONTROL_OVER_TEMPERATURE_LIMIT)
_DEBOUNCE = _index(r.CONTROL_OVER_TEMPERATURE_DEBOUNCE)
_CURRENT_LIMIT = _index(r.CONTROL_OVER_CURRENT_LIMIT)
_WATCHDOG = _index(r.CONTROL_WATCHDOG)
_SCRUB = _index(r.CONTROL_SCRUB)
_CONFIG_SCAN = _index(r.CONTROL_CONFIG_SCAN)
_ENABLE_BITS = {_WATCHDOG: 16, _SCRUB: 16, _CONFIG_SCAN: 8}
_COPY_WORDS = 64  # of region flip_registers to a copy
_LINES = {
    r.COMMAND_TRAY_RESET.address: RESET,
    r.COMMAND_TRAY_SCRUB.address: SCRUB,
    r.COMMAND_TRAY_RELOAD.address: RELOAD,
}


class ControllerModel:
    """The controller behind its byte stream: `put` bytes, `tick`, set sensors, see actuators."""

    def __init__(
        self, trays: int = 18, tick_hz: int = 100, build_id: int = 0, flight: bool = False
    ) -> None:
        """`flight` leaves the test key out. Raises ValueError on an impossible number of trays."""
        if not 1 <= trays <= TRAYS_MAX:
            raise ValueError(f"trays = {trays}, must be 1 to {TRAYS_MAX}")
        self.trays = trays
        self._flight = flight
        self._tray_mask = (1 << trays) - 1
        self._actuator_struct = Struct(f">4I4HI{trays}I")
        config = tick_hz << 16 | (4 * WORDS // 1024) << 8 | trays
        self._identity = (r.IDENTITY_ID.reset, r.IDENTITY_VERSION.reset, config, build_id)
        self._regions = tuple((region, region.base, region.end(trays)) for region in r.REGIONS)
        self._registers = {reg.number: reg for reg in triplicated(trays).values()}
        self._power_up()
        self._reset_cause = _POWER_ON

    def reset(self) -> None:
        """Everything as after power-up, the sensor vector at zero; only the reset cause differs."""
        self._power_up()
        self._reset_cause = _EXTERNAL_RESET

    def _power_up(self) -> None:
        self.memory = ProtectedMemory()
        self.frames = ConfigurationFrames(_RESETS[_CONFIG_SCAN])
        self._receiver = FrameReceiver()
        self._rmap = RmapTarget(self, self._flight)
        self._link_faults = LinkFaults(self._receiver)
        self._control = list(_RESETS)
        self._caps = [r.TRAY_CONTROL_CAP.reset] * self.trays
        self._uptime = 0
        self._watchdog = Watchdog(_RESETS[_WATCHDOG])
        self._scrub_ticks = 0
        self._lines = CommandLines()
        self._trips = Trips(self.trays)
        self._mismatches = 0
        self._last_repaired = 0
        self._powered = 0
        self._sensors = SensorStore(self.trays)
        self._compare_temperatures()
        self._compare_currents()

    # The bench's side

    def put(self, data: bytes) -> bytes:
        """Bytes into the receiver; the bytes it sends in return."""
        sent = b""
        for packet in self._receiver.feed(data):
            reply = self._rmap.execute(packet)
            if reply is not None:
                sent += self._link_faults.frame(reply)
            self._link_faults.end_command()
        return sent

    def uart_error(self) -> None:
        """A character of the current frame was lost to a UART error."""
        self._receiver.flag_uart_error()

    def tick(self, count: int = 1) -> None:
        """Let ticks pass."""
        while count > 0:
            quiet = min(count, self._quiet_ticks())
            if quiet:
                self._pass_ticks(quiet)
                count -= quiet
            if count:
                self._eventful_tick()
                count -= 1

    def set_sensors(self, sensors: bytes) -> None:
        """Samples of the front end. Raises ValueError when their length does not fit the trays."""
        self._sensors.present(sensors)
        self._see_sensors()

    def actuators(self) -> bytes:
        """The actuator vector as it is now."""
        control = self._control
        if self._watchdog.safe:
            pump_a, bypass = control[_SAFE_DRIVE] >> 16, control[_SAFE_DRIVE] & _MASK16
            pump_b = 0
        else:
            pump_a, pump_b = control[_PUMP_DRIVE] >> 16, control[_PUMP_DRIVE] & _MASK16
            bypass = control[_THERMAL_DRIVE] >> 16
        return self._actuator_struct.pack(
            self._powered,
            *self._lines.driven,
            pump_a,
            pump_b,
            bypass,
            self._heater(),
            bool(self._trips.latched) << 1 | self._watchdog.safe,
            *self._caps,
        )

    def flip_memory(self, word: int, mask: int) -> int:
        """XOR a stored codeword with a 39-bit mask; the codeword as it is then."""
        if not 0 < mask <= CODEWORD_MASK:
            raise ValueError(f"mask = {mask:#x}, must be 1 to {CODEWORD_MASK:#x}")
        codeword = self.peek_memory(word) ^ mask
        self.memory.flip(word, mask)
        return codeword

    def peek_memory(self, word: int) -> int:
        """A stored codeword, without the side effects of a read."""
        if not 0 <= word < WORDS:
            raise IndexError(f"memory word = {word}, must be 0 to {WORDS - 1}")
        return self.memory.codewords[word]

    def flip_config(self, word: int, mask: int) -> int:
        """XOR a stored word of the configuration frames with a 32-bit mask; the word then.

        Beside the link: the scanner's state is not that of an injection.
        """
        if not 0 < mask <= _MASK32:
            raise ValueError(f"mask = {mask:#x}, must be 1 to {_MASK32:#x}")
        stored = self.peek_config(word) ^ mask
        self.frames.flip(word, mask)
        return stored

    def peek_config(self, word: int) -> int:
        """A stored word of the configuration frames."""
        if not 0 <= word < FRAMES_WORDS:
            raise IndexError(f"frame word = {word}, must be 0 to {FRAMES_WORDS - 1}")
        return self.frames.words[word]

    def flip_register(self, name: str, copy: str, mask: int) -> int:
        """XOR one copy ("a", "b", "c") of a triplicated register; the copy as it is then.

        The next clock, which does not wait for a tick, repairs and counts it. Raises KeyError and
        ValueError for what does not exist (see `gateware.triplication`).
        """
        register = triplicated_register(name, self.trays)
        register.check(copy, mask)
        self._repair(register)
        return self._triplicated_value(register.name, register.number) ^ mask

    def _repair(self, register: TriplicatedRegister) -> None:
        """Count the repair of an upset copy, which has acted on nothing."""
        self._mismatches = self._mismatches + 1 & _MASK16
        self._last_repaired = register.number

    def _triplicated_value(self, name: str, number: int) -> int:
        """Content of a triplicated register, its flip-flops as one number."""
        if number >= CAPS_FIRST:
            return self._caps[number - CAPS_FIRST]
        if number < STATE_FIRST:
            word = self._control[number]
            shift = _ENABLE_BITS.get(number)  # where the enable bit is kept
            return word if shift is None else word >> 31 << shift | word & (1 << shift) - 1
        return {
            "safe": int(self._watchdog.safe),
            "watchdog_ticks": self._watchdog.ticks,
            "over_temperature": self._trips.over_temperature,
            "over_current": self._trips.over_current,
            **dict(
                zip(("reset_lines", "scrub_lines", "reload_lines"), self._lines.driven, strict=True)
            ),
        }[name]

    # The link's side (gateware.model_link.AddressSpace)

    def permits(self, key: int, address: int, length: int, read: bool, write: bool) -> bool:
        """Whether these bytes lie inside one region of this key with the needed access."""
        for region, base, end in self._regions:
            if base <= address < end:
                return (
                    key == region.key
                    and address + length <= end
                    and (not read or "r" in region.access)
                    and (not write or "w" in region.access)
                )
        return False

    def read(self, address: int, length: int, increment: bool) -> bytes:
        """Words from `address` on, or the same word again and again."""
        region, base = next(entry[:2] for entry in self._regions if entry[1] <= address < entry[2])
        offset = address - base
        if region is r.MEMORY:
            step = 1 if increment else 0
            return b"".join(
                self.memory.read(offset // 4 + step * i).to_bytes(4, "big")
                for i in range(length // 4)
            )
        block = self._block(region)
        if increment:
            return block[offset : offset + length]
        return block[offset : offset + 4] * (length // 4)

    def write_word(self, address: int, word: int) -> None:
        """Write one word, with all that follows from it."""
        if address >= r.STIMULUS_RACK.base:
            self._inject(address, word)
        elif address >= r.ESSENTIAL_BITS.base:
            self.frames.essential[(address - r.ESSENTIAL_BITS.base) // 4] = word
        elif address >= r.CONFIG_FRAMES.base:
            self.frames.write((address - r.CONFIG_FRAMES.base) // 4, word)
        elif address >= r.MEMORY.base:
            self.memory.write((address - r.MEMORY.base) // 4, word)
        elif address >= r.TRAY_CONTROL.base:
            self._caps[(address - r.TRAY_CONTROL.base) // 4] = word
        elif address >= r.COMMAND.base:
            self._command(address, word)
            self._settle()
        else:
            self._write_control((address - r.CONTROL.base) // 4, word)
            self._settle()

    def _inject(self, address: int, word: int) -> None:
        """Write a word behind the test key."""
        if address >= r.FLIP_CONFIG.base:
            self.frames.inject((address - r.FLIP_CONFIG.base) // 4, word)
        elif address >= r.FLIP_CHECK.base:
            check_bits = word << 32 & CODEWORD_MASK
            self.memory.flip((address - r.FLIP_CHECK.base) // 4, check_bits)
        elif address >= r.FLIP_MEMORY.base:
            self.memory.flip((address - r.FLIP_MEMORY.base) // 4, word)
        elif address >= r.FLIP_REGISTERS.base:
            number = (address - r.FLIP_REGISTERS.base) // 4 % _COPY_WORDS
            register = self._registers.get(number)
            if register is not None and word & register.mask:
                self._repair(register)
        elif address == r.INJECTION_LINK_HANG.address:
            self._link_faults.write_link_hang(word)
        elif address == r.INJECTION_REPLY_FAULT.address:
            self._link_faults.write_reply_fault(word)
        elif address == r.INJECTION_SENSOR_FAULT.address:
            self._sensors.set_fault(**r.INJECTION_SENSOR_FAULT.unpack(word))
        elif address == r.INJECTION_SOURCE.address:
            self._sensors.stimulus_only = bool(word & 1)
        else:  # the two regions of stimulus follow each other as the parts of the sensor vector do
            self._sensors.stimulate((address - r.STIMULUS_RACK.base) // 4, word)
            self._see_sensors()

    def _block(self, region: Region) -> bytes:
        """A readable region of registers as it is now."""
        if region is r.FAST:
            return self._fast_block()
        if region is r.TRAYS:
            return self._sensors.tray_block(
                self._powered, self._trips.over_temperature, self._trips.over_current
            )
        if region is r.CONTROL:
            words = self._control
        elif region is r.TRAY_CONTROL:
            words = self._caps
        elif region is r.IDENTITY:
            words = [*self._identity, self._uptime, not self._flight]
        elif region is r.ACTUATORS:
            return self.actuators()[: r.ACTUATORS.size]
        elif region is r.CONFIG_FRAMES:
            words = self.frames.words
        elif region is r.ESSENTIAL_BITS:
            words = self.frames.essential
        else:
            words = self._diagnostics()
        return b"".join(word.to_bytes(4, "big") for word in words)

    def _fast_block(self) -> bytes:
        memory, receiver, trips = self.memory, self._receiver, self._trips
        status = (
            (self._uptime & _MASK16) << 16
            | self.frames.damaged << 6
            | self._watchdog.expired << 5
            | bool(self._heater()) << 4
            | memory.memory_error >> 31 << 3
            | self._watchdog.enabled << 2
            | bool(trips.latched) << 1
            | self._watchdog.safe
        )
        return b"".join(
            (
                _FAST_HEAD.pack(status, trips.over_temperature, trips.over_current, self._powered),
                self._sensors.rack[:12],
                self._sensors.hottest(self._powered),
                self._sensors.rack[12:],
                _FAST_TAIL.pack(
                    memory.corrected << 16 | memory.uncorrectable,
                    receiver.received << 16 | receiver.dropped,
                    trips.count << 16 | self._rmap.commands,
                ),
            )
        )

    def _diagnostics(self) -> list[int]:
        receiver, rmap, memory = self._receiver, self._rmap, self.memory
        return [
            receiver.crc_errors << 16 | receiver.framing_errors,
            receiver.oversize_errors << 16 | rmap.discarded,
            rmap.refused << 16 | rmap.last_status,
            self._watchdog.expirations << 16 | self._watchdog.bad_kicks,
            memory.memory_error,
            memory.passes << 16 | memory.next_word,
            memory.memory_uncorrectable,
            self._mismatches << 16 | self._last_repaired,
            self._reset_cause,
            *self.frames.diagnostics(),
        ]

    # Writes

    def _write_control(self, index: int, word: int) -> None:
        word &= _MASKS[index]
        if index == _POWER_SWITCH:
            word &= self._tray_mask
        self._control[index] = word
        if index == _WATCHDOG:
            self._watchdog.configure(word)
        elif index == _SCRUB:
            self._scrub_ticks = 0
        elif index == _CONFIG_SCAN:
            self.frames.configure(word)
        elif index == _TEMPERATURE_LIMIT:
            self._compare_temperatures()
        elif index == _CURRENT_LIMIT:
            self._compare_currents()

    def _command(self, address: int, word: int) -> None:
        if address == r.COMMAND_WATCHDOG_KICK.address:
            self._watchdog.kick(word)
        elif address == r.COMMAND_SAFE.address:
            self._watchdog.command(word)
        elif address == r.COMMAND_OVER_TEMPERATURE_CLEAR.address:
            self._trips.over_temperature &= ~word
        elif address == r.COMMAND_OVER_CURRENT_CLEAR.address:
            self._trips.over_current &= ~word
        else:
            self._lines.drive(_LINES[address], word & self._tray_mask)

    # Consequences

    def _see_sensors(self) -> None:
        """Act on samples that have been taken."""
        self._compare_temperatures()
        self._compare_currents()
        self._settle()

    def _heater(self) -> int:
        """Heater drive: the thermostat goes before the safe state, that before the command."""
        if self._sensors.coolant_supply_a < self._control[_THERMOSTAT]:
            return _HEATER_FULL
        return 0 if self._watchdog.safe else self._control[_THERMAL_DRIVE] & _MASK16

    def _compare_temperatures(self) -> None:
        limits = self._control[_TEMPERATURE_LIMIT]
        self._trips.too_hot = self._sensors.above_temperature(limits >> 16, limits & _MASK16)

    def _compare_currents(self) -> None:
        self._trips.too_much = self._sensors.above_current(self._control[_CURRENT_LIMIT])

    def _settle(self) -> None:
        """Latch over-currents, then work out which trays are powered."""
        self._powered = self._load_switches()
        if self._trips.trip_over_current(self._powered):
            self._powered = self._load_switches()

    def _load_switches(self) -> int:
        if self._watchdog.safe:
            return 0
        return self._control[_POWER_SWITCH] & ~self._trips.latched

    # Ticks

    def _quiet_ticks(self) -> int:
        """Ticks from now on that only advance counters."""
        if self._powered & self._trips.too_hot or self._trips.debouncing:
            return 0
        quiet = _QUIET
        if self._receiver.in_progress:
            quiet = SILENT_TICKS_MAX - 1 - self._receiver.silent_ticks
        quiet = self._lines.quiet_ticks(quiet)
        quiet = self._watchdog.quiet_ticks(quiet)
        scrub = self._control[_SCRUB]
        if scrub & _ENABLE:
            quiet = min(quiet, max(scrub & _MASK16, 1) - 1 - self._scrub_ticks)
        return quiet

    def _pass_ticks(self, count: int) -> None:
        """Advance every running counter; of several ticks none brings a counter to its end."""
        self._uptime = self._uptime + count & _MASK32
        self._receiver.pass_ticks(count)
        self._lines.pass_ticks(count)
        self._watchdog.pass_ticks(count)
        if self._control[_SCRUB] & _ENABLE:
            self._scrub_ticks += count
        self.frames.pass_ticks(count)  # nothing else in a tick looks at them

    def _eventful_tick(self) -> None:
        """One tick in full."""
        powered = self._powered
        self._pass_ticks(1)
        self._trips.tick(powered, self._control[_DEBOUNCE])
        self._watchdog.expire()
        if self._scrub_ticks >= max(self._control[_SCRUB] & _MASK16, 1):
            self._scrub_ticks = 0
            self.memory.scrub()
        self._settle()
