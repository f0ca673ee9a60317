"""What is fetched of a training run, once, from an MLflow whose data is in files."""

from concurrent.futures import ThreadPoolExecutor

import mlflow
import pandas as pd
import pytest

from benchmarks.servers import free_port
from monitor.reference import CONTRACT, ROWS, MlflowUnavailable, ReferenceMissing, load
from tests import training
from tests.conftest import FEATURES, METRICS, students

TEST_ROWS = students(200, seed=0).rename(columns={"actual": "CourseCompletion"})


@pytest.fixture(name="uri", scope="module")
def _uri(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder}/mlflow.db"
    mlflow.MlflowClient(uri).create_experiment(training.EXPERIMENT, artifact_location=str(folder / "artifacts"))
    return uri


def _log(uri, **options):
    return training.log(uri, {"features": FEATURES}, TEST_ROWS, METRICS, **options)


@pytest.fixture(name="run_id", scope="module")
def _run_id(uri):
    return _log(uri)


@pytest.fixture(name="nobody")
def _nobody(monkeypatch):
    """The address of an MLflow that does not answer."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    return f"http://127.0.0.1:{free_port()}"


def test_contract_rows_metrics_and_experiment_are_those_of_the_run(uri, run_id, tmp_path):
    found = load(uri, tmp_path, run_id)
    assert found.features == FEATURES and found.metrics == METRICS
    assert found.names("categorical") == ["CourseCategory", "DeviceType"]
    assert found.experiment == mlflow.MlflowClient(uri).get_run(run_id).info.experiment_id
    pd.testing.assert_frame_equal(found.rows, TEST_ROWS)


def test_what_was_fetched_once_is_read_from_disk(uri, run_id, nobody, tmp_path):
    first = load(uri, tmp_path / "new" / "folder", run_id)
    again = load(nobody, tmp_path / "new" / "folder", run_id)
    assert (again.contract, again.metrics, again.experiment) == (first.contract, first.metrics, first.experiment)
    assert again.rows.equals(first.rows)


def test_several_that_fetch_at_once_leave_one_whole_folder(uri, run_id, tmp_path):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: load(uri, tmp_path, run_id), range(4)))
    assert len({len(one.rows) for one in found}) == 1
    assert [file.name for file in tmp_path.iterdir()] == [run_id]


def test_a_run_that_is_not_in_mlflow_is_missing_and_leaves_nothing(uri, tmp_path):
    for _ in range(2):
        with pytest.raises(ReferenceMissing, match="has no run 0123456789abcdef0123456789abcdef"):
            load(uri, tmp_path, "0123456789abcdef0123456789abcdef")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("file", [CONTRACT, ROWS])
def test_a_run_without_one_of_the_files_is_missing(uri, tmp_path, file):
    with pytest.raises(ReferenceMissing, match=f"has no {file}"):
        load(uri, tmp_path, _log(uri, without=file))
    assert not list(tmp_path.iterdir())


def test_a_run_that_is_marked_as_deleted_can_still_be_compared_with(uri, tmp_path):
    run_id = _log(uri)
    mlflow.MlflowClient(uri).delete_run(run_id)
    assert len(load(uri, tmp_path, run_id).rows) == len(TEST_ROWS)


def test_mlflow_away_is_another_fault_than_a_run_that_is_missing(nobody, run_id, tmp_path):
    with pytest.raises(MlflowUnavailable, match=f"did not give the reference of run {run_id}"):
        load(nobody, tmp_path, run_id)
    assert not list(tmp_path.iterdir())
