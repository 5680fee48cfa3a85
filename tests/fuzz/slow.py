"""Programs that took very long, or used all memory, before there was a limit for them. Each is the text of one file."""

from __future__ import annotations

HEAD = "import os\nfrom sqlalchemy import text\nfrom sqlalchemy.ext.asyncio import create_async_engine\n"
ENGINE = 'create_async_engine("postgresql+asyncpg://db/app")'


def _program(*lines: str, use: str = "create_async_engine(x)") -> str:
    return f"{HEAD}{''.join(lines)}e = {use}\n"


def _doubling(start: str, step: str) -> str:
    return _program(f"x = {start}\n", f"x = {step}\n" * 60, use="create_async_engine(x, connect_args=x)")


# What takes a second or two by itself has a smaller number here than where it was found.
PROGRAMS = {
    "a chain of names": _program("y = 'a'\nx = y", " + y" * 1_000, "\n"),
    "a chain of strings": _program("x = 'a'", " + 'b'" * 1_000, "\n"),
    "a chain that is refused": _program("x = y", " + y" * 4_000, "\n"),
    "augmented": _program("x = 'postgresql+asyncpg://'\n", "x += 'a'\n" * 2_000),
    "a text that doubles": _doubling("'a'", "x + x"),
    "a list that doubles": _doubling("[1]", "[*x, *x]"),
    "a sum of lists that doubles": _doubling("[1]", "x + x"),
    "a dict that doubles": _doubling("{}", "{'a': x, 'b': x}"),
    "an f-string that doubles": _doubling("'a'", "f'{x}{x}{y}'"),
    "a format that doubles": _doubling("'a'", "'{}{}'.format(x, x)"),
    "a percent that doubles": _doubling("'a'", "'%s%s' % (x, x)"),
    "a replacement that grows": _doubling("'a' 'a'", "x.replace('a', 'aaaaaaaaaa')"),
    "a replacement by itself": _doubling("'aa'", "x.replace('a', x)"),
    "a join that grows": _doubling("'a'", "x.join([x, x, x])"),
    "an unknown that doubles": _doubling("y", "x - x"),
    "a slice that doubles": _doubling("y", "(x + x)[1:]"),
    "a call that doubles": _doubling("y", "f(x, x)"),
    "a condition that doubles": _doubling("y", "x if x else x"),
    "an alternative that doubles": _doubling("y", "x or x"),
    "a test that doubles": _program(
        "x = y\n",
        "x = x - x\n" * 60,
        "options = {}\nif x:\n    options['statement_cache_size'] = options['prepared_statement_cache_size'] = 0\n",
        use="create_async_engine('postgresql+asyncpg://h/d', connect_args=options)",
    ),
    "widths": _program("x = f'{1:>1000000000}' + '%1000000000d' % 1 + 'a'.ljust(10 ** 9) + 'a' * 10 ** 9\n"),
    "powers": _program("x = str(9 ** 9 ** 9 ** 9) + str(1 << 10 ** 12)\n"),
    "a range": _program("x = [a for a in range(10 ** 9)]\n"),
    "deep dicts": _program("x = ", "{'a': " * 150, "1", "}" * 150, "\n"),
    "deep calls": _program("x = ", "dict(a=" * 150, "1", ")" * 150, "\n"),
    "many functions": _program(
        *(f"def f{number}(u=None):\n    return f{number + 1}(u)\n" for number in range(1_000)),
        use="create_async_engine(f0('a'))",
    ),
    "many engines that are called": _program(
        *(f"def f{number}(u):\n    return create_async_engine(u)\n" for number in range(200)),
        *(f"f{number}('postgresql+asyncpg://h/d')\n" for number in range(200)),
    ),
    "many commands of a session": _program(
        f"async def f():\n    async with {ENGINE}.begin() as conn:\n",
        *(f"        await conn.execute(text(\"SET app.x{number} = '1'\"))\n" for number in range(600)),
    ),
    "many engines": _program(*(f"a = 1\ne{number} = {ENGINE}\n" for number in range(300))),
    "many engines with options": _program(
        *(
            f"o{number} = {{'echo': True, 'connect_args': {{'timeout': 1}}}}\n"
            f"e{number} = create_async_engine('postgresql+asyncpg://h/d', **o{number})\n"
            for number in range(300)
        )
    ),
    "many items that are set": _program(
        *(
            f"a{number} = {{}}\na{number}['statement_cache_size'] = 0\n"
            f"e{number} = create_async_engine('postgresql+asyncpg://h/d', connect_args=a{number})\n"
            for number in range(300)
        )
    ),
    "many options behind **": _program(
        *(
            f"def f{number}(url):\n    o = {{'echo': True}}\n    if url.startswith('sqlite'):\n        o['x'] = 1\n"
            "    return create_async_engine(url, **o)\n"
            f"e{number} = f{number}('postgresql+asyncpg://h/d')\n"
            for number in range(150)
        )
    ),
    "many functions with two drivers": _program(
        *(
            f"def f{number}(url):\n    args = {{}}\n"
            "    if 'sqlite' in url:\n        args['check_same_thread'] = False\n"
            "    else:\n        args['statement_cache_size'] = 0\n"
            "    return create_async_engine(url, connect_args=args)\n"
            f"e{number} = f{number}('postgresql+asyncpg://h/d')\n"
            for number in range(100)
        )
    ),
    "many branches": _program(
        "x = 'postgresql+asyncpg://h/d'\n", *(f"if c{number}:\n    x = x + 'a{number}'\n" for number in range(60))
    ),
    "calls that fan out": _program(
        *(f"def f{number}(u):\n    return f{number + 1}(u) + f{number + 1}(u + 'a')\n" for number in range(40)),
        "def f40(u): return u\nx = f0('a')\n",
    ),
    "recursion": _program("def f(x, n):\n    return f(x, n - 1) + f(x + 'a', n)\nx = f('a', 9)\n"),
    "classes in a circle": _program("class A(B): pass\nclass B(A): pass\nx = A().url\n"),
    "many comments": _program("# noqa: PGB101\n" * 2_000),
    "many codes": _program(use=f"{ENGINE}  # noqa: " + "PGB101, " * 5_000),
    "many commands": _program("text('", "SELECT 1; " * 10_000, "')\n"),
    "many strings": _program("x = [\n", "'a; b',\n" * 3_000, "]\n"),
    "many fields": _program("x = f'", "{a}" * 2_000, "'\n"),
    "a long line": _program("x = '", "a" * 3_000_000, "'\n", use=ENGINE),
    "too long a line": _program("x = '", "a" * 10_000_000, "'\n", use=ENGINE),
    "too many items": _program("x = [", "1, " * 500_000, "]\n", use=ENGINE),
    "too many lines": _program("\n" * 3_000_000, use=ENGINE),
    "open comments of SQL": _program("text('", "/*" * 50_000, "; a')\n"),
    "quotes of SQL": _program('text("', "';" * 50_001, '; a")\n'),
    "quotes": _program(use=f"{ENGINE}\n" + "'" * 50_001),
    "backslashes": _program(use=f"{ENGINE}\n" + "\\" * 50_001),
}
