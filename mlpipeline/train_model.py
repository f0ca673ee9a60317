"""The training pipeline: the flow `run-pipeline`, from the engagement data to the champion model in MLflow."""

import argparse

from prefect import flow
from prefect.utilities.annotations import quote

from training import settings, steps
from training.candidates import ALL_CANDIDATES
from training.compare import compare_candidates
from training.parameters import Candidates, Margin, Probability, Seed, Share, Since
from training.prepare import SEED
from training.results import Training
from training.validate import MAX_QUARANTINED_SHARE


@flow(name="run-pipeline")
def run_pipeline(
    *,
    data_source: str = "",
    data_since: Since = None,
    fallback_to_synthetic: bool = False,
    seed: Seed = SEED,
    max_quarantined_share: Share = MAX_QUARANTINED_SHARE,
    candidates: Candidates = ALL_CANDIDATES,
    decision_threshold: Probability = 0.5,
    promotion_margin: Margin = 0.01,
) -> dict:
    """Trains the model that predicts course completion, and makes it champion unless it may be worse than that.

    Args:
        data_source: kaggle, synthetic, postgres (what was predicted and what came out), or the path or URL of a CSV or
            parquet file. Left empty: what the worker's environment variable DATA_SOURCE says, or else kaggle.
        data_since: For the source postgres: only predictions from this day, UTC, on. Left empty: all.
        fallback_to_synthetic: Whether to go on with synthetic data when the source does not answer.
        seed: Seed of the split and of the models. The same data and seed give the same model.
        max_quarantined_share: Share of the rows that may break the rules for data before the run fails.
        candidates: Kinds of models to compare.
        decision_threshold: Probability from which on a student is predicted to complete.
        promotion_margin: By how much the log loss may be worse than the champion's, at the upper end of the 95%
            interval of the difference, for the model to become champion.
    """
    found = settings.read()
    found.make_folders()
    steps.configure_mlflow()

    with steps.own_turn(found):
        dataset = steps.read_data(found, data_source, data_since, fallback_to_synthetic)
        checked = steps.validate_data(dataset, max_quarantined_share)
        splits = steps.split_by_student(checked.rows, seed)
        exploration = steps.explore_data(splits.train)

        comparison = compare_candidates(found, splits.train, candidates, seed)
        # Quoted, since Prefect's pages show no task that is noted to depend on a flow, and no list with one in it.
        trained = steps.train(quote(comparison), splits, decision_threshold, seed)
        evaluation = steps.evaluate_model(trained, seed)
        exported = steps.export_to_onnx(trained)

        logged = steps.log_run(
            found,
            quote(Training(dataset, checked, exploration, comparison, trained, exported, evaluation)),
            wait_for=[exported, evaluation],
        )
        decision = steps.decide_on_promotion(
            found, dataset, trained.splits.test, evaluation.checks, promotion_margin, seed
        )
        version, decision = steps.register(found, logged, decision)
        return {"run_id": logged.run_id, "version": version, "promoted": decision.promoted, **evaluation.metrics}


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    run_pipeline()
