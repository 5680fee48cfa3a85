"""Calls to the project's functions: binds parameters, runs the body and joins the returned values."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from poolsafe import ir
from poolsafe.inference.annotations import by_annotation, typed
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.classes import is_configuration
from poolsafe.inference.context import Exit, Frame
from poolsafe.inference.effects import blur_arguments, may_stop
from poolsafe.inference.exceptions import NEVER_RETURNING
from poolsafe.inference.heap import Slot
from poolsafe.inference.lattice import alternatives, choose, is_parameter, lift, may_be_absent, or_before, when
from poolsafe.inference.names import force
from poolsafe.inference.objects import Dependency, GeneratorObject, LibraryAttribute, LibraryResult, TextClause
from poolsafe.inference.reasons import Reason
from poolsafe.inference.slices import Use
from poolsafe.inference.state import State
from poolsafe.inference.symbols import ALWAYS, Guard, Parameter, derived
from poolsafe.inference.values import (
    Absent,
    Class,
    Const,
    Function,
    Instance,
    Library,
    MappingRef,
    Partial,
    Pending,
    Sequence,
    Unknown,
    Value,
    is_raising,
    raising,
)

MAX_NARROWED = 4  # a caller keeps this many guards of its callee's path condition


def use_of(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Use:
    """Returns which part of its callee a call needs.

    A callee that receives a callable may call it on the way to a target, so it is never run for its targets alone.
    """
    if node is None:
        return Use.VALUE
    given = (*arguments.positional, *arguments.keywords.values())
    if _only_leads(frame, node) and not any(_may_be_called(frame, value) for value in given):
        return Use.TARGETS
    return Use.EFFECTS if node.discarded else Use.VALUE


def is_aside(frame: Frame, function: Function, use: Use) -> bool:
    """Returns whether a call is only needed for the targets that it leads to, and it leads to none."""
    if use is not Use.TARGETS or function.module.is_stub or may_stop(function):
        return False
    around = [one.node for one in function.decorators if isinstance(one, Function)]
    return not any(map(frame.run.strategy.leads_to_target, [function.node, *around]))


def _only_leads(frame: Frame, node: ir.Call) -> bool:
    statement = frame.statement
    if frame.slice is None or frame.run.strategy.shallow or statement not in frame.slice.leading:
        return False
    match statement:
        case ir.Assign(value=value) | ir.Evaluate(value=value) | ir.Return(value=value) | ir.Raise(exception=value):
            value = value.value if isinstance(value, ir.Await) else value
            return value is not None and _stands_for(frame, _exit_code(frame, value) or value, node)
    return False


def _stands_for(frame: Frame, value: ir.Expression, node: ir.Call) -> bool:
    """Returns whether an expression is a call, or runs the coroutine that it returns."""
    return value is node or _runs(frame, value, node)


def _exit_code(frame: Frame, node: ir.Expression) -> ir.Expression | None:
    """Returns the argument of `sys.exit(code)`, `SystemExit(code)` or an equivalent, or None. Nothing reads it."""
    if not isinstance(node, ir.Call) or len(node.arguments) != 1 or ir.last_name(node.callee) not in _EXITING:
        return None
    callee = force(frame, frame.evaluate(node.callee))
    is_exit = isinstance(callee, Library) and (callee.name in NEVER_RETURNING or callee.name == "builtins.SystemExit")
    return node.arguments[0].value if is_exit else None


_EXITING = frozenset(name.rpartition(".")[2] for name in (*NEVER_RETURNING, "SystemExit"))


def _runs(frame: Frame, node: ir.Expression, coroutine: ir.Call) -> bool:
    """Returns whether an expression is `asyncio.run(coroutine)` or an equivalent, for this coroutine."""
    if not isinstance(node, ir.Call) or not any(one.value is coroutine for one in node.arguments):
        return False
    callee = node.callee
    if not isinstance(callee, ir.Attribute) or callee.name not in _RUNNING:
        return False
    is_method = callee.name in ("create_task", "run_until_complete")
    return is_method or (isinstance(callee.value, ir.Name) and callee.value.id in frame.module.library_names)


_RUNNING = frozenset({"create_task", "ensure_future", "gather", "run", "run_until_complete", "shield", "wait_for"})


def _may_be_called(frame: Frame, value: Value, depth: int = 2) -> bool:
    for _, single in alternatives(value):
        if isinstance(single, (Class, Function, Instance, Partial, Pending)):
            return True
        inside: Iterable[Value] = ()
        if isinstance(single, MappingRef):
            inside = frame.content(single).items.values()
        elif isinstance(single, Sequence):
            inside = single.items
        if depth and any(_may_be_called(frame, one, depth - 1) for one in inside):
            return True
    return False


def call_function(
    frame: Frame,
    function: Function,
    arguments: Arguments,
    use: Use = Use.VALUE,
    suspended: Callable[[Frame, Value], None] | None = None,
) -> Value:
    """Runs a function of the project with these arguments. Returns its result. For `suspended`, see `Frame`.

    The result is unknown if the call is recursive, too deep or not needed, or if the budget is used up.
    """
    if not frame.run.budget.spend():
        return Unknown(Reason.BUDGET)
    if function.module.is_stub:
        use = Use.VALUE
    elif frame.run.strategy.shallow and len(frame.run.active) > 1 and not _leads_to_sql(frame, function, arguments):
        return Unknown("a call that poolsafe does not follow for SQL", derived("shallow", function.node))
    elif frame.run.answers.changing and _leads_to_checked(frame, function):
        # What it changes, such as a global that holds the engine, is so only after the target has been run.
        return Unknown("a call that leads to what is checked", derived("checked", function.node))
    with frame.run.entered(function.node, frame.path) as allowed:
        if not allowed:
            blur_arguments(frame, function, arguments)
            return Unknown("a recursive call", derived("recursion", function.node))
        return force(frame, _run(frame, function, arguments, use, suspended))


def _leads_to_checked(frame: Frame, function: Function) -> bool:
    return function.module is frame.run.entry and frame.run.strategy.leads_to_target(function.node)


def _leads_to_sql(frame: Frame, function: Function, arguments: Arguments) -> bool:
    strategy = frame.run.strategy
    if strategy.leads_to_target(function.node) or id(function.node.origin) in strategy.wanted_results:
        return True
    given = (*arguments.positional, *arguments.keywords.values())
    return any(isinstance(single, TextClause) for value in given for _, single in alternatives(value))


def _run(
    frame: Frame,
    function: Function,
    arguments: Arguments,
    use: Use,
    suspended: Callable[[Frame, Value], None] | None,
) -> Value:
    before = frame.state
    entry = before.layer()
    inner = Frame(
        run=frame.run,
        module=function.module,
        number=frame.address(),
        parents=function.parents,
        state=entry,
        entry=entry,
        depth=frame.depth + 1,
        cls=function.owner,
        self_value=function.bound,
        program=(frame.program or frame) if function.module.is_stub else None,
        suspended=suspended,
    )
    node = function.node
    if frame.run.observations.observer is not None:
        frame.run.observations.run_functions.add(id(node.origin))
        if isinstance(function.bound, Instance):
            frame.run.observations.run_on.add((id(node.origin), function.bound.address))
    if isinstance(node, ir.FunctionDef):
        inner.slice = frame.run.strategy.slice_of(function.module, node, use)
        inner.for_value = use is Use.VALUE
        frame.run.strategy.local_names[inner.number] = inner.slice.locals
    _bind_parameters(inner, function, arguments)
    if isinstance(node, ir.Lambda):
        inner.exits.append(Exit(inner.state.flattened(before), inner.evaluate(node.body)))
        inner.exits[-1] = Exit(inner.state.flattened(before), inner.exits[-1].value)
    elif inner.execute(node.body.statements):
        # Without steps left, execution has not really reached the end.
        end = Unknown(Reason.BUDGET) if frame.run.budget.exhausted else Const(None)
        inner.exits.append(Exit(inner.state.flattened(before), end))
    result = _leave(frame, inner, before, node)
    if use is Use.VALUE and isinstance(node, ir.FunctionDef) and inner.exits and _is_out_of_sight(result):
        return _annotated_result(frame, inner, node) or result
    return result


def _is_out_of_sight(result: Value) -> bool:
    """Returns whether nothing is known about a result, whatever the arguments are."""
    if isinstance(result, (LibraryResult, LibraryAttribute)):
        return True
    return isinstance(result, Unknown) and not is_raising(result) and not is_parameter(result) and not result.override


def _annotated_result(frame: Frame, inner: Frame, node: ir.FunctionDef) -> Value | None:
    """Returns an instance of the settings class or model that a function is annotated to return, or None."""
    if node.result is None:
        return None
    inner.state = frame.state
    return by_annotation(inner, node.result, is_configuration)


def _leave(frame: Frame, inner: Frame, before: State, node: ir.FunctionDef | ir.Lambda) -> Value:
    frame.raised = frame.raised or inner.raised
    if not inner.exits:
        receiver = inner.self_value
        if isinstance(receiver, Instance) and receiver.address in frame.run.heap.made_elsewhere:
            # A subclass may override the method, and has to if the method only raises.
            return Unknown("a method that another class may override", derived("never", inner.number))
        left = inner.raised or inner.suspended is not None  # or by the body of the `with` that it runs
        frame.aborted = frame.aborted or (left and not inner.yields)
        return Unknown("a function that never returns", derived("never", inner.number))
    # If the function may have raised, its caller continues under the guards of the returns, or under what they share.
    path, own = before.path, before.own
    if (
        not inner.yields
        and inner.suspended is None
        and isinstance(node, ir.FunctionDef)
        and not inner.module.scope_of(node).is_captured
    ):
        for one in inner.exits:
            one.state.forget_names(inner.number)
    before.join([one.state for one in inner.exits], whole=not inner.raised)
    if len(before.path) > max(MAX_NARROWED, len(path)):
        common = frozenset.intersection(*before.own)
        before.path, before.own = path, own
        before.narrow([common])
    if inner.yields:
        items = lift(yielded, before.get(yields_slot(inner)))
        return GeneratorObject(lift(_first, items), items)
    if len(inner.exits) == 1:
        return inner.exits[0].value
    options: list[tuple[Guard, Value]] = []
    for one in inner.exits:
        options += [(guard, one.value) for guard in one.state.own]
    return choose(options)


def yields_slot(frame: Frame) -> Slot:
    """Returns the slot of the values that a generator has yielded so far: a sequence on each path."""
    return ("name", frame.number, "yield")


def yielded(yields: Value) -> Sequence:
    """Returns the sequence that one alternative of the slot of `yields_slot` stands for.

    Of too many alternatives, the slot keeps some and an unknown value for the rest.
    """
    if isinstance(yields, Sequence):
        return yields
    return Sequence(()) if isinstance(yields, Absent) else Sequence((yields,), open=True)


def _first(yields: Value) -> Value:
    """Returns the first item of a generator, or any of its items if some of them are uncertain."""
    assert isinstance(yields, Sequence)
    if not yields.open:
        return yields.items[0] if yields.items else raising("an item of an empty generator")
    return choose((ALWAYS, value) for value in yields.items) if yields.items else Unknown("an item of a generator")


def _bind_parameters(inner: Frame, function: Function, arguments: Arguments) -> None:
    positional = list(arguments.positional)
    keywords = dict(arguments.keywords)
    if function.bound is not None:
        positional.insert(0, function.bound)
    for param in function.node.parameters:
        name = param.name
        value: Value
        if param.kind == "*":
            value = Sequence(tuple(force(inner, one) for one in positional), "tuple", arguments.open_positional)
            if arguments.open_keywords is Reason.NO_CALLER and not positional:
                value = _or_given(inner, name, value, Reason.NO_CALLER)
        elif param.kind == "**":
            content = {key: force(inner, one) for key, one in keywords.items()}
            value = inner.new_mapping(content, arguments.open_keywords)
        elif param.kind != "keyword" and positional:
            value = positional.pop(0)
        elif name in keywords:
            value = keywords.pop(name)
            if may_be_absent(value):
                value = or_before(value, _missing(inner, function, param, Arguments()))
        elif param.kind != "keyword" and arguments.open_positional:
            value = inner.unknown(param, f"the parameter `{name}` may come from `*args`")
        else:
            if inner.slice is not None and name not in inner.slice.read:
                continue
            value = _missing(inner, function, param, arguments)
        _set(inner, name, value)


def _set(inner: Frame, name: str, value: Value) -> None:
    inner.state.set(("name", inner.number, name), value)


def _missing(inner: Frame, function: Function, param: ir.Parameter, arguments: Arguments) -> Value:
    """Returns the value of a parameter without an argument: its default, or an unknown value of the annotated type."""
    name = param.name
    default = function.defaults.get(name)
    if isinstance(default, Dependency):
        return typed(inner, param.annotation, default, name)
    if default is None:
        value = typed(inner, param.annotation, None, name)
        return inner.run.models.parameter(inner, function, param, value)
    if arguments.open_keywords is not None:
        return _or_given(inner, name, default, arguments.open_keywords)
    return default


def _or_given(inner: Frame, name: str, default: Value, reason: str) -> Value:
    """Returns the default of a parameter, or an unknown value that a caller may pass, with this reason."""
    unknown = Unknown(reason, Parameter(inner.number, name), override=True)
    return when(derived("given", inner.number, name), unknown, default)


def parameter_defaults(frame: Frame, parameters: tuple[ir.Parameter, ...]) -> dict[str, Value]:
    """Returns the defaults of parameters, evaluated in the frame that defines the function."""
    return {one.name: frame.evaluate(one.default) for one in parameters if one.default is not None}
