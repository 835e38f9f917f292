"""JUnit's XML: a suite for each submission, a case for each check."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from autograder.files import write_file
from autograder.results.document import CheckResult, Outcome, SubmissionResult
from autograder.results.reading import Reading

_ERRORS = (Outcome.RAISED, Outcome.CRASHED, Outcome.TIMED_OUT, Outcome.GRADER_ERROR)
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(reading: Reading, target: Path, titles: Mapping[str, str]) -> list[Path]:
    """One file for all submissions."""
    suites = Element("testsuites", name="autograder")
    suites.extend(_suite(result) for result in reading.results)
    for count in ("tests", "failures", "errors"):
        suites.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    suites.set("time", f"{sum(result.seconds for result in reading.results):.3f}")
    indent(suites)
    return [write_file(target, tostring(suites, encoding="utf-8", xml_declaration=True) + b"\n")]


def _suite(result: SubmissionResult) -> Element:
    cases = [_case(result.unit, exercise.name, check) for exercise in result.exercises for check in exercise.checks]
    suite = Element("testsuite", name=_xml(f"{result.student}/{result.unit}"), tests=str(len(cases)))
    for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(count, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("time", f"{result.seconds:.3f}")
    properties = SubElement(suite, "properties")
    for name, value in (
        ("score", f"{result.score:g}"), ("max_score", f"{result.max_score:g}"), ("seed", str(result.seed)),
        ("isolation", _xml(result.isolation)),
    ):  # fmt: skip
        SubElement(properties, "property", name=name, value=value)
    suite.extend(cases)
    if result.printed.strip():
        SubElement(suite, "system-out").text = _xml(result.printed)
    if result.problems:
        SubElement(suite, "system-err").text = _xml("\n".join(result.problems))
    return suite


def _case(unit: str, exercise: str, check: CheckResult) -> Element:
    case = Element("testcase", classname=_xml(f"{unit}.{exercise}"), name=_xml(f"{check.id}: {check.title}"), time="0")
    if check.outcome is Outcome.PASSED:
        return case
    first = _xml(check.message.split("\n")[0])
    if check.outcome is Outcome.NOT_ASSESSED:
        SubElement(case, "skipped", message=first)
        return case
    tag = "error" if check.outcome in _ERRORS else "failure"
    SubElement(case, tag, message=first, type=check.outcome.value).text = _xml(check.message)
    return case


def _xml(text: str) -> str:
    """Text without the characters that XML cannot hold, each replaced by a mark."""
    return _NO_XML.sub("\ufffd", text)
