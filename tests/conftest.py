"""Options of the test suite."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--target",
        default="model",
        metavar="model|rtl|gates|URL",
        help="controller under test of tests/conformance: model, rtl, gates, or a pyserial "
        "URL (/dev/ttyUSB0, socket://host:port, ...); default: model",
    )
