"""Places that an upset can and cannot have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hil.errors import UsageError
from hil.faults.kinds.upsets import drawn_bits
from hil.faults.pytest_items import Satellite


def test_bits_are_one_neighbours_or_anywhere() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        (bit,) = drawn_bits(rng, 39, "single", 5, None)
        assert 0 <= bit < 39
        pair = drawn_bits(rng, 39, "adjacent", 2, None)
        assert pair == (pair[0], pair[0] + 1) and 0 <= pair[0] <= 37
        burst = drawn_bits(rng, 39, "burst", 4, None)
        assert len(set(burst)) == 4 and list(burst) == sorted(burst) and burst[-1] < 39
    assert drawn_bits(rng, 1, "adjacent", 2, None) == (0,)  # a word of one bit has no neighbours
    assert drawn_bits(rng, 39, "adjacent", 2, 37) == (37, 38)


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("upset.controller_memory", {"word": 1024}, "word 1024, there are 1024"),
        ("upset.controller_memory", {"bit": 39}, "bit 39 is to be flipped, there are 39 bits"),
        ("upset.config_frame", {"word": 16}, "word 16, there are 16"),
        ("upset.triplicated_copy", {"register": "cap_x"}, "no triplicated register 'cap_x'; there"),
        ("upset.triplicated_copy", {"register": "safe", "bit": 1}, "there are 1 bits"),
        ("upset.tray_sefi", {"tray": 20}, "tray 20, the vehicle has 18"),
        ("sensor.bias", {"channel": "load_power", "tray": 18, "bias": 1}, "the vehicle has 18"),
        ("actuator.dead", {"actuator": "tray_power", "tray": 31}, "the vehicle has 18"),
    ],
)
def test_places_that_are_not_there(
    satellite: Satellite, kind: str, parameters: dict[str, Any], message: str
) -> None:
    satellite.target, satellite.duration_s = "model", 2.0
    satellite.faults.append({"kind": kind, "at_s": 1.0, **parameters})
    satellite.expected.append("soc > 0 always")
    with pytest.raises(UsageError) as caught:
        satellite.fly()
    assert message in str(caught.value)


def test_a_tray_that_is_off_is_not_hurt(satellite: Satellite) -> None:
    satellite.target, satellite.duration_s = "model", 2.0
    satellite.faults.append({"kind": "upset.tray_sefi", "at_s": 1.0, "tray": 0})
    satellite.expected.append("soc > 0 always")
    result = satellite.fly(check=False)
    assert not result.held
    assert result.injections[0].fired_ns is None
