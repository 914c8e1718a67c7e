from pathlib import Path

from typer.testing import CliRunner

from netloom.switches.cli_ca import app

RUN = CliRunner()


def test_the_way_of_a_new_operator(tmp_path: Path) -> None:
    pki = str(tmp_path / "pki")
    early = RUN.invoke(app, ["issue", "h1", "--pki", pki])
    assert early.exit_code == 1
    assert "netloom ca init" in early.output
    assert RUN.invoke(app, ["init", "--pki", pki]).exit_code == 0
    assert RUN.invoke(app, ["init", "--pki", pki]).exit_code == 1
    issued = RUN.invoke(app, ["issue", "h1", "--pki", pki, "--address", "192.0.2.1"])
    assert issued.exit_code == 0
    assert "ovs-vsctl set-ssl /etc/openvswitch/h1.key /etc/openvswitch/h1.crt" in issued.output
    assert RUN.invoke(app, ["issue", "h1", "--pki", pki, "--address", "x"]).exit_code == 1
    exported = RUN.invoke(app, ["export", "--pki", pki])
    assert exported.output.count("BEGIN CERTIFICATE") == 1
    assert RUN.invoke(app, ["rotate", "--pki", pki]).exit_code == 0
    assert RUN.invoke(app, ["export", "--pki", pki]).output.count("BEGIN CERTIFICATE") == 2
    assert "PRIVATE" not in exported.output
