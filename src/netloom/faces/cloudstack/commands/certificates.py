"""CloudStack's commands for the certificates of balancers."""

from __future__ import annotations

from sqlalchemy import select

from netloom.app.cloud import certificates
from netloom.app.cloud.certificates import (
    AssignCertificate,
    DeleteCertificate,
    RemoveCertificate,
    UploadCertificate,
)
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing, One, Success
from netloom.faces.cloudstack.views.load_balancers import certificate_rows
from netloom.model.cloud.identity import Account
from netloom.model.cloud.load_balancers import LoadBalancer, SslCertificate
from netloom.store.cloud.records import columns


async def upload_ssl_cert(call: Call) -> object:
    """Keeps a certificate for balancers to show."""
    return await call.do(
        certificates.UPLOAD,
        UploadCertificate(
            name=call.need("name"),
            certificate=call.need("certificate"),
            private_key=call.need("privatekey"),
            chain=call.text("certchain") or None,
            password=call.text("password") or None,
            account=call.text("account") or None,
            domain_id=call.uuid("domainid"),
            project_id=call.uuid("projectid"),
        ),
    )


async def delete_ssl_cert(call: Call) -> object:
    """Forgets a certificate that no balancer shows."""
    return await call.do(certificates.DELETE, DeleteCertificate(id=call.need_uuid("id")))


async def list_ssl_certs(call: Call) -> object:
    """Lists certificates, without their keys."""
    c, lb = columns(SslCertificate), columns(LoadBalancer)
    shown_by = call.match(lb.id, "lbruleid", LoadBalancer)
    return await call.select(
        SslCertificate,
        call.match(c.id, "certid", SslCertificate),
        call.match(c.account_id, "accountid", Account),
        also=None
        if shown_by is None
        else lambda view: [c.id.in_(select(lb.certificate_id).where(shown_by.condition(view)))],
        opened_by=("certid", "accountid", "lbruleid"),
    )


async def assign_cert(call: Call) -> object:
    """Has a balancer show a certificate."""
    request = AssignCertificate(
        load_balancer_id=call.need_uuid("lbruleid"), certificate_id=call.need_uuid("certid")
    )
    return await call.do(certificates.ASSIGN, request)


async def remove_cert(call: Call) -> object:
    """Has a balancer show no certificate."""
    return await call.do(certificates.REMOVE, RemoveCertificate(load_balancer_id=call.need_uuid("lbruleid")))


COMMANDS: tuple[Command, ...] = (
    Command("uploadSslCert", upload_ssl_cert, One("sslcert", certificate_rows)),
    Command("deleteSslCert", delete_ssl_cert, Success()),
    Command("listSslCerts", list_ssl_certs, Listing("sslcert", certificate_rows)),
    Command("assignCertToLoadBalancer", assign_cert, JobAnswer(certificates.ASSIGN)),
    Command("removeCertFromLoadBalancer", remove_cert, JobAnswer(certificates.REMOVE)),
)
