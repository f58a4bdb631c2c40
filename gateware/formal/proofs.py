"""What is proved of the RTL: one entry a proof; the claims are in the Verilog it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Verilog that stands in for a module of the RTL and may do anything at its outputs.
STAND_INS = {
    "any_bytes": "byte_fifo",
    "any_config_frames": "config_frames",
    "any_bus_master": "rmap_target",
    "any_decoder": "secded_decode",
    "any_counters": "event_counters",
    "any_memory": "protected_memory",
    "any_reply_line": "frame_encoder",
    "any_samples": "acquisition",
    "any_syndrome": "config_syndrome",
}


AROUND = ("any_config_frames", "any_counters", "any_samples")
LINK_STAND_INS = ("any_bytes", "any_reply_line", "any_memory", *AROUND)
TWO_TRAYS = {"TRAYS": 2}


@dataclass(frozen=True)
class Proof:
    """One top of claims, and how it is proved.

    Raises:
        ValueError: for a method or a stand-in that does not exist.
    """

    name: str
    claim: str
    top: str  # module and file in gateware/formal
    method: str = "induction"  # or "bounded": no state, one step is all there is
    depth: int = 2  # clocks; k of the k-induction
    stand_ins: tuple[str, ...] = ()
    parameters: Mapping[str, int] = field(default_factory=dict)
    mutant_parameters: Mapping[str, int] = field(default_factory=dict)  # smaller is faster

    def __post_init__(self) -> None:
        if self.method not in ("induction", "bounded"):
            raise ValueError(f"{self.name}: method {self.method!r}, must be induction or bounded")
        if unknown := set(self.stand_ins) - set(STAND_INS):
            raise ValueError(f"{self.name}: no stand-in {unknown}, there are {sorted(STAND_INS)}")


PROOFS = (
    Proof(
        name="voter",
        claim="voter: the majority of every bit; one wrong copy does not show",
        top="voter_properties",
        method="bounded",
        depth=1,
    ),
    Proof(
        name="triplication",
        claim="triplicated register: reads as one without upsets, repaired in a clock, reported",
        top="triplication_properties",
    ),
    Proof(
        name="secded_linear",
        claim="SECDED: a flip of bit k changes the syndrome of any word by the syndrome of bit k",
        top="secded_properties",
        method="bounded",
        depth=1,
        parameters={"STEP": 0},
    ),
    Proof(
        name="secded",
        claim="SECDED: every single of 39 flips corrected, every double flagged, for all data",
        top="secded_properties",
        method="bounded",
        depth=1,
        parameters={"STEP": 1},
    ),
    Proof(
        name="memory",
        claim="protected memory: stores only writes and repairs, reports every error",
        top="memory_properties",
        stand_ins=("any_decoder",),
    ),
    Proof(
        name="frames",
        claim="scanner: an illegal state writes nothing and is fatal; a scan always ends",
        top="frames_properties",
        stand_ins=("any_syndrome",),
        depth=4,
    ),
    Proof(
        name="fifo",
        claim="input FIFO: never overrun, never read empty",
        top="fifo_properties",
    ),
    Proof(
        name="fifo_upset",
        claim="input FIFO: after an upset of a pointer nothing goes out twice, and a mark tells",
        top="fifo_upset_properties",
    ),
    Proof(
        name="link",
        claim="link: frames and commands judged as specified, nothing overrun, no wrong write",
        top="link_properties",
        stand_ins=LINK_STAND_INS,
        mutant_parameters=TWO_TRAYS,
    ),
    Proof(
        name="link_flight",
        claim="link of a flight build: the same, and the test key is a wrong one",
        top="link_properties",
        stand_ins=LINK_STAND_INS,
        parameters={"FLIGHT": 1},
        mutant_parameters=TWO_TRAYS,
    ),
    Proof(
        name="recovery",
        claim="receiver: from any state, an END or a timeout leaves it between frames",
        top="recovery_properties",
        stand_ins=("any_bytes",),
    ),
    Proof(
        name="illegal_state",
        claim="link and memory: a state that does not exist does nothing and does not last",
        top="illegal_state_properties",
        stand_ins=("any_bytes", *AROUND),
        mutant_parameters=TWO_TRAYS,
    ),
    Proof(
        name="progress",
        claim="RMAP target: from any state it comes back to idle when bus and line answer",
        top="progress_properties",
    ),
    Proof(
        name="injection",
        claim="injection: no fault that was not asked for, nor longer than asked for",
        top="injection_properties",
    ),
    Proof(
        name="injection_upset",
        claim="injection: from any state, no one bit set puts a fault in, nor lasts",
        top="injection_upset_properties",
    ),
    Proof(
        name="command_lines",
        claim="command lines: from any state, none rises but by a write, and for 20 ticks",
        top="command_lines_properties",
    ),
    Proof(
        name="samples",
        claim="acquisition of vectors: the newest sample is looked at, but for faults asked for",
        top="acquisition_properties",
        parameters=TWO_TRAYS,
    ),
    Proof(
        name="samples_by_word",
        claim="acquisition word by word: the same",
        top="acquisition_properties",
        parameters={"PARALLEL": 0},
    ),
    Proof(
        name="trip",
        claim="over-current: from any state the switch opens in the next clock and stays open",
        top="trip_properties",
        stand_ins=("any_bytes", "any_bus_master", *AROUND),
        mutant_parameters=TWO_TRAYS,
    ),
    Proof(
        name="safe_state",
        claim="watchdog: no traffic without kick or key keeps it from the safe state, to the tick",
        top="safe_state_properties",
        stand_ins=("any_bytes", "any_bus_master", *AROUND),
        mutant_parameters=TWO_TRAYS,
    ),
    Proof(
        name="safe_state_upset",
        claim="watchdog: from any state the safe state comes at most one tick late",
        top="safe_state_properties",
        stand_ins=("any_bytes", "any_bus_master", *AROUND),
        parameters={"UPSET": 1},
        mutant_parameters=TWO_TRAYS,
    ),
)


def proof_named(name: str) -> Proof:
    """The proof of that name.

    Raises:
        KeyError: when there is none; the message lists those there are.
    """
    for proof in PROOFS:
        if proof.name == name:
            return proof
    raise KeyError(f"no proof {name!r}, there are {', '.join(proof.name for proof in PROOFS)}")
