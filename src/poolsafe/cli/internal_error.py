"""The line that asks users to report an internal error."""

from __future__ import annotations

import os

REPORT_URL = "https://github.com/poolsafe/poolsafe/issues"


def explained(error: BaseException) -> str:
    """Returns one line about an unexpected error: the system's message, or a request to report it."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if isinstance(error.filename, str) else error.strerror
    return internal_error(error)


def internal_error(error: BaseException) -> str:
    """Returns one line that names the exception and the place where it was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" ({os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno})" if trace is not None else ""
    text = " ".join(str(error).split())[:200]
    return f"internal error{place}: {type(error).__name__}: {text}; please report it at {REPORT_URL}"
