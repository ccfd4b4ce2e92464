"""Set-up of every test run: a throw-away state folder, a PostgreSQL, an append-only ledger.

Settings are named here and not in the pytest configuration: they must load after the state
folder is set.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, and nothing about the rule.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

if "PYTEST_XDIST_WORKER" not in os.environ:  # workers inherit the folder of their controller
    os.environ["MENGDING_DATA"] = tempfile.mkdtemp(prefix="mengding-tests-")
    os.mkdir(os.path.join(os.environ["MENGDING_DATA"], "static"))  # or WhiteNoise complains
    atexit.register(shutil.rmtree, os.environ["MENGDING_DATA"], ignore_errors=True)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mengding.settings")


def _let_tests_empty_the_ledger() -> None:
    """TransactionTestCase empties tables by TRUNCATE, which the ledger refuses, as it should.

    Only here, in the test process, the trigger is switched off around that one statement.
    """
    import django.db.models  # noqa: F401 - first: the next import alone is circular
    from django.db.backends.postgresql.operations import DatabaseOperations

    plain = DatabaseOperations.sql_flush

    def sql_flush(self: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        statements: list[str] = plain(self, style, tables, **options)
        if "ledger_event" not in tables:
            return statements
        switch = "ALTER TABLE ledger_event {} TRIGGER ledger_refuse_truncate"
        return [switch.format("DISABLE"), *statements, switch.format("ENABLE")]

    DatabaseOperations.sql_flush = sql_flush  # type: ignore[method-assign]


def pytest_configure(config: pytest.Config) -> None:
    """Runs once in each test process."""
    if not os.environ.get("DATABASE_URL"):
        raise pytest.UsageError(
            "DATABASE_URL 未设置：请用 make test，或指向一个 PostgreSQL / "
            "DATABASE_URL is not set: use `make test`, or point it to a PostgreSQL"
        )
    config.addinivalue_line("markers", "argon2: hashes passwords with the real, slow hasher")
    from django.conf import settings

    _ = settings.DATABASES  # loads the settings; pytest-django sets Django up once they are
    _let_tests_empty_the_ledger()


@pytest.fixture(autouse=True)
def _quick_passwords(request: pytest.FixtureRequest) -> Iterator[None]:
    """Argon2 is slow on purpose; tests of the hasher itself mark themselves `argon2`."""
    if request.node.get_closest_marker("argon2"):
        yield
        return
    with _md5():
        yield


@pytest.fixture(scope="session")
def pristine_world(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The migrated test database with the demo district in it: a template nobody writes to."""
    from django.conf import settings
    from django.db import connection

    from mengding.demo import actions as demo

    configured = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        # pytest-django makes the test database only when a collected test is marked `django_db`.
        own = configured == settings.DATABASES["default"]["NAME"] and not _is_test(configured)
        if own:
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        plain = connection.settings_dict["NAME"]
        name = f"{plain}_pristine"
        connection.close()
        _copy(plain, name)
        _switch(name)
        with _md5():
            demo.load(cases=False)
        _switch(plain)
    yield name
    with django_db_blocker.unblock():
        _admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        if own:
            connection.creation.destroy_test_db(configured, verbosity=0)


@pytest.fixture(scope="session")
def _world_database(pristine_world: str, django_db_blocker: Any) -> Iterator[str]:
    """The copy that most modules share, with whatever their races left behind."""
    name = pristine_world.removesuffix("_pristine") + "_world"
    with django_db_blocker.unblock():
        _copy(pristine_world, name)
    yield name
    with django_db_blocker.unblock():
        _admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _is_test(name: str) -> bool:
    from django.db import connection

    return name == connection.creation._get_test_db_name()


@pytest.fixture
def committed(django_db_blocker: Any) -> Iterator[None]:
    """Database access without a transaction around the test: what it does stays."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="module")
def world(_world_database: str, django_db_blocker: Any) -> Iterator[str]:
    """Run a module's tests in the demo district: `pytestmark = [usefixtures("world"), django_db]`.

    Tests with `django_db` roll back as usual. Races commit for real and leave their cases behind,
    which nobody minds: no test may assume an empty table here. Yields the database's name.
    """
    from django.db import connection

    plain = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        _switch(_world_database)
        yield _world_database
        _switch(plain)


@pytest.fixture(scope="module")
def fresh_world(pristine_world: str, django_db_blocker: Any) -> Iterator[str]:
    """As `world`, for a module that counts rows or expects to see only what it made itself."""
    from django.db import connection

    plain = connection.settings_dict["NAME"]
    name = pristine_world.removesuffix("_pristine") + "_fresh"
    with django_db_blocker.unblock():
        _copy(pristine_world, name)
        _switch(name)
        yield name
        _switch(plain)
        _admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _copy(template: str, name: str) -> None:
    """Make database `name` anew as a copy of `template`."""
    _admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    _admin(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def _switch(name: str) -> None:
    """Point Django at another database and forget what was read from the last one."""
    from django.db import connection

    from mengding.core.cache import forget_everything

    connection.close()
    connection.settings_dict["NAME"] = name
    forget_everything()


def _admin(statement: str) -> None:
    """Run one statement beside Django, where databases can be made and dropped."""
    from mengding.core.beside import connect

    with connect("postgres", autocommit=True) as other:
        other.execute(statement)


def _md5() -> Any:
    from django.test import override_settings

    return override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
