"""django-environ: environment variables, read with a cast or with a method for each type."""

from poolsafe.primitives import converted, environment_variable


class Env:
    def get_value(self, var, cast=None, default=..., **options):
        return environment_variable(var, default, cast)

    __call__ = get_value

    def str(self, var, default=..., multiline=False):
        return environment_variable(var, default)

    def int(self, var, default=...):
        return int(environment_variable(var, default))

    def float(self, var, default=...):
        return float(environment_variable(var, default))

    def parsed(self, var="DATABASE_URL", default=..., **options):
        return converted(environment_variable(var, default), "parsed")

    bool = json = url = db = parsed
