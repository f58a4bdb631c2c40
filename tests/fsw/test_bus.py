"""Software bus: latest value and age."""

from dataclasses import dataclass

import pytest

from fsw.bus import Bus


@dataclass(frozen=True)
class Ping:
    number: int


@dataclass(frozen=True)
class Pong:
    number: int


def test_the_latest_message_of_a_type_replaces_the_one_before():
    bus = Bus()
    bus.publish(Ping(1), 100)
    bus.publish(Ping(2), 200)
    assert bus.latest(Ping) == Ping(2)


def test_types_do_not_disturb_each_other():
    bus = Bus()
    bus.publish(Ping(1), 100)
    assert bus.latest(Pong) is None


def test_age_counts_from_the_last_publication():
    bus = Bus()
    assert bus.age_s(Ping, 0) == float("inf")
    bus.publish(Ping(1), 1_000_000_000)
    assert bus.age_s(Ping, 3_500_000_000) == 2.5


def test_only_dataclasses_travel():
    with pytest.raises(TypeError, match="bus: int is not a dataclass"):
        Bus().publish(3, 0)
