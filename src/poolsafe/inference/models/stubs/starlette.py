"""Starlette's `Config`: variables of the environment and of an env file, converted by a cast."""

from poolsafe.primitives import environment_variable


class Secret:
    def __init__(self, value):
        self.value = value

    def __str__(self):
        return self.value


URL = Secret


class Config:
    def __init__(self, env_file=None, environ=None, env_prefix="", **options):
        self.env_prefix = env_prefix

    def get(self, key, cast=None, default=...):
        return environment_variable(self.env_prefix + key, default, cast)

    __call__ = get
