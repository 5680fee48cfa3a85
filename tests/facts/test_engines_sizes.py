"""The two cache sizes: how they reach connect_args, and the state of each."""

from __future__ import annotations

import pytest
from blocks import cases, programs
from programs import PG, codes_of, engine_of, engines_of, silence_of, sizes_of

HEAD = f"import os\nfrom sqlalchemy.ext.asyncio import create_async_engine\nURL = {PG!r}\n"
BOTH = '{"statement_cache_size": 0, "prepared_statement_cache_size": 0}'

# what connect_args is, the states of statement_cache_size and prepared_statement_cache_size
VALUES = [
    ("{}", "absent absent"),
    ("None", "absent absent"),
    (BOTH, "zero zero"),
    ("{'statement_cache_size': 0}", "zero absent"),
    ("{'prepared_statement_cache_size': 0}", "absent zero"),
    ("{'statement_cache_size': 100}", "positive absent"),
    ("{'prepared_statement_cache_size': 500}", "absent positive"),
    ("{'statement_cache_size': None}", "invalid absent"),
    ("{'statement_cache_size': False}", "invalid absent"),
    ("{'statement_cache_size': '0'}", "invalid absent"),
    ("{'statement_cache_size': -1}", "invalid absent"),
    ("{'statement_cache_size': 0.0}", "unknown absent"),
    ("{'statement_cache_size': b'0'}", "unknown absent"),
    ("{'statement_cache_size': unknown}", "unknown absent"),
    ("{'prepared_statement_cache_size': None}", "absent zero"),
    ("{'prepared_statement_cache_size': False}", "absent zero"),
    ("{'prepared_statement_cache_size': True}", "absent unknown"),
    ("{'prepared_statement_cache_size': '0'}", "absent invalid"),
    ("{'prepared_statement_cache_size': -1}", "absent invalid"),
    ("unknown", "unknown unknown"),
    ("[('statement_cache_size', 0)]", "unknown unknown"),
    ("dict(statement_cache_size=0, prepared_statement_cache_size=0)", "zero zero"),
    ("dict(**" + BOTH + ")", "zero zero"),
    ("{**" + BOTH + ", 'timeout': 5}", "zero zero"),
    ("{'timeout': 5} | " + BOTH, "zero zero"),
    ("{**unknown}", "unknown unknown"),
    ("{**unknown, 'statement_cache_size': 0}", "zero unknown"),
    ("{'statement_cache_size': 0, **unknown}", "unknown unknown"),
    (BOTH + " if unknown else {}", "conditional conditional"),
    (BOTH + " if unknown else None", "conditional conditional"),
    ("{**(" + BOTH + " if unknown else {})}", "conditional conditional"),
    ("{'statement_cache_size': 0, **({'prepared_statement_cache_size': 0} if unknown else {})}", "zero conditional"),
    ("{'statement_cache_size': 0 if unknown else 100}", "positive absent"),
    ("{'statement_cache_size': 0 if unknown else None}", "invalid absent"),
    (BOTH + " if use_pgbouncer else {}", "zero zero"),
    (BOTH + " if 'USE_PGBOUNCER' in os.environ else {}", "zero zero"),
    (BOTH + " if os.environ.get('USE_PGBOUNCER') else {}", "zero zero"),
    (BOTH + " if os.getenv('POOL_MODE') == 'transaction' else {}", "zero zero"),
    (BOTH + " if settings.pgbouncer else {}", "zero zero"),
    (BOTH + " if settings.port == 6432 else {}", "zero zero"),
    (BOTH + " if settings.port == 5432 else {}", "conditional conditional"),
    (BOTH + " if settings.port == 16432 else {}", "conditional conditional"),
    ("{'statement_cache_size': int(os.getenv('S', '0'))}", "zero absent"),
    ("{'statement_cache_size': int(os.getenv('S', '100'))}", "positive absent"),
    ("{'statement_cache_size': int(os.environ['S'])}", "unknown absent"),
    ("{'statement_cache_size': os.getenv('S', 0)}", "zero absent"),
    ("unknown or " + BOTH, "zero zero"),
    ("{k: 0 for k in ('statement_cache_size', 'prepared_statement_cache_size')}", "zero zero"),
    ("{'statement_cache_' + 'size': 0}", "zero absent"),
    ("{'cache_size': 0, 'statement_cache': 0}", "absent absent"),
    ("{'options': {'statement_cache_size': 0}}", "absent absent"),
]


@pytest.mark.parametrize(("value", "states"), VALUES)
def test_connect_args_brings(value: str, states: str) -> None:
    assert sizes_of(HEAD + f"engine = create_async_engine(URL, connect_args={value})") == states


# a program without the head, the states of both keys
PROGRAMS = """
    args = {}
    args['statement_cache_size'] = 0
    engine = create_async_engine(URL, connect_args=args)  # zero absent

    args = {}
    engine = create_async_engine(URL, connect_args=args)
    args['statement_cache_size'] = 0  # absent absent

    args = {}
    kw = {'connect_args': args}
    args.update(statement_cache_size=0)
    engine = create_async_engine(URL, **kw)  # zero absent

    kw = {}
    kw['connect_args'] = {}
    kw['connect_args']['statement_cache_size'] = 0
    engine = create_async_engine(URL, **kw)  # zero absent

    kw = {'echo': True}
    kw.setdefault('connect_args', {}).update(statement_cache_size=0)
    engine = create_async_engine(URL, **kw)  # zero absent

    kw = {'url': URL, 'connect_args': {'statement_cache_size': 0}}
    engine = create_async_engine(**kw)  # zero absent

    kw = {'connect_args': {'statement_cache_size': 0}}
    kw.pop('connect_args')
    engine = create_async_engine(URL, **kw)  # absent absent

    args = {'statement_cache_size': 0}
    del args['statement_cache_size']
    engine = create_async_engine(URL, connect_args=args)  # absent absent

    def kw():
        return {'connect_args': {'statement_cache_size': 0}}
    engine = create_async_engine(URL, **kw())  # zero absent

    def build():
        return URL, {'statement_cache_size': 0}
    url, args = build()
    engine = create_async_engine(url, connect_args=args)  # zero absent

    def make(url, **kw):
        return create_async_engine(url, **kw)
    engine = make(URL, connect_args={'statement_cache_size': 0})  # zero absent

    def make(url, **kw):
        kw['connect_args'] = {'statement_cache_size': 0, **kw.get('connect_args', {})}
        return create_async_engine(url, **kw)
    engine = make(URL, connect_args={'prepared_statement_cache_size': 0})  # zero zero

    def make(url, **kw):
        return create_async_engine(url, **kw)
    engine = make(URL)  # absent absent

    def make(url=URL, **kw):
        return create_async_engine(url, **kw)  # unknown unknown

    # What is written out cannot come from `**` as well.
    def make(url=URL, **kw):
        return create_async_engine(url, connect_args={'statement_cache_size': 0}, **kw)  # zero absent

    engine = create_async_engine(URL, **unknown, connect_args={'timeout': 5})  # absent absent

    # A mapping that only callers of the public function may fill is open, the same as `**kw`.
    def make(url=URL, options={}):
        return create_async_engine(url, **options)  # unknown unknown

    def make(options=None):
        return create_async_engine(URL, **(options or {}))  # unknown unknown

    def make(options=None):
        options = options or {}
        return create_async_engine(URL, **options)  # unknown unknown

    def make(options={}):
        return create_async_engine(URL, **options)
    engine = make()  # absent absent

    def make(args={}):
        return create_async_engine(URL, connect_args={**args})  # unknown unknown

    def make(args=None):
        kw = {}
        if args:
            kw['connect_args'] = args
        return create_async_engine(URL, **kw)  # unknown unknown

    def make(args=None):
        return create_async_engine(URL, connect_args=args or {})
    engine = make()  # absent absent

    def make(size=0):
        return create_async_engine(URL, connect_args={'statement_cache_size': size})  # zero absent

    def make(options={'connect_args': {'statement_cache_size': 0}}):
        return create_async_engine(URL, **options)  # zero absent

    def make(url=URL, connect_args=None):
        return create_async_engine(url, connect_args=connect_args or {})  # unknown unknown

    class C:
        def __init__(self, args={'statement_cache_size': 0}):
            self.args = args
        def make(self):
            return create_async_engine(URL, connect_args=self.args)
    C().make()  # zero absent

    class S:
        size: int = 0
    engine = create_async_engine(URL, connect_args={'statement_cache_size': S.size})  # zero absent

    from functools import partial
    make = partial(create_async_engine, connect_args={'statement_cache_size': 0})
    engine = make(URL)  # zero absent

    from functools import partial
    make = partial(create_async_engine, URL)
    engine = make(connect_args={'statement_cache_size': 0})  # zero absent

    engine = create_async_engine(URL + '?prepared_statement_cache_size=0')  # absent zero
    engine = create_async_engine(f'{URL}?prepared_statement_cache_size=0&ssl=require')  # absent zero
    engine = create_async_engine(URL + '?prepared_statement_cache_size=100')  # absent positive
    engine = create_async_engine(URL + '?prepared_statement_cache_size=none')  # absent invalid

    url = URL + '?prepared_statement_cache_size=0'
    engine = create_async_engine(url, connect_args={'statement_cache_size': 0})  # zero zero

    url = URL + '?prepared_statement_cache_size=0'
    engine = create_async_engine(url, connect_args={'prepared_statement_cache_size': 9})  # absent positive

    engine = create_async_engine(URL + '?statement_cache_size=0')  # absent absent
    engine = create_async_engine(os.getenv('X') + '?prepared_statement_cache_size=0', connect_args={})  # absent zero

    from sqlalchemy import URL as U
    url = U.create('postgresql+asyncpg', query={'prepared_statement_cache_size': '0'})
    engine = create_async_engine(url)  # absent zero

    from sqlalchemy import make_url
    engine = create_async_engine(make_url(URL).set(query={'prepared_statement_cache_size': '0'}))  # absent zero

    from sqlalchemy import make_url
    engine = create_async_engine(make_url(URL).update_query_dict({'prepared_statement_cache_size': '0'}))  # absent zero

    from sqlalchemy import make_url
    engine = create_async_engine(make_url(URL).difference_update_query(['x']))  # absent absent

    args = {'statement_cache_size': 0}
    configure(args)
    engine = create_async_engine(URL, connect_args=args)  # unknown unknown

    # What poolsafe cannot follow is not replaced by the other side of an `or`, or by a default.
    class Base: pass
    class Derived(Base): args = {'statement_cache_size': 0}
    engine = create_async_engine(URL, connect_args=Base.__subclasses__()[0].args or {})  # unknown unknown

    class Base: pass
    class Derived(Base): args = {'statement_cache_size': 0}
    options = {'connect_args': Base.__subclasses__()[0].args}
    options.setdefault('connect_args', {})['prepared_statement_cache_size'] = 0
    engine = create_async_engine(URL, **options)  # unknown unknown

    args = {'statement_cache_size': 0}
    logger.info('%s', args)
    engine = create_async_engine(URL, connect_args=args)  # zero absent
"""


# A helper of the module reads what the function around the call has changed.
KEPT_OUTSIDE = """
    _s = {}
    def current():
        return dict(_s)
    def startup():
        _s["statement_cache_size"] = 0
        return create_async_engine(URL, connect_args=current())
    startup()  # zero absent

    _s = None
    def current():
        return _s
    def startup():
        def init(value):
            global _s
            _s = value
        init({"statement_cache_size": 0})
        def make():
            return create_async_engine(URL, connect_args=current())
        make()
    startup()  # zero absent

    _s = {}
    def current():
        return _s
    def startup():
        def init():
            _s["statement_cache_size"] = 0
        init()
        return create_async_engine(URL, connect_args=current())
    startup()  # zero absent

    _s = None
    def current():
        return _s
    def startup():
        global _s
        _s = {"statement_cache_size": 0}
        return create_async_engine(URL, connect_args=current())
    startup()  # zero absent

    _s = None
    def current():
        return _s
    def init(value):
        global _s
        _s = value
    def startup():
        init({"statement_cache_size": 0})
        return create_async_engine(URL, connect_args=current())
    startup()  # zero absent

    _s = {}
    def current():
        return dict(_s)
    def init():
        _s["statement_cache_size"] = 0
    def startup():
        init()
        return create_async_engine(URL, connect_args=current())
    startup()  # zero absent

    class H:
        value = None
    def current():
        return H.value
    def init():
        H.value = {"statement_cache_size": 0}
    def startup():
        init()
        return create_async_engine(URL, connect_args=current())
    startup()  # zero absent

    _size = 5
    def init():
        global _size
        _size = 0
    def args():
        return {"statement_cache_size": _size}
    class App:
        def start(self):
            init()
            self.engine = create_async_engine(URL, connect_args=args())
    App().start()  # zero absent

    _size = 5
    def args():
        return {"statement_cache_size": _size}
    class App:
        def start(self):
            global _size
            _size = 0
            self.engine = create_async_engine(URL, connect_args=args())
    App().start()  # zero absent

    _flags = []
    def args():
        return {"statement_cache_size": 0} if "zero" in _flags else {}
    def add(x):
        _flags.append(x)
    def start():
        add("zero")
        return create_async_engine(URL, connect_args=args())
    start()  # zero absent
"""


@pytest.mark.parametrize(("code", "states"), cases(PROGRAMS, KEPT_OUTSIDE))
def test_the_sizes_are(code: str, states: str) -> None:
    assert sizes_of(HEAD + code) == states


CORRELATED = """
    # Where the call is reached, the dict has the key: in one case by its display, in the other by the branch.
    options = {'connect_args': {'statement_cache_size': 0}}
    if os.getenv('BARE'):
        options['connect_args'] = {}
    if os.getenv('DEBUG'):
        options['connect_args']['statement_cache_size'] = 0
    if options['connect_args']:
        engine = create_async_engine(URL, **options)  # zero absent

    # The sqlite options belong to the sqlite URL: the engine has both sizes wherever its driver is asyncpg.
    if unknown:
        url, args = 'sqlite+aiosqlite://', {}
    else:
        url, args = URL, {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    engine = create_async_engine(url, connect_args=args)  # zero zero

    if unknown:
        url, args = 'sqlite+aiosqlite://', {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    else:
        url, args = URL, {}
    engine = create_async_engine(url, connect_args=args)  # absent absent

    url = URL if unknown else 'sqlite+aiosqlite://'
    args = {}
    if url.startswith('sqlite'):
        args = {'check_same_thread': False}
    else:
        args = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    engine = create_async_engine(url, connect_args=args)  # zero zero

    url = URL if unknown else 'sqlite+aiosqlite://'
    args = {}
    if 'sqlite' in url:
        args['check_same_thread'] = False
    if 'asyncpg' in url:
        args.update({"statement_cache_size": 0, "prepared_statement_cache_size": 0})
    engine = create_async_engine(url, connect_args=args)  # zero zero

    url = URL if unknown else 'sqlite+aiosqlite://'
    kw = {}
    if not url.startswith('sqlite'):
        kw['connect_args'] = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    engine = create_async_engine(url, **kw)  # zero zero

    url = URL if testing else 'sqlite://'
    args = {"statement_cache_size": 0, "prepared_statement_cache_size": 0} if testing else {}
    engine = create_async_engine(url, connect_args=args)  # zero zero

    url = URL if testing else 'sqlite://'
    args = {} if testing else {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    engine = create_async_engine(url, connect_args=args)  # absent absent

    url = os.getenv('U', URL)
    args = {"statement_cache_size": 0, "prepared_statement_cache_size": 0} if url.startswith('postgresql') else {}
    engine = create_async_engine(url, connect_args=args)  # zero zero

    def args_for(url):
        if url.startswith('sqlite'):
            return {}
        return {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    url = URL if unknown else 'sqlite://'
    engine = create_async_engine(url, connect_args=args_for(url))  # zero zero

    def args_for(url):
        args = {}
        if 'asyncpg' not in url:
            return args
        args.update({"statement_cache_size": 0, "prepared_statement_cache_size": 0})
        return args
    engine = create_async_engine(URL, connect_args=args_for(URL))  # zero zero

    match kind:
        case 'sqlite':
            url, args = 'sqlite://', {}
        case _:
            url, args = URL, {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    engine = create_async_engine(url, connect_args=args)  # zero zero

    try:
        url, args = URL, {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    except KeyError:
        url, args = 'sqlite://', {}
    engine = create_async_engine(url, connect_args=args)  # zero zero

    options = {'pg': (URL, {"statement_cache_size": 0, "prepared_statement_cache_size": 0}), 'lite': ('sqlite://', {})}
    url, args = options[unknown]
    engine = create_async_engine(url, connect_args=args)  # zero zero

    # The condition is about another driver, and the URL is asyncpg's.
    args = {"check_same_thread": False} if "sqlite" in unknown else {"statement_cache_size": 0}
    engine = create_async_engine(URL, connect_args=args)  # zero absent

    # Other schemes with the word asyncpg are not asyncpg's.
    url, args = os.getenv("DATABASE_URL", URL), {}
    if url.split(":", 1)[0] == "postgresql+asyncpg":
        args["prepared_statement_cache_size"] = 0
    elif "asyncpg" in url:
        args = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    engine = create_async_engine(url, connect_args=args)  # absent zero
"""


@pytest.mark.parametrize(("code", "states"), cases(CORRELATED))
def test_what_belongs_together_stays_together(code: str, states: str) -> None:
    assert sizes_of(HEAD + code) == states


SHARED = """
    # The default of another engine's URL decides which options are reported.
    url = os.getenv("DATABASE_URL", "sqlite+aiosqlite:///app.db")
    args = {"check_same_thread": False} if url.startswith("sqlite") else {"statement_cache_size": 100}
    create_async_engine(url, connect_args=args)
    create_async_engine(URL, connect_args=args)  # absent check_same_thread

    url = os.getenv("DATABASE_URL", URL)
    args = {"connect_timeout": 5} if "mysql" in url else {"statement_cache_size": 100}
    create_async_engine(url, connect_args=args)
    create_async_engine(URL, connect_args=args)  # positive

    url = os.getenv("DATABASE_URL", URL)
    args = {}
    if "mysql" in url:
        args["connect_timeout"] = 5
    create_async_engine(url, connect_args=args)
    create_async_engine(URL, connect_args=args)  # absent

    # Where the variable is set, there is no default.
    url = os.getenv("DATABASE_URL", "sqlite+aiosqlite:///app.db")
    args = {"check_same_thread": False} if url.startswith("sqlite") else {"statement_cache_size": 100}
    create_async_engine(url, connect_args=args)
    if os.getenv("DATABASE_URL"):
        create_async_engine(URL, connect_args=args)  # positive

    # Two URLs from the environment are likely to have the same driver.
    url = os.getenv("DATABASE_URL", "sqlite+aiosqlite:///app.db")
    args = {} if url.startswith("sqlite") else {"statement_cache_size": 100}
    create_async_engine(url, connect_args=args)
    create_async_engine(f"postgresql+asyncpg://app@{os.environ['HOST']}/app", connect_args=args)  # positive
"""


@pytest.mark.parametrize(("code", "wanted"), cases(SHARED))
def test_of_shared_options_the_engine_gets(code: str, wanted: str) -> None:
    *_, engine = engines_of(HEAD + code)
    refused = [one.key for one in engine.parameters.connect]
    assert [engine.sizes.statement.state.value, *refused] == wanted.split()


def test_a_condition_with_many_ways_still_asks_for_the_pooler() -> None:
    hosts = "".join(f"elif c{n}:\n    host = hosts[{n}]\n" for n in range(14))
    code = f"if c:\n    host = other\n{hosts}flag = 'pgbouncer' in host\nargs = {BOTH} if flag else {{}}\n"
    assert sizes_of(HEAD + code + "engine = create_async_engine(URL, connect_args=args)") == "zero zero"


def test_an_unknown_size_says_why() -> None:
    code = HEAD + "engine = create_async_engine(URL, connect_args={'statement_cache_size': int(os.environ['S'])})"
    assert silence_of(code) == ["`statement_cache_size` is unknown (it comes from the environment variable `S`)"]


def test_known_engines_are_not_silent() -> None:
    assert silence_of(HEAD + "engine = create_async_engine(URL)") == []
    assert silence_of(HEAD + "engine = create_async_engine('sqlite://', connect_args=unknown)") == []


LITERALS = [
    ("connect_args={'statement_cache_size': 100}", "100"),
    ("connect_args=dict(statement_cache_size=100)", "100"),
    ("connect_args={'statement_cache_size': -1}", "1"),
    ("connect_args={'statement_cache_size': '0'}", "'0'"),
]


@pytest.mark.parametrize(("argument", "literal"), LITERALS)
def test_a_written_size_can_be_replaced(argument: str, literal: str) -> None:
    code = HEAD + f"engine = create_async_engine(URL, {argument})"
    spans = engine_of(code).sizes.statement.literals
    assert spans is not None
    start, end = spans[0]
    assert literal in code[start:end]


UNREPLACEABLE = """
    SIZE = 100
    engine = create_async_engine(URL, connect_args={'statement_cache_size': SIZE})

    engine = create_async_engine(URL, connect_args={'statement_cache_size': int('100')})

    engine = create_async_engine(URL, connect_args={'statement_cache_size': 50 + 50})

    engine = create_async_engine(URL, connect_args={'statement_cache_size': max(100)})

    engine = create_async_engine(URL, connect_args={'statement_cache_size': 0})
"""


@pytest.mark.parametrize("code", programs(UNREPLACEABLE))
def test_a_size_that_is_made_elsewhere_cannot(code: str) -> None:
    assert engine_of(HEAD + code).sizes.statement.literals is None


def test_an_item_assignment_can_be_replaced() -> None:
    code = f"""{HEAD}
args = {{}}
args['statement_cache_size'] = 100
engine = create_async_engine(URL, connect_args=args)
"""
    ((start, end),) = engine_of(code).sizes.statement.literals or ()
    assert code[start:end] == "100"


CODES = """
    create_async_engine(URL)  # PGB101 PGB201
    create_async_engine(URL, pool_pre_ping=True)  # PGB101

    both = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    create_async_engine(URL, connect_args=both, pool_pre_ping=True)

    create_async_engine(URL, connect_args={'statement_cache_size': 0}, pool_pre_ping=True)  # PGB102
    create_async_engine(URL, connect_args={'statement_cache_size': 9}, pool_pre_ping=True)  # PGB103
    create_async_engine(URL, connect_args={'statement_cache_size': None}, pool_pre_ping=True)  # PGB104

    args = {"statement_cache_size": 0, "prepared_statement_cache_size": 0} if unknown else {}
    create_async_engine(URL, connect_args=args, pool_pre_ping=True)  # PGB108

    args = {"statement_cache_size": 0, "prepared_statement_cache_size": 0} if pgbouncer else {}
    create_async_engine(URL, connect_args=args, pool_pre_ping=True)

    create_async_engine(URL, connect_args=unknown, pool_pre_ping=True)

    create_async_engine('sqlite+aiosqlite://')

    create_async_engine(unknown)
"""


# What an exception decides about the sizes.
RAISING = """
    from contextlib import suppress
    SIZES = ("statement_cache_size", "prepared_statement_cache_size")
    def make():
        args = {}
        with suppress(KeyError):
            del args["timeout"]
            left = SIZES
            while left:
                left.pop()
        defaults: dict = {}
        try:
            for size in SIZES:
                defaults.setdefault(size, 0)
        except KeyError:
            pass
        else:
            args["statement_cache_size"] = args["prepared_statement_cache_size"] = 0
        return create_async_engine(URL, connect_args={**args}, pool_pre_ping=True)
    engine = make()

    options = {"connect_args": {"statement_cache_size": 0, "prepared_statement_cache_size": 0}}
    if os.environ.get("LAZY"):
        options = {}
    current = options["connect_args"] if URL else {}
    create_async_engine(URL, pool_pre_ping=True, **options)

    options = {"connect_args": {"statement_cache_size": 0, "prepared_statement_cache_size": 0}}
    if os.environ.get("LAZY"):
        del options["connect_args"]
    print(options["connect_args"])
    create_async_engine(URL, pool_pre_ping=True, **options)

    options = {"connect_args": {"statement_cache_size": 0, "prepared_statement_cache_size": 0}}
    if os.environ.get("LAZY"):
        options = {}
    print(options.get("connect_args"))
    create_async_engine(URL, pool_pre_ping=True, **options)  # PGB108
"""


@pytest.mark.parametrize(("call", "codes"), cases(CODES, RAISING))
def test_one_verdict_for_each_engine(call: str, codes: str) -> None:
    assert codes_of(HEAD + call) == codes


OVERRIDDEN = """
import os
from pydantic_settings import BaseSettings
from sqlalchemy.ext.asyncio import create_async_engine

class Settings(BaseSettings):
    URL: str = "postgresql+asyncpg://dev@localhost/app"
    USE_PGBOUNCER: bool = False
    DEBUG: bool = False

settings = Settings()
url = os.getenv("URL", "postgresql+asyncpg://dev@localhost/app")

def make(url, size):
    return create_async_engine(url, pool_pre_ping=True, connect_args={
        "statement_cache_size": size, "prepared_statement_cache_size": size})
"""
# A size, the URL, and the codes: the default beside an environment does not decide what asks for the pooler.
BEHIND_POOLER = [
    ("0 if ':6543' in url else 100", "url", ""),
    ("0 if 'pooler.' in settings.URL else 100", "settings.URL", ""),
    ("0 if settings.USE_PGBOUNCER else 100", "url", ""),
    ("100 if not settings.USE_PGBOUNCER else 0", "settings.URL", ""),
    ("0 if settings.DEBUG else 100", "url", "PGB103"),
    ("0 if unknown else 100", "url", "PGB103"),
    ("50 if settings.USE_PGBOUNCER else 100", "url", "PGB103"),
    ("None if settings.USE_PGBOUNCER else 0", "url", "PGB104"),
    ("100", "url", "PGB103"),
    ("0", "url", ""),
]


@pytest.mark.parametrize(("size", "url", "codes"), BEHIND_POOLER)
def test_a_size_that_asks_for_the_pooler_is_off_where_it_must_be(size: str, url: str, codes: str) -> None:
    assert codes_of(f"{OVERRIDDEN}engine = make({url}, {size})\n") == codes


# A URL that passes tests for two drivers is not asyncpg's, whichever test comes first.
TWO_DRIVERS = """
    if "sqlite" in url:
        if "asyncpg" in url:
            options["connect_args"] = {"prepared_statement_cache_size": 0}
        engine = create_async_engine(url, pool_pre_ping=True, **options)

    if "asyncpg" in url:
        options["connect_args"] = {"prepared_statement_cache_size": 0}
    if "sqlite" in url:
        engine = create_async_engine(url, pool_pre_ping=True, **options)

    if "asyncpg" in url:
        options["connect_args"] = {"prepared_statement_cache_size": 0}
    if "sqlite" not in url:
        engine = create_async_engine(url, pool_pre_ping=True, **options)  # PGB102
"""


@pytest.mark.parametrize(("program", "codes"), cases(CODES, TWO_DRIVERS))
def test_a_url_that_passes_tests_for_two_drivers(program: str, codes: str) -> None:
    start = "url = os.environ.get('URL') or 'postgresql+asyncpg://app@db/app'\noptions = {}\n"
    assert codes_of(HEAD + start + program) == codes


@pytest.mark.parametrize(
    "test",
    [
        'driver_args.get("statement_cache_size") == 0',
        "driver_args['statement_cache_size'] == 0",
        '"statement_cache_size" in driver_args and driver_args["statement_cache_size"] == 0',
    ],
)
def test_an_option_that_the_code_reads_is_no_test_for_a_driver(test: str) -> None:
    code = f"""
options = {{}}
driver_args = {{"statement_cache_size": int(os.environ.get("STATEMENTS", "100"))}}
if {test}:
    options["connect_args"] = {{"statement_cache_size": 0, "prepared_statement_cache_size": 0}}
engine = create_async_engine(URL, pool_pre_ping=True, **options)
"""
    assert codes_of(HEAD + code) == "PGB108"


def test_a_size_that_the_code_reads_does_not_ask_for_the_pooler() -> None:
    code = """
args = {}
if os.environ.get("LAZY", "") in ("1", "true", "yes"):
    if os.environ.get("APP_ENV") == "test" and os.environ.get("WORKERS", "1") != "1":
        args = {"statement_cache_size": 0}
if args.get("statement_cache_size") == 0:
    args = {"statement_cache_size": 0, "timeout": 5}
engine = create_async_engine(URL, pool_pre_ping=True, connect_args=args)
"""
    assert codes_of(HEAD + code) == "PGB108"


def test_a_method_that_raises_on_several_paths_leaves_their_sizes_out() -> None:
    code = """
class Database:
    def prepare(self):
        if os.environ.get("LAZY", "") in ("1", "true", "yes"):
            self.args["timeout"] = 10
        else:
            self.args["statement_cache_size"] = 0
        del self.args["timeout"]
    def __init__(self):
        self.args = {}
        self.prepare()
        self.engine = create_async_engine(URL, connect_args=self.args, pool_pre_ping=True)
Database()
"""
    assert codes_of(HEAD + code) == "PGB101"


# A test on the way to both sizes does not choose between them.
ON_THE_WAY = [
    ("0 if os.getenv('CI') else 50", "PGB103"),
    ("0 if ':6543' in url else 50", ""),
    ("0 if os.getenv('CI') or 'pooler' in url else 50", ""),
    ("0 if os.getenv('CI') and 'pooler' in url else 50", ""),
]


@pytest.mark.parametrize(("size", "codes"), ON_THE_WAY)
@pytest.mark.parametrize("url", ["'postgresql+asyncpg://' + os.environ['HOST']", "os.getenv('URL', URL)"])
def test_a_test_for_the_driver_on_the_way_chooses_no_size(size: str, codes: str, url: str) -> None:
    code = f"""
def args(url):
    if "asyncpg" in url:
        return {{"statement_cache_size": {size}, "prepared_statement_cache_size": 0}}
    if "postgres" in url:
        return {{"prepared_statement_cache_size": 0, "statement_cache_size": {size}}}
    return {{}}
url = {url}
engine = create_async_engine(url, pool_pre_ping=True, connect_args=args(url))
"""
    assert codes_of(HEAD + code) == codes


@pytest.mark.parametrize(
    ("condition", "codes"),
    [
        ("'pooler.supabase.com' in settings.URL", ""),
        ("':6432' in settings.URL", ""),
        ("'production' in settings.URL", "PGB101"),
        ("settings.USE_PGBOUNCER", ""),
        ("settings.DEBUG", "PGB108"),
    ],
)
def test_so_are_options_that_are_given_there(condition: str, codes: str) -> None:
    code = f"""
options = {{"pool_pre_ping": True}}
if {condition}:
    options["connect_args"] = {BOTH}
engine = create_async_engine(settings.URL, **options)
"""
    assert codes_of(OVERRIDDEN + code) == codes


@pytest.mark.parametrize("asked", ["'sqlite' in url", "not 'asyncpg' in url"])
def test_what_another_driver_gets_says_nothing_of_asyncpg(asked: str) -> None:
    code = (
        f"url = os.environ.get('DATABASE_URL', URL)\ncreate_async_engine(url, connect_args={BOTH} if {asked} else {{}})"
    )
    assert sizes_of(HEAD + code) == "absent absent"


def test_sizes_that_are_not_known_are_named_beside_another_finding() -> None:
    code = HEAD + "create_async_engine(URL, connect_args={'statement_cache_size': int(os.environ['SIZE'])})"
    assert codes_of(code) == "PGB201"
    assert any("statement_cache_size" in reason for reason in silence_of(code))


GIVEN_TWICE = (
    HEAD
    + """
def start(args=None, **more):
    args = {}
    if os.getenv("MODE", "fast") == "fast":
        more["connect_args"] = {}
    else:
        args["statement_cache_size"] = "0"
        args = {}
    return create_async_engine(URL, **more, connect_args=args)
start()
"""
)


def test_an_argument_is_seen_on_the_paths_that_reach_the_call() -> None:
    # `fast` ends in a TypeError, after `args` was evaluated.
    assert sizes_of(GIVEN_TWICE) == "absent absent"


def test_what_the_environment_brings_to_one_engine_says_nothing_of_another_one() -> None:
    code = f"""{HEAD}
def make(url, **options):
    return create_async_engine(url, pool_pre_ping=True, **options)

url = os.getenv("DATABASE_URL", "sqlite+aiosqlite://")
args = {BOTH} if url.partition(":")[0] == "postgresql+asyncpg" else {{}}
make(url, connect_args=args)
"""
    assert codes_of(code) == ""
    assert codes_of(f'{code}make(URL, connect_args={{"timeout": 3}})\n') == "PGB101"
