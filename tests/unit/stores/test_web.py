"""One request to another node: whoever answers slowly, endlessly, or under a false name costs a few seconds and no more."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from comity.stores.web import MOST, Unreachable, fetch

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/Plain; charset=utf-8\r\nConnection: close\r\n"


@contextmanager
def talking(talk: Callable[[socket.socket], None], *, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that says to each caller what it likes; its port. With a context it speaks TLS."""

    def one(taken: socket.socket) -> None:
        with suppress(OSError), taken, context.wrap_socket(taken, server_side=True) if context else taken as made:
            talk(made)

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=one, args=(bound.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as bound:
        threading.Thread(target=serve, daemon=True).start()
        yield bound.getsockname()[1]


def saying(*parts: bytes, pause: float = 0.0) -> Callable[[socket.socket], None]:
    """Read the request's head, then say the parts, resting after each."""

    def talk(made: socket.socket) -> None:
        made.recv(65_536)
        for part in parts:
            made.sendall(part)
            time.sleep(pause)
        made.shutdown(socket.SHUT_WR)
        while made.recv(65_536):  # else what was not read resets the connection
            pass

    return talk


@pytest.mark.parametrize(
    ("talk", "why"),
    [
        (saying(*(bytes([b]) for b in HEAD * 20), pause=0.1), "too slow"),
        (saying(HEAD + b"\r\n", *[b"x"] * 600, pause=0.1), "too slow"),
        (saying(HEAD + b"Content-Length: 600\r\n\r\n", *[b"x"] * 600, pause=0.1), "too slow"),
        (saying(b"", pause=60), "too slow|TimeoutError"),
        (saying(HEAD + b"\r\n" + b"x" * (MOST + 1)), "too long"),
        (saying(HEAD + b"Content-Length: 9\r\n\r\nhalf"), "cut short"),
        (saying(b"\x16\x03\x01\x02 what is this"), "BadStatusLine"),
        (saying(), "RemoteDisconnected|ConnectionResetError"),
    ],
    ids=[
        "a head in drops",
        "a body in drops",
        "a counted body in drops",
        "silence",
        "too much",
        "a part",
        "no HTTP",
        "nothing",
    ],
)
def test_no_answer_holds_the_caller_longer_than_agreed(talk, why):
    """The limit is on the whole answer, not on each piece of it."""
    with talking(talk) as port:
        begun = time.monotonic()
        with pytest.raises(Unreachable, match=why):
            fetch(f"http://127.0.0.1:{port}/x", seconds=1)
        assert time.monotonic() - begun < 20, "a minute's worth of drops"


def test_a_whole_answer_is_given_as_it_is():
    """Status, kind and body; a path's query is sent along."""
    with talking(saying(HEAD.replace(b"200", b"409") + b"\r\nhallo\xff")) as port:
        made = fetch(f"http://127.0.0.1:{port}/x?y=1", body=b"{}")
    assert (made.status, made.kind, made.body, made.text) == (409, "text/plain", b"hallo\xff", "hallo\ufffd")


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http://[::1", "http://127.0.0.1:99999/"])
def test_what_is_no_web_address_is_not_asked(url):
    """One clear error, whatever the address is."""
    with pytest.raises(Unreachable):
        fetch(url)


def contexts(folder, name: str) -> ssl.SSLContext:
    """A server's TLS context with a certificate for ``name``, made here; the certificate is in ``folder/ca.pem``."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test's own")])
    day = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(day - datetime.timedelta(1))
        .not_valid_after(day + datetime.timedelta(1)).add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


def test_over_tls_the_other_side_must_be_who_it_says(tmp_path, monkeypatch):
    """A certificate that nobody vouches for, and one of another name, end the call before anything is sent."""
    heard = []

    def talk(made: socket.socket) -> None:
        heard.append(made.recv(65_536))
        made.sendall(HEAD + b"\r\nhallo")

    with talking(talk, context=contexts(tmp_path, "127.0.0.1")) as port:
        with pytest.raises(Unreachable, match="CertVerif"):
            fetch(f"https://127.0.0.1:{port}/")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert fetch(f"https://127.0.0.1:{port}/x", token="bearer-of").body == b"hallo"
    (tmp_path / "other").mkdir()
    with talking(talk, context=contexts(tmp_path / "other", "127.0.0.2")) as port:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other" / "ca.pem"))
        with pytest.raises(Unreachable, match="CertVerif"):
            fetch(f"https://127.0.0.1:{port}/", token="bearer-of")
    assert [b"Authorization: Bearer bearer-of" in one for one in heard] == [True]


def test_a_greeting_in_drops_is_cut_too():
    """The handshake is part of the time."""
    with talking(saying(b"\x16\x03\x03\x0f\xff", *[b"\x02"] * 600, pause=0.1)) as port:
        begun = time.monotonic()
        with pytest.raises(Unreachable, match=r"too slow|TimeoutError"):
            fetch(f"https://127.0.0.1:{port}/", seconds=1)
        assert time.monotonic() - begun < 20
