"""The certificate of `studio --lan` names the machine's addresses and is made anew in time."""

import ssl
import stat
from datetime import UTC, datetime, timedelta

import ifaddr
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from core.admin import certificate
from core.admin.certificate import prepare_certificate
from core.admin.lan import find_addresses, read_addresses
from core.errors import AccessError

ADDRESSES = ["192.168.1.20", "10.0.0.3"]


def certificate_of(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def with_adapters(monkeypatch, **adapters):
    """This machine has these adapters, each with its addresses."""
    made = [
        ifaddr.Adapter(name, name, [ifaddr.IP(ip, 24, name) for ip in ips])
        for name, ips in adapters.items()
    ]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: made)


def test_the_certificate_names_the_addresses_and_only_its_user_reads_the_key(
    tmp_path,
):
    path = prepare_certificate(tmp_path / "lan", ADDRESSES)
    found = certificate_of(path)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    ips = [str(one) for one in names.get_values_for_type(x509.IPAddress)]
    assert ips == ["127.0.0.1", *ADDRESSES]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    lifetime = found.not_valid_after_utc - found.not_valid_before_utc
    assert timedelta(days=300) < lifetime <= timedelta(days=397)  # phones refuse longer ones
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(path, path)


def test_the_certificate_stays_until_addresses_change(tmp_path):
    content = prepare_certificate(tmp_path, ADDRESSES).read_bytes()
    assert prepare_certificate(tmp_path, ADDRESSES[::-1]).read_bytes() == content
    assert prepare_certificate(tmp_path, ADDRESSES[:1]).read_bytes() != content
    assert len(certificate_of(tmp_path / "certificate.pem").extensions) == 3


@pytest.mark.parametrize(("days_left", "is_kept"), [(8, True), (6, False), (-1, False)])
def test_the_certificate_is_made_anew_before_it_ends(tmp_path, monkeypatch, days_left, is_kept):
    monkeypatch.setattr(certificate, "_VALID", timedelta(days=days_left))
    old = prepare_certificate(tmp_path, ADDRESSES).read_bytes()
    monkeypatch.undo()
    path = prepare_certificate(tmp_path, ADDRESSES)
    assert (path.read_bytes() == old) is is_kept
    assert certificate_of(path).not_valid_after_utc > datetime.now(UTC)


def test_a_key_that_others_could_read_or_that_is_damaged_is_made_anew(tmp_path):
    path = prepare_certificate(tmp_path, ADDRESSES)
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    path.chmod(0o644)
    prepare_certificate(tmp_path, ADDRESSES)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert certificate_of(path).public_key() != key.public_key()
    path.write_text("-----BEGIN PRIVATE KEY-----\n")
    assert certificate_of(prepare_certificate(tmp_path, ADDRESSES))
    path.write_bytes(path.read_bytes() + b"\xff")
    assert certificate_of(prepare_certificate(tmp_path, ADDRESSES))


def test_a_folder_that_can_t_be_written_is_an_error_in_words(tmp_path):
    (tmp_path / "lan").write_text("no folder")
    with pytest.raises(AccessError, match=r"certificate\.pem can't be"):
        prepare_certificate(tmp_path / "lan", ADDRESSES)


def test_private_addresses_are_found_and_those_of_virtual_machines_come_last(monkeypatch):
    with_adapters(
        monkeypatch,
        lo=["127.0.0.1"],
        docker0=["172.17.0.1"],
        eth0=["8.8.8.8"],
        wlan0=["192.168.1.20", ("fe80::1", 0, 2), "169.254.3.4"],
    )
    assert find_addresses() == ["192.168.1.20", "172.17.0.1"]


def test_a_machine_without_a_network_is_told_what_to_do(monkeypatch):
    with_adapters(monkeypatch, lo=["127.0.0.1"], eth0=["8.8.8.8"])
    with pytest.raises(AccessError, match="no address on a local network: connect it"):
        find_addresses()


def test_the_server_knows_its_addresses_by_its_environment():
    assert read_addresses({"MUDRA_LAN": "192.168.1.20,10.0.0.3"}) == ADDRESSES
    assert read_addresses({}) == read_addresses({"MUDRA_LAN": ""}) == []
