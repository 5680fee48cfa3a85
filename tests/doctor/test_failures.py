"""Why there is no connection, in one line and without the password."""

from __future__ import annotations

import errno
import socket
import ssl

import pytest

from poolsafe.doctor.bench import Lost, NoAnswer, Refused
from poolsafe.doctor.failures import reason
from poolsafe.doctor.target import Target

TARGET = Target("db", 6432, "u", "hunter2", "app")


def unverified() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (socket.gaierror(-2, "Name or service not known"), "the name `db` cannot be resolved (DNS)"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "db:6432 refuses connections"),
        (OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1)"), "db:6432 refuses connections"),
        (NoAnswer(), "db:6432 did not answer within 5 s"),
        (TimeoutError(), "db:6432 did not answer within 5 s"),
        (Lost("gone"), "db:6432 closed the connection: gone"),
        (
            Lost("connection was closed in the middle of operation"),
            "db:6432 closed the connection: is PostgreSQL or a pooler listening there?",
        ),
        (
            Lost("connection was closed in the middle of operation: database removed"),
            "db:6432 closed the connection: database removed",
        ),
        (ConnectionError("unexpected connection_lost() call"), "db:6432 closed the connection: is PostgreSQL"),
        (unverified(), "TLS: the certificate is not valid: self-signed certificate"),
        (ssl.SSLError(1, "wrong version number"), "TLS failed"),
        (
            ConnectionError('PostgreSQL server at "db:6432" rejected SSL upgrade'),
            "db:6432 does not answer like PostgreSQL",
        ),
        (Refused('password authentication failed for user "u"', "28P01"), "authentication failed: password"),
        (Refused("no such user: u", "08P01"), "authentication failed: no such user"),
        (Refused('database "app" does not exist', "3D000"), "no such database"),
        (Refused("no such database: app", "08P01"), "no such database"),
        (Refused("sorry, too many clients already", "53300"), "has no free connection"),
        (Refused("SSL required", "08P01"), "TLS: SSL required"),
        (Refused("pgbouncer cannot connect to server", "08P01"), "refuses the connection: pgbouncer cannot"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "db:6432 cannot be reached: No route to host"),
        (FileNotFoundError(errno.ENOENT, "No such file"), "there is no socket in `db` for port 6432"),
        (OSError(errno.EMFILE, "Too many open files"), "db:6432: Too many open files"),
        (ValueError('root certificate file "/x" does not exist'), "db:6432: TLS: root certificate file"),
        (ValueError("a parameter is wrong"), "db:6432: asyncpg does not accept the parameters: a parameter is wrong"),
        (AttributeError("server_version"), "db:6432: AttributeError: server_version"),
    ],
)
def test_the_reason(error: Exception, text: str) -> None:
    assert text in reason(error, TARGET, 5)


@pytest.mark.parametrize(
    ("target", "error", "text"),
    [
        (
            Target("db", 1, tls={"sslmode": "require"}),
            ConnectionError('PostgreSQL server at "db:1" rejected SSL upgrade'),
            "TLS: the server does not offer it, but `sslmode=require` in the URL requires it",
        ),
        (Target("db", 1), Refused("SASL authentication failed", "08P01"), "failed; the URL contains no password"),
        (
            Target("db", 1, tls={"sslmode": "disable"}),
            Refused("SSL required"),
            "`sslmode=disable` in the URL turns TLS",
        ),
    ],
)
def test_what_the_url_has_to_do_with_it(target: Target, error: Exception, text: str) -> None:
    assert text in reason(error, target, 5)
    assert text not in reason(error, TARGET, 5)


def test_the_reason_is_one_line_without_the_password() -> None:
    assert reason(Refused("no:\n hunter2 is wrong"), TARGET, 5) == "db:6432 refuses the connection: no: *** is wrong"
