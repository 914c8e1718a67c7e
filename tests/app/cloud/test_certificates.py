"""Certificates of balancers: what does as one, who has its key, who shows it."""

from __future__ import annotations

import datetime as dt
import pathlib
from collections.abc import AsyncIterator

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from tests.app.cloud.rules_stage import Stage, staged
from tests.testing.rule_keeper import RuleKeeper

from netloom.app.cloud import certificates, load_balancers
from netloom.app.cloud.certificates import (
    AssignCertificate,
    DeleteCertificate,
    RemoveCertificate,
    UploadCertificate,
)
from netloom.app.cloud.certificates_pem import MAX_OCTETS, check_certificate
from netloom.app.cloud.load_balancers import CreateLoadBalancer, DeleteLoadBalancer
from netloom.base.errors import Conflict, InvalidInput, NotFound, TooLarge
from netloom.model.cloud.jobs import Audit
from netloom.model.cloud.load_balancers import SslCertificate
from netloom.model.cloud.services import Capability, Service
from netloom.plan.elements import RuleStage

NOW = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
KEY, CA_KEY = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


def certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    days: int = 30,
) -> str:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    made = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOW - dt.timedelta(days=365))
        .not_valid_after(NOW + dt.timedelta(days=days))
        .sign(signer, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, password: str | None = None) -> str:
    how = NoEncryption() if password is None else BestAvailableEncryption(password.encode())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode()


LEAF = certificate("web", KEY, "ca", CA_KEY)
CA = certificate("ca", CA_KEY, "ca", CA_KEY)


def test_what_does_is_kept_canonical_and_without_a_password() -> None:
    checked = check_certificate(f"\n{LEAF}\n", pem(KEY, "secret"), CA, "secret", NOW)
    assert (checked.certificate, checked.chain, checked.private_key) == (LEAF, CA, pem(KEY))
    assert checked == check_certificate(LEAF, pem(KEY), CA, None, NOW)
    assert len(checked.fingerprint.split(":")) == 32


@pytest.mark.parametrize(
    ("leaf", "key", "chain", "password", "subject"),
    [
        ("none", pem(KEY), None, None, "certificate"),
        (LEAF + CA, pem(KEY), None, None, "certificate"),
        (certificate("web", KEY, "ca", CA_KEY, days=-1), pem(KEY), None, None, "certificate"),
        (LEAF, pem(CA_KEY), None, None, "privatekey"),
        (LEAF, "none", None, None, "privatekey"),
        (LEAF, pem(ed25519.Ed25519PrivateKey.generate()), None, None, "privatekey"),
        (LEAF, pem(KEY, "secret"), None, "wrong", "privatekey"),
        (LEAF, pem(KEY, "secret"), None, None, "password"),
        (LEAF, pem(KEY), None, "secret", "password"),
        (LEAF, pem(KEY), LEAF, None, "certchain"),
        (LEAF, pem(KEY), CA * 11, None, "certchain"),
    ],
    ids=[
        "no-certificate",
        "two",
        "over",
        "anothers-key",
        "no-key",
        "odd-key",
        "wrong-password",
        "no-password",
        "needless-password",
        "wrong-chain",
        "long-chain",
    ],
)
def test_what_does_not_is_refused_without_being_quoted(
    leaf: str, key: str, chain: str | None, password: str | None, subject: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_certificate(leaf, key, chain, password, NOW)
    assert (refused.value.stable_code, refused.value.subject) == ("bad-certificate", subject)
    assert "BEGIN PRIVATE" not in str(refused.value)


def test_more_than_a_certificate_has_is_too_much() -> None:
    with pytest.raises(TooLarge):
        check_certificate("x" * (MAX_OCTETS + 1), pem(KEY), None, None, NOW)


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


def speaks_tls(stage: Stage) -> None:
    """Have the stage's balancers speak TLS."""
    element = stage.cloud.backends.providers.elements["VirtualRouter"]
    assert isinstance(element, RuleKeeper)
    lb = {
        **element.facts.services[Service.LB],
        Capability.SSL_TERMINATION: "true",
        Capability.SUPPORTED_PROTOCOLS: "tcp,udp,ssl",
    }
    element.facts = msgspec.structs.replace(
        element.facts, services={**element.facts.services, Service.LB: lb}
    )


async def upload(stage: Stage, name: str = "web") -> SslCertificate:
    now = stage.cloud.now()
    days = (now - NOW).days + 30
    leaf = certificate(name, KEY, "ca", CA_KEY, days=days)
    request = UploadCertificate(name=name, certificate=leaf, private_key=pem(KEY))
    return await stage.do(certificates.UPLOAD, request)


async def test_a_key_is_sealed_and_opened_for_the_provider_only(stage: Stage) -> None:
    speaks_tls(stage)
    kept = await upload(stage)
    assert "PRIVATE KEY" not in kept.private_key
    told = await stage.all(Audit)
    assert all(kept.private_key not in f"{each.before}{each.after}" for each in told)
    ip = await stage.extra()
    balancer = await stage.do(
        load_balancers.CREATE_LOAD_BALANCER,
        CreateLoadBalancer(
            name="lb",
            public_ip_id=ip.id,
            public_port=443,
            private_port=80,
            algorithm="source",
            protocol="ssl",
        ),
    )
    assign = AssignCertificate(load_balancer_id=balancer.id, certificate_id=kept.id)
    shown = await stage.do(certificates.ASSIGN, assign)
    assert shown.certificate_id == kept.id
    [given] = [
        each
        for each in stage.notebook.rules[stage.network.id, RuleStage.PUBLIC_LB]
        if isinstance(each, SslCertificate)
    ]
    assert given.private_key == pem(KEY)
    with pytest.raises(Conflict) as refused:
        await stage.do(certificates.ASSIGN, assign)
    assert refused.value.stable_code == "certificate-assigned"
    with pytest.raises(Conflict) as refused:
        await stage.do(certificates.DELETE, DeleteCertificate(id=kept.id))
    assert refused.value.stable_code == "certificate-in-use"
    remove = RemoveCertificate(load_balancer_id=balancer.id)
    assert (await stage.do(certificates.REMOVE, remove)).certificate_id is None
    with pytest.raises(InvalidInput):
        await stage.do(certificates.REMOVE, remove)
    await stage.do(certificates.ASSIGN, assign)
    await stage.do(load_balancers.DELETE_LOAD_BALANCER, DeleteLoadBalancer(id=balancer.id))
    await stage.do(certificates.DELETE, DeleteCertificate(id=kept.id))
    assert await stage.all(SslCertificate) == []


async def test_who_cannot_show_a_certificate(stage: Stage) -> None:
    kept = await upload(stage)
    ip = await stage.extra()
    balancer = await stage.do(
        load_balancers.CREATE_LOAD_BALANCER,
        CreateLoadBalancer(
            name="lb", public_ip_id=ip.id, public_port=443, private_port=80, algorithm="source"
        ),
    )
    assign = AssignCertificate(load_balancer_id=balancer.id, certificate_id=kept.id)
    with pytest.raises(Conflict) as unable:
        await stage.do(certificates.ASSIGN, assign)
    assert unable.value.stable_code == "ssl-unsupported"
    speaks_tls(stage)
    with pytest.raises(InvalidInput) as plain:
        await stage.do(certificates.ASSIGN, assign)
    assert plain.value.stable_code == "balancer-not-ssl"
    with pytest.raises(NotFound):
        await stage.do(certificates.DELETE, DeleteCertificate(id=kept.id), stage.who.mallory)
    with pytest.raises(Conflict) as taken:
        await upload(stage)
    assert taken.value.stable_code == "ssl-certificate-taken"
