"""functools: `reduce`, which programs use to merge dicts."""


def reduce(function, iterable, *initial):
    result = ...
    for item in (*initial, *iterable):
        result = item if result is ... else function(result, item)
    return result
