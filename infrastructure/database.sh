#!/bin/sh
# Makes the roles and databases in RDS, once; again changes nothing: infrastructure/tunnel.sh database 5433 -- infrastructure/database.sh
# Needs psql, aws and python3, and the right to read the administrator's password in Secrets Manager. Without a tunnel it goes
# to the database itself. PGSSLROOTCERT names AWS' certificates; left empty, they are fetched. What Terraform's outputs say may
# be given instead: DATABASE_HOST, DATABASE_PORT, DATABASE_SECRET_ARN, AWS_REGION.
set -eu
where=$(cd "$(dirname "$0")" && pwd)
output() {
    terraform "-chdir=$where" output -raw "$1"
}
for program in psql aws python3 curl; do
    command -v "$program" >/dev/null || { echo "database.sh: $program is not installed." >&2; exit 2; }
done
host=${DATABASE_HOST:-$(output database_host)}
port=${DATABASE_PORT:-5432}
region=${AWS_REGION:-$(output region)}
secret=${DATABASE_SECRET_ARN:-$(output database_secret_arn)}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -z "${PGSSLROOTCERT:-}" ]; then
    PGSSLROOTCERT=$work/rds-ca.pem
    curl --fail --silent --show-error --output "$PGSSLROOTCERT" "https://truststore.pki.rds.amazonaws.com/$region/$region-bundle.pem"
fi
# Through a tunnel, the certificate is still the one of the database, by its name.
[ -z "${TUNNEL_PORT:-}" ] || { port=$TUNNEL_PORT; PGHOSTADDR=127.0.0.1; export PGHOSTADDR; }
value_of() {
    aws secretsmanager get-secret-value --region "$region" --secret-id "$secret" --query SecretString --output text \
        | python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}
PGUSER=$(value_of username)
PGPASSWORD=$(value_of password)
PGHOST=$host PGPORT=$port PGDATABASE=postgres PGSSLMODE=verify-full
export PGUSER PGPASSWORD PGHOST PGPORT PGDATABASE PGSSLMODE PGSSLROOTCERT

psql --no-psqlrc --quiet --tuples-only --set ON_ERROR_STOP=1 <<'SQL'
SET client_min_messages = warning;
CREATE TEMPORARY TABLE wanted AS SELECT * FROM (VALUES ('mlops', 'course'), ('mlflow', 'mlflow'), ('prefect', 'prefect')) AS wanted (role, database);
SELECT format('CREATE ROLE %I LOGIN', role) FROM wanted WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
-- grafana_reader.py makes Grafana's.
ALTER ROLE mlops CREATEROLE;

-- Only a member of a role may make it an owner. But a member of a role that signs in by IAM has to sign in by IAM too, and this
-- administrator has a password: it is a member no longer than that takes.
CREATE TEMPORARY TABLE unfinished AS
    SELECT wanted.*, datname IS NULL AS missing
    FROM wanted LEFT JOIN pg_database ON datname = database
    WHERE datname IS NULL OR has_database_privilege('public', datname, 'CONNECT');
SELECT format(statement, role, database) FROM unfinished, unnest(ARRAY[
    'GRANT %1$I TO CURRENT_USER',
    CASE WHEN missing THEN 'CREATE DATABASE %2$I OWNER %1$I' END,
    'REVOKE CONNECT ON DATABASE %2$I FROM PUBLIC',
    'REVOKE %1$I FROM CURRENT_USER'
]) WITH ORDINALITY AS statements (statement, nth) WHERE statement IS NOT NULL ORDER BY role, nth \gexec
SELECT format('GRANT rds_iam TO %I', role) FROM wanted WHERE NOT pg_has_role(role, 'rds_iam', 'MEMBER') \gexec

\echo Roles and databases:
SELECT format('%s owns %s', pg_get_userbyid(datdba), datname) FROM pg_database JOIN wanted ON datname = database ORDER BY 1;
SQL
