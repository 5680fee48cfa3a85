"""collections: the other kinds of dicts."""

from poolsafe.primitives import unknown


def OrderedDict(*mappings, **items):  # noqa: N802
    return dict(*mappings, **items)


def defaultdict(factory=None, *mappings, **items):
    return {**unknown("a default of a dict"), **dict(*mappings, **items)}


def ChainMap(*mappings):  # noqa: N802
    found = {}
    for one in reversed(mappings):
        found.update(one)
    return found
