"""Results as JUnit XML, as continuous integration reads it.

Elements and attributes are those of the schema that Jenkins checks (junit-10.xsd of its xUnit
plugin), which GitLab and GitHub's reporters read as well. There a test case has no properties: what
is known of it beyond its verdict stands in its `system-out`. `time` is of the wall clock.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as xml

from hil.errors import UsageError
from hil.faults.run import Result

# What XML 1.0 cannot hold, as bytes from a bad line may be quoted in evidence.
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Tested = tuple[str, Sequence[Result], Sequence[tuple[str, str]]]


def require_writable_file(path: Path) -> None:
    """Check, creating nothing, that a file can be written there. Raises UsageError."""
    if path.is_dir():
        raise UsageError(f"{path}: is a folder, expected a file to write JUnit XML into")
    existing = next(parent for parent in path.absolute().parents if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise UsageError(f"{path}: cannot be written: no folder, or no permission, at {existing}")


def write_junit(path: Path, target: str, suites: Sequence[Tested]) -> None:
    """Write suites of (name, results, skipped cases with their reasons) flown on `target`."""
    root = xml.Element("testsuites", name="racksat faults")
    for name, results, skipped in suites:
        counts = {**_counts(results, len(skipped)), "skipped": str(len(skipped))}
        suite = xml.SubElement(root, "testsuite", {"name": name, **counts})
        properties = xml.SubElement(suite, "properties")
        xml.SubElement(properties, "property", name="target", value=target)
        for result in results:
            _case(suite, f"{name}.{target}", result)
        for case_name, reason in skipped:
            case = xml.SubElement(
                suite,
                "testcase",
                classname=f"{name}.{target}",
                name=_clean(case_name),
                time="0.000",
            )
            xml.SubElement(case, "skipped", message=_clean(reason))
    everything = [result for _, results, _ in suites for result in results]
    total = _counts(everything, sum(len(skipped) for _, _, skipped in suites))
    for key, value in total.items():
        root.set(key, value)
    xml.indent(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    xml.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _case(suite: xml.Element, classname: str, result: Result) -> None:
    case = xml.SubElement(
        suite,
        "testcase",
        classname=classname,
        name=_clean(result.case.name),
        time=f"{result.wall_s:.3f}",
    )
    if not result.held:
        verdict = xml.SubElement(
            case,
            "error" if result.error else "failure",
            type=result.outcome.value,
            message=_clean(f"{result.outcome.value}; {result.replay}"),
        )
        verdict.text = _clean(result.explained())
    lines = [
        f"outcome: {result.outcome}",
        f"seed: {result.case.seed}",
        f"simulated_s: {result.simulated_s:.1f}",
        *(f"fault {injection.number}: {injection}" for injection in result.injections),
        *map(str, result.findings),
        f"replay: {result.replay}",
    ]
    xml.SubElement(case, "system-out").text = _clean("\n".join(lines))


def _counts(results: Sequence[Result], skipped: int) -> dict[str, str]:
    errors = sum(bool(result.error) for result in results)
    return {
        "tests": str(len(results) + skipped),
        "failures": str(sum(not result.held for result in results) - errors),
        "errors": str(errors),
        "time": f"{sum(result.wall_s for result in results):.3f}",
    }


def _clean(text: str) -> str:
    return NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
