# Runs after 1-course.sh: a role and a database of its own for MLflow and for Prefect, where they keep theirs here.
for name in mlflow prefect; do
    password=$(printenv "$(echo $name | tr '[:lower:]' '[:upper:]')_DB_PASSWORD")
    psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
        --set name="$name" --set password="${password:?is empty: choose a password for $name}" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
SQL
done
