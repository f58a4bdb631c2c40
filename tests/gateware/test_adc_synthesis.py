"""The analogue front end stays small, and keeps the parity of its state."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_triplication_synthesis import synthesise

DATA, DIVIDER = 32, 1
STATE = {1: 16, 18: 19}  # with its parity: 3 more bits for 20 devices than for 3
LUTS = 110


@pytest.mark.parametrize("trays", STATE)
def test_size_on_the_ice40(trays: int, tmp_path: Path) -> None:
    cells = synthesise(
        tmp_path,
        f"read_verilog adc_front_end.v; chparam -set TRAYS {trays} adc_front_end; "
        "synth_ice40 -device u -abc9 -nocarry -top adc_front_end; tee -o told stat",
    )
    count = {name: int(number) for number, name in re.findall(r"(\d+)\s+(SB_\w+)", cells)}
    luts = count.pop("SB_LUT4")
    assert sum(count.values()) == DATA + DIVIDER + STATE[trays], cells
    assert luts < LUTS, cells
