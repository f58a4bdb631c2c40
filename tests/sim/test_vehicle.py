"""Vehicle files: the presets' figures, and the errors of files that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.vehicle import PRESETS, VehicleError, load_vehicle, preset_names


@pytest.mark.parametrize(
    ("name", "payload_w", "array_m2", "radiator_m2", "battery_kwh", "altitude_km"),
    [
        ("rack_100kw", 100e3, 550, 200, 100, 650),
        ("nvl72_135kw", 135e3, 700, 220, 130, 650),
        ("starlink_25kw", 25e3, 120, 40, 30, 550),
        ("ai_sat_120kw", 120e3, 600, 110, 120, 600),
    ],
)
def test_presets_have_the_published_figures(
    name: str,
    payload_w: float,
    array_m2: float,
    radiator_m2: float,
    battery_kwh: float,
    altitude_km: float,
) -> None:
    vehicle = load_vehicle(name)
    assert vehicle.name == name
    assert vehicle.payload_power_w == pytest.approx(payload_w, rel=2e-4)
    assert vehicle.array.area_m2 == array_m2
    assert vehicle.radiator.panels * vehicle.radiator.panel_area_m2 == radiator_m2
    assert vehicle.battery.capacity_kwh == battery_kwh
    assert vehicle.orbit.altitude_km == altitude_km


def test_every_preset_is_tested_above() -> None:
    assert preset_names() == ["ai_sat_120kw", "nvl72_135kw", "rack_100kw", "starlink_25kw"]


@pytest.mark.parametrize(
    ("override", "text"),
    [
        (
            {"battery": {"capacity_kwh": -5}},
            "rack_100kw.toml: battery.capacity_kwh = -5, must be > 0",
        ),
        ({"rack": {"trays": 40}}, "rack_100kw.toml: rack.trays = 40, must be <= 32"),
        (
            {"radiator": {"emittance": "black"}},
            "rack_100kw.toml: radiator.emittance = 'black', must be a valid number",
        ),
        (
            {"upsets": {"scales": 2.0}},
            "rack_100kw.toml: upsets.scales: unknown key; upsets has scale",
        ),
        (
            {"radiator": {"panels_lost": 5}},
            "rack_100kw.toml: radiator: panels_lost = 5, must be <= panels = 4",
        ),
        (
            {"rack": {"tray_idle_w": 6000.0}},
            "rack_100kw.toml: rack: tray_idle_w = 6000, must be < tray_power_w = 5555",
        ),
        (
            {"orbit": {"inclination_deg": 53.0}},
            "rack_100kw.toml: orbit: give local_time_ascending_node_h (sun-synchronous) or "
            "inclination_deg, one of them",
        ),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(
    override: dict[str, dict[str, object]], text: str
) -> None:
    with pytest.raises(VehicleError) as caught:
        load_vehicle("rack_100kw", override)
    assert str(caught.value) == text


def test_an_unknown_section_lists_the_sections() -> None:
    with pytest.raises(VehicleError) as caught:
        load_vehicle("rack_100kw", {"batery": {"capacity_kwh": 5}})
    assert str(caught.value) == (
        "rack_100kw.toml: batery: unknown key; the file has name, description, orbit, upsets, "
        "monitor, array, battery, bus, rack, coolant, radiator"
    )


def test_numbers_are_not_taken_from_text() -> None:
    with pytest.raises(VehicleError, match="capacity_kwh = '100', must be a valid number"):
        load_vehicle("rack_100kw", {"battery": {"capacity_kwh": "100"}})


def test_a_section_must_be_a_table(tmp_path: Path) -> None:
    file = tmp_path / "flat.toml"
    text = (PRESETS / "rack_100kw.toml").read_text(encoding="utf-8")
    text = text.replace('name = "rack_100kw"', 'name = "flat"\nupsets = 5').replace(
        "[upsets]\nscale = 1.0\n", ""
    )
    file.write_text(text, encoding="utf-8")
    with pytest.raises(VehicleError, match=r"flat.toml: upsets = 5, must be a table: \[upsets\]"):
        load_vehicle(file)


def test_infinity_is_refused() -> None:
    with pytest.raises(VehicleError, match="array.area_m2 = inf, must be a finite number"):
        load_vehicle("rack_100kw", {"array": {"area_m2": float("inf")}})


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    text = (PRESETS / "rack_100kw.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("cells_in_series")]
    file = tmp_path / "mine.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(VehicleError, match=r"^mine.toml: battery.cells_in_series is missing$"):
        load_vehicle(file)


def test_all_complaints_come_at_once() -> None:
    with pytest.raises(VehicleError) as caught:
        load_vehicle("rack_100kw", {"battery": {"capacity_kwh": 0}, "array": {"area_m2": -1}})
    assert str(caught.value).splitlines() == [
        "rack_100kw.toml: array.area_m2 = -1, must be > 0",
        "rack_100kw.toml: battery.capacity_kwh = 0, must be > 0",
    ]


def test_a_path_works_and_an_unknown_name_lists_the_presets(tmp_path: Path) -> None:
    copy = tmp_path / "copy.toml"
    copy.write_bytes((PRESETS / "rack_100kw.toml").read_bytes())
    assert load_vehicle(copy) == load_vehicle(str(copy)) == load_vehicle("rack_100kw")
    with pytest.raises(VehicleError, match=r"unknown vehicle 'rack'; presets are ai_sat_120kw, "):
        load_vehicle("rack")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(VehicleError, match=r"none.toml: cannot be read: No such file"):
        load_vehicle(tmp_path / "none.toml")
    with pytest.raises(VehicleError, match="cannot be read: Is a directory"):
        load_vehicle(tmp_path)
    broken = tmp_path / "broken.toml"
    broken.write_text("[array\n", encoding="utf-8")
    with pytest.raises(VehicleError, match=r"broken.toml: not TOML: .*line 1"):
        load_vehicle(broken)
    broken.write_bytes(b"name = '\xff'")
    with pytest.raises(VehicleError, match="not UTF-8"):
        load_vehicle(broken)


def test_overrides_leave_the_rest_alone() -> None:
    changed = load_vehicle("rack_100kw", {"radiator": {"panels_lost": 1}})
    plain = load_vehicle("rack_100kw")
    assert (changed.radiator.panels_lost, plain.radiator.panels_lost) == (1, 0)
    assert changed.radiator.panels == plain.radiator.panels
    assert changed.battery == plain.battery
