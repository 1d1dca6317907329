"""What a terminal says of a recall."""

from __future__ import annotations

import pytest
from xinlian.services.api.schemas.trace_recall import RecallView
from xinlian.services.cli.i18n import set_language
from xinlian.services.cli.recall_show import show_recall
from xinlian.trace.model.recall import Cause, CauseKind, RecallList
from xinlian.trace.model.standing import RecallState, Standing, Step

CAUSES = (
    Cause(CauseKind.ITEMS, ("batch:0:LOT",)),
    Cause(CauseKind.MACHINE, ("M1",), 1_789_516_800_000),
)
DRAFT = Step(RecallState.DRAFT, 1_789_516_800_000)


def shown(capsys: pytest.CaptureFixture[str], hidden: int, *steps: Step, lang: str = "en") -> str:
    recall = RecallList("0" * 32, CAUSES, 1_789_516_800_000, (), 40, 3, 1, 0, 0, hidden=hidden)
    standing = Standing(recall.recall_id, 7, 12, "bad coil", (DRAFT, *steps))
    set_language("zh" if lang == "zh" else "en")
    try:
        show_recall(RecallView.of(recall, standing).model_dump(mode="json"))
    finally:
        set_language(None)
    return capsys.readouterr().out


def test_there_is_no_upper_bound_where_parts_are_hidden(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "at least 3, at most 4 of 40 vehicles" in shown(capsys, 0)
    told = shown(capsys, 2)
    assert "at least 3, at most ? of 40 vehicles" in told
    assert "! 2 affected things went into something that you may not see" in told
    assert "至少 3 辆，至多 ? 辆" in shown(capsys, 2, lang="zh")


def test_a_draft_says_how_to_publish_it_and_an_ended_one_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = shown(capsys, 0)
    assert told.startswith("recall 12 bad coil: draft\n  items: LOT\n")
    assert "machine: M1  (2026-09-16 08:00:00 – …)" in told
    assert "./xl recall publish 12" in told
    end = Step(RecallState.WITHDRAWN, 1_789_516_900_000, "wrong lot")
    ended = shown(capsys, 0, end, lang="zh")
    assert "已撤回 2026-09-16 08:01:40  wrong lot" in ended
    assert "publish" not in ended
