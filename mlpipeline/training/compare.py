"""Runs the comparison of candidates as a Prefect flow, whose tasks go wherever TASK_RUNNER says."""

import pandas as pd
from prefect import flow, task, unmapped
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from training import features, reports, selection
from training.candidates import FAMILIES, CandidateName
from training.selection import Comparison
from training.settings import THREADS, Settings


class TaskRunnerMissing(Exception):
    """TASK_RUNNER names a Dask scheduler, and prefect-dask is not installed."""


def task_runner(settings: Settings) -> TaskRunner:
    """Threads of this process, one for each CPU, or the Dask cluster of a scheduler's address."""
    if settings.task_runner == THREADS:
        return ThreadPoolTaskRunner(max_workers=settings.workers)
    try:
        from prefect_dask import DaskTaskRunner  # pylint: disable=import-outside-toplevel
    except ImportError as error:
        raise TaskRunnerMissing(
            f"TASK_RUNNER is {settings.task_runner}, which needs prefect-dask. Install it in mlpipeline with: "
            'pipenv sync --categories "packages dask"'
        ) from error
    return DaskTaskRunner(address=settings.task_runner)


def compare_candidates(
    settings: Settings, rows: pd.DataFrame, names: tuple[CandidateName, ...], seed: int
) -> Comparison:
    """Compares these candidates on the training rows, on the task runner of the settings."""
    once_each = tuple(dict.fromkeys(names))  # twice the same folds would look like more certainty
    return compare.with_options(task_runner=task_runner(settings))(selection.sample(rows, seed), once_each, seed)


try_features = task(features.choose, name="try engineered features", cache_policy=NO_CACHE)
search = task(selection.search, name="search", task_run_name="search {family}, fold {fold}", cache_policy=NO_CACHE)
weigh = task(selection.weigh, name="weigh", task_run_name="weigh {tuned.family}", cache_policy=NO_CACHE)


@flow(name="compare-candidates", validate_parameters=False)
def compare(rows: pd.DataFrame, names: tuple[CandidateName, ...], seed: int) -> Comparison:
    """Chooses features for each kind of model, searches each family on each fold, and chooses and shows a candidate."""
    kinds = sorted({FAMILIES[name].kind for name in names})
    folds = selection.folds(rows, seed)
    tried = try_features.map(kinds, unmapped(rows), unmapped(folds), unmapped(seed)).result()
    contributions = [contribution for of_a_kind in tried for contribution in of_a_kind]
    jobs = [(name, fold) for name in names for fold in range(selection.FOLDS)]
    trials = search.map(
        [name for name, _ in jobs],
        [fold for _, fold in jobs],
        unmapped(rows),
        [selection.kept_features(contributions, name) for name, _ in jobs],
        unmapped(seed),
    ).result()
    tuned = selection.tune([trial for of_a_job in trials for trial in of_a_job])
    candidates = weigh.map(
        tuned, unmapped(rows), [selection.kept_features(contributions, found.family) for found in tuned], unmapped(seed)
    ).result()
    found = Comparison(candidates, selection.choose(candidates), contributions, len(rows))
    _show("candidates", reports.candidates_table(found), "Candidates, the best log loss first")
    _show("engineered-features", reports.contributions_table(contributions), "What each engineered feature brought")
    return found


def _show(key: str, table: pd.DataFrame, description: str) -> None:
    create_table_artifact(table.to_dict("records"), key=key, description=description)
