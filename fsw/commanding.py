"""Commanding: carries out telecommands, at once or when the schedule says so.

Packets wait until the next minor cycle. A refused one is counted by reason and reported; it changes
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fsw.commands import (
    CommandRefused,
    LoadEclipseForecast,
    Noop,
    Reason,
    ResetCounters,
    RetryTrays,
    ScheduleCommand,
    SetLoadLimit,
    SetMode,
    SetParameter,
    Telecommand,
    decode_telecommand,
)
from fsw.events import Severity
from fsw.parameters import ParameterError
from fsw.protected_memory import RECORDS
from fsw.schedule import EclipseForecast, Schedule

if TYPE_CHECKING:
    from fsw.flight_software import FlightSoftware

QUEUE_CAPACITY = 32
FORECAST_BYTES = {record.name: record.capacity_bytes for record in RECORDS}["forecast"]


class Commanding:
    """The uplink queue, the schedule, the forecast, and what came of the commands."""

    def __init__(self, software: FlightSoftware) -> None:
        self._software = software
        self._queue: list[bytes] = []
        self.schedule = Schedule()
        self.accepted = 0
        self.refused: dict[Reason, int] = {}
        self.forecast = self._stored_forecast()
        self._load_stored_parameters()

    def receive(self, packet: bytes) -> None:
        """Take a packet from the uplink."""
        if len(self._queue) >= QUEUE_CAPACITY:
            self._refuse(
                CommandRefused(Reason.NOT_NOW, f"{QUEUE_CAPACITY} telecommands wait already")
            )
            return
        self._queue.append(bytes(packet))

    def step(self, time_ns: int) -> None:
        """Carry out what has arrived and what is due."""
        queue, self._queue = self._queue, []
        for packet in [*queue, *self.schedule.due(time_ns)]:
            try:
                command = decode_telecommand(packet)
                self._carry_out(command, time_ns)
            except CommandRefused as error:
                self._refuse(error)
            else:
                self.accepted += 1
                self._software.events.report(
                    Severity.INFO,
                    "COMMAND_ACCEPTED",
                    f"{type(command).__name__} accepted",
                    command=type(command).__name__,
                )

    def _refuse(self, error: CommandRefused) -> None:
        self.refused[error.reason] = self.refused.get(error.reason, 0) + 1
        self._software.events.report(
            Severity.LOW, "COMMAND_REFUSED", str(error), reason=error.reason.name
        )

    def _carry_out(self, command: Telecommand, time_ns: int) -> None:
        software = self._software
        match command:
            case Noop():
                pass
            case ResetCounters():
                software.reset_counters()
            case SetMode(mode):
                software.modes.command(mode)
            case SetParameter(name, value):
                self._set_parameter(name, value)
            case LoadEclipseForecast():
                self.forecast = EclipseForecast.of(command)
                software.memory.write("forecast", self.forecast.encode(FORECAST_BYTES))
            case SetLoadLimit(limit):
                software.rack.load_limit = limit
                software.save_mode()
            case RetryTrays(trays):
                self._retry_trays(trays)
            case ScheduleCommand():
                self.schedule.insert(command, time_ns)

    def _set_parameter(self, name: str, value: float) -> None:
        software = self._software
        parameters, memory = software.parameters, software.memory
        before = parameters[name]
        try:
            parameters.set(name, value)
            memory.write("parameters", parameters.encode_changes())
        except ParameterError as error:
            raise CommandRefused(Reason.VALUE, str(error)) from None
        except ValueError as error:  # the record is full
            parameters.set(name, before)
            raise CommandRefused(Reason.NOT_NOW, str(error)) from None
        software.parameters_changed()

    def _retry_trays(self, mask: int) -> None:
        software = self._software
        if mask >> software.rack.trays:
            raise CommandRefused(
                Reason.VALUE, f"tray mask 0x{mask:X}, {software.rack.trays} trays are fitted"
            )
        software.trays.retry(mask)
        software.save_mode()

    def _stored_forecast(self) -> EclipseForecast:
        data = self._software.memory.read("forecast")
        if data is None:
            return EclipseForecast()
        try:
            return EclipseForecast.decode(data)
        except ValueError as error:
            self._software.events.report(Severity.MEDIUM, "RECORD_UNUSABLE", str(error))
            return EclipseForecast()

    def _load_stored_parameters(self) -> None:
        data = self._software.memory.read("parameters")
        if data is None:
            return
        try:
            self._software.parameters.load_changes(data)
        except ParameterError as error:
            self._software.events.report(Severity.MEDIUM, "RECORD_UNUSABLE", str(error))
