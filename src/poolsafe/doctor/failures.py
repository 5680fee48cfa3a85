"""Why there is no connection, in one line: DNS, refused, no answer, TLS, authentication, or the server's message."""

from __future__ import annotations

import errno
import socket
import ssl

from poolsafe.doctor.bench import MOST_CLIENTS, Lost, NoAnswer, Refused
from poolsafe.doctor.target import Target

_PASSWORD = ("28P01", "28000")
_NO_DATABASE = "3D000"
_TOO_MANY = "53300"
# PgBouncer reports these with the state of a protocol violation.
_AUTHENTICATION = ("authentication failed", "no such user", "auth failed", "SASL")
_DATABASE = ("no such database",)
_TLS = ("SSL", "TLS")
_MAY_DO_WITHOUT = ("allow", "prefer")
# asyncpg's message.
_NO_TLS = "rejected SSL upgrade"
_GONE = "connection_lost()"
_CLOSED = "connection was closed in the middle of operation"


def reason(error: BaseException, target: Target, timeout: float) -> str:
    """Returns why connecting failed, as one line without the password. `timeout` is the limit in seconds."""
    return target.without_secrets(" ".join(_reason(error, target, timeout).split()))


def _reason(error: BaseException, target: Target, timeout: float) -> str:
    where = target.address
    match error:
        case socket.gaierror():
            return f"the name `{target.host}` cannot be resolved (DNS): {error.strerror or error}"
        case ssl.SSLCertVerificationError():
            return f"{where}: TLS: the certificate is not valid: {getattr(error, 'verify_message', '') or error}"
        case ssl.SSLError():
            return f"{where}: TLS failed: {getattr(error, 'reason', '') or error}"
        case ConnectionError() if _NO_TLS in str(error):
            return _without_tls(target)
        case ConnectionRefusedError():
            return f"{where} refuses connections: nothing is listening there, or a firewall blocks them"
        case NoAnswer() | TimeoutError():
            return f"{where} did not answer within {timeout:g} s"
        case ConnectionResetError() | Lost():
            return _closed(str(error), target)
        case ConnectionError() if _GONE in str(error):
            return _closed("", target)
        case Refused():
            return _refused(error, target)
        case ValueError() if any(word in str(error) for word in (*_TLS, "certificate")):
            return f"{where}: TLS: {error}"
        case ValueError():
            return f"{where}: asyncpg does not accept the parameters: {error}"
        case OSError():
            return _by_number(error, target)
        case _:
            return f"{where}: {type(error).__name__}: {error}"


def _refused(error: Refused, target: Target) -> str:
    text = str(error)
    if error.state in _PASSWORD or any(word in text for word in _AUTHENTICATION):
        hint = "" if target.password else "; the URL contains no password"
        return f"{target.address}: authentication failed: {text}{hint}"
    if error.state == _NO_DATABASE or any(word in text for word in _DATABASE):
        return f"{target.address}: no such database: {text}"
    if error.state == _TOO_MANY:
        return f"{target.address} has no free connection: {text} (--doctor opens up to {MOST_CLIENTS} at a time)"
    if any(word in text for word in _TLS):
        hint = ", but `sslmode=disable` in the URL turns TLS off" if target.tls.get("sslmode") == "disable" else ""
        return f"{target.address}: TLS: {text}{hint}"
    return f"{target.address} refuses the connection: {text}"


def _closed(text: str, target: Target) -> str:
    text = text.removeprefix(_CLOSED).lstrip(": ")
    return f"{target.address} closed the connection: {text or 'is PostgreSQL or a pooler listening there?'}"


def _without_tls(target: Target) -> str:
    mode = target.tls.get("sslmode", "prefer")
    if mode in _MAY_DO_WITHOUT:
        # Otherwise, a plain refusal by PostgreSQL is not an error.
        return f"{target.address} does not answer like PostgreSQL: something else is listening there"
    return f"{target.address}: TLS: the server does not offer it, but `sslmode={mode}` in the URL requires it"


def _by_number(error: OSError, target: Target) -> str:
    number, text = error.errno, str(error)
    if number == errno.ECONNREFUSED or "Connect call failed" in text:
        # asyncio joins the reasons of several addresses into one error without a number.
        return f"{target.address} refuses connections: nothing is listening there, or a firewall blocks them"
    if any(word in text for word in _TLS):
        return f"{target.address}: TLS: {text}"
    if number in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return f"{target.address} cannot be reached: {error.strerror}"
    if number == errno.ENOENT:
        return f"there is no socket in `{target.host}` for port {target.port}"
    return f"{target.address}: {error.strerror or text}"
