"""Region identity: what is at the other end."""

from fsw import registers as r


def test_id_frame_by_frame(link):
    link.send_raw(bytes.fromhex("c0fe014c206712340000000000000004611a5ec0"))
    reply = link.port.read(21)
    assert reply == bytes.fromhex("c067010c00fe1234000000044c524b5354e2b33ec0")


def test_id_and_version(link):
    assert link.read(0x0000, 4) == b"RKST"
    assert link.fields(r.IDENTITY_VERSION) == {"major": 1, "minor": 3, "patch": 0}


def test_config(link):
    config = link.fields(r.IDENTITY_CONFIG)
    assert config["tick_hz"] == 100
    assert config["memory_kib"] == 4
    assert 1 <= config["trays"] <= 32


def test_config_counts_the_bench_trays(link, stimulus):
    assert link.fields(r.IDENTITY_CONFIG)["trays"] == stimulus.trays


def test_whole_region_in_one_read(link):
    whole = link.read(0x0000, 24)
    assert whole[:16] == b"".join(link.read(address) for address in (0, 4, 8, 12))
    assert whole[20:] == link.read(0x0014)


def test_features_of_a_simulated_controller(link, stimulus):
    """A netlist is that of a board, which has ADCs."""
    adc = int(stimulus.target.name == "gates")
    assert link.fields(r.IDENTITY_FEATURES) == {"adc": adc, "injection": 1}


def test_uptime_counts_ticks(link, stimulus):
    stimulus.need("a reset")
    assert link.word(r.IDENTITY_UPTIME) == 0
    stimulus.ticks(1)
    assert link.word(r.IDENTITY_UPTIME) == 1
    stimulus.ticks(70_000)
    assert link.word(r.IDENTITY_UPTIME) == 70_001
    assert link.fields(r.FAST_STATUS)["uptime"] == 70_001 - 65_536


def test_uptime_does_not_go_back(link):
    first = link.word(r.IDENTITY_UPTIME)
    assert link.word(r.IDENTITY_UPTIME) >= first
