# Runs in Postgres' container, once, when its volume is empty: the role of the services, and the database that it owns. It
# may make roles, for grafana_reader.py makes Grafana's.
: "${DB_PASSWORD:?is empty: choose the password of the services}"
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set user="$DB_USER" --set database="$DB_NAME" --set password="$DB_PASSWORD" <<'SQL'
CREATE ROLE :"user" LOGIN CREATEROLE PASSWORD :'password';
CREATE DATABASE :"database" OWNER :"user";
REVOKE CONNECT ON DATABASE :"database" FROM PUBLIC;
SQL
