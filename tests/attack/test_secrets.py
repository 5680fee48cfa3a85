"""No secret leaves the program: every form of it in every format, for a sample of secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples import LONG, one_in

from .secrets import ENGINES, LINES, Canary, attack, channels, lay, output, run

HARDEST = ["Zq7'Kx\"Wm`Tp9 Vn", "$Rk4/Lm@Xw9@Hd/Tz", "Gt%5{Bn}#Qz8;Jw?", "жKd9äPλw7漢Rt2", "Hn4kQzWm9TxB"]


@pytest.mark.long
def test_no_form_leaks_into_any_format(tmp_path: Path) -> None:
    assert [str(leak) for leak in attack(tmp_path, Canary(HARDEST[0]))] == []


@pytest.mark.parametrize("text", one_in(4, HARDEST[1:], LONG))
def test_no_form_leaks_into_the_lines_that_are_shown(tmp_path: Path, text: str) -> None:
    assert [
        str(leak) for leak in attack(tmp_path, Canary(text), {"--output-format=full", "another name", "--diff"})
    ] == []


@pytest.mark.torture
def test_a_sample_of_secrets_does_not_leak() -> None:
    assert run(seed=20, seconds=4) == []


def test_what_is_looked_at_is_there(tmp_path: Path) -> None:
    """The reports do show lines; otherwise, they could not contain a secret either."""
    canary = Canary("Hn4kQzWm9TxB")
    lay(tmp_path, canary)
    said = output(tmp_path, channels(tmp_path, canary)["--output-format=full"])
    assert said.count("***") >= len(LINES) + len(ENGINES)
    assert said.count("PGB101") >= len(LINES)
    assert "broken00.py" in said
