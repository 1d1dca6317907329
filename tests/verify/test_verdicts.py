"""Each bundle of the corpus gets its verdict, and a dishonest one names the step that caught it."""

from __future__ import annotations

import json

import pytest
from xinlian.ledger.adapters import xinlian_verify

from tests.verify.corpus import Case, cases

CASES = cases()


def judged(case: Case) -> dict[str, object]:
    report = xinlian_verify.verify(case.data, case.heads, None, case.contracts)
    assert isinstance(report, dict)
    return report


def test_names_are_distinct() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_verdict(case: Case) -> None:
    report = xinlian_verify.verify(case.data, case.heads, None, case.contracts)
    said = {step["step"]: step["status"] for step in report["steps"]}
    assert list(said) == list(range(1, 11))
    assert report["exit"] == case.exit, json.dumps(report["steps"], indent=1)
    failed = [step for step, status in said.items() if status == "FAIL"]
    if case.failed is None:
        assert failed == []
    else:
        assert case.failed in failed, json.dumps(report["steps"], indent=1)
    assert {said[step] for step in case.open_steps} <= {"NOT CHECKED"}
    for lang in ("en", "zh"):
        assert len(list(xinlian_verify.lines_of(report, lang))) > 10


def test_a_file_above_the_bound_is_not_read() -> None:
    data = b" " * (xinlian_verify.FILE_BYTES_MAX + 1)
    report = xinlian_verify.verify(data)
    assert report["exit"] == 1
    assert "too large" in report["steps"][0]["reasons"][0]["en"]
    pinned = xinlian_verify.verify(CASES[0].data, [data])
    assert "too large" in pinned["steps"][0]["reasons"][0]["en"]
