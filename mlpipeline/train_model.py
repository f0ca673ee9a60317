"""The training pipeline: the flow `run-pipeline`, from the engagement data to the champion model in MLflow."""

from functools import partial

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from training import evaluate, export, model, prepare, registry, source
from training.settings import Settings

# Every step is a task of its own, which the Prefect UI shows; the modules themselves know nothing of Prefect.
step = partial(task, cache_policy=NO_CACHE)
read_data = step(source.pull, name="read data")
drop_copies = step(prepare.drop_copies, name="drop copies")
split_by_student = step(prepare.split_by_student, name="split by student")
train = step(model.train, name="train")
predict = step(model.predict, name="predict")
measure_quality = step(evaluate.quality, name="evaluate")
measure_drift = step(evaluate.drift, name="measure drift")
export_to_onnx = step(export.to_onnx, name="export to ONNX")
save_reference = step(registry.save_reference, name="save reference data")
log_run = step(registry.log_run, name="log to MLflow")
register = step(registry.register, name="register champion")


@flow(name="run-pipeline")
def run_pipeline(data_source: str = "", fallback_to_synthetic: bool = False, seed: int = 42) -> dict:
    """Trains the model that predicts course completion, and registers it as champion.

    Args:
        data_source: kaggle, synthetic, or the path or URL of a CSV or parquet file. Left empty: what the worker's
            environment variable DATA_SOURCE says, or else kaggle.
        fallback_to_synthetic: Whether to go on with synthetic data when the source does not answer.
        seed: Seed of the split and of the model. The same data and seed give the same model.
    """
    settings, log = Settings(), get_run_logger()
    dataset = read_data(data_source or settings.data_source, settings.data_dir, fallback_to_synthetic)
    log.log(dataset.log_level, dataset.summary)
    rows = drop_copies(dataset.rows)
    splits = split_by_student(rows, seed)
    pipeline = train(splits.train, seed)
    predicted = predict(pipeline, splits)
    metrics = measure_quality(predicted.test) | measure_drift(predicted.validation, predicted.train)
    exported = export_to_onnx(pipeline, rows)
    reference = save_reference(predicted.validation, settings.monitoring_data_dir)
    logged = log_run(settings, registry.Trained(dataset, pipeline, exported, predicted, metrics, reference, seed))
    version = register(settings, logged)
    log.info("version %d of %s is champion: run %s, %s", version, settings.model_name, logged.run_id, metrics)
    return {"run_id": logged.run_id, "version": version, **metrics}


if __name__ == "__main__":
    run_pipeline()
