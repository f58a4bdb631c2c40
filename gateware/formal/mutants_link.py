"""Deliberate mistakes on the way from the line to the register bus.

A mutant of a properties file turns a claim into its contrary, to show that what the claim is about
can happen at all.
"""

from __future__ import annotations

from fsw import registers as r
from fsw.rmap import crc8
from fsw.slip import encode_frame
from gateware.formal.mutant import Mutant

SCRATCH = r.CONTROL_SCRATCH.address
BEHIND_CONTROL = r.CONTROL.base + r.CONTROL.size


def write_frame(
    key: int = r.FLIGHT_KEY,
    target: int = 0xFE,
    instruction: int = 0x6C,  # incrementing, with a reply
    extension: int = 0,
    address: int = SCRATCH,
    header_crc_error: int = 0,
    data_crc_error: int = 0,
) -> bytes:
    """A frame that writes one word, right in all that is not asked for otherwise."""
    header = bytes([target, 0x01, instruction, key, 0x67, 0x00, 0x01, extension])
    header += address.to_bytes(4, "big") + (4).to_bytes(3, "big")
    data = bytes([0x12, 0x34, 0x56, 0x78])
    return encode_frame(
        header
        + bytes([crc8(header) ^ header_crc_error])
        + data
        + bytes([crc8(data) ^ data_crc_error])
    )


def broken(frame: bytes) -> bytes:
    """The same with one bit of its CRC-16 flipped, and no escape touched."""
    return frame[:-2] + bytes([frame[-2] ^ 0x01]) + frame[-1:]


WRITES = ("WRITES_ONLY",)  # of all claims only that nothing wrong is written

# The data CRC runs on over a wrong header CRC; this is what it takes to be right in spite of that.
CARRIED_OVER = crc8(b"\x01" + bytes(4))

LINK_MUTANTS = (
    Mutant(
        name="a good frame writes",
        proof="link",
        file="link_properties.v",
        old="assert (last_good);",
        new="assert (!last_good);",
        script=write_frame(),
        depth=40,
        defines=WRITES,
    ),
    Mutant(
        name="a test key injects",
        proof="link",
        file="link_properties.v",
        old="assert (test_key && dut.bus_write);",
        new="assert (!test_key);",
        script=write_frame(r.TEST_KEY, address=r.FLIP_MEMORY.base),
        depth=40,
        defines=WRITES,
    ),
    Mutant(
        name="frame CRC unchecked",
        proof="link",
        file="frame_checker.v",
        old="&& (crc_q == 16'd0) && (count_q >= BYTES_MIN);",
        new="&& (count_q >= BYTES_MIN);",
        script=broken(write_frame()),
        depth=40,
        defines=WRITES,
    ),
    Mutant(
        name="header CRC unchecked",
        proof="link",
        file="rmap_verdict.v",
        old="|| !i_header_ok;",
        new=";",
        script=write_frame(header_crc_error=1, data_crc_error=CARRIED_OVER),
        depth=40,
        defines=WRITES,
    ),
    Mutant(
        name="data CRC unchecked",
        proof="link",
        file="rmap_verdict.v",
        old="i_data_ok ? OK : DATA_CRC;",
        new="OK;",
        script=write_frame(data_crc_error=1),
        depth=40,
        defines=WRITES,
    ),
    Mutant(
        name="key unchecked",
        proof="link",
        file="rmap_verdict.v",
        old="(!flight_key && !test_key)",
        new="(1'b0)",
        script=write_frame(key=0x21),
        depth=40,
        defines=WRITES,
    ),
    Mutant(
        name="test key opens all regions",
        proof="link",
        file="rmap_verdict.v",
        old="(key == test_key)",
        new="(test_key || !key)",
        script=write_frame(key=r.TEST_KEY),
        depth=40,
        defines=WRITES,
    ),
    Mutant(
        name="flight key injects",
        proof="link",
        file="rmap_verdict.v",
        old="(key == test_key)",
        new="(key || !test_key)",
        script=write_frame(address=r.FLIP_MEMORY.base),
        depth=40,
        defines=WRITES,
    ),
    Mutant(
        name="logical address unchecked",
        proof="link",
        file="rmap_verdict.v",
        old="(i_target != `RS_LOGICAL_ADDRESS)",
        new="(1'b0)",
        script=write_frame(target=0xFD),
        depth=40,
        defines=WRITES,
    ),
    Mutant(
        name="extended address unchecked",
        proof="link",
        file="rmap_verdict.v",
        old="(i_extension == 8'd0) && ",
        new="",
        script=write_frame(extension=1),
        depth=40,
        defines=WRITES,
    ),
    Mutant(
        name="a region one word too long",
        proof="link",
        file="rmap_verdict.v",
        old="(behind <= region_end[17:2])",
        new="(behind <= region_end[17:2] + 16'd1)",
        script=write_frame(address=BEHIND_CONTROL),
        depth=40,
        defines=WRITES,
    ),
    Mutant(
        name="addresses come round after 128 KiB",
        proof="link",
        file="rmap_verdict.v",
        old="(i_address[31:17] == 15'd0)",
        new="1'b1",
        script=write_frame(address=(1 << 17) + SCRATCH),
        depth=40,
        defines=WRITES,
    ),
    Mutant(
        name="verdict not waited for",
        proof="link",
        file="rmap_target.v",
        old="else if ((status_q != 8'd0) || nothing)",
        new="else if (nothing)",
        script=write_frame(key=0x21),
        depth=40,
        defines=WRITES,
    ),
    Mutant(
        name="buffer index of the word before",
        proof="link",
        file="rmap_receiver.v",
        old="store_index = position_q[7:2];",
        new="store_index = position_q[7:2] - 6'd1;",
        script=write_frame(),
        depth=40,
    ),
    Mutant(
        name="hang begins while a frame ends",
        proof="link",
        file="controller.v",
        old="(target_ready && !packet && encoder_idle)",
        new="(target_ready && encoder_idle)",
        script=write_frame(r.TEST_KEY, address=r.INJECTION_LINK_HANG.address, instruction=0x64)
        + encode_frame(b"\x00"),
        depth=45,
    ),
    Mutant(
        name="a flight build knows the test key",
        proof="link_flight",
        file="rmap_verdict.v",
        old="(FLIGHT == 0) && (i_key == `RS_TEST_KEY)",
        new="(i_key == `RS_TEST_KEY)",
        script=write_frame(key=r.TEST_KEY, address=r.FLIP_MEMORY.base),
        depth=40,
    ),
    Mutant(
        name="any byte after ESC",
        proof="link",
        file="slip_decoder.v",
        old="(escaped_q && !known);",
        new="1'b0;",
        script=bytes([0xC0, 0xDB, 0x00, 0xC0]),
        depth=10,
    ),
    Mutant(
        name="timeout a tick late",
        proof="link",
        file="slip_decoder.v",
        old="LAST_TICK = 2'd2;",
        new="LAST_TICK = 2'd3;",
        script=bytes([0xC0, 0x00]),
        depth=10,
    ),
    Mutant(
        name="END between frames clears nothing",
        proof="recovery",
        file="slip_decoder.v",
        old="(i_rst || o_between)",
        new="(i_rst || o_end)",
        depth=8,
    ),
    Mutant(
        name="count kept over an END between frames",
        proof="recovery",
        file="frame_checker.v",
        old="else if (i_between)",
        new="else if (i_end)",
        depth=8,
    ),
    Mutant(
        name="timeout at exactly two ticks",
        proof="recovery",
        file="slip_decoder.v",
        old="(silence_q >= LAST_TICK)",
        new="(silence_q == LAST_TICK)",
        depth=8,
    ),
    Mutant(
        name="target stays in a state that does not exist",
        proof="illegal_state",
        file="rmap_target.v",
        old="default: state_d = IDLE;",
        new="default: ;",
        depth=8,
    ),
    Mutant(
        name="encoder sends in any state",
        proof="illegal_state",
        file="frame_encoder.v",
        old="trailer || (((state_q == START) || (state_q == BODY)) && i_valid);",
        new="trailer || i_valid;",
        depth=8,
    ),
    Mutant(
        name="memory stores in any state",
        proof="illegal_state",
        file="protected_memory.v",
        old="wire        checking  = (state_q == CHECK);",
        new="wire        checking  = (state_q != CLEAR) && (state_q != IDLE);",
    ),
    Mutant(
        name="a reply without words waits for them",
        proof="progress",
        file="rmap_target.v",
        old="if (starved)",
        new="if (1'b0)",
    ),
    Mutant(
        name="positions behind the last are gone through",
        proof="progress",
        file="rmap_target.v",
        old="(position_q >= AT_DATA_CRC) ||",
        new="(position_q == AT_DATA_CRC) ||",
    ),
)
