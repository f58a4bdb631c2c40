"""Faults of a satellite that flies: when they strike, and that a sample can be made alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chisquare

from hil.errors import UsageError
from hil.faults.campaign.mission import MissionExperiment
from hil.faults.campaign.order import MissionSpace, load
from hil.faults.campaign.sample import generator
from hil.faults.outcome import Outcome
from hil.mission import CYCLE_S

SPACE = {
    "stretch_s": 1500,
    "arc_s": 10,
    "lead_s": 30,
    "tail_s": 20,
    "scenario_values": {"orbit": {"start": "saa"}},
    "vehicle_values": {"rack": {"boot_s": 5.0, "reload_s": 5.0}},
    "fault": [
        {"kind": "upset.tray_latchup", "weight": 3, "draw": {"tray": [2, 4]}},
        {"kind": "link.bit_errors", "draw": {"rate": [0.001, 0.002]}, "values": {"for_s": 2.0}},
        {"kind": "sensor.bias", "draw": {"channel": ["bus_voltage"]}, "values": {"bias": 5}},
    ],
}


def experiment(**changes: object) -> MissionExperiment:
    return MissionExperiment(MissionSpace.model_validate(SPACE | changes), Path())


def test_strikes_come_as_the_protons_do() -> None:
    """Chi-square of the times of strike against the flux above 30 MeV, in bins of 50 s."""
    made = experiment()
    draws = 5_000
    times = [made._draw_time_s("flux", generator(1, k)) for k in range(draws)]
    lead = round(30 / CYCLE_S)
    flux = made._stretch.environment.proton_flux_30mev_cm2_s[lead:]
    expected = flux.reshape(-1, 500).sum(axis=1)
    seen = np.histogram(times, bins=np.arange(0, 1501, 50))[0]
    enough = expected > expected.sum() / 500
    assert enough.sum() >= 5 and seen[~enough].sum() < draws / 20
    shares = expected[enough] / expected[enough].sum()
    assert chisquare(seen[enough], shares * seen[enough].sum()).pvalue > 1e-3


def test_strikes_at_any_time_come_at_any_time() -> None:
    made = experiment()
    times = [made._draw_time_s("uniform", generator(1, k)) for k in range(2_000)]
    assert all(abs(t / CYCLE_S - round(t / CYCLE_S)) < 1e-6 and 0 <= t < 1500 for t in times)
    assert chisquare(np.histogram(times, bins=15, range=(0, 1500))[0]).pvalue > 1e-3


def test_kinds_come_by_their_weight_with_values_in_their_range() -> None:
    made = experiment()
    generators = [generator(2, number) for number in range(500)]
    faults = [made._draw_kind(rng).draw_from(rng) for rng in generators]
    kinds = Counter(fault.kind.name for fault in faults)
    expected = [300, 100, 100]
    names = ["upset.tray_latchup", "link.bit_errors", "sensor.bias"]
    assert chisquare([kinds[name] for name in names], expected).pvalue > 1e-3
    values = [fault.kind.model_dump() for fault in faults]
    assert {v["tray"] for v in values if v.get("tray") is not None} == {2, 3, 4}
    rates = [v["rate"] for v in values if "rate" in v]
    assert all(0.001 <= rate <= 0.002 for rate in rates) and len(set(rates)) > 50


def test_a_sample_alone_is_the_same_sample() -> None:
    space = {"fault": SPACE["fault"][:1], "weights": "flux"}  # type: ignore[index]
    made = experiment(**space)
    sample = made.sample(5, generator(1, 5))
    assert experiment(**space).sample(5, generator(1, 5)) == sample
    assert (sample.element, sample.kind) == ("upset", "upset.tray_latchup")
    assert sample.phase in ("sunlit, SAA", "eclipse, SAA") and sample.mode == "nominal"
    assert sample.outcome in (Outcome.RECOVERED, Outcome.LOST)
    assert sample.detected_by == "TRAY_TRIP" and sample.latency_s is not None


@pytest.mark.parametrize(("flux", "phase"), [(70.0, "sunlit"), (130.0, "sunlit, SAA")])
def test_phases_have_the_limits_of_a_suite_s_conditions(
    monkeypatch: pytest.MonkeyPatch, flux: float, phase: str
) -> None:
    """A strike at about so many protons; `in_saa` begins at 100."""
    made = experiment(fault=SPACE["fault"][:1])  # type: ignore[index]
    table = made._stretch.environment
    protons = table.proton_flux_30mev_cm2_s[round(30 / CYCLE_S) :]
    strike_s = int(np.argmin(np.abs(protons - flux))) * CYCLE_S
    monkeypatch.setattr(made, "_draw_time_s", lambda weights, rng: strike_s)
    sample = made.sample(0, generator(1, 0))
    assert (sample.phase, sample.struck) == (phase, f"{strike_s:.1f} s")


def test_flux_needs_protons() -> None:
    made = experiment(scenario_values={}, stretch_s=60)
    with pytest.raises(UsageError, match="no protons on this stretch of orbit"):
        made._draw_time_s("flux", generator(1, 0))


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ('kind = "upset.tray"', "mission.fault.1: kind = 'upset.tray', no such kind"),
        ('kind = "upset.tray_sefi"\ndraw = { tray = [40, 50] }', "mission.fault.1: tray = 40"),
        ('kind = "upset.tray_sefi"\nwait = 3', "mission.fault.1.wait: unknown key, expected one"),
        ('kind = "upset.tray_sefi"\ndraw = { tray = [2, 50] }', "mission.fault.1: tray = 50, must"),
        (
            'kind = "upset.tray_sefi"\ndraw = { tray = [5, 2] }',
            "mission.fault.1: draw.tray = [5, 2], must be [least, most]",
        ),
        (
            'kind = "sensor.noise"\nvalues = { sigma = 1 }\n'
            'draw = { channel = ["bus_voltage", "bus_current", "buss"] }',
            "mission.fault.1: channel = 'buss', no such sensor channel",
        ),
        (
            'kind = "upset.tray_sefi"\nvalues = { tray = 1 }\ndraw = { tray = [1, 2] }',
            "mission.fault.1: tray: stands in values and in draw, expected in one of them",
        ),
        (
            'kind = "upset.tray_sefi"\nvalues = { at_s = 3 }',
            "mission.fault.1: at_s: the campaign draws when a fault comes, leave it out",
        ),
    ],
)
def test_mistakes_are_told(tmp_path: Path, table: str, complaint: str) -> None:
    path = tmp_path / "wrong.toml"
    head = 'name = "wrong"\nexperiment = "mission"\nsamples = 1\n[mission]\nstretch_s = 60\n'
    path.write_text(f"{head}[[mission.fault]]\n{table}\n", encoding="utf-8")
    with pytest.raises(UsageError) as told:
        load(path)
    assert str(told.value).startswith(f"wrong.toml: {complaint}")
    assert "\n" not in str(told.value)


def test_a_fault_that_needs_names_is_refused_on_the_model() -> None:
    with pytest.raises(UsageError, match="mission.fault: upset.flop needs"):
        experiment(fault=[{"kind": "upset.flop"}])
