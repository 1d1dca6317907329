"""The product carbon footprint of a batch: from the allocation ledger of the running network."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, uuid5

import click
from xinlian.services.cli.common import command, wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import language, pick

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinlian.ingest.adapters.energy.pact import Publication
    from xinlian.ingest.model.energy.carbon import Footprint
    from xinlian.ingest.usecases.energy_batch import Borne
    from xinlian.ingest.usecases.energy_tables import Table

__all__ = ["make", "tree"]

_FILE: Final = click.Path(path_type=Path, dir_okay=False)


class _Number(click.ParamType[Decimal]):
    name = "number"

    def convert(self, value: Any, param: Any, ctx: Any) -> Decimal:
        try:
            made = Decimal(str(value))
        except InvalidOperation:
            made = Decimal("NaN")
        if not made.is_finite() or made < 0:
            self.fail(pick(f"{value!r} is no number from 0", f"{value!r} 不是非负数"), param, ctx)
        return made


def make(tell: Callable[[Sequence[Table]], None]) -> click.Command:
    """The command ``footprint``; ``tell`` shows tables."""
    params: list[click.Parameter] = [
        click.Argument(["batch"]),
        click.Option(["--amount"], type=_Number(), required=True,
                     help=pick("how many units the batch is", "批次数量")),
        click.Option(["--unit"], default="piece", show_default=True,
                     help=pick("declared unit: piece, kilogram …", "声明单位：piece、kilogram 等")),
        click.Option(["--product"], help=pick("name of the product", "产品名称")),
        click.Option(["--company"], default="", help=pick("your company's name", "企业名称")),
        click.Option(["--company-id"], help=pick("URN of your company", "企业 URN")),
        click.Option(["--product-id"], help=pick("URN of the product", "产品 URN")),
        click.Option(["--mass-kg"], type=_Number(), default="0",
                     help=pick("mass of a unit", "单位质量 kg")),
        click.Option(["--region"], default="CN", show_default=True,
                     help=pick("grid of the emission factor", "排放因子所属电网")),
        click.Option(["--zone"], default="+08:00", show_default=True,
                     help=pick("clock of the place", "当地时区")),
        click.Option(["--activities"], type=_FILE,
                     help=pick("CSV of what else goes into it", "其他活动数据 CSV")),
        click.Option(["--pact"], type=_FILE, help=pick("write PACT 3.0 JSON", "导出 PACT 3.0")),
        click.Option(["--catenax"], type=_FILE,
                     help=pick("write the Catena-X aspect PCF 7.0.0", "导出 Catena-X PCF 7.0.0")),
    ]  # fmt: skip
    text = pick(
        "The carbon footprint of a BATCH: energy shared out to it (`energy allocate`), each amount "
        "with the record that proves it, and what else goes into it; for partners as PACT or "
        "Catena-X.",
        "批次的产品碳足迹：已分摊电量（`energy allocate`，逐项附存证记录）及其他活动，"
        "可导出 PACT 或 Catena-X。",
    )
    return command("footprint", lambda **values: _footprint(tell, values), text, params)


def tree() -> click.Command:
    """The command ``tree``."""
    params: list[click.Parameter] = [
        click.Argument(["plant"], type=_FILE),
        click.Option(["--name"], default="collector", show_default=True,
                     help=pick("name of the collector's stream", "采集器（数据流）名称")),
    ]  # fmt: skip
    text = pick(
        "Leave the metering tree of a PLANT file beside the network's stores, for a collector on "
        "another machine; a collector here does so itself.",
        "将 PLANT 文件中的计量树存于网络所在机器（供异地采集器使用；本机采集器自动完成）。",
    )
    return command("tree", _keep_tree, text, params)


def _keep_tree(plant: Path, name: str) -> None:
    from xinlian.ingest.adapters.files.metering import keep_metering, read_metering
    from xinlian.services.cli.ingest import load
    from xinlian.services.settings import Settings, keep_private

    known, settings = load(plant), Settings()
    keep_private(settings.data)
    folder = settings.telemetry_dir / str(known.party)
    keep_metering(folder, name, known)
    count = len(read_metering(folder).meters)
    click.echo(
        pick(f"{count} meters of party {known.party}", f"参与方 {known.party}：{count} 块电表")
    )


def _footprint(tell: Callable[[Sequence[Table]], None], values: dict[str, Any]) -> None:
    from xinlian.ingest.adapters.energy.activities import read_activities
    from xinlian.ingest.adapters.energy.pact import catenax_pcf, pact_footprint
    from xinlian.ingest.adapters.energy.rows import factor_table
    from xinlian.ingest.model.energy.exact import EnergyError
    from xinlian.ingest.usecases.energy_batch import batch_footprint, batch_table
    from xinlian.services.cli.energy_store import offset_of

    batch, today = values["batch"], datetime.now(UTC).date()
    zone: timedelta = offset_of(values["zone"], today, today)
    try:
        others = read_activities(values["activities"]) if values["activities"] else []
        made = batch_footprint(
            batch, _borne(batch), others, factor_table(), unit=values["unit"],
            amount=values["amount"], region=values["region"], zone=zone,
        )  # fmt: skip
        said = _publication(made, values)
        forms = {"pact": pact_footprint, "catenax": catenax_pcf}
        files = {
            values[name]: json.dumps(form(made, said), indent=2, ensure_ascii=False)
            for name, form in forms.items()
            if values[name]
        }
    except EnergyError as exc:
        raise CliError(pick(str(exc), exc.zh), where=batch, code=Exit.USAGE) from exc
    tell([batch_table(made)])
    for path, data in files.items():
        path.write_text(data + "\n", "utf-8")
        click.echo(str(path), err=wants_json())


def _borne(batch: str) -> list[Borne]:
    """Postings that the batch bears and that were not taken back."""
    from xinlian.ingest.usecases.energy_batch import Borne
    from xinlian.services.cli.client import Api

    given = click.get_current_context().find_object(dict) or {}
    api = Api(given.get("api"), given.get("token_file"))
    query = {"bearer": batch}
    found = api.call("GET", "/telemetry/allocations", query=query, lang=language()).body["items"]
    return [
        Borne(
            each["device"], each["rest"], 1000 * each["start_ms"], 1000 * each["end_ms"],
            share["share_wh"], each["proof"],
        )
        for each in reversed(found)
        if not each["reverses"] and not each["reversed_by"]
        for share in each["shares"]
        if share["bearer"] == batch
    ]  # fmt: skip


def _publication(made: Footprint, values: dict[str, Any]) -> Publication:
    from xinlian.ingest.adapters.energy.pact import Publication

    batch, product = values["batch"], values["product"] or values["batch"]
    if (values["pact"] or values["catenax"]) and not (values["company"] and values["company_id"]):
        raise CliError(
            pick("a footprint for partners names who makes it", "对外碳足迹须注明企业"),
            where="--company", todo=pick("give --company and --company-id (a URN)",
                                         "请给出 --company 与 --company-id（URN）"),
            code=Exit.USAGE,
        )  # fmt: skip
    content = json.dumps([str(made.total_kg), str(made.amount), values["company_id"]])
    day: date = made.end
    return Publication(
        # The same batch with the same content has the same id.
        id=uuid5(NAMESPACE_URL, f"urn:xinlian:footprint:{batch}:{content}"),
        created=datetime.now(UTC),
        company=values["company"] or "-",
        company_ids=(values["company_id"] or "urn:xinlian:company",),
        product=product,
        product_ids=(values["product_id"] or f"urn:xinlian:batch:{batch}",),
        description=f"Batch {batch}, made until {day}",
        mass_kg=values["mass_kg"],
    )
