"""What an expression can be at run time: an abstract interpreter for the part of Python that builds engines.

The interpreter runs the checked file, and those parts of other modules that it needs, on abstract values. It reports
the calls that it reaches, each with its arguments and the condition under which it is reached. Facts and rules are
built on that, outside this package.

**The interface.** Other packages import from here and from `models`, never deeper (`tests/test_layers.py` enforces it).
A `Project` finds and loads modules. An `Inference(project, module)` runs one module. Its method `reach` takes the calls
to check, called targets; `calls` lists each execution of one (`ObservedCall`); `unreached` lists the targets that no
run reached, each with its `Reason`. Values are read with `alternatives`, `restrict`, `combinations` and
`for_detection`.

**Values** (`values.py`, `objects.py`). An abstract value is one abstract object or `Alternatives` of several. An object
is a constant, a string of known and unknown pieces, a dict, a list, a function, a class, an instance, a module or a
library object. `Absent` stands for a key or name that does not exist. `Unknown` is the top element, with a reason. An
unknown with a symbol (`symbols.py`) stands for one particular value: two unknowns with the same symbol are equal. That
is how two tests of one environment variable agree.

**Path conditions** (`symbols.py`, `predicates.py`). A predicate is an interned symbol with a number, such as "the
variable is set" or "this value equals 'test'". A literal is a predicate and whether it holds, packed into one integer.
A `Guard` is a conjunction of literals, and a path condition is a disjunction of guards. Each of a value's alternatives
has a guard. Alternatives with contradictory guards never meet: the SQLite URL of one branch stays with the SQLite
options of the same branch. `predicates.py` relates predicates on one subject: a value that equals "test" does not equal
"prod".

**Order, join, top** (`lattice.py`). A value stands for a set of concrete values on each path. One value is below
another if it stands for a subset on every path. `choose` is the join: it flattens its options, drops contradictory ones
and merges equal ones. `Unknown` is the top. There is no bottom value. An impossible branch has no state (`State.branch`
returns None), and an operation that always raises gives `raising(...)`, which `choose` drops if another alternative
remains. `lift` applies a function to every consistent combination of alternatives.

**Widening.** The lattice has unbounded chains, so everything that grows has a bound, and values beyond it become
unknown. A value has at most `MAX_ALTERNATIVES` alternatives and a path condition at most `MAX_PATHS` guards; a longer
path condition is weakened to the literals that all its guards share. The length of strings, the depth of calls, the
rounds of loops and the total work (`budget.py`) are bounded as well.

**State and heap** (`state.py`, `heap.py`). A state maps slots to values: names of frames, attributes of instances, and
the content of dicts and lists. A state is a layer over its parent, so the cost of a branch is proportional to what it
changes. Where branches meet, a slot that differs becomes alternatives under the guards of the branches. Dicts, lists
and instances live at addresses. An address is made of a context (a frame), a statement and how often that statement has
been reached there. The frame of a call is itself made at such an address, so an address contains the call string. An
object of a module has the same address in every run that reaches it. Updates are strong: an address stands for one
object. An update through a name with several alternatives changes each of the objects under its own guard
(`assignment.py`).

**Context** (`context.py`). A `Run` holds what all runs for one file share: project, heap, budget, answers, strategy and
observations. A `Frame` is a running module, class body or function, with its current state. Functions take the frame as
their first argument. Arguments that are reported are snapshots (`snapshots.py`): values that no longer change.

**Slices.** Only a slice of each scope is run. `poolsafe.ir` lowers a scope when it is first needed. `scope_reader.py`
finds out what each statement reads, binds, changes and returns, `aliases.py` finds out which names may share an object,
and `scopes.py` combines both for a module, class or function. `slices.py` computes the backward slice: the statements
that can affect the required values, closed over aliases, closures, calls and early exits. A call's `Use` says how much
of the callee is needed: its result, its effects, or only the targets that it leads to. `effects.py` uses the effect
summaries of callees to skip calls that change nothing relevant, and applies the effects of calls that cannot be
followed.

**Modules on demand** (`namespaces.py`, `answers.py`). The names of a module or class are evaluated one at a time: the
slice for a name is run with a budget of its own, and the result (its answer) is kept. One run answers all names with
the same slice. An import is a value (`Pending`) that is followed only when its value is needed. A module that no answer
needs is not loaded. The fields of an instance that a module leaves are completed in the same way: an object that its
class creates for one of them, and what the validators of a model set, are computed when they are first read, and kept.

**Import order** (`import_changes.py`, `heap.py`). The import of one module may change an object of another one. Before
such an object is read for the first time, a byte search (`checkout.changing_files`) finds the modules that may change
it, and their slices for it are run in the order of the imports (`checkout.import_order`). Each leaves a version of the
object, which the modules after it in that order see. Of the modules that the checked one does not import, those count
that a program runs together with it (`checkout.starting_files`); if only some programs do, their changes hold under a
predicate. For one checked file, modules of up to `MAX_CHANGING` bytes in total are run, the smallest first.

**Entry points** (`exploration.py`, `entry_points.py`, `strategy.py`, `observations.py`). A run begins with the module's
own statements that lead to targets, and with each function that leads to a target and is not called in the module. Its
parameters have the values that the project's callers pass, or their defaults. `Strategy` holds the targets and their
slices, `Observations` the calls that were reached. For a target that no run reached, there is a second run, in which
names and attributes that are None at first have the values that other functions set (`later.py`). If that run does not
reach the target either, the target is dead code.

**Calls** (`calls.py`, `functions.py`). Calls are followed, not summarised: the callee's slice is run once for each call
string, with the caller's arguments and state. A recursive call is followed, up to `MAX_RECURSION` times, if no unknown
value decides whether it is made. The result of any other recursive call, or of a call deeper than `MAX_DEPTH`, is
unknown, and so is everything that the call may change. The body of a `with` is run where the generator function that
makes the context manager yields.

**Loops** (`loops.py`, `comprehensions.py`). A loop over known items is unrolled, up to `MAX_ROUNDS`. A `while` is run
round by round as long as its test is certainly true, then once more if it may be true. A loop over an unknown iterable
is run once, under a predicate; another path skips it.

**Exceptions** (`exceptions.py`, `attempts.py`). A `try` is an `Attempt` that collects the states in which its body
raises; its handlers begin with these states. An operation that may raise for an unknown reason does so under a
predicate of its own. An unhandled exception ends the path.

**Libraries** (`models/`, `models/stubs/`). A stub is Python source that the interpreter runs in place of a library. A
handler is written only for what a stub cannot express: strings, URLs, the environment, SQLAlchemy's objects.

**Approximations.** Too many alternatives may cause a missed alarm; too few may cause a false alarm.

* Over-approximated: alias classes (except through attributes of objects that the project does not define), the effects
  of an unknown callee whose result is not used (it may change all its arguments), values beyond a bound, and names that
  a slice leaves out (they are unknown).
* Under-approximated: a loop over an unknown iterable misses values that only arise in its second round. An unknown
  callee whose result is used is assumed to build that result and to change nothing; otherwise few programs could be
  checked. An environment variable that is set is assumed not to be empty; a fix is unsafe if this assumption leaves out
  a path (`emptiness.py`). If the environment may override a default, detection uses only the default (`for_detection`),
  and a fix uses all alternatives. When the import of a module changes objects of other modules, changes to class
  attributes are not found, nor are replacements of classes or changes by functions that pass the object on.

**How to support another construct of Python.**

1. *Lower it.* If it can be written with nodes that exist, lower it to these. Otherwise add a frozen node to
   `ir/expression_nodes.py` or `ir/statement_nodes.py`, and export it from `poolsafe.ir`. Then add two functions. The
   first one, in `_EXPRESSIONS` in `ir/lowering_expressions.py` or `_STATEMENTS` in `ir/lowering.py`, lowers the LibCST
   tree of an analysed file. The second one, in `ir/lowering_standard_expressions.py` or `ir/lowering_standard.py`,
   lowers the `ast` tree of a module that is only imported. `tests/ir` compares the results. An expression without an
   entry becomes `ir.Opaque`, whose value is unknown; a statement without one is dropped.
2. *Say what it does with names.* `ScopeReader` sees every expression below a statement through `ir.walk`, so most
   expressions need nothing there. Add a case to `_expression` if it binds a name or passes on an object, and to
   `aliases.carriers` if its value may be, or may contain, the object of one of its parts. A statement needs a case in
   `_read_statement` or `_compound` that fills in its `Line`. A missing entry here is unsound: the slice leaves out a
   change.
3. *Run it.* Add a handler to `_HANDLERS` in `expressions.py` (it returns a value) or in `statements.py` (it returns
   whether execution continues). Evaluate parts with `frame.evaluate`, follow imports with `force`, and handle every
   alternative: use `lift` for pure operations, and `for_each` if each alternative may change the state. For a branch,
   get the guards from `truth` and a layer from `State.branch`, and use `State.join` on the layers that continue. Report
   exceptions with `where_not_raising`, `raise_under` or `may_raise`. Return `frame.unknown(node, reason)` for what is
   unknown. An expression that can raise also goes into `_RAISING` in `exceptions.py`, and one that has effects as a
   statement of its own into `_WITH_EFFECT` in `statements.py`.
4. *Test it.* Add lines to the block of the mirroring test, such as `tests/inference/test_expressions.py`:
   `reveal(expression)  # value`, where `...` is an unknown value.
5. *Compare it with real execution.* Make a generator in `tests/oracle/` produce it, and run
   `python -m tests.oracle --programs 20000 --jobs 2`. That executes generated programs, and compares the findings and
   fixes with what happens.
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
    Condition,
    Constant,
    Derived,
    EnvironmentVariable,
    Guard,
    IsSet,
    IsTrue,
    Literal,
    Named,
    SchemeOf,
    Setting,
    Symbol,
    derived,
    literal,
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
    "Condition",
    "Const",
    "Constant",
    "Derived",
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
    "Named",
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
    "literal",
    "looks_like_scheme",
    "project_of",
    "restrict",
]
