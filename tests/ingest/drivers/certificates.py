"""Certificates for tests: an authority, and certificates signed by it."""

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Certified:
    file: Path
    key_file: Path
    name: x509.Name
    key: ec.EllipticCurvePrivateKey


def _make(
    folder: Path, name: str, signer: Certified | None, extension: x509.ExtensionType
) -> Certified:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.name if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=3))
        .add_extension(extension, critical=signer is None)
        .sign(signer.key if signer else key, hashes.SHA256())
    )
    file, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return Certified(file, key_file, subject, key)


def authority(folder: Path) -> Certified:
    """An authority of its own."""
    return _make(folder, "authority", None, x509.BasicConstraints(ca=True, path_length=0))


def certificate(folder: Path, signer: Certified, address: str) -> Certified:
    """A certificate for an address."""
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    return _make(folder, "server", signer, names)
