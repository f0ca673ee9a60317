"""A stand-in for how the original service worked: the pipeline through a DataFrame, and for each request three new
connections to Postgres which each make sure that the table is there, the last one inserting the row."""

import os
from datetime import UTC, datetime

import psycopg2
from flask import Flask, jsonify, request

# pylint: disable=import-error,import-outside-toplevel  # these are in the other servers' environment, not in ours

FEATURES = ["CourseCategory", "DeviceType", "TimeSpentOnCourse", "NumberOfVideosWatched", "NumberOfQuizzesTaken"]
CONNECTIONS = 3
TABLE = """
    CREATE TABLE IF NOT EXISTS features (
        "timestamp" TIMESTAMP, user_id BIGINT, course_category VARCHAR(100), device_type INTEGER,
        time_spent_on_course FLOAT, number_of_videos_watched INTEGER, number_of_quizzes_taken INTEGER,
        prediction INTEGER
    )
"""
INSERT = "INSERT INTO features VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"


def create_app() -> Flask:
    """The service; the environment names the model's folder and the database."""
    import mlflow
    import pandas as pd

    app = Flask(__name__)
    model = mlflow.sklearn.load_model(os.environ["MODEL"])

    @app.post("/predict")
    def _predict():
        student = request.get_json()
        label = int(model.predict(pd.DataFrame([student])[FEATURES])[0])
        for _ in range(CONNECTIONS - 1):
            _connect().close()
        connection = _connect()
        with connection, connection.cursor() as cursor:
            features = [student[name] for name in FEATURES]
            cursor.execute(INSERT, (datetime.now(UTC), student["UserID"], *features, label))
        connection.close()
        return jsonify(CourseCompletion=label)

    return app


def _connect():
    named = {"host": "DB_HOST", "port": "DB_PORT", "user": "DB_USER", "password": "DB_PASSWORD", "dbname": "DB_NAME"}
    connection = psycopg2.connect(**{name: os.environ[variable] for name, variable in named.items()})
    with connection, connection.cursor() as cursor:
        cursor.execute(TABLE)
    return connection
