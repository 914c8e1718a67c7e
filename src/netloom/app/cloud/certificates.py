"""Certificates that balancers show to clients: kept for an account, given to balancers, taken from them.

Rule 1: a private key is sealed before it is kept, and opened only for the provider of a balancer that shows it.
Rule 2: a certificate that a balancer shows is not deleted.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.certificates_pem import check_certificate
from netloom.app.cloud.networks_use import network_seen
from netloom.app.cloud.rules_life import apply, changed, line
from netloom.app.cloud.rules_provider import certificate_place, offers
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, Forbidden, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.load_balancers import LbProtocol, LoadBalancer, SslCertificate
from netloom.model.cloud.services import Capability, Service
from netloom.store.cloud.records import columns


class UploadCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate to keep; PEM. `password`: the key's, which is kept without one."""

    name: str
    certificate: str
    private_key: str
    chain: str | None = None
    password: str | None = None
    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None


class DeleteCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate to forget."""

    id: Uuid


class AssignCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate for a balancer to show."""

    load_balancer_id: Uuid
    certificate_id: Uuid


class RemoveCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A balancer that is to show none."""

    load_balancer_id: Uuid


def _upload(work: Work, request: UploadCertificate) -> SslCertificate:
    owner = work.owner(request.account, request.domain_id, request.project_id)
    name = request.name.strip()
    if not name or len(name) > 255 or not name.isprintable():
        raise InvalidInput(
            f"{name[:64]!r} does not do as a name", subject="name", hint="1 to 255 characters on one line"
        )
    checked = check_certificate(
        request.certificate, request.private_key, request.chain, request.password, work.at
    )
    birth = work.owned(owner)
    sealed = work.backends.vault.seal(checked.private_key, certificate_place(birth["id"]))
    return work.insert(
        SslCertificate(
            **birth,
            name=name,
            certificate=checked.certificate,
            chain=checked.chain,
            private_key=sealed,
            fingerprint=checked.fingerprint,
        )
    )


def _delete(work: Work, request: DeleteCertificate) -> SslCertificate:
    certificate = work.get(SslCertificate, request.id)
    shown = work.records.first(LoadBalancer, columns(LoadBalancer).certificate_id == certificate.id)
    if shown is not None:
        raise Conflict(
            f"balancer {shown.name} ({shown.id}) shows certificate {certificate.name} ({certificate.id})",
            code="certificate-in-use",
            subject="id",
            hint="take it from the balancer first",
        )
    work.delete(certificate)
    return certificate


def _assign(work: Work, request: AssignCertificate) -> LoadBalancer:
    balancer = work.get(LoadBalancer, request.load_balancer_id, "lbruleid")
    certificate = work.get(SslCertificate, request.certificate_id, "certid")
    if certificate.account_id != balancer.account_id:
        raise Forbidden(
            f"certificate {certificate.name} ({certificate.id}) belongs to another account than balancer"
            f" {balancer.name} ({balancer.id})",
            code="owner-differs",
            subject="certid",
            hint="a certificate of the balancer's account",
        )
    facts = offers(work, network_seen(work, balancer.network_id), Service.LB)
    if "true" not in facts.values(Service.LB, Capability.SSL_TERMINATION):
        raise Conflict(
            f"{facts.name} does not speak TLS for balancer {balancer.name} ({balancer.id})",
            code="ssl-unsupported",
            subject="lbruleid",
            hint="an offering whose balancer has the capability SslTermination",
        )
    if balancer.protocol is not LbProtocol.SSL:
        raise InvalidInput(
            f"balancer {balancer.name} ({balancer.id}) does not speak ssl",
            code="balancer-not-ssl",
            subject="lbruleid",
            hint="set its protocol to ssl",
        )
    if balancer.certificate_id is not None:
        raise Conflict(
            f"balancer {balancer.name} ({balancer.id}) shows certificate {balancer.certificate_id} already",
            code="certificate-assigned",
            subject="lbruleid",
            hint="take that one away first",
        )
    return changed(work, msgspec.structs.replace(balancer, certificate_id=certificate.id))


def _remove(work: Work, request: RemoveCertificate) -> LoadBalancer:
    balancer = work.get(LoadBalancer, request.load_balancer_id, "lbruleid")
    if balancer.certificate_id is None:
        raise InvalidInput(
            f"balancer {balancer.name} ({balancer.id}) shows no certificate",
            code="no-certificate",
            subject="lbruleid",
        )
    return changed(work, msgspec.structs.replace(balancer, certificate_id=None))


UPLOAD = UseCase(
    name="ssl_certificate.upload",
    command="uploadSslCert",
    request=UploadCertificate,
    begin=_upload,
    event="LB.CERT.UPLOAD",
)
DELETE = UseCase(
    name="ssl_certificate.delete",
    command="deleteSslCert",
    request=DeleteCertificate,
    begin=_delete,
    event="LB.CERT.DELETE",
)
ASSIGN = UseCase(
    name="load_balancer.assign_certificate",
    command="assignCertToLoadBalancer",
    request=AssignCertificate,
    begin=_assign,
    event="LB.CERT.ASSIGN",
    apply=apply,
    queue=line,
)
REMOVE = UseCase(
    name="load_balancer.remove_certificate",
    command="removeCertFromLoadBalancer",
    request=RemoveCertificate,
    begin=_remove,
    event="LB.CERT.REMOVE",
    apply=apply,
    queue=line,
)

USE_CASES = (UPLOAD, DELETE, ASSIGN, REMOVE)
