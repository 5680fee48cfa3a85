"""The quotes of the string literal around an offset."""

import pytest
from by_hand import source_of

from poolsafe.edits.quoting import quotes_around


@pytest.mark.parametrize(
    ("text", "around"),
    [
        ('f("here")', ("", '"')),
        ("f('here')", ("", "'")),
        ("f(r'here')", ("r", "'")),
        ("f(Rb'x', u'here')", ("u", "'")),
        ('é = """a\nb here"""', ("", '"""')),
        ("x = 'é', '''here'''", ("", "'''")),
        ("# 'here'", None),
        ("here", None),
        ("f('here'", None),
    ],
)
def test_quotes_around(text: str, around: tuple[str, str] | None) -> None:
    assert quotes_around(source_of(text), text.index("here")) == around


def test_nothing_is_known_of_a_text_that_cannot_be_parsed() -> None:
    assert quotes_around(source_of("print 'here'"), 9) is None
