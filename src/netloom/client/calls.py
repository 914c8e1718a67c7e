"""Every call of the API as a value: what to send, how to read the answer, and whether it may be sent twice.

The asynchronous and the synchronous client both take these, so that the API is written down once.

Rule 1: nothing here does I/O.
Rule 2: `repeatable` is true only where doing it twice is the same as doing it once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, TypeAdapter

from netloom.contract import reports
from netloom.contract.documents import YAML_MEDIA_TYPE, Applied
from netloom.contract.fields import Spec
from netloom.contract.hosts import DrainRequest, Host, HostSpec
from netloom.contract.kinds import HOST, NIC, A, AnyKind, KindSchema, P, S
from netloom.contract.nics import AttachmentSpec, BatchCreated, Nic, NicSpec
from netloom.contract.pages import Page
from netloom.contract.resources import Resource

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
Params = tuple[tuple[str, str], ...]

APPLY_SECONDS = 300.0
"""How long an answer to `apply` may take besides the usual time."""

_specs = TypeAdapter(tuple[NicSpec, ...])


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request.

    Attributes:
        method / path: of HTTP; the path is encoded.
        parse: from the body of a 2xx answer.
        params: of the query, pairs: a name may stand there several times.
        headers: besides authentication and content type.
        content / content_type: the body.
        wait: seconds that the server may take before it answers (`?wait=`), on top of the usual time.
        repeatable: may be sent again when the answer was lost.
    """

    method: str
    path: str
    parse: Callable[[bytes], T]
    params: Params = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    content_type: str = "application/json"
    wait: float = 0.0
    repeatable: bool = False


def segment(ref: str) -> str:
    """A reference in a path: any script, percent-encoded."""
    return quote(ref, safe="")


def model(kind: type[M]) -> Callable[[bytes], M]:
    """Reads an answer of one schema."""
    return kind.model_validate_json


def create(schema: KindSchema[S, P, A], spec: S, *, key: str, wait: float = 0.0) -> Call[A]:
    """Create; `key` (Idempotency-Key) makes it safe to send again."""
    return Call(
        "POST", f"/v1/{schema.collection}", model(schema.answer), _wait(wait), {"idempotency-key": key},
        _body(spec), wait=wait, repeatable=True,
    )  # fmt: skip


def get(schema: KindSchema[S, P, A], ref: str, *, wait: float = 0.0) -> Call[A]:
    """Read one; with `wait`, when its status is Done or the time is over."""
    path = f"/v1/{schema.collection}/{segment(ref)}"
    return Call("GET", path, model(schema.answer), _wait(wait), wait=wait, repeatable=True)


def get_any(schema: AnyKind, ref: str, *, wait: float = 0.0) -> Call[Resource]:
    """Read one of a kind that is only known at run time."""
    answer: type[Resource] = schema.answer
    path = f"/v1/{schema.collection}/{segment(ref)}"
    return Call("GET", path, model(answer), _wait(wait), wait=wait, repeatable=True)


def page(
    schema: KindSchema[S, P, A],
    *,
    filters: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Call[Page[A]]:
    """One page of a list; `filters` as the kind has them."""
    params = [
        *(filters or {}).items(),
        *(("label", f"{key}={value}") for key, value in (labels or {}).items()),
    ]
    if limit is not None:
        params.append(("limit", str(limit)))
    if cursor is not None:
        params.append(("cursor", cursor))
    return Call("GET", f"/v1/{schema.collection}", model(schema.page), tuple(params), repeatable=True)


def update(
    schema: KindSchema[S, P, A], ref: str, patch: P, *, if_generation: int | None = None, wait: float = 0.0
) -> Call[A]:
    """Change fields; with a generation only if nobody changed it since."""
    return Call(
        "PATCH", f"/v1/{schema.collection}/{segment(ref)}", model(schema.answer), _wait(wait),
        _if_match(if_generation), _body(patch), wait=wait,
    )  # fmt: skip


def delete(schema: KindSchema[S, P, A], ref: str, *, if_generation: int | None = None) -> Call[A]:
    """Delete; the answer is the object as it was."""
    path = f"/v1/{schema.collection}/{segment(ref)}"
    return Call("DELETE", path, model(schema.answer), headers=_if_match(if_generation))


def create_nics(specs: Sequence[NicSpec], *, key: str) -> Call[BatchCreated]:
    """Many NICs in one transaction."""
    items = _specs.dump_json(tuple(specs), exclude_unset=True)
    return Call(
        "POST", "/v1/nics/batch", model(BatchCreated), (),
        {"idempotency-key": key, "prefer": "return=minimal"},
        b'{"items":' + items + b"}", repeatable=True,
    )  # fmt: skip


def attach(ref: str, host: str, device: str, *, wait: float = 0.0) -> Call[Nic]:
    """Plug a NIC into a device of a host."""
    body = _body(
        AttachmentSpec.model_construct(host=host, device=device)
    )  # the server says what is wrong with it
    path = f"/v1/{NIC.collection}/{segment(ref)}/attach"
    return Call("POST", path, model(Nic), _wait(wait), {}, body, wait=wait, repeatable=True)


def detach(ref: str, *, wait: float = 0.0) -> Call[Nic]:
    """Unplug a NIC."""
    path = f"/v1/{NIC.collection}/{segment(ref)}/detach"
    return Call("POST", path, model(Nic), _wait(wait), wait=wait, repeatable=True)


def drain(ref: str, *, on: bool, wait: float = 0.0) -> Call[Host]:
    """Let a host take no more NICs, or take them again."""
    path = f"/v1/{HOST.collection}/{segment(ref)}/drain"
    return Call(
        "POST", path, model(Host), _wait(wait), {}, _body(DrainRequest(on=on)), wait=wait, repeatable=True
    )


def pending_hosts() -> Call[reports.PendingHosts]:
    """Hosts that wait to be admitted."""
    return Call("GET", "/v1/hosts/pending", model(reports.PendingHosts), repeatable=True)


def admit(ref: str, spec: HostSpec | None = None, *, wait: float = 0.0) -> Call[Host]:
    """Admit a pending host by system-id or fingerprint."""
    path = f"/v1/{HOST.collection}/{segment(ref)}/admit"
    return Call("POST", path, model(Host), _wait(wait), {}, None if spec is None else _body(spec), wait=wait)


def apply(content: bytes, content_type: str = YAML_MEDIA_TYPE, *, wait: float = 0.0) -> Call[Applied]:
    """Make everything in a file so."""
    # Documents of the cloud are worked off before the answer, whether status is waited for or not.
    return Call(
        "POST", "/v1/apply", model(Applied), _wait(wait), {}, content, content_type, max(wait, APPLY_SECONDS),
        repeatable=True,
    )  # fmt: skip


def plan(content: bytes, content_type: str = YAML_MEDIA_TYPE) -> Call[reports.PlanReport]:
    """What applying a file would change."""
    return Call(
        "POST",
        "/v1/plan",
        model(reports.PlanReport),
        content=content,
        content_type=content_type,
        repeatable=True,
    )


def export(content_type: str = YAML_MEDIA_TYPE, *, everything: bool = False) -> Call[bytes]:
    """What files declared, as a file; `everything`: also what was made by calls."""
    params: Params = (("all", "true"),) if everything else ()
    return Call("GET", "/v1/export", bytes, params, headers={"accept": content_type}, repeatable=True)


def diff(host: str | None = None) -> Call[reports.DiffReport]:
    """Drift of one host or of all."""
    params: Params = () if host is None else (("host", host),)
    return Call("GET", "/v1/diff", model(reports.DiffReport), params, repeatable=True)


def host_report(ref: str) -> Call[reports.HostReport]:
    """What is going on on a host."""
    return Call("GET", f"/v1/hosts/{segment(ref)}/report", model(reports.HostReport), repeatable=True)


def network_report(ref: str) -> Call[reports.NetworkReport]:
    """Where a network is and how it does."""
    return Call("GET", f"/v1/networks/{segment(ref)}/report", model(reports.NetworkReport), repeatable=True)


def explain_flow(host: str, cookie: int) -> Call[reports.ExplainFlow]:
    """Which objects caused the flows with a cookie."""
    params: Params = (("host", host), ("cookie", hex(cookie)))
    return Call("GET", "/v1/explain/flow", model(reports.ExplainFlow), params, repeatable=True)


def explain_nic(ref: str) -> Call[reports.ExplainNic]:
    """Where a NIC is, what it causes, what keeps it from working."""
    return Call("GET", f"/v1/explain/nic/{segment(ref)}", model(reports.ExplainNic), repeatable=True)


def system() -> Call[reports.SystemReport]:
    """The daemon itself."""
    return Call("GET", "/v1/system", model(reports.SystemReport), repeatable=True)


def _body(spec: Spec) -> bytes:
    # Only what was given: what is left out is chosen by the server (specs) or stays (patches).
    return spec.model_dump_json(exclude_unset=True).encode()


def _wait(seconds: float) -> Params:
    return (("wait", f"{seconds:.3f}"),) if seconds else ()


def _if_match(generation: int | None) -> dict[str, str]:
    return {} if generation is None else {"if-match": f'"{generation}"'}
