"""A vehicle file: the numbers of one rack-satellite, read from TOML and checked.

Every number stands in the file with its unit in the name and its source in a comment; there are
no defaults but for faults (`panels_lost`). Areas are planform: one side of a wing or panel,
counted once. The presets are the files of `sim/vehicles/`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

PRESETS = Path(__file__).parent / "vehicles"

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Efficiency = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]


class VehicleError(ValueError):
    """A vehicle file that cannot be used; the text says where, what and what is allowed."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class DesignOrbit(_Section):
    """The circular orbit it is designed for; sun-synchronous where a local time is given."""

    altitude_km: Annotated[float, Field(ge=300, le=2000)]
    local_time_ascending_node_h: Annotated[float, Field(ge=0, lt=24)] | None = None
    inclination_deg: Annotated[float, Field(ge=0, le=180)] | None = None

    @model_validator(mode="after")
    def _one_plane(self) -> Self:
        if (self.local_time_ascending_node_h is None) == (self.inclination_deg is None):
            raise ValueError(
                "give local_time_ascending_node_h (sun-synchronous) or inclination_deg, one of them"
            )
        return self


class Upsets(_Section):
    """How sensitive the electronics are, relative to the reference rack."""

    scale: NotNegative


class Monitor(_Section):
    """The proton monitor: a counter of particles above 30 MeV."""

    area_cm2: Positive  # counts per unit of omnidirectional fluence
    background_counts_s: NotNegative


class SolarArray(_Section):
    """Wings with maximum power point tracking."""

    area_m2: Positive
    area_convention: Literal["planform"]
    packing: Efficiency  # cell area / planform area
    degradation: Efficiency  # power now / power new
    pointing_error_deg: Annotated[float, Field(ge=0, lt=90)]
    converter_efficiency: Efficiency
    heat_capacity_j_m2_k: Positive
    absorptance: Fraction
    emittance_front: Fraction
    emittance_back: Fraction


class Battery(_Section):
    """A pack of published cells (see `sim/battery.py`)."""

    capacity_kwh: Positive
    cells_in_series: Count
    charge_limit_c: Positive  # current over capacity, 1/h
    discharge_limit_c: Positive
    charge_voltage_v: Annotated[float, Field(gt=3.0, le=4.2)]  # per cell, constant-voltage phase
    cutoff_soc: Annotated[float, Field(ge=0, lt=1)]
    restore_soc: Annotated[float, Field(gt=0, lt=1)]
    specific_energy_wh_kg: Positive
    coldplate_w_k: Positive

    @model_validator(mode="after")
    def _hysteresis(self) -> Self:
        if self.restore_soc <= self.cutoff_soc:
            raise ValueError(
                f"restore_soc = {self.restore_soc:g}, must be > cutoff_soc = {self.cutoff_soc:g}"
            )
        return self


class PowerBus(_Section):
    """Battery-coupled main bus."""

    harness_efficiency: Efficiency
    rack_converter_efficiency: Efficiency
    auxiliary_converter_efficiency: Efficiency
    avionics_power_w: NotNegative
    ammonia_pump_w: NotNegative
    heater_power_w: NotNegative


class ComputeRack(_Section):
    """Compute trays; the switch trays' power is shared out over them."""

    trays: Annotated[int, Field(ge=1, le=32)]
    tray_power_w: Positive  # full load
    tray_idle_w: Positive
    gpus_per_tray: Count
    gpu_power_share: Efficiency  # of the tray's power, at full load, in GPU dies
    hbm_power_share: Efficiency  # in the memory stacks
    hottest_spread: Annotated[float, Field(ge=1, lt=2)]  # hottest chip over the mean one
    gpu_k_w: Positive  # junction above the cold plate, per watt of one GPU
    hbm_k_w: Positive  # stacks above the cold plate, per watt of one GPU's stacks
    clock_nominal_mhz: Annotated[float, Field(gt=0, le=65535)]
    clock_min_mhz: Positive
    tokens_per_s: Positive  # rack, full load, nominal clock
    prefill_share: Fraction  # of the time, at nominal clock
    power_ramp_up_w_s: Positive
    power_ramp_down_w_s: Positive
    boot_s: Positive
    reload_s: Positive
    gpu_slowdown_c: float
    hbm_slowdown_c: float
    slowdown_hysteresis_k: Positive
    slowdown_delay_s: NotNegative
    slowdown_clock_ratio: Efficiency
    shutdown_c: float
    busbar_voltage_v: Positive
    over_current_limit_a: Positive  # what the controller's trip is meant to be set to
    latchup_current_a: Positive
    digest_period_s: Positive

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for low, high in (("tray_idle_w", "tray_power_w"), ("clock_min_mhz", "clock_nominal_mhz")):
            if getattr(self, low) >= getattr(self, high):
                raise ValueError(
                    f"{low} = {getattr(self, low):g}, must be < {high} = {getattr(self, high):g}"
                )
        if self.gpu_power_share + self.hbm_power_share > 1:
            raise ValueError("gpu_power_share + hbm_power_share must be <= 1")
        return self


class Coolant(_Section):
    """Rack loop (PG25) and radiator loop (ammonia) with the interface heat exchanger."""

    pump_flow_l_min: Positive  # one pump at full speed
    pump_power_w: Positive  # one pump at full speed
    pump_speed_rpm: Annotated[float, Field(gt=0, le=65535)]
    pump_spin_up_s: Positive
    nominal_flow_l_min: Positive  # where plate_conductance_w_k holds
    supply_volume_l: Positive
    return_volume_l: Positive
    tray_volume_l: Positive
    plate_heat_capacity_j_k: Positive  # cold plates of one tray
    plate_conductance_w_k: Positive  # cold plates of one tray to the coolant, at nominal flow
    air_share: Fraction  # of the rack's heat that reaches the return line through the air
    exchanger_w_k: Positive
    ammonia_flow_kg_s: Positive
    ammonia_mass_kg: Positive
    bypass_stroke_s: Positive
    bypass_leak: Annotated[float, Field(gt=0, lt=1)]  # of the flow, through the radiator, closed


class Radiator(_Section):
    """Two-sided deployed panels, edge-on to the Sun."""

    panels: Count
    panel_area_m2: Positive
    area_convention: Literal["planform"]
    panels_lost: Annotated[int, Field(ge=0)] = 0
    emittance: Fraction
    absorptance: Fraction
    fin_effectiveness: Efficiency
    heat_capacity_j_m2_k: Positive
    panel_w_k: Positive  # ammonia to panel, one panel

    @model_validator(mode="after")
    def _one_left(self) -> Self:
        if self.panels_lost > self.panels:
            raise ValueError(f"panels_lost = {self.panels_lost}, must be <= panels = {self.panels}")
        return self


class Vehicle(_Section):
    """Everything the plant needs to know about one kind of satellite."""

    name: str
    description: str
    orbit: DesignOrbit
    upsets: Upsets
    monitor: Monitor
    array: SolarArray
    battery: Battery
    bus: PowerBus
    rack: ComputeRack
    coolant: Coolant
    radiator: Radiator

    @property
    def payload_power_w(self) -> float:
        """Power of the rack at full load."""
        return self.rack.trays * self.rack.tray_power_w


def preset_names() -> list[str]:
    """Names `load_vehicle` knows without a path."""
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def load_vehicle(
    name_or_path: str | Path, overrides: Mapping[str, Mapping[str, Any]] | None = None
) -> Vehicle:
    """Vehicle from a preset's name or a TOML file, with single values replaced by `overrides`.

    `overrides` has the file's layout: `{"radiator": {"panels_lost": 1}}`.
    Raises VehicleError on an unknown preset, a file that cannot be read, and every value that is
    missing, misspelt or out of range.
    """
    path = _path(name_or_path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise VehicleError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise VehicleError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise VehicleError(f"{path}: not TOML: {error}") from error
    for section, values in (overrides or {}).items():
        base = data.get(section, {})
        if isinstance(values, Mapping) and isinstance(base, dict):
            data[section] = {**base, **values}
        else:
            data[section] = values
    try:
        return Vehicle.model_validate(data)
    except ValidationError as error:
        lines = (_complaint(path.name, dict(item)) for item in error.errors())
        raise VehicleError("\n".join(lines)) from None


def _path(name_or_path: str | Path) -> Path:
    if isinstance(name_or_path, Path) or name_or_path.endswith(".toml"):
        return Path(name_or_path)
    path = PRESETS / f"{name_or_path}.toml"
    if name_or_path not in preset_names():
        raise VehicleError(
            f"unknown vehicle {name_or_path!r}; presets are {', '.join(preset_names())}, "
            "or give the path of a .toml file"
        )
    return path


_BOUNDS = {
    "greater_than": ("gt", ">"),
    "greater_than_equal": ("ge", ">="),
    "less_than": ("lt", "<"),
    "less_than_equal": ("le", "<="),
}


def _complaint(file: str, item: dict[str, Any]) -> str:
    """One line: what arrived, what was expected."""
    location = [str(part) for part in item["loc"]]
    where = ".".join(location)
    kind = item["type"]
    if kind == "extra_forbidden":
        section = ".".join(location[:-1])
        allowed = ", ".join(_model(location[:-1]).model_fields)
        return f"{file}: {where}: unknown key; {section or 'the file'} has {allowed}"
    if kind == "missing":
        return f"{file}: {where} is missing"
    if kind == "value_error":
        return f"{file}: {where}: {item['ctx']['error']}"
    if kind == "model_type":
        return f"{file}: {where} = {item['input']!r}, must be a table: [{where}]"
    if kind in _BOUNDS:
        key, sign = _BOUNDS[kind]
        return f"{file}: {where} = {item['input']!r}, must be {sign} {item['ctx'][key]:g}"
    wanted = item["msg"].replace("Input should be", "must be")
    return f"{file}: {where} = {item['input']!r}, {wanted}"


def _model(location: list[str]) -> type[BaseModel]:
    model: type[BaseModel] = Vehicle
    for part in location:
        annotation = model.model_fields[part].annotation
        assert isinstance(annotation, type) and issubclass(annotation, BaseModel)
        model = annotation
    return model
