"""The prediction service: from a request to an answer and a row in Postgres."""
