"""types: the object whose attributes are the keywords that it is created with, and the view of a dict."""


class SimpleNamespace:
    def __init__(self, /, **attributes):
        for name, value in attributes.items():
            setattr(self, name, value)


def MappingProxyType(mapping):  # noqa: N802
    return mapping
