"""The certificate with which `studio --lan` serves; its own file because a running studio needs no
cryptography, which takes 9 MB of memory."""

import os
import stat
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from core.errors import AccessError
from core.files import open_output, wrap_os_errors

_VALID, _RENEW_BEFORE = timedelta(days=365), timedelta(days=7)


def prepare_certificate(folder: Path, addresses: Sequence[str]) -> Path:
    """Return the file with a self-signed certificate for these addresses and its private key,
    readable by this user alone. A new one is made if it is missing or damaged, is for other
    addresses, ends within a week, or others could read it."""
    path = folder / "certificate.pem"
    with wrap_os_errors(AccessError, f"{path} can't be read"):
        if path.exists() and _is_usable(path, addresses):
            return path
    key = ec.generate_private_key(ec.SECP256R1())
    content = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + _sign_certificate(key, addresses).public_bytes(serialization.Encoding.PEM)
    with open_output(path, AccessError) as part:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    return path


def _sign_certificate(
    key: ec.EllipticCurvePrivateKey, addresses: Sequence[str]
) -> x509.Certificate:
    """Create a certificate for the addresses and localhost, signed by its own key."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Mudra")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(days=1),  # clocks differ
        not_valid_after=now + _VALID,
    )
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost")]
        + [x509.IPAddress(ip_address(one)) for one in ("127.0.0.1", *addresses)]
    )
    usage = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH])
    builder = builder.add_extension(names, critical=False).add_extension(usage, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
    return builder.sign(key, hashes.SHA256())


def _is_usable(path: Path, addresses: Sequence[str]) -> bool:
    """Return whether a certificate can be used further."""
    content, mode = path.read_bytes(), path.stat().st_mode
    try:
        key = serialization.load_pem_private_key(content, None)
        certificate = x509.load_pem_x509_certificate(content)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    listed = {str(one) for one in names.get_values_for_type(x509.IPAddress)}
    return (
        (os.name == "nt" or not mode & (stat.S_IRWXG | stat.S_IRWXO))
        and key.public_key() == certificate.public_key()
        and listed == {"127.0.0.1", *addresses}
        and certificate.not_valid_after_utc - datetime.now(UTC) > _RENEW_BEFORE
    )
