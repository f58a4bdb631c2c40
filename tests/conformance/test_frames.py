"""Frames on the wire: which are taken, which are dropped, and under which counter."""

import pytest

from fsw import registers as r

from .wire import READ, WRITE, command, crc16, escape, frame

SCRATCH = r.CONTROL_SCRATCH.address
MEMORY = r.MEMORY.base
END = b"\xc0"
GOOD = command(READ, 0x0000, 4)
LONGEST = command(WRITE, MEMORY, 256, bytes(i & 0x7F for i in range(256)))  # 275 with its CRC-16


class Drops:
    """Counts dropped frames by cause since it was made."""

    def __init__(self, link):
        self._link = link
        self._start = self._read()

    def _read(self):
        errors = self._link.fields(r.DIAGNOSTICS_FRAME_ERRORS)
        more = self._link.fields(r.DIAGNOSTICS_FRAME_ERRORS_2)
        frames = self._link.fields(r.FAST_FRAMES)
        return errors["framing"], more["oversize"], errors["crc"], frames["dropped"]

    def seen(self):
        """framing, oversize, crc; their sum is checked against frames.dropped."""
        now = self._read()
        *causes, dropped = (b - a & 0xFFFF for a, b in zip(self._start, now, strict=True))
        assert dropped == sum(causes)
        return tuple(causes)


@pytest.fixture
def drops(link):
    return Drops(link)


def body(packet):
    return packet + crc16(packet).to_bytes(2, "big")


def test_good_frame_counts_once(link, drops):
    before = link.fields(r.FAST_FRAMES)["received"]
    link.exchange(GOOD)
    assert link.fields(r.FAST_FRAMES)["received"] == before + 2 & 0xFFFF  # and the reading one
    assert drops.seen() == (0, 0, 0)


def test_empty_frames_are_nothing(link, drops):
    before = link.fields(r.FAST_FRAMES)["received"]
    link.send_raw(END * 50)
    assert drops.seen() == (0, 0, 0)
    assert link.fields(r.FAST_FRAMES)["received"] == before + 4 & 0xFFFF


def test_frames_back_to_back(link, drops):
    link.send_raw(b"".join(frame(command(READ, 0, 4, transaction=i)) for i in range(20)))
    assert [link.reply()[5:7] for _ in range(20)] == [i.to_bytes(2, "big") for i in range(20)]
    assert drops.seen() == (0, 0, 0)


def test_frames_that_share_an_end(link, drops):
    one, two = (escape(body(command(READ, 0, 4, transaction=i))) for i in (1, 2))
    link.send_raw(END + one + END + two + END)
    assert [link.reply()[6] for _ in range(2)] == [1, 2]
    assert drops.seen() == (0, 0, 0)


def test_first_end_is_optional(link, drops):
    link.send_raw(escape(body(GOOD)) + END)
    assert link.reply()[3] == 0
    assert drops.seen() == (0, 0, 0)


def test_frame_byte_by_byte(link, drops):
    for octet in frame(GOOD):
        link.send_raw(bytes((octet,)))
    assert link.reply()[3] == 0
    assert drops.seen() == (0, 0, 0)


def test_commands_back_to_back_are_served_in_order(link):
    writes = [command(WRITE, SCRATCH, 4, bytes((0, 0, 0, i)), transaction=i) for i in range(8)]
    reads = [command(READ, SCRATCH, 4, transaction=0x100 + i) for i in range(8)]
    link.send_raw(b"".join(frame(w) + frame(q) for w, q in zip(writes, reads, strict=True)))
    for i in range(8):
        assert link.reply()[5:7] == bytes((0, i))
        reply = link.reply()
        assert reply[5:7] == bytes((1, i))
        assert reply[12:16] == bytes((0, 0, 0, i))


def test_long_frames_back_to_back(link):
    link.send_raw(frame(LONGEST) + frame(command(READ, MEMORY, 256)))
    assert link.reply()[3] == 0
    assert link.reply()[12:-1] == bytes(i & 0x7F for i in range(256))


@pytest.mark.parametrize("bit", [0, 1, 7, 64, 100, 127, 128, 143])
def test_flipped_bit_fails_the_crc(link, drops, bit):
    octets = bytearray(body(GOOD))
    octets[bit // 8] ^= 0x80 >> bit % 8
    link.send_raw(END + escape(bytes(octets)) + END)
    link.assert_silent()
    assert drops.seen() == (0, 0, 1)


def test_two_bit_error_that_the_data_crc_misses(link, drops):
    """RMAP's CRC-8 polynomial divides x^127 + 1: it misses two flips 127 bits apart."""
    data = bytearray(32)
    packet = command(WRITE, MEMORY, 32, bytes(data))
    data[2] ^= 0x01  # bit 16, least significant bit of a byte first
    data[17] ^= 0x80  # bit 143
    broken = packet[:16] + bytes(data) + packet[-1:]
    assert command(WRITE, MEMORY, 32, bytes(data)) == broken
    link.send_raw(END + escape(broken + crc16(packet).to_bytes(2, "big")) + END)
    link.assert_silent()
    assert drops.seen() == (0, 0, 1)


@pytest.mark.parametrize("octets", ["00", "ff", "0000", "1d0f", "ffff"])
def test_too_short_for_a_packet(link, drops, octets):
    link.send_raw(END + bytes.fromhex(octets) + END)
    link.assert_silent()
    assert drops.seen() == (0, 0, 1)


def test_shortest_frame_reaches_rmap(link, drops):
    discarded = link.fields(r.DIAGNOSTICS_FRAME_ERRORS_2)["discarded"]
    link.send(b"\x00")
    link.assert_silent()
    assert link.fields(r.DIAGNOSTICS_FRAME_ERRORS_2)["discarded"] == discarded + 1 & 0xFFFF
    assert drops.seen() == (0, 0, 0)


@pytest.mark.parametrize("after", [b"\x00", b"\xdb", b"\xde", b"\xfe"])
def test_bad_escape(link, drops, after):
    octets = escape(body(GOOD))
    link.send_raw(END + octets[:5] + b"\xdb" + after + octets[5:] + END)
    link.assert_silent()
    assert drops.seen() == (1, 0, 0)


def test_escape_before_end_ends_the_frame(link, drops):
    link.send_raw(END + escape(body(GOOD)) + b"\xdb" + END + frame(GOOD)[1:])
    assert link.reply()[3] == 0
    link.assert_silent()
    assert drops.seen() == (1, 0, 0)


def test_escape_alone(link, drops):
    link.send_raw(END + b"\xdb" + END)
    link.assert_silent()
    assert drops.seen() == (1, 0, 0)


def test_many_errors_in_a_frame_count_once(link, drops):
    link.send_raw(END + b"\xdb\x00\xdb\x01\xdb\xdb\x02" + END)
    link.assert_silent()
    assert drops.seen() == (1, 0, 0)


def test_each_bad_frame_counts(link, drops):
    link.send_raw(
        END + b"\xdb\x00" + END + b"\xdb\x00" + END + b"\x00\x00\x00" + END + b"\x01" + END
    )
    link.assert_silent()
    assert drops.seen() == (2, 0, 2)


def test_longest_frame(link, drops):
    assert len(body(LONGEST)) == 275
    assert link.exchange(LONGEST)[3] == 0
    assert drops.seen() == (0, 0, 0)


@pytest.mark.parametrize("extra", [1, 2, 300])
def test_oversize(link, drops, extra):
    link.send(LONGEST + bytes(extra))
    link.assert_silent()
    assert drops.seen() == (0, 1, 0)


def test_oversize_counts_unescaped_bytes(link, drops):
    link.write(MEMORY, bytes(4))
    packet = command(WRITE, MEMORY, 256, b"\xc0" * 256)
    assert len(frame(packet)) > 500
    assert link.exchange(packet)[3] == 0
    link.send_raw(END + b"\xdb\xdc" * 275 + END)
    link.assert_silent()
    assert drops.seen() == (0, 0, 1)
    link.send_raw(END + b"\xdb\xdc" * 276 + END)
    link.assert_silent()
    assert drops.seen() == (0, 1, 1)


def test_framing_goes_before_oversize(link, drops):
    link.send_raw(END + b"\xdb\x00" + bytes(400) + END)
    link.assert_silent()
    assert drops.seen() == (1, 0, 0)


def test_framing_goes_before_oversize_when_it_comes_late(link, drops):
    link.send_raw(END + bytes(400) + b"\xdb\x00" + END)
    link.assert_silent()
    assert drops.seen() == (1, 0, 0)


def test_escape_before_end_of_an_oversize_frame(link, drops):
    link.send_raw(END + bytes(276) + b"\xdb" + END)
    link.assert_silent()
    assert drops.seen() == (1, 0, 0)


def test_framing_goes_before_crc(link, drops):
    link.send_raw(END + b"\xdb\x00\x01" + END)
    link.assert_silent()
    assert drops.seen() == (1, 0, 0)


def test_noise_between_frames(link, drops):
    link.send_raw(b"\x55\xaa\x00\xff" + frame(GOOD) + b"\x12\x34\x56\x78\x9a" + frame(GOOD))
    assert link.reply()[3] == 0
    assert link.reply()[3] == 0
    link.assert_silent()
    assert drops.seen() == (0, 0, 2)


class TestInterByteTimeout:
    def test_third_tick_drops_the_frame(self, link, stimulus, drops):
        link.send_raw(END + body(GOOD)[:10])
        stimulus.ticks(3)
        link.send_raw(frame(GOOD))
        assert link.reply()[3] == 0
        assert drops.seen() == (1, 0, 0)

    def test_counted_when_it_fires(self, link, stimulus, drops):
        """The first bytes of a frame, 3 ticks, its rest: two drops, of which one is a CRC error."""
        octets = escape(body(GOOD))
        link.send_raw(END + octets[:10])
        stimulus.ticks(3)
        link.send_raw(octets[10:] + END)
        link.assert_silent()
        assert drops.seen() == (1, 0, 1)

    def test_two_ticks_are_allowed(self, link, stimulus, drops):
        octets = frame(GOOD)
        for octet in octets:
            link.send_raw(bytes((octet,)))
            stimulus.ticks(2)
        assert link.reply()[3] == 0
        assert drops.seen() == (0, 0, 0)

    def test_silence_between_frames_is_free(self, link, stimulus, drops):
        link.send_raw(END)
        stimulus.ticks(10)
        link.send_raw(END + END)
        stimulus.ticks(10)
        assert drops.seen() == (0, 0, 0)

    def test_lone_escape_is_a_frame(self, link, stimulus, drops):
        link.send_raw(END + b"\xdb")
        stimulus.ticks(3)
        assert drops.seen() == (1, 0, 0)

    @pytest.mark.parametrize(
        "start", [b"\xdb\x00", bytes(300)], ids=["after-bad-escape", "after-oversize"]
    )
    def test_frame_in_error_times_out_once(self, link, stimulus, drops, start):
        link.send_raw(END + start)
        stimulus.ticks(8)
        assert drops.seen() == (1, 0, 0)

    def test_state_is_between_frames_afterwards(self, link, stimulus, drops):
        """An ESC pending at the timeout is forgotten: DC that follows is an ordinary byte."""
        link.send_raw(END + b"\x00\xdb")
        stimulus.ticks(3)
        link.send_raw(b"\xdc" + END)
        link.assert_silent()
        assert drops.seen() == (1, 0, 1)
