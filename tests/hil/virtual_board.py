"""A dev board that is not there: the controller behind a pseudo-terminal, in a process of its own.

`VirtualBoard` starts this file as a program and tells it by lines on its standard input what
happens to the board; it answers each with a line. As the bitstream of a dev board, it has no
sensors of its own: nothing but stimulus through the test key puts samples into it. (What the bit
`injection.source.stimulus` would keep out never comes, so that its value makes no difference.)
With `physics` a spacecraft is behind it, as behind `racksat serve`. `speed` is its time over wall
time: what flies it has to be as fast.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from hil.mission import CYCLE_NS
from hil.pace import Pace
from hil.ports.lockstep import BITS_PER_BYTE
from hil.served_port import PtyPort
from hil.server import Server
from hil.targets.lockstep import TRAYS_DEFAULT, LockstepTarget

ROOT = Path(__file__).resolve().parents[2]
ANSWER_S = 300.0  # the first simulation on a machine has to be built
DONE = "done"


class VirtualBoard:
    """Starts a virtual board; use it as a context manager. `url` is there while it is plugged in.

    Methods return when what they say has happened. RuntimeError says what the process said when it
    did something else.
    """

    def __init__(
        self,
        link: Path,
        target: str = "model",
        trays: int = TRAYS_DEFAULT,
        baud: int = 1_000_000,
        seed: int = 1,
        physics: bool = False,
        speed: float = 1.0,
    ) -> None:
        self.url = str(link)
        words = [sys.executable, __file__, "--link", self.url, "--target", target]
        words += ["--trays", str(trays), "--baud", str(baud), "--seed", str(seed)]
        words += ["--speed", str(speed)]
        words += ["--physics"] if physics else []
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  lives as long as the process
        self._process = subprocess.Popen(
            words,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            bufsize=0,
        )

    def reset(self) -> None:
        """Press the reset button."""
        self._order("reset")

    def garbage(self, count: int) -> None:
        """Let it send that many random bytes."""
        self._order(f"garbage {count}")

    def unplug(self) -> None:
        """Pull the plug: the device is gone, whoever has it open gets errors."""
        self._order("unplug")

    def plug(self, reset: bool = False) -> None:
        """Plug it in again, as another device behind the same link; `reset`: it lost its power."""
        self._order("plug reset" if reset else "plug")

    def mute(self, seconds: float) -> None:
        """Let it send nothing for that much wall time from now on; it hears as ever."""
        self._order(f"mute {seconds}")

    def quit(self) -> None:
        """End it; harmless when it has ended."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(30.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def __enter__(self) -> Self:
        try:
            self._await_answer("start")
        except BaseException:
            self.quit()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.quit()

    def _order(self, line: str) -> None:
        try:
            os.write(self._process.stdin.fileno(), f"{line}\n".encode())
        except OSError as error:
            raise RuntimeError(f"virtual board: {line}: {error}: {self._said()}") from error
        self._await_answer(line)

    def _await_answer(self, line: str) -> None:
        if not select.select([self._process.stdout], [], [], ANSWER_S)[0]:
            raise RuntimeError(f"virtual board: {line}: no answer: {self._said()}")
        answer = self._process.stdout.readline().decode().strip()
        if answer != DONE:
            raise RuntimeError(f"virtual board: {line}: {answer or 'it ended'}: {self._said()}")

    def _said(self) -> str:
        self._log.seek(0)
        return self._log.read()


class BoardPort:
    """The USB side of the board: a pseudo-terminal that can be pulled, and fall silent."""

    def __init__(self, link: Path) -> None:
        self.address = str(link)
        self.muted_until_s = 0.0
        self._link = link
        self._pty: PtyPort | None = PtyPort(link)

    def unplug(self) -> None:
        self.close()
        self._pty = None

    def plug(self) -> None:
        if self._pty is None:
            self._pty = PtyPort(self._link)

    @property
    def sessions(self) -> int:
        return 0 if self._pty is None else self._pty.sessions

    @property
    def in_session(self) -> bool:
        return self._pty is not None and self._pty.in_session

    @property
    def poll_s(self) -> float | None:
        return None if self._pty is None else self._pty.poll_s

    def files(self) -> Sequence[int]:
        return () if self._pty is None else self._pty.files()

    def receive(self, limit: int) -> bytes:
        return b"" if self._pty is None else self._pty.receive(limit)

    def send(self, data: bytes) -> int:
        if self._pty is None or time.monotonic() < self.muted_until_s:
            return 0
        return self._pty.send(data)

    def close(self) -> None:
        if self._pty is not None:
            self._pty.close()


class Board:
    """Carries out the orders of one line each."""

    def __init__(self, port: BoardPort, target: LockstepTarget, seed: int) -> None:
        self._port = port
        self._target = target
        self._random = random.Random(seed)

    def obey(self, line: str) -> None:
        match line.split():
            case ["reset"]:
                self._target.reset()
            case ["garbage", count]:
                self._port.send(self._random.randbytes(int(count)))
            case ["unplug"]:
                self._port.unplug()
            case ["plug", *how] if how in ([], ["reset"]):
                if how:
                    self._target.reset()
                self._port.plug()
            case ["mute", seconds]:
                self._port.muted_until_s = time.monotonic() + float(seconds)
            case _:
                raise ValueError(f"unknown order {line!r}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--link", type=Path, required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--trays", type=int, required=True)
    parser.add_argument("--baud", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--speed", type=float, required=True)
    parser.add_argument("--physics", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        target, minor_cycle = (with_physics if options.physics else bare)(options, Path(folder))
        port = BoardPort(options.link)
        server = Server(
            target,
            port,
            round(BITS_PER_BYTE * 1e9 / options.baud),
            Pace(options.speed),
            minor_cycle,
            record=lambda time_ns, direction, data: None,
        )
        try:
            attend(server, Board(port, target, options.seed))
        finally:
            port.close()
            target.close()


def attend(server: Server, board: Board) -> None:
    """Serve, and obey, until the orders end."""
    orders = b""
    print(DONE, flush=True)
    while True:
        if not server.round(also=[0]):
            continue
        read = os.read(0, 4096)
        if not read:
            return
        *lines, orders = (orders + read).split(b"\n")
        for line in lines:
            try:
                board.obey(line.decode())
            except ValueError as error:
                print(error, flush=True)
            else:
                print(DONE, flush=True)


def bare(options: argparse.Namespace, folder: Path) -> tuple[LockstepTarget, Callable[[int], None]]:
    """A controller on a desk."""
    from hil.connection import open_target

    port = open_target(options.target, options.trays)
    target = port.target

    def minor_cycle(cycle: int) -> None:
        port.target.advance_to((cycle + 1) * CYCLE_NS)  # the port, as its end closes the target
        target.actuators()  # so that ticks happen now, not all at the next command

    return target, minor_cycle


def with_physics(
    options: argparse.Namespace, folder: Path
) -> tuple[LockstepTarget, Callable[[int], None]]:
    """A controller in the spacecraft of the nominal scenario."""
    from hil import scenario
    from hil.serve import ServeOrder, Service

    path = scenario.find("nominal")
    flown = scenario.overridden(scenario.load(path), None, None, options.seed)
    order = ServeOrder(
        scenario=flown,
        scenario_folder=path.parent,
        target=options.target,
        out=folder / "run",
        baud=options.baud,
        speed=options.speed,
        replay="",
    )
    service = Service(order)
    if options.trays != service.target.trays:
        raise SystemExit(f"--trays {options.trays}: the vehicle has {service.target.trays}")
    return service.target, service.minor_cycle


if __name__ == "__main__":
    main()
