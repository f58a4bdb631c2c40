"""Housekeeping packets: header bytes by hand, values back, and the structure against what flies."""

import math
import struct

import pytest
from fastcrc import crc16

from fsw.flight_software import FlightSoftware
from fsw.protected_memory import ProtectedMemory
from fsw.telemetry import (
    COUNTER,
    FLOAT,
    HOUSEKEEPING,
    MODE,
    NAMES,
    PUMP,
    SCAN,
    SMALL,
    TelemetryError,
    decode_housekeeping,
    encode_housekeeping,
)


class NoPort:
    timeout = None

    def read(self, size=1):
        return b""

    def write(self, data):
        return len(data)


@pytest.fixture
def values():
    """A value of the right type for every row."""
    kinds = {FLOAT: 1.5, COUNTER: 70_000, SMALL: 3, MODE: "nominal", PUMP: "a", SCAN: "fatal"}
    return {name: kinds[type_] for name, type_ in HOUSEKEEPING}


def test_the_structure_is_what_flight_software_reports():
    software = FlightSoftware(NoPort(), ProtectedMemory.new_store(), 18)
    reported = software.housekeeping()
    assert set(reported) == set(NAMES), "make HOUSEKEEPING in fsw/telemetry.py follow"
    assert len(NAMES) == len(set(NAMES))
    back = decode_housekeeping(encode_housekeeping(reported, 0))[1]
    for name, value in reported.items():
        assert back[name] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-6))


def test_header_bytes(values):
    raw = encode_housekeeping(values, 1_500_000_000, sequence_count=0x4007)
    assert raw[:4] == bytes.fromhex("0852 C007")  # telemetry, APID 0x052, unsegmented, count 7
    assert int.from_bytes(raw[4:6], "big") + 7 == len(raw)
    assert raw[6:9] == bytes([0x20, 3, 25])  # PUS-C, housekeeping report
    assert raw[13:21] == bytes.fromhex("0000000059682F00")  # mission time, ns
    assert raw[21] == 1  # structure
    assert crc16.ibm_3740(raw) == 0


def test_values_come_back(values):
    values |= {"fsw_mode": "eclipse", "fsw_pump_in_use": "b", "fsw_soc": 0.8125, "fsw_cycle": 77}
    time_ns, back = decode_housekeeping(encode_housekeeping(values, 2**40))
    assert time_ns == 2**40
    assert tuple(back) == NAMES
    for name, value in values.items():
        if isinstance(value, float):
            assert back[name] == struct.unpack(">f", struct.pack(">f", value))[0]
        else:
            assert back[name] == value
    assert type(back["fsw_mode"]) is str


def test_position_of_a_value_by_the_order_of_the_table(values):
    values |= {"fsw_soc": 0.5}
    sizes = {name: type_.sizeof() for name, type_ in HOUSEKEEPING}
    start = 22 + sum(sizes[name] for name in NAMES[: NAMES.index("fsw_soc")])
    raw = encode_housekeeping(values, 0)
    assert raw[start : start + 4] == bytes.fromhex("3F000000")


def test_counters_wrap_and_nan_travels(values):
    values |= {"fsw_cycle": 2**32 + 5, "fsw_flux": math.nan}
    back = decode_housekeeping(encode_housekeeping(values, 0))[1]
    assert back["fsw_cycle"] == 5
    assert math.isnan(back["fsw_flux"])


def test_what_does_not_fit_is_refused(values):
    with pytest.raises(TelemetryError, match="unknown fsw_other"):
        encode_housekeeping(values | {"fsw_other": 1}, 0)
    less = dict(values)
    del less["fsw_soc"]
    with pytest.raises(TelemetryError, match="missing fsw_soc; unknown nothing"):
        encode_housekeeping(less, 0)
    with pytest.raises(TelemetryError, match="fsw_mode"):
        encode_housekeeping(values | {"fsw_mode": "asleep"}, 0)
    with pytest.raises(TelemetryError, match="fsw_trays_on"):
        encode_housekeeping(values | {"fsw_trays_on": 300}, 0)


def test_damaged_and_foreign_packets(values):
    raw = encode_housekeeping(values, 0)
    for bit in range(0, 8 * len(raw), 5):
        damaged = bytearray(raw)
        damaged[bit // 8] ^= 0x80 >> bit % 8
        with pytest.raises(TelemetryError):
            decode_housekeeping(bytes(damaged))
    for cut in (0, 5, 12, 20, len(raw) - 1):
        with pytest.raises(TelemetryError):
            decode_housekeeping(raw[:cut])
    foreign = bytearray(raw[:-2])
    foreign[7] = 5
    foreign += crc16.ibm_3740(bytes(foreign)).to_bytes(2, "big")
    with pytest.raises(TelemetryError, match=r"TM\[5,25\] of APID 0x052, expected TM\[3,25\]"):
        decode_housekeeping(bytes(foreign))
    other = bytearray(raw[:-2])
    other[21] = 2
    other += crc16.ibm_3740(bytes(other)).to_bytes(2, "big")
    with pytest.raises(TelemetryError, match="structure 2, expected 1"):
        decode_housekeeping(bytes(other))
