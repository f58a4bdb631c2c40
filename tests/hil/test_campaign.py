"""The engine of campaigns: order, journal, workers, stop rule, report."""

from __future__ import annotations

import csv
import dataclasses
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from hil.cli import app
from hil.errors import InternalError, UsageError
from hil.faults.campaign import run as running
from hil.faults.campaign.journal import Journal
from hil.faults.campaign.order import Order, StopRule, load
from hil.faults.campaign.report import vulnerability, write_report
from hil.faults.campaign.run import run_campaign
from hil.faults.campaign.sample import COLUMNS, Sample, generator
from hil.faults.campaign.summary import group, holds
from hil.faults.campaign.workers import Crew, processes
from hil.faults.intervals import share
from hil.faults.outcome import Outcome

CAMPAIGNS = Path(__file__).parents[1] / "faults" / "campaigns"
DEADLINE_S = 120.0  # generous: the machine may be busy
SMALL = """
name = "small"
experiment = "flops"
samples = 40
seed = 3
[flops]
trays = 2
"""


def small(folder: Path, more: str = "", samples: int | None = None) -> Order:
    path = folder / "small.toml"
    path.write_text(SMALL + more, encoding="utf-8")
    return load(path, samples)


def made_up(number: int, seed: int) -> Sample:
    """One in four is a silent corruption."""
    silent = generator(seed, number).random() < 0.25
    return Sample(
        sample=number,
        element=f"block {number % 3}",
        kind="plain",
        fault=f"register_q bit {number}",
        struck=f"clock {number}",
        phase="fast block",
        mode="nominal",
        outcome=Outcome.SILENT if silent else Outcome.CORRECTED,
        detected_by="" if silent else "voter",
        latency_s=None if silent else number / 100,
        note='wrong, "very" wrong' if silent else "",
    )


@pytest.fixture
def imagined(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Samples without a simulator, some of them slow; the numbers made so far."""
    numbers: list[int] = []

    def make(order: Order, start: int, count: int) -> list[Sample]:
        if start % 20 == 0:
            time.sleep(0.02)  # overtaken by the next batch
        numbers.extend(range(start, start + count))
        return [made_up(number, order.seed) for number in range(start, start + count)]

    monkeypatch.setattr(running, "make", make)
    return numbers


def run(order: Order, folder: Path, workers: int) -> list[Sample]:
    journal = Journal(folder, order)
    with ThreadPoolExecutor(workers) as executor:
        samples = run_campaign(order, journal, Crew(executor, workers), lambda known: None)
    journal.write_results(len(samples))
    journal.close()
    return samples


def test_results_are_in_order_whoever_is_first(tmp_path: Path, imagined: list[int]) -> None:
    order = small(tmp_path, samples=107)
    run(order, tmp_path / "one", 1)
    run(order, tmp_path / "five", 5)
    results = (tmp_path / "one" / "results.csv").read_bytes()
    assert results == (tmp_path / "five" / "results.csv").read_bytes()
    rows = list(csv.DictReader(results.decode().splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert [int(row["sample"]) for row in rows] == list(range(107))


def test_nothing_is_made_twice_or_lost(tmp_path: Path, imagined: list[int]) -> None:
    """A torn last line, as a kill leaves it, is cut off, and its sample made again."""
    order = small(tmp_path, samples=60)
    expected = run(order, tmp_path / "whole", 2)
    run(small(tmp_path, samples=35), tmp_path / "torn", 2)
    journal = tmp_path / "torn" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-7])
    imagined.clear()
    assert run(order, tmp_path / "torn", 2) == expected
    assert sorted(imagined) == list(range(34, 60))
    again = Journal(tmp_path / "torn", order)
    assert again.samples == expected
    again.close()
    results = [tmp_path / name / "results.csv" for name in ("whole", "torn")]
    assert results[0].read_bytes() == results[1].read_bytes()


def test_fewer_samples_than_known(tmp_path: Path, imagined: list[int]) -> None:
    run(small(tmp_path, samples=50), tmp_path / "out", 2)
    assert len(run(small(tmp_path, samples=20), tmp_path / "out", 2)) == 20
    assert len((tmp_path / "out" / "results.csv").read_text().splitlines()) == 21


def test_a_damaged_journal_is_refused(tmp_path: Path, imagined: list[int]) -> None:
    order = small(tmp_path, samples=20)
    run(order, tmp_path / "out", 1)
    path = tmp_path / "out" / "journal.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:3] + lines[4:]))
    with pytest.raises(UsageError, match="line 4: sample 4, expected 3"):
        Journal(tmp_path / "out", order)
    path.write_text("".join(lines[:3]) + "{}\n")
    with pytest.raises(UsageError, match="line 4: not a sample"):
        Journal(tmp_path / "out", order)


def test_another_order_is_refused(tmp_path: Path) -> None:
    order = small(tmp_path)
    Journal(tmp_path / "out", order).close()
    with pytest.raises(UsageError, match="seed is 4, the campaign was begun with 3"):
        Journal(tmp_path / "out", load(tmp_path / "small.toml", seed=4))
    with pytest.raises(UsageError, match="file is [0-9a-f]{64}, the campaign was begun with"):
        Journal(tmp_path / "out", small(tmp_path, "# another\n"))
    order_file = tmp_path / "out" / "order.json"
    order_file.write_text(order_file.read_text().replace('"sources": "', '"sources": "0'))
    with pytest.raises(UsageError, match="sources is [0-9a-f]{64}"):
        Journal(tmp_path / "out", order)


def test_a_campaign_is_made_by_one_process(tmp_path: Path) -> None:
    order = small(tmp_path)
    begun = Journal(tmp_path / "out", order)
    with pytest.raises(UsageError, match="another process makes this campaign"):
        Journal(tmp_path / "out", order)
    begun.close()
    Journal(tmp_path / "out", order).close()


def test_a_worker_that_dies_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(order: Order, start: int, count: int) -> list[Sample]:
        raise BrokenExecutor("killed.")

    monkeypatch.setattr(running, "make", die)
    with pytest.raises(
        InternalError, match="a worker died, 0 samples are known: killed. Start the"
    ):
        run(small(tmp_path), tmp_path / "out", 1)


def test_a_kill_at_the_first_moment_leaves_nothing_in_the_way(
    tmp_path: Path, imagined: list[int]
) -> None:
    """In mid-write of the order; and between the order and the copy of the file."""
    order = small(tmp_path, samples=20)
    out = tmp_path / "out"
    out.mkdir()
    (out / "order.json.partial").write_text('{"file": ')
    assert len(run(order, out, 1)) == 20
    (out / "campaign.toml").unlink()
    Journal(out, order).close()
    assert (out / "campaign.toml").read_text() == order.text


@pytest.mark.parametrize("text", ["", '{"file": "0', "[]"])
def test_an_order_that_cannot_be_read_is_told(tmp_path: Path, text: str) -> None:
    order = small(tmp_path)
    Journal(tmp_path / "out", order).close()
    (tmp_path / "out" / "order.json").write_text(text)
    with pytest.raises(UsageError, match=r"order\.json: cannot be read; move the folder away"):
        Journal(tmp_path / "out", order)


def test_a_note_may_hold_any_character(tmp_path: Path) -> None:
    """Also those that Python takes for the end of a line."""
    order = small(tmp_path)
    odd = dataclasses.replace(made_up(0, 1), note="a\x85b\u2028c\nd")
    journal = Journal(tmp_path / "out", order)
    journal.append([odd])
    journal.close()
    journal = Journal(tmp_path / "out", order)
    assert journal.samples == [odd]
    journal.close()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    order = small(tmp_path)
    with pytest.raises(UsageError, match="is not empty and holds no campaign"):
        Journal(tmp_path, order)


@pytest.mark.parametrize("workers", [1, 4])
def test_the_stop_rule_stops_at_the_same_sample(
    tmp_path: Path, imagined: list[int], workers: int
) -> None:
    """A share of a quarter is known to ±10 % after some 72 samples: at 80, not at 60."""
    rule = '[stop]\noutcome = "silent corruption"\nhalf_width = 0.1\nevery = 20\n'
    assert len(run(small(tmp_path, rule, samples=1_000), tmp_path / "out", workers)) == 80


def test_tool_errors_do_not_narrow_an_interval() -> None:
    """They are known to be none of the outcomes: the stop rule counts as the report does."""
    rule = StopRule(outcome=Outcome.SILENT, half_width=0.1)
    samples = [made_up(number, 1) for number in range(80)]
    assert holds(rule, samples)
    failed = [dataclasses.replace(s, outcome=Outcome.TOOL_ERROR) for s in samples[40:]]
    assert not holds(rule, samples[:40] + failed)


def test_the_stop_rule_that_never_holds(tmp_path: Path, imagined: list[int]) -> None:
    rule = '[stop]\noutcome = "silent corruption"\nhalf_width = 0.01\nevery = 20\n'
    assert len(run(small(tmp_path, rule, samples=50), tmp_path / "out", 2)) == 50


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ("[flop]\ntrays = 2\n", "flop: unknown key, expected one of name, description"),
        ('[stop]\noutcome = "silence"\nhalf_width = 0.1\n', "stop.outcome = 'silence', must be"),
        ('[stop]\noutcome = "hang"\nhalf_width = 2\n', "stop.half_width = 2, must be < 0.5"),
        ("registers = []\n", "flops: registers and memories: both are empty, expected"),
        ('scrub_ticks = 0\nmemories = "*"\n', "flops.scrub_ticks = 0, must be >= 1"),
        (
            '[mission]\nstretch_s = 60\n[[mission.fault]]\nkind = "plant.shadow"\n',
            '[mission] has no use in a campaign with experiment = "flops"',
        ),
    ],
)
def test_mistakes_are_told(tmp_path: Path, more: str, complaint: str) -> None:
    with pytest.raises(UsageError, match="small.toml: ") as told:
        small(tmp_path, more)
    assert complaint in str(told.value)


def test_the_table_of_the_experiment_must_be_there(tmp_path: Path) -> None:
    path = tmp_path / "bare.toml"
    path.write_text('name = "bare"\nexperiment = "flops"\nsamples = 1\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"bare.toml: experiment = .flops., but there is no"):
        load(path)


@pytest.mark.parametrize("path", sorted(CAMPAIGNS.glob("*.toml")), ids=lambda path: path.stem)
def test_the_campaigns_that_come_along_can_be_read(path: Path) -> None:
    assert load(path).file.samples >= 1_000


def test_generators_of_samples_are_their_own() -> None:
    values = {generator(seed, k).integers(1 << 62) for seed in (1, 2) for k in range(100)}
    assert len(values) == 200
    again = np.random.default_rng(np.random.SeedSequence(1, spawn_key=(7,))).integers(1 << 62)
    assert generator(1, 7).integers(1 << 62) == again


def test_a_replay_command_can_be_pasted(tmp_path: Path) -> None:
    """A path with a blank too."""
    (tmp_path / "my campaigns").mkdir()
    command = small(tmp_path / "my campaigns").replay(7)
    path = str(tmp_path / "my campaigns" / "small.toml")
    assert shlex.split(command)[1:] == ["faults", "campaign", path, "--seed", "3", "--only", "7"]


def test_what_is_corrected_or_masked_is_no_vulnerability(tmp_path: Path) -> None:
    """Nor what is latent; of the others every one counts, with an exact interval."""
    outcomes = [*Outcome] * 3
    samples = [
        dataclasses.replace(made_up(number, 1), outcome=outcome)
        for number, outcome in enumerate(outcomes)
    ]
    seen = group("all", samples).seen
    assert (seen.count, seen.samples) == (12, 21)  # lost, recovered, silent, hang; no tool errors
    assert (seen.low, seen.high) == (share(12, 21).low, share(12, 21).high)
    assert vulnerability(small(tmp_path), samples) is not None
    uneven = small(tmp_path, 'weights = "uniform"\n')
    assert vulnerability(uneven, samples) is None
    memories = small(tmp_path, 'weights = "uniform"\nregisters = []\nmemories = ["*"]\n')
    assert vulnerability(memories, samples) is not None


def test_the_report_stands_alone(tmp_path: Path, imagined: list[int]) -> None:
    order = small(tmp_path, samples=60)
    samples = run(order, tmp_path / "out", 1)
    page = write_report(tmp_path / "out", order, samples).read_text(encoding="utf-8")
    silent = next(sample for sample in samples if sample.outcome is Outcome.SILENT)
    assert f"small.toml --seed 3 --only {silent.sample}" in page
    assert "Architectural vulnerability factor" in page and "Detection latency" in page
    assert page.count("<svg") == 2
    assert not re.search(r"src=|href=\"http|url\(http", page)


def test_processes_killed_and_resumed(tmp_path: Path) -> None:
    """kill -9 in mid-campaign; the same results as one worker that was left alone."""
    order = small(tmp_path)
    journal = Journal(tmp_path / "alone", order)
    with processes(1) as crew:
        run_campaign(order, journal, crew, lambda known: None)
    alone = journal.write_results(order.samples).read_bytes()
    journal.close()

    words = ["faults", "campaign", order.path, "--workers", "2", "--out", str(tmp_path / "killed")]
    with (tmp_path / "log").open("wb") as log:
        killed = subprocess.Popen([sys.executable, "-m", "hil.cli", *words], stdout=log, stderr=log)
    path = tmp_path / "killed" / "journal.jsonl"
    deadline = time.monotonic() + DEADLINE_S
    while not (path.exists() and path.read_bytes().count(b"\n") >= 10):
        assert killed.poll() is None, (tmp_path / "log").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    workers = children(killed.pid)
    assert len(workers) >= 2
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert 10 <= path.read_bytes().count(b"\n") < order.samples
    while any(running_still(pid) for pid in workers):
        assert time.monotonic() < deadline, "workers outlive their parent"
        time.sleep(0.05)

    resumed = CliRunner().invoke(app, words)
    assert resumed.exit_code == 0, resumed.output
    assert (tmp_path / "killed" / "results.csv").read_bytes() == alone
    assert "injections in" in resumed.output and "/s, " in resumed.output

    row = list(csv.reader(alone.decode().splitlines()))[8]
    only = CliRunner().invoke(app, ["faults", "campaign", order.path, "--only", "7"])
    assert only.exit_code == 0
    assert [line[13:] for line in only.output.splitlines()] == row


def test_dask_gives_the_same(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="needs racksat[cluster]")
    order = small(tmp_path, samples=12)
    run_here = Journal(tmp_path / "here", order)
    with processes(1) as crew:
        run_campaign(order, run_here, crew, lambda known: None)
    here = run_here.write_results(12).read_bytes()
    run_here.close()
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as local:
        words = ["faults", "campaign", order.path, "--samples", "12"]
        words += ["--out", str(tmp_path / "there"), "--scheduler", local.scheduler_address]
        there = CliRunner().invoke(app, words)
    assert there.exit_code == 0, there.output
    assert (tmp_path / "there" / "results.csv").read_bytes() == here


def test_an_address_without_a_port_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="needs racksat[cluster]")
    words = ["faults", "campaign", small(tmp_path).path, "--out", str(tmp_path / "out")]
    refused = CliRunner().invoke(app, [*words, "--scheduler", "localhost"])
    assert isinstance(refused.exception, UsageError)
    assert "--scheduler localhost: must be HOST:PORT" in str(refused.exception)


def test_a_cluster_needs_dask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    small(tmp_path)
    words = ["faults", "campaign", str(tmp_path / "small.toml"), "--out", str(tmp_path / "out")]
    refused = CliRunner().invoke(app, [*words, "--scheduler", "tcp://localhost:1"])
    assert isinstance(refused.exception, UsageError)
    assert "pip install 'racksat[cluster]'" in str(refused.exception)


def test_bad_usage_is_told(tmp_path: Path) -> None:
    small(tmp_path)
    path = str(tmp_path / "small.toml")
    for words, complaint in (
        (["--workers", "0"], "--workers 0: must be >= 1"),
        (["--samples", "0"], "--samples 0: must be 1 to 10000000"),
        (["--seed", str(1 << 64)], f"--seed {1 << 64}: must be 0 to {2**63 - 1}"),
        (["--only", "-1"], "--only -1: must be >= 0"),
    ):
        refused = CliRunner().invoke(app, ["faults", "campaign", path, *words])
        assert isinstance(refused.exception, UsageError)
        assert complaint in str(refused.exception)


def children(pid: int) -> list[int]:
    """Processes that a process has started, by Linux."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(each) for task in tasks for each in (task / "children").read_text().split()]


def running_still(pid: int) -> bool:
    """Whether a process runs and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
