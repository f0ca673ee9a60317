"""Versions, champions and rollbacks, in a real registry of MLflow (on SQLite)."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import mlflow
import pytest

import champion as program
from training import history, registry
from training.promotion import Comparison, Decision
from training.registry import Move, Registry, RegistryError
from training.settings import SERVICE, Settings

PROMOTED = Decision(True, "not worse than the champion", 0.01, comparison=Comparison(-0.002, -0.005, 0.001))
KEPT = Decision(False, "may be worse than the champion", 0.01, comparison=Comparison(0.02, 0.01, 0.03))


@pytest.fixture(name="tracking_uri", scope="module")
def _tracking_uri(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"


@pytest.fixture(name="settings")
def _settings(tracking_uri, request, tmp_path):
    mlflow.MlflowClient(tracking_uri).create_experiment(request.node.name, artifact_location=tmp_path.as_uri())
    return Settings(tracking_uri=tracking_uri, model_name=request.node.name, experiment=request.node.name)


@pytest.fixture(name="train")
def _train(settings):
    """A function that registers the model of a new run, with a decision."""
    client, known = mlflow.MlflowClient(settings.tracking_uri), Registry(settings)

    def train(decision=PROMOTED, run_id=None):
        experiment = client.get_experiment_by_name(settings.experiment)
        run_id = run_id or client.create_run(experiment.experiment_id).info.run_id
        champion = known.champion()
        decision = replace(decision, champion=champion and str(champion.version))
        return known.register(run_id, f"runs:/{run_id}/model", decision)[0], run_id

    return train


def _champion(settings):
    return int(Registry(settings).champion().version)


def test_before_the_first_model_there_is_nothing(settings):
    empty = Registry(settings)
    assert (empty.champion(), empty.versions(), empty.moves()) == (None, [], [])
    assert "has no versions" in history.table(empty)
    with pytest.raises(RegistryError, match="has no champion to go back from"):
        empty.roll_back()
    with pytest.raises(RegistryError, match="has no version 1; it has none"):
        empty.roll_back(1)


def test_the_decision_is_on_the_version_and_moves_the_champion_or_not(settings, train):
    train()
    train(KEPT)
    assert _champion(settings) == 1
    challenger, champion = Registry(settings).versions()
    assert challenger.tags["promotion.decision"] == "not promoted"
    assert challenger.tags["promotion.reason"] == "may be worse than the champion"
    assert float(challenger.tags["promotion.log_loss_high"]) == 0.03
    assert challenger.tags["promotion.against_version"] == "1"
    assert champion.tags["promotion.decision"] == "promoted"
    decided = datetime.fromisoformat(champion.tags["promotion.decided_at"])
    assert abs((datetime.now(UTC) - decided).total_seconds()) < 60


def test_registering_the_same_run_again_changes_nothing(settings, train):
    version, run_id = train()
    assert train(run_id=run_id)[0] == version
    assert len(Registry(settings).versions()) == len(Registry(settings).moves()) == 1


@pytest.mark.parametrize("lost", ["set_registered_model_alias", "set_registered_model_tag", "set_model_version_tag"])
def test_a_registration_that_is_cut_off_is_completed_by_doing_it_again(settings, train, monkeypatch, lost):
    train()
    monkeypatch.setattr(mlflow.MlflowClient, lost, lambda *_: (_ for _ in ()).throw(ConnectionError()))
    with pytest.raises(ConnectionError):
        train()
    monkeypatch.undo()
    # Whatever is cut off, no move is recorded that was not made, and going back leads to what was live before.
    assert [move.version for move in Registry(settings).moves()] == [1]
    cut_off = Registry(settings).versions()[0]
    Registry(settings).register(cut_off.run_id, "", replace(PROMOTED, champion="1"))
    assert (_champion(settings), len(Registry(settings).versions())) == (2, 2)
    assert [move.version for move in Registry(settings).moves()] == [1, 2]
    assert Registry(settings).versions()[0].tags["promotion.decision"] == "promoted"
    assert Registry(settings).roll_back().version == 1


def test_a_champion_that_came_in_the_meantime_stays(settings, train):
    known = Registry(settings)
    train()
    train()
    experiment = mlflow.MlflowClient(settings.tracking_uri).get_experiment_by_name(settings.experiment)
    run_id = mlflow.MlflowClient(settings.tracking_uri).create_run(experiment.experiment_id).info.run_id
    version, decision = known.register(run_id, f"runs:/{run_id}/model", replace(PROMOTED, champion="1"))
    assert (version, decision.promoted) == (3, False)
    assert _champion(settings) == 2
    assert known.versions()[0].tags["promotion.reason"] == "another model became champion in the meantime"


def test_rollback_goes_to_the_champion_before_and_then_to_the_one_before_that(settings, train):
    for decision in (PROMOTED, PROMOTED, KEPT, PROMOTED):
        train(decision)
    assert Registry(settings).roll_back().version == 2  # version 3 never was champion
    assert _champion(settings) == 2
    assert Registry(settings).roll_back().version == 1
    with pytest.raises(RegistryError, match="from before version 1"):
        Registry(settings).roll_back()
    assert Registry(settings).roll_back(3).version == 3
    assert _champion(settings) == 3
    with pytest.raises(RegistryError, match="has no version 9; it has 1, 2, 3, 4"):
        Registry(settings).roll_back(9)
    with pytest.raises(RegistryError, match="Version 3 .* is champion already"):
        Registry(settings).roll_back(3)
    assert [move.version for move in Registry(settings).moves()] == [1, 2, 4, 2, 1, 3]


def test_a_version_can_be_promoted_by_hand_where_there_is_no_champion(settings, train):
    train(replace(KEPT, reason="fails the behaviour checks"))
    assert Registry(settings).champion() is None
    assert Registry(settings).roll_back(1).why == "by hand, in place of none"
    assert _champion(settings) == 1


def test_a_version_whose_run_is_gone_does_not_become_champion(settings, train):
    """The service could not load it once its cache is empty."""
    _, run_id = train()
    train()
    mlflow.MlflowClient(settings.tracking_uri).delete_run(run_id)
    gc = [sys.executable, "-m", "mlflow", "gc", "--backend-store-uri", settings.tracking_uri, "--run-ids", run_id]
    subprocess.run(gc, check=True, env=os.environ | {"MLFLOW_TRACKING_URI": settings.tracking_uri})
    with pytest.raises(RegistryError, match=f"Version 1 of .* cannot be served: its run {run_id}"):
        Registry(settings).roll_back(1)
    assert _champion(settings) == 2


def test_rolling_back_and_listing_are_one_command(settings, train, monkeypatch, capsys):
    train()
    train()

    rolled_back = subprocess.run(
        [sys.executable, "champion.py", "rollback"],
        cwd=SERVICE,
        env={"TRACKING_URI": settings.tracking_uri, "MODEL_NAME": settings.model_name, "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert rolled_back.stdout.startswith(
        f"Version 1 of {settings.model_name} is champion (by hand, in place of version 2)"
    )
    # In this process, which has the libraries already.
    monkeypatch.setattr(sys, "argv", ["champion.py", "list"])
    monkeypatch.setenv("TRACKING_URI", settings.tracking_uri)
    monkeypatch.setenv("MODEL_NAME", settings.model_name)
    program.main()
    listed = capsys.readouterr().out
    time = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    assert re.search(rf"version 1, champion: run (.|\n)*champion {time} to {time}, not worse", listed)
    assert re.search(rf"champion {time} to now, by hand, in place of version 2\n", listed + "\n")


def test_going_to_a_version_that_was_not_promoted_says_why_it_was_not(settings, train, monkeypatch, capsys):
    train()
    refused, _ = train(KEPT)
    monkeypatch.setenv("TRACKING_URI", settings.tracking_uri)
    monkeypatch.setenv("MODEL_NAME", settings.model_name)
    for arguments, is_said in (([str(refused)], True), ([], False)):
        monkeypatch.setattr(sys, "argv", ["champion.py", "rollback", *arguments])
        program.main()
        said = capsys.readouterr().out
        assert ("It was not promoted when it was trained: may be worse than the champion." in said) is is_said


def test_the_list_names_the_data_of_each_version(settings, train):
    _, run_id = train()
    mlflow.MlflowClient(settings.tracking_uri).set_tag(run_id, "data.source", "synthetic")
    assert f"version 1, champion: run {run_id}, on synthetic\n" in history.table(Registry(settings))


def test_an_alias_that_was_moved_by_other_means_is_told(settings, train):
    train()
    train()
    mlflow.MlflowClient(settings.tracking_uri).set_registered_model_alias(settings.model_name, "champion", "1")
    assert "moved by other means" in history.table(Registry(settings))


@pytest.mark.parametrize(
    ("versions", "current", "before"),
    [([1], 1, []), ([1, 2], 2, [1]), ([1, 2, 3, 2], 2, [1]), ([1, 2, 1, 3], 3, [1]), ([1, 2, 3], 9, [1, 2, 3])],
)
def test_the_line_of_champions(versions, current, before):
    moves = [Move(datetime(2026, 1, day, tzinfo=UTC), version, "") for day, version in enumerate(versions, start=1)]
    assert registry.predecessors(moves, current) == before


def test_periods_follow_each_other():
    moves = [
        Move(datetime(2026, 1, day, tzinfo=UTC), version, why)
        for day, version, why in [(1, 1, "a"), (2, 2, "b"), (3, 1, "c")]
    ]
    assert history.live(moves) == {
        1: ["2026-01-01 00:00:00 to 2026-01-02 00:00:00, a", "2026-01-03 00:00:00 to now, c"],
        2: ["2026-01-02 00:00:00 to 2026-01-03 00:00:00, b"],
    }
