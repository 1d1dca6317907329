"""Statistics of quality that need no API: a simulated network, and prediction from a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from xinlian.services.cli.common import command, wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import pick

if TYPE_CHECKING:
    from xinlian.trace.usecases.quality import Features, PredictionReport, SimulationReport

__all__ = ["make"]

_FILE = click.Path(path_type=Path, dir_okay=False)
_BAR: Final = 40
_STATES: Final = {
    "proposed": ("proposed", "已提出", "·"),
    "trial": ("trial", "试行", "░"),
    "recognised": ("recognised", "已互认", "█"),
    "suspended": ("suspended", "已中止", "▒"),
}
_CONDITIONS: Final = {
    "age-of-data": ("data too old", "数据过旧"),
    "calibration": ("calibration overdue", "校准过期"),
    "gauge-rr": ("gauge R&R", "量具 R&R 超限"),
    "distinct-categories": ("too few distinct categories", "可区分类别数不足"),
    "measurements": ("too few measurements", "测量数不足"),
    "cpk": ("Cpk below the terms", "Cpk 低于约定"),
    "lots": ("too few lots", "批次数不足"),
    "lots-rejected": ("lots rejected", "批次被拒收"),
    "severity-of-inspection": ("tightened inspection", "加严检验"),
}


def make() -> list[click.Command]:
    """`spc recognition` and `spc predict`."""
    return [_recognition(), _predict()]


def _recognition() -> click.Command:
    number = click.IntRange(1)
    params: list[click.Parameter] = [
        click.Option(
            ["--simulate"],
            is_flag=True,
            required=True,
            help=pick("a simulated network, not yours", "模拟网络，不涉及真实数据"),
        ),
        click.Option(["--points"], type=number, default=7_500, show_default=True,
                     help=pick("control points", "控制点数")),
        click.Option(["--suppliers"], type=number, default=50, show_default=True,
                     help=pick("suppliers", "供应商数")),
        click.Option(["--weeks"], type=number, default=40, show_default=True,
                     help=pick("weeks, 11 to 260", "周数，11 至 260")),
        click.Option(["--seed"], type=int, default=1, show_default=True,
                     help=pick("the same seed gives the same report", "相同种子得到相同结果")),
    ]  # fmt: skip
    text = pick(
        "Mutual recognition of control points over months: who is recognised, what suspends it.",
        "控制点互认的长期模拟：哪些得到互认，因何中止。",
    )
    return command("recognition", _simulate, text, params)


def _simulate(simulate: bool, points: int, suppliers: int, weeks: int, seed: int) -> None:  # noqa: ARG001
    from xinlian.services.cli.render import print_json
    from xinlian.trace.usecases.quality import QualityError, simulate_recognition

    try:
        report = simulate_recognition(points=points, suppliers=suppliers, weeks=weeks, seed=seed)
    except QualityError as exc:
        raise CliError(str(exc), code=Exit.USAGE) from exc
    if wants_json():
        print_json(report.to_dict())
        return
    for line in _simulated(report):
        click.echo(line)


def _bar(shares: Mapping[str, int], width: int = _BAR) -> str:
    total = sum(shares.values())
    bar, done = "", 0
    for state, (_, _, mark) in _STATES.items():
        done += shares.get(state, 0)
        bar += mark * (round(done / total * width) - len(bar))
    return bar


def _simulated(report: SimulationReport) -> Iterable[str]:
    yield pick(
        f"{report.points} control points of {report.suppliers_count} suppliers, "
        f"{len(report.weeks)} weeks, {report.seconds:.1f} s",
        f"{report.suppliers_count} 家供应商的 {report.points} 个控制点，"
        f"{len(report.weeks)} 周，用时 {report.seconds:.1f} 秒",
    )
    yield "  ".join(f"{mark} {pick(en, zh)}" for en, zh, mark in _STATES.values())
    shown = [*range(0, len(report.weeks), 4), len(report.weeks) - 1]
    for week in dict.fromkeys(shown):
        counts = report.weeks[week]
        numbers = ", ".join(
            f"{pick(en, zh)} {counts[state]}"
            for state, (en, zh, _) in _STATES.items()
            if counts.get(state)
        )
        yield f"{week + 1:>4} {_bar(counts)} {numbers}"
    yield ""
    yield pick("Why points were suspended", "中止原因")
    most = max(report.reasons.values(), default=1)
    for reason, count in report.reasons.items():
        words = pick(*_CONDITIONS[reason])
        yield f"{count:>6} {'█' * max(1, round(count / most * 20)):<20} {words}"
    yield from _found(report)
    worst = sorted(report.suppliers.items(), key=lambda one: (-one[1].get("suspended", 0), one[0]))[
        :5
    ]
    yield pick("Suppliers with most suspended points", "中止控制点最多的供应商")
    for supplier, states in worst:
        yield f"{supplier:>6} {_bar(states, 20)} {states.get('suspended', 0)}"
    if report.examples:
        first = report.examples[0]
        yield ""
        yield pick("A record in the evidence log", "存证记录示例")
        yield f"  {first['event_time']} {first['subject']}: {first['from']} → {first['to']}"
        yield f"  {first['reason']}"


def _found(report: SimulationReport) -> Iterable[str]:
    found, faulty = sum(report.detected.values()), sum(report.faulty.values())
    yield ""
    yield pick(
        f"{found} of {faulty} recognised points with a fault were suspended, after "
        f"{report.weeks_to_suspend or 0:g} weeks (median); {report.suspensions_without_fault} "
        f"suspensions without a fault; {report.resumed} taken up again; {report.records} records",
        f"{faulty} 个出现故障的已互认控制点中有 {found} 个被自动中止，"
        f"中位用时 {report.weeks_to_suspend or 0:g} 周；"
        f"无故障中止 {report.suspensions_without_fault} 次；恢复试行 {report.resumed} 次；"
        f"记录 {report.records} 条",
    )


def _predict() -> click.Command:
    params: list[click.Parameter] = [
        click.Argument(["file"], type=_FILE),
        click.Option(["--target"], help=pick("column that says whether it failed", "故障列名")),
        click.Option(["--number"], multiple=True,
                     help=pick("column of numbers; may repeat", "数值列，可重复")),
        click.Option(["--category"], multiple=True, metavar="NAME=A,B,C",
                     help=pick("column of words; may repeat", "类别列，可重复")),
        click.Option(["--outcome"], multiple=True,
                     help=pick("column that tells the outcome, never used; may repeat",
                               "泄露结果的列，绝不使用，可重复")),
        click.Option(["--id", "id_column"], default="", help=pick("column of ids", "编号列")),
        click.Option(["--save"], type=_FILE,
                     help=pick("write the model here", "将模型写入此文件")),
        click.Option(["--seed"], type=int, default=1, show_default=True,
                     help=pick("the same seed gives the same model", "相同种子得到相同模型")),
    ]  # fmt: skip
    text = pick(
        "Learn to predict failures from a CSV of machine states in the order of time, with the "
        "factors that drive each prediction and baselines beside every figure. Without --target "
        "the columns of the UCI data set AI4I 2020 are taken.",
        "从按时间排序的设备状态 CSV 学习预测故障，给出每次预测的影响因素，并列出基线对比。"
        "未给出 --target 时按 UCI AI4I 2020 数据集的列处理。",
    )
    return command("predict", _run_predict, text, params)


def _run_predict(
    file: Path,
    target: str | None,
    number: tuple[str, ...],
    category: tuple[str, ...],
    outcome: tuple[str, ...],
    id_column: str,
    save: Path | None,
    seed: int,
) -> None:
    from xinlian.services.cli.render import print_json
    from xinlian.trace.adapters.quality.boosting import LightGbm
    from xinlian.trace.adapters.quality.feature_table import read_table
    from xinlian.trace.adapters.quality.model_file import save_model
    from xinlian.trace.usecases.quality import AI4I, QualityError, learn

    try:
        spec = AI4I if target is None else _spec(target, number, category, outcome, id_column)
        model, report = learn(read_table(file, spec), spec, LightGbm(), seed=seed)
        digest = "" if save is None else save_model(save, model)
    except QualityError as exc:
        raise CliError(str(exc), where=str(file), code=Exit.USAGE) from exc
    except OSError as exc:
        where = exc.filename or str(file)
        raise CliError(exc.strerror or str(exc), where=where, code=Exit.USAGE) from exc
    if wants_json():
        print_json({**report.to_dict(), **({"saved_sha256": digest} if digest else {})})
        return
    for line in _predicted(report):
        click.echo(line)
    if digest:
        click.echo(f"{save}  SHA-256 {digest}")


def _spec(
    target: str,
    number: Sequence[str],
    category: Sequence[str],
    outcome: Sequence[str],
    id_column: str,
) -> Features:
    from xinlian.trace.usecases.quality import Features

    words = []
    for text in category:
        name, mark, values = text.partition("=")
        if not mark or not values:
            raise click.UsageError(f"--category {text}: NAME=A,B,C")
        words.append((name, tuple(values.split(","))))
    return Features(target, tuple(number), tuple(words), (), tuple(outcome), id_column)


def _predicted(report: PredictionReport) -> Iterable[str]:
    shown: dict[str, Any] = report.to_dict()
    rows, failures = shown["rows"], shown["failures"]
    yield pick(
        f"learned from {rows['train']} rows ({failures['train']} failures), stopped and "
        f"calibrated on {rows['stop']} ({failures['stop']}), judged on the last {rows['test']} "
        f"({failures['test']})",
        f"训练 {rows['train']} 行（故障 {failures['train']}），停止与校准 {rows['stop']} 行"
        f"（{failures['stop']}），以最后 {rows['test']} 行（{failures['test']}）评定",
    )
    yield f"{'':24}{'AUC':>22}{'PR-AUC':>24}{'Brier':>9}"
    for name, scores in shown["scores"].items():
        cells = [
            f"{scores[one]['value']:.3f} [{scores[one]['low']:.3f}–{scores[one]['high']:.3f}]"
            for one in ("auc", "pr_auc")
        ]
        yield f"{name:24}{cells[0]:>22}{cells[1]:>24}{scores['brier']:>9.4f}"
    yield pick(f"best single feature: {report.rule}", f"最佳单一特征：{report.rule}")
    if shown["left_out"]:
        yield pick("never used, tell the outcome: ", "因泄露结果而不使用：") + ", ".join(
            shown["left_out"]
        )
    yield ""
    yield pick("What drives the chance of failure", "影响故障概率的因素")
    most = max((one["value"] for one in shown["influence"]), default=1.0) or 1.0
    for one in shown["influence"]:
        yield f"{one['value']:>7.3f} {'█' * round(one['value'] / most * 24):<24} {one['name']}"
    yield ""
    yield pick("Highest chances among the last rows", "最后各行中故障概率最高者")
    for one in shown["top"]:
        mark = "✗" if one["failed"] else " "
        factors = ", ".join(
            f"{each['name']} = {_value(each['value'])} ({each['contribution']:+.2f})"
            for each in one["factors"]
        )
        yield f"{mark} {one['id']:>10} {one['chance']:>6.1%}  {factors}"


def _value(value: float | str | None) -> str:
    if value is None:
        return "?"
    return value if isinstance(value, str) else f"{value:.4g}"
