"""Inspection certificates: handed in with a delivery, reviewed by whoever receives it."""

from __future__ import annotations

from typing import Annotated

from fastapi import File, Path, Query, Response, UploadFile
from xinlian.services.api.paperwork import upload_of
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.common import Page
from xinlian.services.api.schemas.trace_reviews import DecisionBody, ReviewView
from xinlian.services.api.state import ActorDep, KeyDep, StateDep
from xinlian.services.api.trace_items import FILES, attachment
from xinlian.trace.model.certificates import ReviewState

router = guarded_router("certificates", "/trace")

CertificatePath = Annotated[int, Path(ge=1, le=2**53 - 1, description="Number of a certificate.")]


@router.post("/certificates", status_code=201)
def submit_certificate(
    state: StateDep,
    actor: ActorDep,
    key: KeyDep,
    file: Annotated[UploadFile, File(description="The paper: PDF, PNG or JPEG, at most 10 MiB.")],
    header: Annotated[
        UploadFile,
        File(
            description="JSON: to_party, number, title, issuer, items (objects of id and type);"
            " issued (YYYY-MM-DD), delivery and note where known."
        ),
    ],
) -> ReviewView:
    """Hand a certificate in for a delivery. The same number with the same content is the same
    paper; its hash goes into your evidence log."""
    found = state.app.reviews.submit(
        actor, upload_of(file, "file"), upload_of(header, "header"), key
    )
    return ReviewView.of(found)


@router.get("/certificates")
def list_certificates(
    state: StateDep,
    actor: ActorDep,
    review: Annotated[
        ReviewState | None, Query(description="State of the review; all if left out.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    after: Annotated[
        int, Query(ge=0, le=2**53 - 1, description="Last certificate of the page before.")
    ] = 0,
) -> Page[ReviewView]:
    """Certificates that you handed in or received, the oldest first."""
    rows = state.app.reviews.queue(actor.signer, [review] if review else [], after, limit)
    return Page(items=[ReviewView.of(row) for row in rows])


@router.get("/certificates/{certificate}")
def get_certificate(state: StateDep, actor: ActorDep, certificate: CertificatePath) -> ReviewView:
    """A certificate and where its review stands."""
    return ReviewView.of(state.app.reviews.get(actor.signer, certificate))


@router.get(
    "/certificates/{certificate}/file",
    response_class=Response,
    responses=FILES["application/octet-stream"],
)
def get_certificate_file(
    state: StateDep, actor: ActorDep, certificate: CertificatePath
) -> Response:
    """The paper itself, to be saved."""
    found, content = state.app.reviews.file(actor.signer, certificate)
    ending = found.file_name.rpartition(".")[2]
    # The bytes are another party's: a browser is to save them, not to show them as a page.
    return attachment(content, "application/octet-stream", f"certificate-{found.id}.{ending}")


@router.post("/certificates/{certificate}/take-up")
def take_up_certificate(
    state: StateDep, actor: ActorDep, certificate: CertificatePath
) -> ReviewView:
    """Take a certificate up for review; again by the same person is harmless."""
    return ReviewView.of(state.app.reviews.take_up(actor, certificate))


@router.post("/certificates/{certificate}/decision")
def decide_certificate(
    body: DecisionBody, state: StateDep, actor: ActorDep, certificate: CertificatePath
) -> ReviewView:
    """Approve or reject a certificate. Nobody decides on his own; the decision goes into your
    evidence log and stands."""
    found = state.app.reviews.decide(actor, certificate, body.decision, body.reason)
    return ReviewView.of(found)
