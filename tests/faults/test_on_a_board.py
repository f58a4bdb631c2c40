"""Suites against a controller behind a serial port, in real time."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hil.cli import app
from tests.hil.virtual_board import VirtualBoard

SUITE = Path(__file__).parent / "board.toml"


@pytest.fixture
def board(tmp_path):
    with VirtualBoard(tmp_path / "tty", "rtl") as board:
        yield board


def test_what_the_injection_port_can_do_is_flown_and_the_rest_skipped_by_name(board, tmp_path):
    out = tmp_path / "run"
    words = ["faults", "run", str(SUITE), "--target", board.url, "--out", str(out)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    told = " ".join(result.output.split())
    assert "held injection port: memory, frame and copy: corrected" in told
    assert "skipped needs the Verilog: a flop of the link: upset.flop needs the target rtl" in told
    assert "1 of 1 cases held, 1 skipped" in told
    assert "upset.flop needs the target rtl" in (out / "report.html").read_text()


def test_a_target_that_is_neither_is_refused(tmp_path):
    result = CliRunner().invoke(app, ["faults", "run", str(SUITE), "--target", "mode"])
    assert result.exit_code != 0
    assert "unknown target 'mode'" in str(result.exception)
