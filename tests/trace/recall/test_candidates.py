"""Which of several candidates is ruled out: never one that may be the true child."""

import pytest
from xinlian.trace.model.recall import Finding, Reason
from xinlian.trace.model.spread import Seed, Way, spread

CERTAIN, POSSIBLE, EXCLUDED = Finding.CERTAIN, Finding.POSSIBLE, Finding.EXCLUDED
AFFECTED = (Seed(CERTAIN),)


def known(parent: str, child: str, begins: int, ends: int | None = None) -> Way[str]:
    return Way(parent, child, begins, ends, known=True, withdrawn=False, group=None)


def one_of(parent: str, children: str, begins: int) -> list[Way[str]]:
    return [Way(parent, child, begins, None, False, False, "g") for child in children]


def found(cause: str, *ways: Way[str]) -> dict[str, tuple[Finding, str]]:
    verdicts = spread({cause: AFFECTED}, ways, lambda item: item in "XY", 1_000)
    return {item: verdict[:2] for item, verdict in verdicts.items()}


@pytest.mark.parametrize(
    ("begins", "elsewhere", "finding"),
    [
        (-1, (100, 200), POSSIBLE),  # taken out, and fitted again nobody knows when
        (-1, (-1, 200), POSSIBLE),
        (200, (-1, 200), POSSIBLE),
        (199, (-1, 200), EXCLUDED),  # it was in the other until then
        (-1, (100, None), EXCLUDED),  # it is in the other now
        (-1, (-1, None), EXCLUDED),
        (150, (100, 200), EXCLUDED),
        (100, (150, 150), POSSIBLE),  # for no time at all
    ],
)
def test_a_part_that_was_elsewhere(
    begins: int, elsewhere: tuple[int, int | None], finding: Finding
) -> None:
    ways = [known("other", "X", *elsewhere), *one_of("pack", "XY", begins)]
    verdicts = found("X", *ways, known("car", "pack", 300))
    assert verdicts["car"][0] is verdicts["pack"][0] is finding
    other = found("Y", *ways)["pack"]
    assert other == (
        (POSSIBLE, Reason.CANDIDATE) if finding is POSSIBLE else (CERTAIN, Reason.SOLE_CANDIDATE)
    )


def test_a_level_left_out_is_not_elsewhere() -> None:
    ways = [known("car", "X", 300), *one_of("pack", "XY", 100), known("car", "pack", 200, 400)]
    ways.append(known("next car", "pack", 500))
    assert found("X", *ways)["next car"] == (POSSIBLE, Reason.CANDIDATE)
    assert found("Y", *ways)["pack"] == (POSSIBLE, Reason.CANDIDATE)
    inside = [known("module", "X", 50), known("pack", "module", 60), *one_of("pack", "XY", 100)]
    assert found("Y", *inside)["pack"] == (POSSIBLE, Reason.CANDIDATE)
