"""The runner of the formal proofs, on the cheapest of them; `make formal` runs all."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from gateware.formal import prove
from gateware.formal.mutant import Mutant
from gateware.formal.mutants import MUTANTS
from gateware.formal.proofs import PROOFS, STAND_INS, Proof, proof_named

CHEAP = ("voter", "triplication", "fifo")


@pytest.fixture(scope="module")
def environment() -> Iterator[Mapping[str, str]]:
    try:
        with prove.tools() as variables:
            yield variables
    except prove.ToolsMissing as missing:
        pytest.skip(str(missing))


def ports(module: str, text: str) -> list[tuple[str, str]]:
    """Direction with width, and name, of the ports of a module."""
    match = re.search(rf"^module {module}\b.*?^\);", text, re.DOTALL | re.MULTILINE)
    assert match, f"no module {module}"
    found = re.findall(r"^\s*(input|output)\s+wire\s+(\[.*\])?\s*(\w+)", match[0], re.MULTILINE)
    return [(f"{direction} {width}", name) for direction, width, name in found]


@pytest.mark.parametrize(
    "mutant",
    [next(mutant for mutant in MUTANTS if mutant.proof == name) for name in CHEAP],
    ids=lambda mutant: mutant.proof,
)
def test_a_mutant_is_refuted(
    mutant: Mutant, environment: Mapping[str, str], tmp_path: Path
) -> None:
    outcome = prove.run(proof_named(mutant.proof), tmp_path / "work", environment, mutant=mutant)
    assert outcome.status == "FAIL", outcome.details
    assert "failed assertion" in outcome.details
    assert list((tmp_path / "work").rglob("trace.vcd"))


def test_a_proof_that_fails_makes_exit_code_1(
    environment: Mapping[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rtl = tmp_path / "rtl"
    shutil.copytree(prove.RTL, rtl)
    voter = rtl / "voter.v"
    voter.write_text(voter.read_text().replace("(i_b & i_c)", "(i_b | i_c)"))
    monkeypatch.setattr(prove, "WORK", tmp_path / "work")
    assert prove.main(["voter", "--rtl", str(rtl)]) == 1
    printed = capsys.readouterr().out
    assert "voter: NOT PROVED (FAIL)" in printed
    assert "voter_properties.v" in printed
    assert "0 of 1 proofs hold" in printed


def test_a_proof_that_holds_makes_exit_code_0(
    environment: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prove, "WORK", tmp_path / "work")
    assert prove.main(["voter"]) == 0


def test_a_tap_that_finds_nothing_is_an_error(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    rtl = tmp_path / "rtl"
    shutil.copytree(prove.RTL, rtl)
    fifo = rtl / "byte_fifo.v"
    fifo.write_text(re.sub(r"\bfetch\b", "take", fifo.read_text()))
    outcome = prove.run(proof_named("fifo"), tmp_path / "work", environment, rtl)
    assert outcome.status == "ERROR"


def test_a_proof_nobody_knows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert prove.main(["voters"]) == 2
    assert "no proof 'voters', there are voter, triplication" in capsys.readouterr().err


def test_a_mutant_of_other_verilog_is_refused(tmp_path: Path) -> None:
    mutant = Mutant(name="gone", proof="voter", file="voter.v", old="no such text", new="")
    with pytest.raises(ValueError, match="'no such text' 0 times, must have it once"):
        prove.run(proof_named("voter"), tmp_path / "work", {}, mutant=mutant)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.proof}: {mutant.name}")
def test_every_mutant_fits_the_verilog(mutant: Mutant) -> None:
    paths = [directory / mutant.file for directory in (prove.RTL, prove.FORMAL)]
    (path,) = [path for path in paths if path.exists()]
    assert path.read_text().count(mutant.old) == 1
    assert mutant.new != mutant.old


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.name)
def test_every_proof_has_a_mutant(proof: Proof) -> None:
    assert any(mutant.proof == proof.name for mutant in MUTANTS)


def test_the_document_has_every_proof_with_its_mutants() -> None:
    document = (prove.FORMAL.parents[1] / "docs" / "formal.md").read_text()
    _, mutants, _ = re.split("^## Mistakes.*|^## What synthesis.*", document, flags=re.MULTILINE)
    found = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", mutants, re.MULTILINE))
    assert found == {
        proof.name: "; ".join(mutant.name for mutant in MUTANTS if mutant.proof == proof.name)
        for proof in PROOFS
    }
    for proof in PROOFS:
        assert f"\n| `{proof.name}` |" in document.split("## Mistakes")[0], proof.name
    assert f"All {len(MUTANTS)} mutants" in document


@pytest.mark.parametrize("stand_in", STAND_INS)
def test_a_stand_in_has_the_ports_of_what_it_stands_for(stand_in: str) -> None:
    module = STAND_INS[stand_in]
    real = (prove.RTL / f"{module}.v").read_text()
    assert ports(module, (prove.FORMAL / f"{stand_in}.v").read_text()) == ports(module, real)


def test_every_claim_is_proved_by_somebody() -> None:
    tops = {path.stem for path in prove.FORMAL.glob("*_properties.v")}
    assert tops == {proof.top for proof in PROOFS}
