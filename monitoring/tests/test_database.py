"""How the connection to Postgres is made."""

from sqlalchemy import text

from monitor import database
from monitor.settings import Settings


def test_an_empty_password_is_looked_up_at_each_new_connection(empty_database, tmp_path, monkeypatch):
    given = {name.lower(): value for name, value in empty_database.items()}
    passfile = tmp_path / "passfile"
    monkeypatch.setenv("PGPASSFILE", str(passfile))
    engine = database.connect(Settings(**given | {"db_password": ""}))
    passfile.write_text(f"*:*:*:*:{given['db_password']}\n", encoding="utf-8")  # later than the engine
    passfile.chmod(0o600)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT current_user")).scalar() == given["db_user"]
    engine.dispose()
