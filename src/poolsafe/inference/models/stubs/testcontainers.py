"""testcontainers 4: databases that tests start in containers. There is no pooler in front of them."""

from poolsafe.primitives import direct_address


class PostgresContainer:
    def __init__(self, image="", port=5432, username=None, password=None, dbname=None, driver="psycopg2", **options):
        self.driver = driver

    def get_connection_url(self, host=None, **options):
        return connection_url(options.get("driver", self.driver))

    def __getattr__(self, name):
        # `start` and the many `with_…`
        return lambda *args, **options: self


def connection_url(driver):
    if driver is None:
        return f"postgresql://{direct_address()}"
    return f"postgresql+{driver}://{direct_address()}"
