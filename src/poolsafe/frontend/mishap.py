"""The line that asks for a report of a mistake of ours."""

from __future__ import annotations

import os

REPORT_URL = "https://github.com/poolsafe/poolsafe/issues"


def internal_error(error: BaseException) -> str:
    """Return one line that names the exception and the place where it was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" ({os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno})" if trace is not None else ""
    text = " ".join(str(error).split())[:200]
    return f"internal error{place}: {type(error).__name__}: {text}; please report it at {REPORT_URL}"
