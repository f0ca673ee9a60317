"""Engagement data made up to have the properties of the real data, for when that cannot be had.

The rule and the figures are those measured on the public Kaggle dataset of 9,000 rows: features are uniform and
independent of each other; a student completes with a probability of 0.962 when at least four of five thresholds
are passed, and of 0.041 otherwise; 877 rows are exact copies of another row, all of them of students who did not
complete. That leaves 8,123 distinct rows, 44% of them completed.
"""

import numpy as np
import pandas as pd

from training import schema

ROWS = 9000
COPIES = 877
COMPLETES_IF_ENGAGED = 0.962
COMPLETES_OTHERWISE = 0.041


def generate(seed: int = 42, rows: int = ROWS, copies: int = COPIES) -> pd.DataFrame:
    """Makes `rows` rows, `copies` of them exact copies of another one, in random order.

    The same arguments always give the same rows. The columns are those of the real file.
    """
    random = np.random.default_rng(seed)
    data = pd.DataFrame(
        {
            "UserID": np.arange(1, rows + 1),
            "CourseCategory": random.choice(schema.COURSE_CATEGORIES, rows),
            "TimeSpentOnCourse": random.uniform(1, 100, rows).round(8),
            "NumberOfVideosWatched": random.integers(0, 21, rows),
            "NumberOfQuizzesTaken": random.integers(0, 11, rows),
            "QuizScores": random.uniform(50, 100, rows).round(8),
            "CompletionRate": random.uniform(0, 100, rows).round(8),
            "DeviceType": random.integers(0, 2, rows),
        }
    )
    thresholds_passed = (
        (data["TimeSpentOnCourse"] > 20).astype(int)
        + (data["NumberOfVideosWatched"] > 5)
        + (data["NumberOfQuizzesTaken"] > 3)
        + (data["QuizScores"] > 70)
        + (data["CompletionRate"] > 60)
    )
    probability = np.where(thresholds_passed >= 4, COMPLETES_IF_ENGAGED, COMPLETES_OTHERWISE)
    data["CourseCompletion"] = (random.random(rows) < probability).astype(int)
    dropouts = random.permutation(np.flatnonzero(data["CourseCompletion"] == 0))
    overwritten, copied = dropouts[:copies], dropouts[copies : 2 * copies]
    data.iloc[overwritten] = data.iloc[copied]
    return data.sample(frac=1, random_state=seed).reset_index(drop=True)
