"""What a newcomer can do once everything is up."""

import json

from stack.addresses import Addresses
from stack.loop import SAMPLE_REQUEST


def text(addresses: Addresses, has_data_source: bool) -> str:
    """Three things, each with its command or address; with a data source of the user's, Kaggle is not asked."""
    how = (
        "Run and Quick run, which\n     reads your DATA_SOURCE again."
        if has_data_source
        else "Run and Custom run. Where Kaggle\n     cannot be reached, set data_source to synthetic."
    )
    return f"""
Three things to try:
  1. Ask for a prediction, in a browser at {addresses.web} or here:
     curl {addresses.web}/predict -d '{json.dumps(SAMPLE_REQUEST)}'
  2. Train again: open {addresses.prefect}/deployments, choose mlpipeline, then {how}
     If the new model becomes champion, it is served within a minute.
  3. Look around: {addresses.mlflow_ui} shows each training run with its
     model and pictures, {addresses.prefect}/runs each flow run with its steps and logs.

Ctrl-C stops everything and keeps what was made."""
