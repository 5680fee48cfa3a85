"""dependency-injector: providers, which call a given function with the given arguments."""

from poolsafe.primitives import environment_variable, unknown


class Provider:
    def __init__(self, provides, *args, **options):
        given = {name: provided(value) for name, value in options.items()}
        self.value = provides(*[provided(value) for value in args], **given)

    def __call__(self, *args, **options):
        return self.value

    @property
    def provided(self):
        return Provided(self.value)


class Provided(Provider):
    def __init__(self, value):
        self.value = value

    def __getattr__(self, name):
        return Provided(getattr(self.value, name))

    def __getitem__(self, name):
        return Provided(self.value[provided(name)])

    def call(self, *args, **options):
        return Provided(self.value(*args, **options))


class Option(Provider):
    def __init__(self, value):
        self.value = value

    def __getattr__(self, name):
        return Option(option(self.value, name))

    def __getitem__(self, name):
        return Option(option(self.value, provided(name)))


class Configuration(Option):
    """Reads an option by its name. One of the `from_…` methods sets all options."""

    def __init__(self, name=None, default=None, strict=False, pydantic_settings=None, **options):
        self.value = pydantic_settings[0] if pydantic_settings else default

    def from_pydantic(self, settings, **options):
        self.value = settings

    def from_dict(self, options, **rest):
        self.value = options

    def from_value(self, value):
        self.value = value

    def from_env(self, name, default=..., as_=None, required=False):
        self.value = environment_variable(name, default, as_)


def option(options, name):
    if options is None:
        return unknown("an option of a file")
    return options[name] if isinstance(options, dict) else getattr(options, name)


class Object(Provider):
    def __init__(self, value):
        self.value = value


def provided(value):
    return value() if isinstance(value, Provider) else value


Callable = Coroutine = Factory = Resource = Provider
Singleton = ThreadSafeSingleton = ThreadLocalSingleton = ContextLocalSingleton = Provider
