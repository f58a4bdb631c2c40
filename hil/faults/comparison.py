"""A flight with faults compared with its golden run: the outcome."""

from __future__ import annotations

from collections.abc import Sequence

from fsw.events import Severity
from hil.faults.injections import Injection, serves
from hil.faults.ledger import NOT_MET, Fate
from hil.faults.outcome import Outcome
from hil.faults.trace import Trace
from hil.plant import SECOND_NS

# Counters of what flight software does about a fault, which no event of its tells.
ACTIONS = ("fsw_starts", "fsw_app_restarts", "fsw_controller_resets")
WRONG_RESULTS = ("weights", "compute", "hbm_uncorrectable")  # elements that results come out of


def decide(trace: Trace, golden: Trace, injections: Sequence[Injection]) -> Outcome:
    """The outcome of a flight that came to its end, by the rules of `hil.faults.outcome`.

    The stages of `injections` are filled in (`hil.faults.injections.follow`).
    """
    fired = [injection.fired_ns for injection in injections if injection.fired_ns is not None]
    if len(fired) < len(injections) or not fired:
        return Outcome.TOOL_ERROR
    if trace.silent_at_end and not golden.silent_at_end:
        return Outcome.HANG
    fates = {injection.fate for injection in injections}
    noticed = any(injection.detected_ns is not None for injection in injections)
    seconds = min(len(trace.rows), len(golden.rows))
    unserved = [not serves(trace.rows[i], golden.rows[i]) for i in range(seconds)]
    lost = (seconds > 0 and unserved[-1]) or Fate.UNCORRECTABLE in fates
    unnoticed = [injection for injection in injections if injection.detected_ns is None]
    if any(map(_silent, unnoticed)):
        return Outcome.SILENT
    if not noticed and (lost or trace.wrong_results > golden.wrong_results):
        return Outcome.SILENT
    not_undone = any(i.present for i in injections if i.fate is not None)
    if lost or (noticed and not_undone):
        return Outcome.LOST
    if not noticed:
        return Outcome.LATENT if any(i.present for i in injections) else Outcome.MASKED
    since_ns = min(fired)
    acted = any(
        trace.count(seen.id, seen.time_ns) > golden.count(seen.id, seen.time_ns + SECOND_NS)
        for seen in trace.telling(Severity.MEDIUM)
        if seen.time_ns >= since_ns
    )
    if seconds:
        last, usual = trace.rows[-1], golden.rows[-1]
        acted = acted or any(float(last[name]) > float(usual[name]) for name in ACTIONS)
    if not acted and not any(unserved) and Fate.RECOVERED not in fates:
        return Outcome.CORRECTED
    return Outcome.RECOVERED


def _silent(injection: Injection) -> bool:
    """Whether results are wrong by an upset, or a code took its bits for others."""
    entry = None if injection.effect is None else injection.effect.entry
    if entry is None or entry.fate is not Fate.SILENT:
        return False
    return entry.upset.element in WRONG_RESULTS or not entry.note.endswith(NOT_MET)
