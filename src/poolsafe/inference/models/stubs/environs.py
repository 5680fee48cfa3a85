"""environs: environment variables, read with a method for each type."""

from poolsafe.primitives import converted, environment_variable


class Env:
    def __call__(self, name, default=..., **options):
        return environment_variable(name, default)

    def str(self, name, default=..., **options):
        return environment_variable(name, default)

    def int(self, name, default=..., **options):
        return int(environment_variable(name, default))

    def float(self, name, default=..., **options):
        return float(environment_variable(name, default))

    def parsed(self, name, default=..., **options):
        return converted(environment_variable(name, default), "parsed")

    bool = json = url = parsed
