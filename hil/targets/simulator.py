"""The simulator's process and the socket to it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import cocotb_tools.config
import find_libpython

from gateware.bench import message
from hil.errors import SimulatorDied, UsageError
from hil.targets import coverage_switch
from hil.targets.kept import ROOT
from hil.targets.simulation_build import Simulation

LOG_LINES = 15
COVERAGE_WAIT_S = 60.0  # until coverage has been written


class Simulator:
    """A running simulation in a process group of its own, which ends with this object.

    It also ends when this process dies: its end of the socket then reads end of file.
    """

    def __init__(self, simulation: Simulation, module: str) -> None:
        """Start it with a cocotb module. Raises SimulatorDied when it does not come up."""
        self._owner = os.getpid()
        self._error: SimulatorDied | None = None
        self._directory = tempfile.TemporaryDirectory(prefix="racksat-")
        self.log = Path(self._directory.name) / "simulator.log"
        self._socket, theirs = socket.socketpair()
        with theirs, self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command(simulation),
                cwd=self._directory.name,
                env=environment(simulation, module)
                | {message.SOCKET_VARIABLE: str(theirs.fileno())},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Process id of the simulator."""
        return self._process.pid

    def call(self, kind: int, payload: bytes = b"") -> bytes:
        """Send a message and return the answer's payload. Raises SimulatorDied."""
        if self._error is not None:
            raise self._error
        try:
            message.send(self._socket, kind, payload)
            return message.receive(self._socket)[1]
        except (OSError, EOFError):
            self._error = self._died()
            raise self._error from None
        except BaseException:  # interrupted: the answer under way would be taken for the next one
            self._error = SimulatorDied("the simulator was ended by an interrupt of its caller")
            self._kill()
            raise

    def close(self) -> None:
        """End the simulator; harmless when it has ended."""
        self._socket.close()
        if os.getpid() != self._owner:  # a fork of the process that started it
            return
        if coverage_switch.measuring():  # it writes its file when it sees the socket closed
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(COVERAGE_WAIT_S)
        self._kill()
        self._directory.cleanup()
        if self._error is None:
            self._error = SimulatorDied("the simulator has been closed")

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _died(self) -> SimulatorDied:
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._kill()
            code = self._process.returncode
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        return SimulatorDied(f"the simulator died ({how}). Its last lines:\n" + "\n".join(lines))


def command(simulation: Simulation) -> list[str]:
    """How a simulation is started."""
    if simulation.simulator == "verilator":
        return [str(simulation.file), *coverage_switch.simulation_arguments()]
    library = cocotb_tools.config.lib_entry("vpi", "icarus")
    return ["vvp", "-n", "-m", str(library), str(simulation.file), "-none"]


def environment(simulation: Simulation, module: str) -> dict[str, str]:
    """What cocotb wants to find in the environment of a simulation.

    Raises UsageError when this Python has no shared library to be embedded with.
    """
    libpython = find_libpython.find_libpython()
    if libpython is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise UsageError(
            f"{sys.executable} has no shared library libpython{version}.so, which the simulator "
            f"loads: apt-get install libpython{version}, or a Python built with --enable-shared"
        )
    paths = [str(ROOT), *(path for path in sys.path if path)]
    ours = ("COCOTB_", "GPI_", "PYGPI_")  # a caller's would act on the simulator
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
        "COCOTB_TOPLEVEL": simulation.top,
        "COCOTB_TEST_MODULES": module,
        "COCOTB_TRUST_INERTIAL_WRITES": str(int(simulation.simulator == "verilator")),
        "COCOTB_RANDOM_SEED": "0",
        "COCOTB_ANSI_OUTPUT": "0",
        "COCOTB_REWRITE_ASSERTION_FILES": "",
        "GPI_USERS": f"{libpython};{cocotb_tools.config.pygpi_entry_point()}",
        "PYGPI_PYTHON_BIN": sys.executable,
        "PYTHONPATH": os.pathsep.join(paths),
        "TOPLEVEL_LANG": "verilog",
    }
