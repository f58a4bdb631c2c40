"""Housekeeping: flat values of flight software's own view, for the ground and the bench."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fsw import registers as r
from fsw.acquisition import RackTelemetry, TrayBlockTelemetry
from fsw.compute import Caps
from fsw.events import Severity
from fsw.fault_protection import NO_FAULT, FaultState
from fsw.power import PowerBudget
from fsw.scrubbing import ScrubCommand
from fsw.thermal import ThermalCommand
from fsw.trays import TrayState

if TYPE_CHECKING:
    from fsw.flight_software import FlightSoftware

Values = dict[str, float | int | str]


def housekeeping(software: FlightSoftware) -> Values:
    """Everything, names prefixed fsw_. Values of what is not known yet are 0."""
    values: Values = {}
    _state(software, values)
    _rack(software, values)
    _laws(software, values)
    _link(software, values)
    return values


def _state(software: FlightSoftware, values: Values) -> None:
    stored, executive, events = software.stored, software.executive, software.events
    memory = software.store_counters
    faults = software.bus.latest(FaultState) or NO_FAULT
    values["fsw_mode"] = str(software.modes.modes.mode)
    values["fsw_mode_allowed"] = str(software.modes.modes.allowed)
    values["fsw_cycle"] = executive.cycle
    values["fsw_cycles_total"] = software.cycles_total
    values["fsw_starts"] = stored.starts
    values["fsw_app_failures"] = executive.failures
    values["fsw_app_restarts"] = executive.restarts
    values["fsw_irregular_cycles"] = software.clock.irregular_cycles
    values["fsw_transitions"] = stored.transitions
    values["fsw_faults"] = len(faults.tripped)
    values["fsw_events"] = events.total
    values["fsw_events_high"] = events.by_severity[Severity.HIGH]
    values["fsw_commands_accepted"] = software.commanding.accepted
    values["fsw_commands_refused"] = sum(software.commanding.refused.values())
    values["fsw_store_corrected"] = memory.corrected
    values["fsw_store_uncorrectable"] = memory.uncorrectable
    values["fsw_store_recovered"] = memory.recovered
    values["fsw_store_lost"] = memory.lost


def _rack(software: FlightSoftware, values: Values) -> None:
    telemetry = software.bus.latest(RackTelemetry)
    block = software.bus.latest(TrayBlockTelemetry)
    rack = software.rack
    values["fsw_soc"] = telemetry.soc if telemetry else 0.0
    values["fsw_battery_power_w"] = telemetry.battery_power_w if telemetry else 0.0
    values["fsw_array_power_w"] = telemetry.array_power_w if telemetry else 0.0
    values["fsw_coolant_supply_k"] = telemetry.coolant_supply_k if telemetry else 0.0
    values["fsw_coolant_return_k"] = telemetry.coolant_return_k if telemetry else 0.0
    values["fsw_radiator_outlet_k"] = telemetry.radiator_outlet_k if telemetry else 0.0
    values["fsw_coolant_flow_l_min"] = rack.coolant_flow_l_min(telemetry) if telemetry else 0.0
    values["fsw_gpu_k"] = telemetry.hottest_gpu_k if telemetry else 0.0
    values["fsw_hbm_k"] = telemetry.hottest_hbm_k if telemetry else 0.0
    values["fsw_sensors_invalid"] = len(telemetry.invalid) if telemetry else 0
    values["fsw_supply_outliers"] = len(telemetry.outliers) if telemetry else 0
    values["fsw_controller_safe"] = int(telemetry.safe) if telemetry else 0
    values["fsw_trays_on"] = telemetry.powered.bit_count() if telemetry else 0
    running = [t for t in block.trays if t.state == TrayState.RUNNING] if block else []
    values["fsw_trays_running"] = len(running)
    values["fsw_trays_given_up"] = rack.given_up.bit_count()
    values["fsw_tray_power_w"] = block.power_w if block else 0.0
    values["fsw_pump_in_use"] = "b" if rack.pump_b else "a"
    values["fsw_load_limit"] = rack.load_limit


def _laws(software: FlightSoftware, values: Values) -> None:
    budget = software.bus.latest(PowerBudget)
    caps = software.bus.latest(Caps)
    thermal = software.bus.latest(ThermalCommand)
    scrub = software.bus.latest(ScrubCommand)
    full_clock = software.parameters["clock_max_mhz"]
    values["fsw_budget_w"] = budget.tray_cap_w if budget else 0.0
    values["fsw_eclipse_cap_w"] = budget.eclipse_cap_w if budget else 0.0
    values["fsw_sunlit_cap_w"] = budget.sunlit_cap_w if budget else 0.0
    values["fsw_overhead_w"] = budget.overhead_w if budget else 0.0
    values["fsw_ready_soc"] = budget.ready_soc if budget else 0.0
    values["fsw_trays_affordable"] = budget.trays_affordable if budget else software.rack.trays
    values["fsw_shed_trays"] = budget.shed_trays if budget else 0
    values["fsw_dark"] = int(budget.dark) if budget else 0
    values["fsw_cap_w"] = caps.total_w if caps else 0.0
    values["fsw_clock_cap_mhz"] = min([*caps.clock_mhz, full_clock]) if caps else 0
    values["fsw_emergency"] = int(software.thermal.emergency)
    values["fsw_thermal_fraction"] = (
        min([thermal.rack_fraction, *thermal.tray_fraction]) if thermal else 1.0
    )
    values["fsw_pump"] = thermal.pump if thermal else 0.0
    values["fsw_bypass"] = thermal.bypass if thermal else 0.0
    values["fsw_heater"] = thermal.heater if thermal else 0.0
    values["fsw_freeze_override"] = int(thermal.freeze_override) if thermal else 0
    values["fsw_flux"] = scrub.flux_cm2_s if scrub else 0.0
    values["fsw_scrub_level"] = scrub.level if scrub else 0
    values["fsw_scrub_period"] = (
        scrub.period_ticks if scrub else r.CONTROL_SCRUB.unpack(r.CONTROL_SCRUB.reset)["period"]
    )
    values["fsw_memory_verified"] = int(software.golden.verified)
    values["fsw_memory_corrected"] = software.corrected_met
    values["fsw_memory_uncorrectable"] = software.golden.uncorrectable_met
    values["fsw_memory_rewritten"] = software.golden.words_rewritten
    values["fsw_memory_chunks"] = software.golden.chunks_written
    _frames(software, values)


def _frames(software: FlightSoftware, values: Values) -> None:
    care = software.frames
    scrub = software.bus.latest(ScrubCommand)
    reset = r.CONTROL_CONFIG_SCAN.unpack(r.CONTROL_CONFIG_SCAN.reset)["period"]
    values["fsw_config_state"] = str(care.state)
    values["fsw_config_damaged"] = int(care.damaged)
    values["fsw_config_period"] = scrub.config_period_ticks if scrub else reset
    values["fsw_config_verified"] = int(care.frames.verified and care.mask.verified)
    values["fsw_config_corrected"] = care.corrected
    values["fsw_config_essential"] = care.essential
    values["fsw_config_uncorrectable"] = care.uncorrectable
    values["fsw_config_crc_errors"] = care.crc_errors
    values["fsw_config_reloaded"] = care.reloaded
    values["fsw_config_chunks"] = care.frames.chunks_written + care.mask.chunks_written
    values["fsw_config_restarts"] = care.restarts
    values["fsw_config_given_up"] = int(care.given_up)


def _link(software: FlightSoftware, values: Values) -> None:
    counters = software.link.counters
    values["fsw_link_transactions"] = counters.transactions
    values["fsw_link_retries"] = counters.retries
    values["fsw_link_timeouts"] = counters.timeouts
    values["fsw_link_crc_errors"] = counters.crc_errors
    values["fsw_link_bad_replies"] = counters.bad_replies
    values["fsw_link_refused"] = sum(counters.refused.values())
    values["fsw_link_failed"] = counters.failed
    values["fsw_link_failures"] = software.link_cycle.failures
    values["fsw_controller_resets"] = software.link_cycle.resets_seen
    values["fsw_registers_repaired"] = software.controller.upsets_repaired
    values["fsw_commands_lost"] = software.controller.commands_lost
