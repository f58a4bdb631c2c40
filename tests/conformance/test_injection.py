"""Faults that the test key puts in: flips, lost and corrupted replies, a link that hangs."""

import pytest

from fsw import registers as r

from .wire import READ, TEST_KEY, WRITE, command, crc8, crc16, escape, frame

SCRATCH = r.CONTROL_SCRATCH.address
MEMORY = r.MEMORY.base
FLIP_MEMORY, FLIP_CHECK, FLIP_REGISTERS = (
    region.base for region in (r.FLIP_MEMORY, r.FLIP_CHECK, r.FLIP_REGISTERS)
)
COPY_BYTES = 256
DROP, CORRUPT = 1 << 30, 2 << 30
WRITE_SILENT = 0x74  # verified, incrementing, no reply
FOREVER = 0xFFFF


def read(transaction, address=0x0000):
    return command(READ, address, 4, transaction=transaction)


def identity_reply(transaction):
    """Reply packet to `read(transaction)`."""
    header = b"\x67\x01\x0c\x00\xfe" + transaction.to_bytes(2, "big") + bytes((0, 0, 0, 4))
    return header + bytes((crc8(header),)) + b"RKST" + bytes((crc8(b"RKST"),))


def corrupted(packet):
    """Bytes on the wire of a reply whose CRC-16 is wrong in bit 0."""
    return b"\xc0" + escape(packet + (crc16(packet) ^ 1).to_bytes(2, "big")) + b"\xc0"


class TestMemory:
    @pytest.fixture(autouse=True)
    def quiet(self, link):
        link.set(r.CONTROL_SCRUB, 0)

    def test_flips_are_neither_checked_nor_counted(self, injection, stimulus):
        injection.set(MEMORY + 4 * 9, 0xDEAD_BEEF)
        clean = stimulus.codeword(9)
        injection.inject(FLIP_MEMORY + 4 * 9, 0x8000_0001)
        assert stimulus.codeword(9) == clean ^ 0x8000_0001
        injection.inject(FLIP_CHECK + 4 * 9, 0xFFFF_FF41)
        assert stimulus.codeword(9) == clean ^ 0x41_8000_0001
        assert injection.word(r.FAST_MEMORY_ERRORS) == 0
        assert injection.word(r.DIAGNOSTICS_MEMORY_ERROR) == 0

    @pytest.mark.parametrize("word", [0, 1, 512, 1023])
    def test_one_bit_is_corrected_when_read(self, injection, word):
        injection.set(MEMORY + 4 * word, 0x1234_5678)
        injection.inject(FLIP_MEMORY + 4 * word, 1 << 7)
        before = injection.fields(r.FAST_MEMORY_ERRORS)["corrected"]
        assert injection.word(MEMORY + 4 * word) == 0x1234_5678
        assert injection.fields(r.FAST_MEMORY_ERRORS)["corrected"] == before + 1 & 0xFFFF
        injection.inject(FLIP_CHECK + 4 * word, 1 << 6)
        assert injection.word(MEMORY + 4 * word) == 0x1234_5678
        assert injection.fields(r.FAST_MEMORY_ERRORS)["corrected"] == before + 2 & 0xFFFF
        error = injection.fields(r.DIAGNOSTICS_MEMORY_ERROR)
        assert (error["word"], error["syndrome"]) == (word, 0x40)

    def test_many_words_in_one_write(self, injection, stimulus):
        injection.inject(FLIP_MEMORY + 4 * 100, *range(1, 65))
        injection.inject(FLIP_CHECK + 4 * 100, *range(1, 65))
        expected = [n | n << 32 for n in range(1, 65)]
        assert [stimulus.codeword(100 + n) for n in range(64)] == expected
        assert stimulus.codeword(99) == stimulus.codeword(164) == 0

    def test_the_same_flip_twice_is_none(self, injection, stimulus):
        for _ in range(2):
            injection.inject(FLIP_MEMORY, 0xFFFF_FFFF)
            injection.inject(FLIP_CHECK, 0x7F)
        assert stimulus.codeword(0) == 0


class TestRegisters:
    NUMBERS = [
        (0, 0),
        pytest.param(0, 7, marks=pytest.mark.trays(8)),
        *((number, bit) for number in (1, 2, 3, 4, 5, 6, 7) for bit in (0, 7)),
        *((number, 16) for number in (8, 9)),
        *((11, 8), (16, 0), (17, 15), (18, 0), (19, 0), (20, 0), (21, 0), (22, 0), (32, 31)),
    ]

    @pytest.mark.parametrize("copy", range(3))
    @pytest.mark.parametrize("number, bit", NUMBERS)
    def test_a_flip_is_repaired_and_counted(self, injection, copy, number, bit):
        before = injection.fields(r.DIAGNOSTICS_VOTER)["mismatches"]
        registers = injection.read(r.CONTROL.base, 48), injection.read(r.TRAY_CONTROL.base, 4)
        injection.inject(FLIP_REGISTERS + COPY_BYTES * copy + 4 * number, 1 << bit)
        voter = injection.fields(r.DIAGNOSTICS_VOTER)
        assert voter == {"mismatches": before + 1 & 0xFFFF, "register": number}
        assert (
            injection.read(r.CONTROL.base, 48),
            injection.read(r.TRAY_CONTROL.base, 4),
        ) == registers

    def test_outputs_do_not_show_it(self, injection, stimulus):
        injection.set(r.CONTROL_POWER_SWITCH, 3)
        before = stimulus.actuators()
        for number in (0, 1, 16, 18, 19, 20, 21, 22, 32):
            for copy in range(3):
                injection.inject(FLIP_REGISTERS + COPY_BYTES * copy + 4 * number, 0xFFFF_FFFF)
        assert stimulus.actuators() == before
        assert injection.fields(r.DIAGNOSTICS_VOTER) == {"mismatches": 27, "register": 32}

    def test_what_does_not_exist_is_ignored(self, injection, stimulus, trays):
        missing = [*range(12, 16), *range(23, 32), *range(32 + trays, 64), 10]
        for number in missing:
            injection.inject(FLIP_REGISTERS + 4 * number, 0xFFFF_FFFF)
        widths = {0: trays, 4: 16, 6: 8, 7: 16, 8: 17, 9: 17, 11: 9, 16: 1, 17: 16}
        widths |= dict.fromkeys((18, 20, 21, 22), trays)
        for number, width in widths.items():
            beyond = 0xFFFF_FFFF << width & 0xFFFF_FFFF
            injection.inject(FLIP_REGISTERS + COPY_BYTES + 4 * number, beyond)
            injection.inject(FLIP_REGISTERS + COPY_BYTES + 4 * number, 0)
        assert injection.fields(r.DIAGNOSTICS_VOTER)["mismatches"] == 0

    def test_every_word_of_a_write_counts(self, injection, stimulus):
        """One after the other: numbers 0 to 63, of which 10, 12 to 15, 23 to 31 are none."""
        injection.inject(FLIP_REGISTERS + 2 * COPY_BYTES, *[1] * 23)
        assert injection.fields(r.DIAGNOSTICS_VOTER) == {"mismatches": 18, "register": 22}

    def test_the_watchdog_runs_on(self, injection, stimulus):
        injection.set(r.CONTROL_WATCHDOG, 1 << 31 | 5)
        stimulus.ticks(4)
        injection.inject(FLIP_REGISTERS + 4 * 17, 0xFFFF)
        assert injection.fields(r.FAST_STATUS)["safe"] == 0
        stimulus.ticks(1)
        assert injection.fields(r.FAST_STATUS)["safe"] == 1


class TestReplies:
    def is_dropped(self, link, packet):
        """Send; True when the next reply is that to a read behind it."""
        link.send(packet)
        link.send(read(0xBEEF))
        return link.reply()[5:7] == b"\xbe\xef"

    def test_the_next_replies_are_dropped(self, injection):
        """Not the one to the fault itself, which `inject` waits for."""
        injection.inject(r.INJECTION_REPLY_FAULT, DROP | 3)
        for transaction in range(4):
            injection.send(read(transaction))
        assert injection.reply() == identity_reply(3)

    def test_commands_act_as_ever(self, injection):
        before = injection.fields(r.FAST_ACTIVITY)["commands"]
        injection.inject(r.INJECTION_REPLY_FAULT, DROP | 1)
        assert self.is_dropped(
            injection, command(WRITE, SCRATCH, 4, bytes.fromhex("12345678"), transaction=1)
        )
        assert injection.word(SCRATCH) == 0x1234_5678
        # the read before, the fault, the write, the read behind it, the scratch register
        assert injection.fields(r.FAST_ACTIVITY)["commands"] == before + 5 & 0xFFFF

    def test_the_crc_is_wrong_in_its_last_bit(self, injection):
        injection.inject(r.INJECTION_REPLY_FAULT, CORRUPT | 2)
        wire = corrupted(identity_reply(0x1234))
        for _ in range(2):
            injection.send(read(0x1234))
            assert injection.port.read(len(wire)) == wire
        assert injection.exchange(read(0x1234)) == identity_reply(0x1234)

    def test_a_wrong_crc_is_escaped_as_it_is_sent(self, injection):
        """The CRC-16 ends in an END or ESC only when it is wrong, or only when it is right."""
        last = {identity: crc16(identity_reply(identity)) & 0xFF for identity in range(2000)}
        for byte in (0xC0, 0xC1, 0xDA, 0xDB):
            transaction = next(number for number, end in last.items() if end == byte)
            injection.inject(r.INJECTION_REPLY_FAULT, CORRUPT | 1)
            wire = corrupted(identity_reply(transaction))
            injection.send(read(transaction))
            assert injection.port.read(len(wire)) == wire

    def test_refusals_are_replies(self, injection):
        refusal = bytes.fromhex("67010c03fe1234000000008d00")
        packet = command(READ, SCRATCH, 4, key=0x21, transaction=0x1234)
        injection.inject(r.INJECTION_REPLY_FAULT, CORRUPT | 1)
        injection.send(packet)
        wire = corrupted(refusal)
        assert injection.port.read(len(wire)) == wire
        injection.inject(r.INJECTION_REPLY_FAULT, DROP | 1)
        assert self.is_dropped(injection, packet)
        assert injection.exchange(packet) == refusal

    def test_what_has_no_reply_takes_none(self, injection):
        injection.inject(r.INJECTION_REPLY_FAULT, DROP | 1)
        injection.send(command(WRITE_SILENT, SCRATCH, 4, bytes(4)))
        injection.send(b"\xfe")  # discarded
        injection.send_raw(b"\xc0\x01\x02\x03\xc0")  # dropped
        assert self.is_dropped(injection, read(1))
        injection.assert_silent()

    def test_a_fault_written_without_a_reply_begins_with_the_next_command(self, injection):
        data = (DROP | 1).to_bytes(4, "big")
        address = r.INJECTION_REPLY_FAULT.address
        injection.send(command(WRITE_SILENT, address, 4, data, key=TEST_KEY))
        assert self.is_dropped(injection, read(1))
        injection.assert_silent()

    def test_taken_back_and_replaced(self, injection):
        """The reply to a write of the fault is never its victim."""
        injection.inject(r.INJECTION_REPLY_FAULT, DROP | 100)
        injection.inject(r.INJECTION_REPLY_FAULT, 0)
        injection.assert_silent()
        injection.inject(r.INJECTION_REPLY_FAULT, DROP | 100)
        injection.inject(r.INJECTION_REPLY_FAULT, DROP | 1)
        assert self.is_dropped(injection, read(1))
        injection.assert_silent()

    @pytest.mark.parametrize("word", [0, 5, DROP, CORRUPT, 3 << 30 | 5])
    def test_what_is_no_fault(self, injection, word):
        injection.inject(r.INJECTION_REPLY_FAULT, word)
        assert injection.exchange(read(1))[5:7] == b"\x00\x01"

    def test_the_last_word_of_a_write_counts(self, injection):
        data = (DROP | 5).to_bytes(4, "big") + (DROP | 1).to_bytes(4, "big")
        injection.execute(0x78, r.INJECTION_REPLY_FAULT.address, 8, data, TEST_KEY)
        assert self.is_dropped(injection, read(1))
        injection.assert_silent()

    def test_reset_ends_it(self, injection, stimulus):
        injection.inject(r.INJECTION_REPLY_FAULT, DROP | 100)
        stimulus.reset()
        injection.assert_silent()


class TestHang:
    """Ticks that pass while bytes are on the wire count: a read and its reply are half a tick."""

    def heard(self, link):
        return link.fields(r.FAST_FRAMES)

    @pytest.mark.parametrize("ticks", [1, 2, 3, 50])
    def test_for_so_many_ticks(self, injection, stimulus, ticks):
        before = self.heard(injection)
        injection.inject(r.INJECTION_LINK_HANG, ticks)
        injection.send(read(1))
        stimulus.ticks(ticks - 1)
        injection.send(read(2))
        stimulus.ticks(1)
        injection.send(read(3))
        assert injection.reply()[5:7] == b"\x00\x03"
        after = self.heard(injection)
        assert after["received"] == before["received"] + 3  # the fault, the third read, this one
        assert after["dropped"] == before["dropped"]

    def test_commands_are_lost_uncounted(self, injection, stimulus):
        errors = injection.word(r.DIAGNOSTICS_FRAME_ERRORS)
        injection.inject(r.INJECTION_LINK_HANG, 2)
        injection.send(command(WRITE, SCRATCH, 4, bytes(4)))
        injection.send_raw(b"\xc0\xdb\xc0\xc0\x01\x02\x03\xc0" + bytes(300) + b"\xc0\x01")
        stimulus.ticks(2)
        assert injection.word(r.DIAGNOSTICS_FRAME_ERRORS) == errors
        assert injection.word(r.DIAGNOSTICS_FRAME_ERRORS_2) == 0
        assert injection.fields(r.FAST_FRAMES)["dropped"] == 0

    def test_hears_again_between_frames(self, injection, stimulus):
        """What began in the hang has no beginning: its rest is a frame with a wrong CRC."""
        octets = frame(read(1))
        injection.inject(r.INJECTION_LINK_HANG, 2)
        injection.send_raw(octets[:9])
        stimulus.ticks(2)
        injection.send_raw(octets[9:])
        injection.assert_silent()
        assert injection.word(r.DIAGNOSTICS_FRAME_ERRORS) == 1 << 16

    def test_silence_in_a_hang_is_no_timeout(self, injection, stimulus):
        injection.inject(r.INJECTION_LINK_HANG, 10)
        injection.send_raw(b"\xc0\x01\x02")
        stimulus.ticks(20)
        injection.assert_silent()
        assert injection.word(r.DIAGNOSTICS_FRAME_ERRORS) == 0

    def test_what_comes_in_with_the_command_is_lost(self, injection, stimulus):
        """The beginning of a frame right behind the command: it is in progress at the end."""
        data = (2).to_bytes(4, "big")
        hang = command(WRITE, r.INJECTION_LINK_HANG.address, 4, data, key=TEST_KEY)
        octets = frame(read(2))
        injection.send_raw(frame(hang) + octets[:7])
        assert injection.reply()[3] == 0
        stimulus.ticks(2)
        injection.send_raw(octets)
        assert injection.reply()[5:7] == b"\x00\x02"
        assert injection.word(r.DIAGNOSTICS_FRAME_ERRORS) == 0

    def test_without_a_reply(self, injection, stimulus):
        data = (2).to_bytes(4, "big")
        address = r.INJECTION_LINK_HANG.address
        injection.send(command(WRITE_SILENT, address, 4, data, key=TEST_KEY))
        injection.send(read(1))
        stimulus.ticks(2)
        injection.assert_silent()

    def test_cannot_be_changed(self, injection, stimulus):
        injection.inject(r.INJECTION_LINK_HANG, 3)
        for ticks in (0, 100):
            data = ticks.to_bytes(4, "big")
            address = r.INJECTION_LINK_HANG.address
            injection.send(command(WRITE, address, 4, data, key=TEST_KEY))
        injection.send(read(1))
        stimulus.ticks(3)
        injection.assert_silent()

    @pytest.mark.parametrize("word", [0, 0xFFFF_0000])
    def test_zero_ticks_are_no_hang(self, injection, word):
        injection.inject(r.INJECTION_LINK_HANG, word)
        injection.assert_silent()

    def test_the_last_word_of_a_write_counts(self, injection):
        address = r.INJECTION_LINK_HANG.address
        injection.execute(0x78, address, 8, b"\0\0\xff\xff" + bytes(4), TEST_KEY)
        injection.assert_silent()

    def test_the_longest_one_that_ends(self, injection, stimulus):
        stimulus.need("exact ticks")
        injection.inject(r.INJECTION_LINK_HANG, FOREVER - 1)
        stimulus.ticks(FOREVER - 2)
        injection.send(read(1))
        stimulus.ticks(1)
        injection.assert_silent()

    def test_until_reset(self, injection, stimulus):
        stimulus.need("a reset")
        injection.inject(r.INJECTION_LINK_HANG, FOREVER)
        stimulus.ticks(2 * FOREVER)
        injection.send(read(1))
        stimulus.reset()
        injection.assert_silent()
        assert injection.fields(r.FAST_FRAMES) == {"received": 2, "dropped": 0}

    def test_the_rest_of_the_controller_runs_on(self, injection, stimulus):
        injection.set(r.CONTROL_WATCHDOG, 1 << 31 | 5)
        injection.inject(r.INJECTION_LINK_HANG, 10)
        stimulus.ticks(5)
        assert stimulus.actuators().flags == 1
        stimulus.ticks(5)
        assert injection.fields(r.DIAGNOSTICS_WATCHDOG_EVENTS)["expired"] == 1


def test_reset_ends_faults_of_sensors(injection, stimulus):
    injection.inject(r.INJECTION.base, 1, 1 << 30)
    stimulus.reset()
    stimulus.rack(bus_voltage=1234)
    assert injection.fields(r.FAST_BUS)["voltage"] == 1234
