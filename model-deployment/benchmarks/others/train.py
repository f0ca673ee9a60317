"""Trains, for the other servers, a pipeline like the one whose export this service serves; runs in their environment.

python -m benchmarks.others.train FOLDER
"""

import sys

# pylint: disable=import-error,import-outside-toplevel  # these are in the other servers' environment, not in ours

ROWS = 6000
SEED = 0
CATEGORICAL = ["CourseCategory", "DeviceType"]
NUMERICAL = ["TimeSpentOnCourse", "NumberOfVideosWatched", "NumberOfQuizzesTaken"]
LEAVES = 8


def train(folder: str) -> None:
    """Saves the pipeline as MLflow's model, its rows being made up."""
    import mlflow
    import numpy as np
    import pandas as pd
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder
    from sklearn.tree import DecisionTreeClassifier

    chance = np.random.default_rng(SEED)
    rows = pd.DataFrame(
        {
            "CourseCategory": chance.choice(["Arts", "Business", "Health", "Programming", "Science"], ROWS),
            "DeviceType": chance.integers(0, 2, ROWS).astype(float),
            "TimeSpentOnCourse": chance.uniform(1, 100, ROWS),
            "NumberOfVideosWatched": chance.integers(0, 21, ROWS).astype(float),
            "NumberOfQuizzesTaken": chance.integers(0, 11, ROWS).astype(float),
        }
    )
    effort = rows["TimeSpentOnCourse"] / 100 + rows["NumberOfVideosWatched"] / 20 + rows["NumberOfQuizzesTaken"] / 10
    completed = (effort + chance.normal(0, 0.3, ROWS) > 1.6).astype(int)
    prepare = ColumnTransformer(
        [
            ("categorical", OneHotEncoder(handle_unknown="ignore"), CATEGORICAL),
            ("numerical", SimpleImputer(), NUMERICAL),
        ]
    )
    model = Pipeline(
        [("prepare", prepare), ("model", DecisionTreeClassifier(max_leaf_nodes=LEAVES, random_state=SEED))]
    )
    model.fit(rows, completed)
    mlflow.sklearn.save_model(
        model,
        folder,
        serialization_format="cloudpickle",
        signature=mlflow.models.infer_signature(rows, completed),
        pip_requirements=["scikit-learn"],
    )


if __name__ == "__main__":
    train(sys.argv[1])
