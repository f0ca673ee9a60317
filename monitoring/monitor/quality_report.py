"""Evidently's HTML report on predictions whose outcome is known."""

from pathlib import Path

import pandas as pd

from monitor.outcomes import ACTUAL
from monitor.predictions import PREDICTION, PROBABILITY


def write(known: pd.DataFrame, html: Path) -> None:
    """Writes it to the file `html`; `known` is as `outcomes.known` gives it, with outcomes of both classes."""
    # Imported where it is used: it takes 5 s, which registering the deployment would spend for nothing.
    from evidently import (  # pylint: disable=import-outside-toplevel
        BinaryClassification,
        DataDefinition,
        Dataset,
        Report,
    )
    from evidently.presets import ClassificationPreset  # pylint: disable=import-outside-toplevel

    classes = BinaryClassification(
        target=ACTUAL, prediction_labels=PREDICTION, prediction_probas=PROBABILITY, pos_label=1
    )
    definition = DataDefinition(
        classification=[classes], categorical_columns=[ACTUAL, PREDICTION], numerical_columns=[PROBABILITY]
    )
    current = Dataset.from_pandas(known[[ACTUAL, PREDICTION, PROBABILITY]], data_definition=definition)
    Report([ClassificationPreset()]).run(current, None).save_html(str(html))
