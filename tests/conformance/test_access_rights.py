"""Which addresses may be read and written: regions, their ends, and the gaps between them."""

import pytest

from fsw import registers as r

from .wire import READ, READ_MODIFY_WRITE, READ_SAME, WRITE, command

NOT_PERMITTED = 10
READABLE = [region for region in r.REGIONS if "r" in region.access]
WRITABLE = [region for region in r.REGIONS if "w" in region.access]
READ_ONLY = [region for region in READABLE if region not in WRITABLE]
WRITE_ONLY = [region for region in WRITABLE if region not in READABLE]
BOTH = [region for region in READABLE if region in WRITABLE]


def name(region):
    return region.name


def status(link, instruction, address, length, data=None):
    return link.exchange(command(instruction, address, length, data))[3]


@pytest.mark.parametrize("region", READABLE, ids=name)
def test_read_inside(link, trays, region):
    end = region.end(trays)
    assert len(link.read(region.base)) == 4
    assert len(link.read(end - 4)) == 4
    whole = min(end - region.base, 512)
    assert len(link.read(end - whole, whole)) == whole


@pytest.mark.parametrize("region", READABLE, ids=name)
def test_read_across_the_ends(link, trays, region):
    end = region.end(trays)
    assert status(link, READ, end - 4, 8) == NOT_PERMITTED
    assert status(link, READ, region.base, end - region.base + 4) == NOT_PERMITTED
    assert status(link, READ_SAME, end - 4, 8) == 0
    if region.base:
        assert status(link, READ, region.base - 4, 8) == NOT_PERMITTED


@pytest.mark.parametrize("region", r.REGIONS, ids=name)
def test_nothing_behind(link, trays, region):
    end = region.end(trays)
    assert all(other.base != end for other in r.REGIONS)
    assert status(link, READ, end, 4) == NOT_PERMITTED
    assert status(link, WRITE, end, 4, bytes(4)) == NOT_PERMITTED
    assert status(link, READ, end, 0) == NOT_PERMITTED


@pytest.mark.parametrize("region", WRITE_ONLY, ids=name)
def test_write_only(link, trays, region):
    for address in (region.base, region.end(trays) - 4):
        assert status(link, READ, address, 4) == NOT_PERMITTED
        assert status(link, READ, address, 0) == NOT_PERMITTED
        assert status(link, READ_MODIFY_WRITE, address, 8, bytes(8)) == NOT_PERMITTED
        assert status(link, WRITE, address, 0, b"") == 0


@pytest.mark.parametrize("region", READ_ONLY, ids=name)
def test_read_only(link, trays, region):
    before = link.read(region.base) if region is r.IDENTITY else None
    for address in (region.base, region.end(trays) - 4):
        assert status(link, WRITE, address, 4, b"\xff" * 4) == NOT_PERMITTED
        assert status(link, WRITE, address, 0, b"") == NOT_PERMITTED
        assert status(link, READ_MODIFY_WRITE, address, 8, b"\xff" * 8) == NOT_PERMITTED
    if before is not None:
        assert link.read(region.base) == before


@pytest.mark.parametrize("region", BOTH, ids=name)
def test_read_and_write(link, trays, region):
    for address in (region.base, region.end(trays) - 4):
        assert status(link, WRITE, address, 4, b"\x00\x00\x00\x2a") == 0
        assert link.word(address) == 0x2A
        assert link.modify(address, 0x15, 0x0F) == 0x2A
        assert link.word(address) == 0x25


@pytest.mark.parametrize("region", WRITABLE, ids=name)
def test_write_across_the_end_writes_nothing(link, trays, region):
    last = region.end(trays) - 4
    before = link.word(last) if region in BOTH else None
    assert status(link, WRITE, last, 8, b"\x11" * 8) == NOT_PERMITTED
    if before is not None:
        assert link.word(last) == before


def test_spans_do_not_wrap_around(link):
    assert status(link, READ, 0xFFFF_FFFC, 8) == NOT_PERMITTED
    assert status(link, READ, 0xFFFF_FF00, 512) == NOT_PERMITTED
    assert status(link, READ, 0x1_0000 | 0x8000_0000, 4) == NOT_PERMITTED
