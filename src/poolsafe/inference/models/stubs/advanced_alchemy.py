"""advanced-alchemy, and Litestar under the same names: configuration objects that create their own engine."""

from poolsafe.primitives import configured_engine


class EngineConfig:
    def __init__(self, **options):
        self.options = options


class SQLAlchemyAsyncConfig:
    def __init__(self, connection_string=None, engine_config=None, engine_instance=..., **options):
        if engine_instance is not ...:
            self.engine = engine_instance
        elif engine_config is None:
            self.engine = configured_engine(url=connection_string)
        else:
            self.engine = configured_engine(url=connection_string, **engine_config.options)

    def get_engine(self):
        return self.engine
