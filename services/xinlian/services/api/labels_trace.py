"""Labels: one, or sheets of them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Response
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.trace_views import LinkKindText, SheetBody
from xinlian.services.api.state import ActorDep, StateDep
from xinlian.services.api.trace_items import FILES, ThingDep, attachment, reader_of
from xinlian.services.app.trace_papers import FORMATS, SHEET_FORMATS, Place
from xinlian.trace.adapters.labels import Surface, Symbology

router = guarded_router("labels", "/trace")


@router.get("/label", response_class=Response, responses=FILES["application/octet-stream"])
def get_label(
    state: StateDep,
    thing: ThingDep,
    shape: Annotated[Literal["png", "svg", "pdf"], Query(description="Kind of file.")] = "png",
    link_kind: Annotated[
        LinkKindText,
        Query(description="network: a tag nobody can guess; gs1: Digital Link; id: the id alone."),
    ] = "network",
    symbology: Symbology = Symbology.QR,
    surface: Surface = Surface.PAPER,
    width_mm: Annotated[int, Query(ge=10, le=200)] = 60,
    height_mm: Annotated[int, Query(ge=10, le=200)] = 30,
) -> Response:
    """A label for a thing, as PNG, SVG or PDF."""
    data = state.app.trace.papers.label(
        thing,
        link=link_kind,
        symbology=symbology,
        surface=surface,
        shape=shape,
        width=float(width_mm),
        height=float(height_mm),
    )
    return attachment(data, FORMATS[shape], f"label.{shape}")


@router.post("/label-sheets", response_class=Response, responses=FILES["application/octet-stream"])
def make_label_sheet(body: SheetBody, state: StateDep, actor: ActorDep) -> Response:
    """Labels on A4 sheets in the order of the codes: PDF, or a ZIP with one PNG a sheet."""
    reader = reader_of(actor)
    found = [state.app.trace.items.one(code, None, None, reader) for code in body.codes]
    data = state.app.trace.papers.sheet(
        found,
        link=body.link_kind,
        symbology=body.symbology,
        surface=body.surface,
        layout=body.layout,
        place=Place(body.skip, body.move_right_um / 1000, body.move_down_um / 1000),
        pictures=body.shape == "zip",
    )
    return attachment(data, SHEET_FORMATS[body.shape], f"labels.{body.shape}")
