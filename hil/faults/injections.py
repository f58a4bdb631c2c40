"""The ledger of injected faults: how far each of them came.

armed       from here on its trigger is awaited: `at_s`.
fired       it is proved that it acts: what was flipped reads back, a sensor shows another count
            than it measured, a frame went on otherwise than it came, the step of the physics gives
            another truth than that of a sound spacecraft from the same state.
detected    the first sign after it fired that the golden run does not give until a second later: an
            event of flight software of severity low or above, by its name, or a counter of SIGNS
            that is higher, by who counts. Counters are seen once a second. Without a sign: a voter
            that outvoted it, or the code of the struck memory, when it is seen to have corrected.
contained   since its detection (its firing, if nothing noticed it) and until the end no limit is
            broken: GPU and HBM slowdown, coolant freezing, battery empty.
recovered   since then and until the end the service is as the golden run's (`hil.faults.outcome`),
            and an upset has been undone (fates corrected and recovered of `hil.faults.ledger`).

With several faults a sign after the firing of two of them is a sign of both: which of them flight
software has seen is not known. But what tells of another tray, or of a memory, is no sign of an
upset of a tray. Latencies are simulated time since the firing.

An upset that was drawn or injected has an entry in the ledger of upsets as well, which says what
became of the flipped bits: corrected, recovered, uncorrectable or silent. Here `fate` repeats it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fsw.events import Severity
from hil.faults.effect import Effect
from hil.faults.ledger import NOT_MET, Fate
from hil.faults.signs import CODE, OF_MEMORIES, SIGNS, counted
from hil.faults.suite import Fault
from hil.faults.trace import Trace, Value
from hil.plant import SECOND_NS

COMPUTING = ("nominal", "eclipse", "degraded")
SERVICE_SHARE = 0.9  # of the golden run's tokens per second
GPU_LIMIT_C, HBM_LIMIT_C = 87.0, 95.0


@dataclass
class Injection:
    """An entry; times in ns of simulated time, None for what did not happen."""

    number: int  # in the case, from 1
    fault: Fault
    armed_ns: int
    begun_ns: int | None = None  # when it was put in
    fired_ns: int | None = None
    evidence: str = ""
    ended_ns: int | None = None  # when it was taken away
    present: bool = False  # at the end
    detected_ns: int | None = None
    detected_by: str = ""
    contained_ns: int | None = None
    recovered_ns: int | None = None
    fate: Fate | None = None
    mode: str = ""  # flight software's when it fired
    orbit_phase_deg: float | None = None
    sunlit: float | None = None
    in_saa: bool = False
    effect: Effect | None = None

    def latency_s(self, stage: str) -> float | None:
        """Seconds from the firing to a stage: detected, contained or recovered."""
        reached_ns: int | None = getattr(self, f"{stage}_ns")
        if self.fired_ns is None or reached_ns is None:
            return None
        return (reached_ns - self.fired_ns) / 1e9

    @property
    def phase(self) -> str:
        """Phase of the orbit in which it fired; empty before."""
        if self.sunlit is None:
            return ""
        light = "eclipse" if self.sunlit < 0.5 else "sunlit"
        return f"{light}, SAA" if self.in_saa else light

    def __str__(self) -> str:
        if self.fired_ns is None:
            return f"{self.fault}: never fired"
        words = [f"{self.fault}: fired at {self.fired_ns / 1e9:.1f} s, {self.evidence}"]
        for stage in ("detected", "contained", "recovered"):
            latency_s = self.latency_s(stage)
            by = f" by {self.detected_by}" if stage == "detected" and self.detected_by else ""
            words.append(
                f"not {stage}" if latency_s is None else f"{stage}{by} after {latency_s:.1f} s"
            )
        if self.fate is not None:
            words.append(f"bits {self.fate.value}")
        return "; ".join(words)

    def as_dict(self) -> dict[str, Any]:
        """For reports; times in seconds."""
        seconds = {
            name: None if value is None else value / 1e9
            for name, value in vars(self).items()
            if name.endswith("_ns")
        }
        return {
            "number": self.number,
            "fault": str(self.fault),
            "kind": self.fault.kind.name,
            "element": self.fault.kind.struck,
            "parameters": self.fault.kind.model_dump(exclude_defaults=True, by_alias=True),
            **{f"{name.removesuffix('_ns')}_s": value for name, value in seconds.items()},
            "evidence": self.evidence,
            "detected_by": self.detected_by,
            "fate": None if self.fate is None else self.fate.value,
            "present": self.present,
            "mode": self.mode,
            "phase": self.phase,
            "orbit_phase_deg": self.orbit_phase_deg,
            "sunlit": self.sunlit,
        }


def limits_broken(row: Mapping[str, Value]) -> bool:
    """Whether something is beyond what it can bear."""
    return (
        float(row["gpu_temp_max_c"]) > GPU_LIMIT_C
        or float(row["hbm_temp_max_c"]) > HBM_LIMIT_C
        or float(row["coolant_freeze_margin_k"]) < 0.0
        or float(row["battery_empty"]) > 0.0
    )


def serves(row: Mapping[str, Value], golden: Mapping[str, Value]) -> bool:
    """Whether the service is as the golden run's."""
    if limits_broken(row) and not limits_broken(golden):
        return False
    if golden["fsw_mode"] in COMPUTING and row["fsw_mode"] not in COMPUTING:
        return False
    return float(row["tokens_per_s"]) >= SERVICE_SHARE * float(golden["tokens_per_s"])


def follow(injections: list[Injection], trace: Trace, golden: Trace) -> None:
    """Fill in the stages after the firing, when the flight is over."""
    seconds = min(len(trace.rows), len(golden.rows))
    unserved = [i for i in range(seconds) if not serves(trace.rows[i], golden.rows[i])]
    broken = [i for i in range(seconds) if limits_broken(trace.rows[i])]
    for injection in injections:
        if injection.fired_ns is None:
            continue
        effect = injection.effect
        entry = None if effect is None else effect.entry
        tray = None if entry is None or entry.upset.tray < 0 else entry.upset.tray
        sign = first_sign(trace, golden, injection.fired_ns, tray)
        if sign is not None:
            injection.detected_ns, injection.detected_by = sign
        elif effect is not None and effect.corrected_by:
            injection.detected_ns = injection.fired_ns
            injection.detected_by = effect.corrected_by
        elif entry is not None and entry.fate is Fate.CORRECTED:
            injection.detected_ns = entry.settled_ns
            injection.detected_by = CODE
        since_ns = injection.detected_ns or injection.fired_ns
        injection.contained_ns = _since(broken, seconds, since_ns)
        injection.recovered_ns = _since(unserved, seconds, since_ns)
        if entry is not None:
            injection.fate = entry.fate
            injection.present = entry.fate is Fate.UNCORRECTABLE or entry.note.endswith(NOT_MET)
            undone = entry.fate in (Fate.CORRECTED, Fate.RECOVERED)
            if not undone or entry.settled_ns is None:
                injection.recovered_ns = None
            elif injection.recovered_ns is not None:
                injection.recovered_ns = max(injection.recovered_ns, entry.settled_ns)


def first_sign(
    trace: Trace, golden: Trace, since_ns: int, tray: int | None = None
) -> tuple[int, str] | None:
    """When and by what something was noticed first after `since_ns`; in this tray, where given."""
    signs: list[tuple[int, str]] = []
    for seen in trace.telling(Severity.LOW):
        elsewhere = tray is not None and (
            seen.tray not in (None, tray) or seen.id.startswith(OF_MEMORIES)
        )
        if seen.time_ns >= since_ns and not elsewhere:
            usual = golden.count(seen.id, seen.time_ns + SECOND_NS)
            if trace.count(seen.id, seen.time_ns) > usual:
                signs.append((seen.time_ns, seen.id))
                break
    first = since_ns // SECOND_NS  # row of the first second that ends after it
    before = trace.rows[first - 1] if first else {}
    for index in range(first, min(len(trace.rows), len(golden.rows))):
        row, usual_row = trace.rows[index], golden.rows[min(index + 1, len(golden.rows) - 1)]
        risen = [
            name
            for name in SIGNS
            if (tray is None or not name.startswith(OF_MEMORIES))
            and float(row[name]) > float(usual_row[name])
            and float(row[name]) > float(before.get(name, 0.0))
        ]
        if risen:
            signs.append(((index + 1) * SECOND_NS, counted(risen[0])))
            break
    return min(signs) if signs else None


def _since(bad: list[int], seconds: int, since_ns: int) -> int | None:
    """From when on no second was bad until the end; None when the last one is."""
    after = [i for i in bad if (i + 1) * SECOND_NS > since_ns]
    if not after:
        return since_ns
    if after[-1] == seconds - 1:
        return None
    return (after[-1] + 2) * SECOND_NS
