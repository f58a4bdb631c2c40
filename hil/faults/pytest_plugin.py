"""What racksat brings to pytest: suites as tests, `--target`, fixtures that say the same in Python.

def test_a_pump_seizes(satellite, inject, expect):
    satellite.duration_s = 200
    inject("actuator.pump_seized", pump="a", at_s=100)
    expect('event "PUMP_SWITCHED" within 10 s')
    satellite.fly()

pytest loads it wherever racksat is installed, so it imports what flies only when something does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hil.faults.pytest_items import Satellite


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--target`."""
    parser.getgroup("racksat").addoption(
        "--target",
        default="model",
        metavar="model|rtl|gates|URL",
        help="controller that is flown: model, rtl, or a pyserial URL (/dev/ttyUSB0, "
        "socket://host:port, ...); for the conformance suite also gates; default: model",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Suite files that the command line names: the tests of a folder do not fly its suites."""
    if file_path.suffix != ".toml" or not _is_named(file_path, parent.config):
        return None
    from hil.faults.pytest_items import SuiteFile

    suite: SuiteFile = SuiteFile.from_parent(parent, path=file_path)
    return suite


@pytest.fixture
def satellite(request: pytest.FixtureRequest) -> Iterator[Satellite]:
    """A satellite on the target of --target, to be flown by `satellite.fly()`."""
    from hil.faults.pytest_items import Satellite

    target = request.config.getoption("--target")
    case = Satellite(request.node.name, target, request.path)
    yield case
    if case.faults and not case.flown:
        pytest.fail("faults were injected, but satellite.fly() was never called", pytrace=False)


@pytest.fixture
def inject(satellite: Satellite) -> Callable[..., None]:
    """Add a fault: its kind, its parameters, at_s, when, for_s."""

    def add(kind: str, **parameters: Any) -> None:
        satellite.faults.append({"kind": kind, **parameters})

    return add


@pytest.fixture
def expect(satellite: Satellite) -> Callable[..., None]:
    """Add expectations, in the words of a suite."""

    def add(*texts: str) -> None:
        satellite.expected += texts

    return add


def _is_named(path: Path, config: pytest.Config) -> bool:
    base = config.invocation_params.dir
    return any((base / argument.split("::")[0]).resolve() == path for argument in config.args)
