"""Scenarios flown on a rack with fewer trays."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil import scenario as scenarios
from hil.flight import Flight, Order
from hil.run_folder import RunFolder
from hil.scenario import Requirement, Scenario
from hil.smaller_scenario import COUNTS, PARAMETERS, POWERS_AND_FLOWS, for_trays, scaled_channels


def test_a_flight_of_one_tray_is_like_one_of_eighteen(tmp_path: Path) -> None:
    """With flight software: temperatures within some kelvin once both racks have come up. One tray
    comes up at once, eighteen one after the other."""
    scenario = scenarios.load(scenarios.find("nominal"))
    scenario = scenarios.overridden(scenario, None, 300.0, None)
    ends = {}
    for trays in (1, 18):
        out = tmp_path / str(trays)
        result = Flight(Order(scenario, tmp_path, "model", out, trays=trays)).fly()
        truth = RunFolder(out).topic("truth")
        ends[trays] = {name: values[-1] for name, values in truth.channels.items()}
        assert result.summary["energy_residual"] < 1e-6 > result.summary["heat_residual"]
        assert ends[trays]["trays_running"] == trays
    for name, tolerance in (
        ("gpu_temp_max_c", 3.0),
        ("hbm_temp_max_c", 3.0),
        ("coolant_supply_c", 3.0),
        ("radiator_mean_c", 6.0),
        ("soc", 0.01),
        ("bus_voltage_v", 2.0),
    ):
        assert ends[1][name] == pytest.approx(ends[18][name], abs=tolerance), name


class TestScenario:
    def scenario(self, *require: Requirement) -> Scenario:
        return Scenario(name="mine", require=list(require), parameters={"overhead_power_w": 9000})

    def test_limits_on_what_is_of_a_size_go_with_it(self) -> None:
        small = for_trays(
            self.scenario(
                Requirement(channel="payload_power_w", at_least=45000),
                Requirement(channel="trays_running", at_least=16),
                Requirement(channel="trays_running", at_least=18),
                Requirement(channel="trays_hung", at_most=1),
                Requirement(channel="trays_hung", equals=0),
                Requirement(channel="soc", at_least=0.7),
                Requirement(channel="fsw_mode", differs="safe"),
            ),
            trays=4,
            of=18,
        )
        limits = [requirement.limit for requirement in small.require]
        assert limits == [10000.0, 3.0, 4.0, 1.0, 0.0, 0.7, "safe"]
        assert scaled_channels(small) == ["payload_power_w", "trays_running", "trays_hung"]

    def test_so_do_parameters_of_flight_software(self) -> None:
        small = for_trays(self.scenario(), trays=1, of=18)
        assert small.parameters["overhead_power_w"] == 500.0
        assert set(small.parameters) == set(PARAMETERS)
        assert small.parameters["soc_quiet_current_a"] == pytest.approx(12 / 18)

    def test_channels_are_those_that_there_are(self, tmp_path: Path) -> None:
        scenario = scenarios.overridden(scenarios.load(scenarios.find("nominal")), None, 0.1, None)
        flight = Flight(Order(scenario, tmp_path, "model", tmp_path / "run"))
        flight.fly()
        known = flight.loop.flight_side.housekeeping().keys() | flight.loop.craft.telemetry().keys()
        assert known >= POWERS_AND_FLOWS | COUNTS
        truth = set(flight.loop.craft.telemetry())
        of_a_size = {
            name for name in truth if name.endswith(("_w", "_a", "_l_min", "_kwh")) or "tok" in name
        }
        assert of_a_size - POWERS_AND_FLOWS == {"power_cap_mean_w"}  # of a tray

    def test_it_is_flown_and_recorded_so(self, tmp_path: Path) -> None:
        scenario = scenarios.overridden(scenarios.load(scenarios.find("nominal")), None, 1.0, None)
        flight = Flight(Order(scenario, tmp_path, "model", tmp_path / "run", trays=1))
        flight.fly()
        as_flown = scenarios.load(tmp_path / "run" / "scenario.toml")
        limits = {x.channel: x.limit for x in as_flown.require}
        assert limits["payload_power_w"] == 2500.0 and limits["trays_running"] == 0.0
        assert as_flown.parameters["overhead_power_w"] == pytest.approx(8000 / 18)
        again = Flight(Order(as_flown, tmp_path / "run", "model", tmp_path / "again"))
        assert again.scenario == as_flown and again.vehicle.rack.trays == 1
        again.connection.close()
