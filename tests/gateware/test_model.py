"""Golden model: SECDED against a parity-check matrix, shortcuts against single steps."""

import random

import numpy as np
import pytest

from fsw import registers as r
from gateware import model_link, model_memory
from gateware.model import ControllerModel
from gateware.model_memory import ProtectedMemory

WORDS = [0x0000_0000, 0xFFFF_FFFF, 0xDEAD_BEEF, 0x8000_0001, 0x1234_5678]


def parity_check_matrix() -> np.ndarray:
    """H of the code, (7, 39): column i is the syndrome of bit i; row 6 is the overall parity."""
    positions = [n for n in range(1, 39) if bin(n).count("1") > 1]  # data bits
    positions += [1, 2, 4, 8, 16, 32]  # check bits stand at the powers of two
    matrix = np.ones((7, 39), dtype=np.uint8)
    for row in range(6):
        matrix[row, :38] = [n // 2**row % 2 for n in positions]
    matrix[:6, 38] = 0
    return matrix


H = parity_check_matrix()
SINGLES = [1 << bit for bit in range(39)]
DOUBLES = [1 << a | 1 << b for a in range(39) for b in range(a)]


def bits_of(codewords) -> np.ndarray:
    """(39, N) bits of the codewords, bit 0 first."""
    values = np.asarray(codewords, dtype=np.uint64)
    return (values >> np.arange(39, dtype=np.uint64)[:, None] & np.uint64(1)).astype(np.uint8)


def syndromes(codewords) -> list[int]:
    """Syndromes by matrix product over GF(2)."""
    products = H @ bits_of(codewords) % 2
    return [int(value) for value in np.left_shift(1, np.arange(7)) @ products]


class TestCode:
    def test_matrix_is_that_of_a_secded_code(self):
        columns = [int(value) for value in np.left_shift(1, np.arange(7)) @ H]
        assert len(set(columns)) == 39  # singles are told apart
        assert all(column & 0x40 for column in columns)  # doubles never look like singles

    def test_codewords_are_clean(self):
        rng = random.Random(39)
        data = WORDS + [rng.getrandbits(32) for _ in range(2000)] + [1 << k for k in range(32)]
        codewords = [model_memory.encode(word) for word in data]
        assert [codeword & 0xFFFF_FFFF for codeword in codewords] == data
        assert set(syndromes(codewords)) == {0}
        assert all(model_memory.syndrome_of(codeword) == 0 for codeword in codewords)

    def test_syndromes_of_any_39_bits(self):
        rng = random.Random(7)
        codewords = [rng.getrandbits(39) for _ in range(5000)]
        assert [model_memory.syndrome_of(codeword) for codeword in codewords] == syndromes(
            codewords
        )

    def test_correction_of_every_syndrome(self):
        single = dict(zip(syndromes(SINGLES), SINGLES, strict=True))
        assert model_memory.correction(0) == 0
        for syndrome in range(1, 128):
            assert model_memory.correction(syndrome) == single.get(syndrome)

    def test_data_bits_stand_where_hamming_puts_them(self):
        """p(0) = 3 ... p(4) = 9 ... p(31) = 38, as the register map's documentation has them."""
        positions = [model_memory.syndrome_of(1 << k) & 0x3F for k in range(32)]
        assert positions[:5] == [3, 5, 6, 7, 9]
        assert positions[11] == 17
        assert positions[31] == 38


class TestMemory:
    @pytest.mark.parametrize("data", WORDS, ids=hex)
    def test_all_39_single_errors_are_corrected(self, data):
        memory = ProtectedMemory()
        for count, (flip, syndrome) in enumerate(zip(SINGLES, syndromes(SINGLES), strict=True), 1):
            memory.write(3, data)
            clean = memory.codewords[3]
            memory.codewords[3] ^= flip
            assert memory.read(3) == data
            assert memory.codewords[3] == clean
            assert (memory.corrected, memory.uncorrectable) == (count, 0)
            assert memory.memory_error == 0x8000_0003 | syndrome << 16
        assert memory.memory_uncorrectable == 0

    @pytest.mark.parametrize("data", WORDS, ids=hex)
    def test_all_741_double_errors_are_reported(self, data):
        assert len(DOUBLES) == 741
        memory = ProtectedMemory()
        for count, (flip, syndrome) in enumerate(zip(DOUBLES, syndromes(DOUBLES), strict=True), 1):
            memory.write(1000, data)
            memory.codewords[1000] ^= flip
            stored = memory.codewords[1000]
            assert memory.read(1000) == stored & 0xFFFF_FFFF
            assert memory.codewords[1000] == stored
            assert (memory.corrected, memory.uncorrectable) == (0, count)
            assert memory.memory_error == 0xC000_0000 | syndrome << 16 | 1000
            assert memory.memory_uncorrectable == 0x8000_0000 | 1000

    def test_counters_wrap(self):
        memory = ProtectedMemory()
        memory.corrected = memory.uncorrectable = memory.passes = 0xFFFF
        memory.next_word = 1016
        memory.codewords[1016] = 1
        memory.codewords[1023] = 3
        memory.scrub()
        assert (memory.corrected, memory.uncorrectable, memory.passes) == (0, 0, 0)
        assert memory.next_word == 0


class TestLink:
    def test_crc8_check_value(self):
        assert model_link.crc8(b"123456789") == 0x20

    def test_frame_of_bytes_that_need_escapes(self):
        frame = model_link.encode_frame(bytes.fromhex("c0dbdcdd"))
        assert frame == bytes.fromhex("c0dbdcdbdddcdd") + b"\xe8\x9b\xc0"

    def test_uart_error_drops_the_frame_under_way(self):
        receiver = model_link.FrameReceiver()
        frame = model_link.encode_frame(b"abc")
        assert list(receiver.feed(frame[:4])) == []
        receiver.flag_uart_error()
        assert list(receiver.feed(frame[4:])) == []
        assert (receiver.framing_errors, receiver.dropped) == (1, 1)
        assert list(receiver.feed(frame)) == [b"abc"]

    def test_uart_error_between_frames_spoils_the_next(self):
        model = ControllerModel()
        model.uart_error()
        model.tick(3)
        model.uart_error()
        model.put(b"\xc0")
        model.put(b"\xc0")
        assert diagnostics(model)[0] == 2  # framing errors, none for the CRC

    def test_counters_wrap(self):
        receiver = model_link.FrameReceiver()
        receiver.received = receiver.crc_errors = 0xFFFF
        receiver.framing_errors = receiver.oversize_errors = 0xFFFF
        frame = model_link.encode_frame(b"abc")
        list(receiver.feed(frame + b"\x00\xc0\xdb\x00\xc0" + bytes(276) + b"\xc0"))
        assert receiver.received == receiver.crc_errors == 0
        assert receiver.framing_errors == receiver.oversize_errors == receiver.dropped == 0


def command(instruction: int, address: int, data: bytes, key: int = r.FLIGHT_KEY) -> bytes:
    """Frame of a write command."""
    header = b"\xfe\x01%c%c\x67\x12\x34\x00" % (instruction, key)
    header += address.to_bytes(4, "big") + len(data).to_bytes(3, "big")
    packet = b"%b%c%b%c" % (header, model_link.crc8(header), data, model_link.crc8(data))
    return model_link.encode_frame(packet)


def diagnostics(model: ControllerModel) -> list[int]:
    """Words of region diagnostics."""
    data = model.read(r.DIAGNOSTICS.base, r.DIAGNOSTICS.size, increment=True)
    return [int.from_bytes(data[at : at + 4], "big") for at in range(0, len(data), 4)]


def everything(model: ControllerModel) -> list[bytes]:
    """All that can be seen of a model without changing it."""
    regions = [region for region in r.REGIONS if "r" in region.access and region is not r.MEMORY]
    seen = [
        model.read(region.base, region.end(model.trays) - region.base, increment=True)
        for region in regions
    ]
    return [*seen, model.actuators(), repr(model.memory.codewords).encode()]


class TestController:
    def test_uptime_wraps(self):
        model = ControllerModel()
        model.write_word(r.CONTROL_SCRUB.address, 0)
        model.write_word(r.CONTROL_CONFIG_SCAN.address, 0)
        model.tick((1 << 32) + 5)
        assert model.read(r.IDENTITY_UPTIME.address, 4, increment=True) == bytes((0, 0, 0, 5))

    @pytest.mark.parametrize("trays", [1, 2, 18, 31, 32])
    def test_number_of_trays(self, trays):
        model = ControllerModel(trays=trays, tick_hz=250, build_id=0xC0FFEE)
        assert model.read(r.IDENTITY_CONFIG.address, 8, True).hex() == f"00fa04{trays:02x}00c0ffee"
        model.write_word(r.CONTROL_POWER_SWITCH.address, 0xFFFF_FFFF)
        model.set_sensors(bytes(32) + b"\xff" * 16 * trays)
        assert model.actuators()[:4] == bytes(4)  # all of them over their current
        tripped = int.from_bytes(model.read(r.FAST_OVER_CURRENT.address, 4, True), "big")
        assert tripped == (1 << trays) - 1
        assert len(model.actuators()) == 28 + 4 * trays

    @pytest.mark.parametrize("trays", [0, 33, -1])
    def test_impossible_number_of_trays(self, trays):
        with pytest.raises(ValueError, match=f"trays = {trays}, must be 1 to 32"):
            ControllerModel(trays=trays)

    def test_wrong_sensor_vector(self):
        with pytest.raises(ValueError, match="has 31 bytes, must be 64 for 2 trays"):
            ControllerModel(trays=2).set_sensors(bytes(31))

    def test_wrong_flip(self):
        model = ControllerModel()
        with pytest.raises(IndexError, match="memory word = 1024, must be 0 to 1023"):
            model.flip_memory(1024, 1)
        with pytest.raises(ValueError, match="mask = 0x0"):
            model.flip_memory(0, 0)
        assert model.flip_memory(1023, 1 << 38) == 1 << 38 == model.peek_memory(1023)
        with pytest.raises(IndexError, match="frame word = 256, must be 0 to 255"):
            model.flip_config(256, 1)
        with pytest.raises(ValueError, match="mask = 0x100000000, must be 1 to 0xffffffff"):
            model.flip_config(0, 1 << 32)
        assert model.flip_config(255, 1 << 31) == 1 << 31 == model.peek_config(255)

    def test_flight_build_does_not_know_the_test_key(self):
        for flight, status in ((False, b"\x00"), (True, b"\x03")):
            model = ControllerModel(flight=flight)
            reply = model.put(command(0x7C, r.INJECTION.base, b"\0\0\0\1", r.TEST_KEY))
            assert reply[4:5] == status
            assert diagnostics(model)[2] == (0 if not flight else 1 << 16 | 3)
            assert model.read(r.IDENTITY_FEATURES.address, 4, True)[3] == (not flight)
            model.set_sensors(b"\1" * 320)
            taken = model.read(r.FAST_BUS.address, 4, True)
            assert taken == (b"\1" * 4 if flight else bytes(4))

    def test_reset_forgets_everything(self):
        model, fresh_model = ControllerModel(), ControllerModel()
        fresh_model.reset()
        fresh = everything(fresh_model)
        shake(model, random.Random(1), 300)
        assert everything(model) != fresh
        model.reset()
        assert everything(model) == fresh

    def test_reset_cause(self):
        model = ControllerModel()
        address = r.DIAGNOSTICS_RESET_CAUSE.address
        assert model.read(address, 4, True) == b"\0\0\0\1"
        model.reset()
        assert model.read(address, 4, True) == b"\0\0\0\2"

    @pytest.mark.parametrize("seed", range(30))
    def test_bursts_of_ticks_are_single_ticks(self, seed):
        """The shortcut over quiet ticks ends where one tick after the other does."""
        burst, single = ControllerModel(trays=4), ControllerModel(trays=4)
        for step in range(40):
            shake(burst, random.Random(f"{seed} {step}"), 3)
            shake(single, random.Random(f"{seed} {step}"), 3)
            count = random.Random(f"{seed} {step} ticks").choice([1, 2, 3, 7, 19, 20, 21, 150])
            burst.tick(count)
            for _ in range(count):
                single._eventful_tick()
            assert everything(burst) == everything(single)


def shake(model: ControllerModel, rng: random.Random, count: int) -> None:
    """Random register writes, sensor values, flips and bytes."""
    for _ in range(count):
        match rng.randrange(9):
            case 0:
                model.write_word(r.CONTROL.base + 4 * rng.randrange(12), rng.getrandbits(32))
            case 1:
                register = rng.choice([r.CONTROL_WATCHDOG, r.CONTROL_SCRUB, r.CONTROL_CONFIG_SCAN])
                model.write_word(register.address, 1 << 31 | rng.randrange(30))
            case 2:
                model.write_word(r.COMMAND.base + 4 * rng.randrange(7), rng.getrandbits(32))
            case 3:
                model.write_word(r.COMMAND_SAFE.address, 0x5AFE_0000)
                model.write_word(r.CONTROL_OVER_CURRENT_LIMIT.address, 0xF000)
                model.write_word(r.CONTROL_OVER_TEMPERATURE_DEBOUNCE.address, rng.randrange(9))
            case 4:
                model.set_sensors(rng.randbytes(32 + 16 * model.trays))
                model.flip_memory(rng.randrange(64), 1 << rng.randrange(39))
            case 5:
                model.put(rng.choice([b"\xc0", b"\x00", b"\xdb", b"\xc0\x01\x02\x03\xc0"]))
            case 6:
                region = rng.choice([r.CONFIG_FRAMES, r.ESSENTIAL_BITS, r.FLIP_CONFIG])
                model.write_word(region.base + 4 * rng.randrange(256), 1 << rng.randrange(32))
            case 7:
                word = rng.randrange(3) << 30 | rng.randrange(48) << 16 | rng.randrange(1 << 16)
                model.write_word(r.INJECTION_SENSOR_FAULT.address, word)
                words = r.STIMULUS_TRAYS.end(model.trays) - r.STIMULUS_RACK.base
                place = r.STIMULUS_RACK.base + rng.randrange(0, words, 4)
                model.write_word(place, rng.getrandbits(32))
            case 8:
                data = bytes((0, 0, 0, rng.randrange(9)))
                model.put(command(0x7C, r.INJECTION_LINK_HANG.address, data, r.TEST_KEY))
