"""What a user's installation pulls in carries no licence that would bind the product."""

import re
from importlib.metadata import PackageNotFoundError, distribution

import pytest

from tests.support.repository import ROOT

# GPL and AGPL in any spelling; the LGPL, which psycopg has, binds only the library itself.
COPYLEFT = re.compile(
    r"(?<!L)(?<!Lesser )\bA?GPL|(?<!Lesser )General Public License", re.IGNORECASE
)


def _runtime_packages() -> list[str]:
    lock = (ROOT / ".ci/requirements/runtime.txt").read_text(encoding="utf-8")
    return re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)


def _licences(name: str) -> list[str]:
    metadata = distribution(name).metadata
    stated = metadata.get_all("License-Expression", []) or metadata.get_all("License", [])
    stated += [value for value in metadata.get_all("Classifier", []) if value.startswith("License")]
    return [line for text in stated for line in text.splitlines()[:3]]


def test_no_runtime_package_is_under_the_gpl() -> None:
    checked = 0
    offenders = []
    for name in _runtime_packages():
        try:
            licences = _licences(name)
        except PackageNotFoundError:
            continue  # a package for another system than this one
        checked += 1
        offenders += [f"{name}: {line}" for line in licences if COPYLEFT.search(line)]
    assert offenders == []
    assert checked >= 40


@pytest.mark.parametrize(
    ("text", "binds"),
    [
        ("GPL-3.0-or-later", True),
        ("AGPL-3.0", True),
        ("GNU General Public License v3", True),
        ("License :: OSI Approved :: GNU Affero General Public License v3", True),
        ("LGPL-3.0-only", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("MIT", False),
    ],
)
def test_the_pattern_tells_the_gpl_from_the_lgpl(text: str, binds: bool) -> None:
    assert bool(COPYLEFT.search(text)) is binds
