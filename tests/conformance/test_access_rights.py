"""Which addresses may be read and written, with which key: regions, their ends, gaps."""

import pytest

from fsw import registers as r

from .wire import FLIGHT_KEY, READ, READ_MODIFY_WRITE, READ_SAME, TEST_KEY, WRITE, command

WRONG_KEY, NOT_PERMITTED = 3, 10
READABLE = [region for region in r.REGIONS if "r" in region.access]
WRITABLE = [region for region in r.REGIONS if "w" in region.access]
READ_ONLY = [region for region in READABLE if region not in WRITABLE]
WRITE_ONLY = [region for region in WRITABLE if region not in READABLE]
BOTH = [region for region in READABLE if region in WRITABLE]
BASES = {region.base for region in r.REGIONS}
BEFORE_A_GAP = [region for region in r.REGIONS if region.base + region.size not in BASES]
FLIGHT = [region for region in r.REGIONS if region.key == FLIGHT_KEY]
TEST = [region for region in r.REGIONS if region.key == TEST_KEY]


def name(region):
    return region.name


def status(link, instruction, address, length, data=None, key=FLIGHT_KEY):
    return link.exchange(command(instruction, address, length, data, key=key))[3]


@pytest.fixture
def key(region, request):
    """Key of the region; the test is skipped when the controller does not serve it."""
    if region.key == TEST_KEY:
        request.getfixturevalue("injection")
    return region.key


@pytest.mark.parametrize("region", READABLE, ids=name)
def test_read_inside(link, trays, region, key):
    end = region.end(trays)
    whole = min(end - region.base, 512)
    for address, length in ((region.base, 4), (end - 4, 4), (end - whole, whole)):
        assert len(link.read(address, length, key)) == length


@pytest.mark.parametrize("region", READABLE, ids=name)
def test_read_across_the_ends(link, trays, region, key):
    end = region.end(trays)
    assert status(link, READ, end - 4, 8, key=key) == NOT_PERMITTED
    assert status(link, READ, region.base, end - region.base + 4, key=key) == NOT_PERMITTED
    assert status(link, READ_SAME, end - 4, 8, key=key) == 0
    if region.base:
        assert status(link, READ, region.base - 4, 8, key=key) == NOT_PERMITTED


@pytest.mark.parametrize("region", BEFORE_A_GAP, ids=name)
def test_nothing_behind(link, trays, region, key):
    end = region.end(trays)
    assert status(link, READ, end, 4, key=key) == NOT_PERMITTED
    assert status(link, WRITE, end, 4, bytes(4), key) == NOT_PERMITTED
    assert status(link, READ, end, 0, key=key) == NOT_PERMITTED


def test_regions_without_a_gap_between_them(trays):
    """The rest of them; that no transfer crosses into the next is tested at their ends."""
    names = [region.name for region in r.REGIONS if region not in BEFORE_A_GAP]
    assert names == ["memory", "config_frames", "stimulus_rack", "flip_memory", "flip_check"]


@pytest.mark.parametrize("region", WRITE_ONLY, ids=name)
def test_write_only(link, trays, region, key):
    for address in (region.base, region.end(trays) - 4):
        assert status(link, READ, address, 4, key=key) == NOT_PERMITTED
        assert status(link, READ, address, 0, key=key) == NOT_PERMITTED
        assert status(link, READ_MODIFY_WRITE, address, 8, bytes(8), key) == NOT_PERMITTED
        assert status(link, WRITE, address, 0, b"", key) == 0


@pytest.mark.parametrize("region", READ_ONLY, ids=name)
def test_read_only(link, trays, region, key):
    still = region in (r.IDENTITY, r.ACTUATORS)
    before = link.read(region.base, 4, key) if still else None
    for address in (region.base, region.end(trays) - 4):
        assert status(link, WRITE, address, 4, b"\xff" * 4, key) == NOT_PERMITTED
        assert status(link, WRITE, address, 0, b"", key) == NOT_PERMITTED
        assert status(link, READ_MODIFY_WRITE, address, 8, b"\xff" * 8, key) == NOT_PERMITTED
    if before is not None:
        assert link.read(region.base, 4, key) == before


@pytest.mark.parametrize("region", BOTH, ids=name)
def test_read_and_write(link, trays, region):
    # Not power_switch, which has as many bits as there are trays.
    first = r.CONTROL_PUMP_DRIVE.address if region is r.CONTROL else region.base
    for address in (first, region.end(trays) - 4):
        assert status(link, WRITE, address, 4, b"\x00\x00\x00\x2a") == 0
        assert link.word(address) == 0x2A
        assert link.modify(address, 0x15, 0x0F) == 0x2A
        assert link.word(address) == 0x25


@pytest.mark.parametrize("region", WRITABLE, ids=name)
def test_write_across_the_end_writes_nothing(link, trays, region, key):
    last = region.end(trays) - 4
    before = link.word(last) if region in BOTH else None
    assert status(link, WRITE, last, 8, b"\x11" * 8, key) == NOT_PERMITTED
    if before is not None:
        assert link.word(last) == before


def test_spans_do_not_wrap_around(link):
    assert status(link, READ, 0xFFFF_FFFC, 8) == NOT_PERMITTED
    assert status(link, READ, 0xFFFF_FF00, 512) == NOT_PERMITTED
    assert status(link, READ, 0x1_0000 | 0x8000_0000, 4) == NOT_PERMITTED


@pytest.mark.parametrize("region", FLIGHT, ids=name)
def test_the_test_key_does_not_open_regions_of_flight(injection, trays, region):
    for address in (region.base, region.end(trays) - 4):
        assert status(injection, READ, address, 4, key=TEST_KEY) == NOT_PERMITTED
        assert status(injection, WRITE, address, 0, b"", TEST_KEY) == NOT_PERMITTED


@pytest.mark.parametrize("region", TEST, ids=name)
def test_the_flight_key_does_not_open_regions_of_tests(link, trays, region):
    for address in (region.base, region.end(trays) - 4):
        assert status(link, READ, address, 4) == NOT_PERMITTED
        assert status(link, WRITE, address, 0, b"") == NOT_PERMITTED


@pytest.mark.parametrize("region", r.REGIONS, ids=name)
@pytest.mark.parametrize("wrong", [0x00, FLIGHT_KEY ^ 1, TEST_KEY ^ 0x80, 0xFF], ids=hex)
def test_any_other_key_is_refused_before_the_address(link, region, wrong):
    assert status(link, WRITE, region.base, 0, b"", wrong) == WRONG_KEY
    assert status(link, READ, region.base + 1, 4, key=wrong) == WRONG_KEY


def test_key_goes_before_the_length_of_a_read_modify_write(injection):
    """The test key is a key, so the length is wrong first."""
    address = r.INJECTION.base
    assert status(injection, READ_MODIFY_WRITE, address, 4, bytes(4), TEST_KEY) == 11
    assert status(injection, READ_MODIFY_WRITE, address, 4, bytes(4), TEST_KEY ^ 1) == WRONG_KEY
    assert status(injection, WRITE, address, 260, None, TEST_KEY) == 9
