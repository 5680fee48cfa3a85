"""types: the object whose attributes are the keywords that it is created with."""


class SimpleNamespace:
    def __init__(self, /, **attributes):
        for name, value in attributes.items():
            setattr(self, name, value)
