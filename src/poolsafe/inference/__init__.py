"""What an expression can be at run time: an abstract interpreter for the part of Python that builds engines.

The interpreter runs the checked file, and those parts of other modules that it needs, on abstract values. It reports
the calls that it passes, each with its arguments and the condition under which it is reached. Facts and rules are built
on that, outside of this package.

**The interface.** Other packages import from here and from `models`, never deeper (`tests/test_layers.py` enforces it).
A `Project` finds and loads modules. An `Inference(project, module)` runs one module. Its method `reach` takes the calls
to judge, called targets; `calls` lists the executions of them (`ObservedCall`); `unreached` lists the targets that no
run reached, each with its `Reason`. Values are read with `alternatives`, `restrict`, `combinations` and
`for_detection`.

**Values** (`values.py`, `objects.py`). An abstract value is one abstract object or `Alternatives` of several. An object
is a constant, a string of known and unknown pieces, a dict, a list, a function, a class, an instance, a module or a
library object. `Absent` stands for a key or name that does not exist. `Unknown` is top, with a reason. An unknown with
a symbol (`symbols.py`) is one particular value that is unknown: two unknowns with the same symbol are that value.
That is how two tests of one environment variable agree.

**Path conditions** (`symbols.py`, `predicates.py`). A predicate is an interned symbol with a number, such as "the
variable is set" or "this value equals 'test'". A literal is a predicate and whether it holds, packed into one integer.
A `Guard` is a conjunction of literals, and a path condition is a disjunction of guards. Each of a value's alternatives
has a guard. Alternatives with contradictory guards never meet: the SQLite URL of one branch stays with the SQLite
options of the same branch. `predicates.py` relates predicates on one subject: what equals "test" does not equal "prod".

**Order, join, top** (`lattice.py`). A value stands for a set of concrete values on each path. One value is below
another if it stands for a subset on every path. `choose` is the join: it flattens its options, drops contradictory ones
and merges equal ones. `Unknown` is the top. There is no bottom value. An impossible branch has no state (`State.branch`
returns None), and an operation that always raises gives `raising(...)`, which `choose` drops if another alternative
remains. `lift` applies a function to every consistent combination of alternatives.

**Widening.** The lattice has unbounded chains, so everything that grows has a bound, and what lies beyond it is
unknown. A value has at most `MAX_ALTERNATIVES` alternatives and a path condition at most `MAX_PATHS` guards; a longer
path condition is weakened to the literals that all its guards share. Length of texts, depth of calls, rounds of loops
and the work in all (`budget.py`) are bounded as well.

**State and heap** (`state.py`, `heap.py`). A state maps slots to values: names of frames, attributes of instances, and
the content of dicts and lists. A state is a layer over its parent, so a branch costs what it changes. Where branches
meet, a slot that differs becomes alternatives under the guards of the branches. Dicts, lists and instances live at
addresses. An address is made of a context (a frame), a statement and how often that statement has been reached there.
The frame of a call is itself made at such an address, so an address contains the call string. An object of a module has
the same address in every run that meets it. Updates are strong: an address stands for one object. An update through a
name with several alternatives changes each of the objects under its own guard (`assignment.py`).

**Context** (`context.py`). A `Run` is what all runs for one file share: project, heap, budget, answers, strategy and
observations. A `Frame` is a running module, class body or function, with its current state. Functions take the frame as
their first argument. Arguments that are reported are snapshots (`snapshots.py`): values that no longer change.

**What is run: the slice.** `poolsafe.ir` lowers a scope when it is first needed. `scope_reader.py` reads what each
statement reads, binds, changes and returns, `aliases.py` which names may share an object, and `scopes.py` joins both
for a module, class or function. `slices.py` computes the backward slice: the statements that can affect what is asked,
closed over aliases, closures, calls and early exits. A call's `Use` says how much of the callee is needed: its result,
its effects, or only the targets that it leads to. `effects.py` skips calls that change nothing that is asked, by the
effect summaries of their callees, and applies the effects of calls that cannot be followed.

**Modules on demand** (`namespaces.py`, `answers.py`). A module or class answers for one name at a time: the slice for
that name is run with a budget of its own, and the answer is kept. An import is a value (`Pending`) that is followed
only when its value is needed. A module that no answer needs is never loaded.

**Entry points** (`exploration.py`, `strategy.py`, `observations.py`). A run begins with the module's own statements
that lead to targets, and with each function that leads to a target and that nothing in the module calls. Its parameters
have the values that the project's callers give, or their defaults. `Strategy` holds the targets and their slices,
`Observations` what was seen. For a target that no run reached, there is a second run, in which names and attributes
that are None at first have the values that other functions set (`later.py`). If that does not reach it either, it is
dead code.

**Calls** (`calls.py`, `functions.py`). Calls are followed, not summarised: the callee's slice is run once for each call
string, with the caller's arguments and state. A recursive call is followed, up to `MAX_RECURSION` times, if nothing
unknown decides whether it is made. Any other one, or one deeper than `MAX_DEPTH`, is unknown, as is what it may change.
The body of a `with` is run where the generator function that makes the context manager yields.

**Loops** (`loops.py`, `comprehensions.py`). A loop over known items is unrolled, up to `MAX_ROUNDS`. A `while` is run
round by round as long as its test is surely true, then once more if it may be. A loop over something unknown is run
once, under a predicate, next to the path that skips it.

**Exceptions** (`exceptions.py`, `attempts.py`). A `try` is an `Attempt` that collects the states in which its body
raises; its handlers begin with these states. What may raise for an unknown reason does so under a predicate of its own.
An exception that nothing handles ends the path.

**Libraries** (`models/`, `models/stubs/`). A stub is Python source that the interpreter runs in place of a library.
Code is written only for primitives that Python cannot express: strings, URLs, the environment, SQLAlchemy's objects.

**What is approximated, and in which direction.** Too many alternatives may cost a finding; too few may invent one.

* Over-approximated: alias classes (except through attributes of objects that the project does not define), the effects
  of an unknown callee whose result is not used (it may change whatever it is given), values beyond a bound, and names
  that a slice leaves out (they are unknown).
* Under-approximated: a loop over something unknown misses values that take two rounds to arise. An unknown callee whose
  result is used is assumed to build that result and to change nothing; otherwise few programs could be judged. An
  environment variable that is set is assumed not to be empty; a fix is not safe if that leaves out a path
  (`emptiness.py`). If the environment may override a default, detection uses only the default (`for_detection`), and a
  fix uses all alternatives.

**How to add a construct of Python.**

1. *Lower it.* If it can be written with nodes that exist, lower it to these. Otherwise add a frozen node to
   `ir/expression_nodes.py` or `ir/statement_nodes.py`, export it from `poolsafe.ir`, and add a function to
   `_EXPRESSIONS` in `ir/lowering_expressions.py` or `_STATEMENTS` in `ir/lowering.py`, which lower LibCST's tree of an
   analysed file, and another one to `ir/lowering_standard_expressions.py` or `ir/lowering_standard.py`, which lower the
   `ast` of a module that is only imported (`tests/ir` compares the results). An expression without an entry becomes
   `ir.Opaque`, whose value is unknown; a statement without one is dropped.
2. *Say what it does with names.* `ScopeReader` sees every expression below a statement through `ir.walk`, so most
   expressions need nothing there. Add a case to `_expression` if it binds a name or hands an object on, and to
   `aliases.carriers` if its value may be, or may contain, an object that one of its parts stands for. A statement needs
   a case in `_read_statement` or `_compound` that fills in its `Line`. A missing entry here is unsound: the slice
   leaves out a change.
3. *Run it.* Add a handler to `_HANDLERS` in `expressions.py` (it returns a value) or in `statements.py` (it returns
   whether execution goes on). Evaluate parts with `frame.evaluate`, follow imports with `force`, and treat every
   alternative: `lift` for pure operations, `for_each` if each alternative may change the state. For a branch, take
   guards from `truth`, a layer from `State.branch`, and `State.join` the layers that go on. Report exceptions with
   `where_not_raising`, `raise_under` or `may_raise`. Return `frame.unknown(node, reason)` for what is unknown. An
   expression that can raise also goes into `_RAISING` in `exceptions.py`, and one that has effects as a statement of
   its own into `_WITH_EFFECT` in `statements.py`.
4. *Test it.* Add lines to the block of the mirroring test, such as `tests/inference/test_expressions.py`:
   `reveal(expression)  # value`, where `...` is an unknown value.
5. *Hold it against execution.* Let a generator in `tests/oracle/` produce it and run
   `python -m tests.oracle --programs 20000 --jobs 2`. That executes generated programs and compares findings and fixes
   with what happened.
"""

from poolsafe.inference.arguments import Arguments
from poolsafe.inference.exploration import Inference
from poolsafe.inference.lattice import (
    alternatives,
    choose,
    combinations,
    compatible,
    conjunctions,
    defaults,
    for_detection,
    is_override,
    is_parameter,
    restrict,
)
from poolsafe.inference.modules import Module
from poolsafe.inference.objects import LibraryObject, LibraryResult
from poolsafe.inference.observations import ObservedCall, is_open
from poolsafe.inference.project import Project, project_of
from poolsafe.inference.reasons import Origin, Reason
from poolsafe.inference.symbols import (
    Characters,
    Comparison,
    EnvironmentVariable,
    Guard,
    IsSet,
    IsTrue,
    Literal,
    SchemeOf,
    Setting,
    Symbol,
    derived,
)
from poolsafe.inference.texts import as_text, looks_like_scheme
from poolsafe.inference.values import (
    Absent,
    Aside,
    Const,
    Function,
    Instance,
    Library,
    MappingValue,
    Provenance,
    Sequence,
    Step,
    Text,
    Unknown,
    Url,
    Value,
)

__all__ = [
    "Absent",
    "Arguments",
    "Aside",
    "Characters",
    "Comparison",
    "Const",
    "EnvironmentVariable",
    "Function",
    "Guard",
    "Inference",
    "Instance",
    "IsSet",
    "IsTrue",
    "Library",
    "LibraryObject",
    "LibraryResult",
    "Literal",
    "MappingValue",
    "Module",
    "ObservedCall",
    "Origin",
    "Project",
    "Provenance",
    "Reason",
    "SchemeOf",
    "Sequence",
    "Setting",
    "Step",
    "Symbol",
    "Text",
    "Unknown",
    "Url",
    "Value",
    "alternatives",
    "as_text",
    "choose",
    "combinations",
    "compatible",
    "conjunctions",
    "defaults",
    "derived",
    "for_detection",
    "is_open",
    "is_override",
    "is_parameter",
    "looks_like_scheme",
    "project_of",
    "restrict",
]
