"""argparse: the object that holds the parsed arguments, as programs create it themselves."""

from types import SimpleNamespace

Namespace = SimpleNamespace
