"""The description at /openapi.json: that it is one, of this model, and that the service keeps to it.

Schemathesis tries the latter with requests that the description allows, and with others. `make fuzz` sets
SCHEMATHESIS_CASES, how many are to be tried at least, and shows how many were; SCHEMATHESIS_SEED makes them others.
"""

import copy
import json
import os
import re
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
import schemathesis
from pydantic import SecretStr, ValidationError

from predict import create_app
from serving.activity import ActivityReader
from serving.openapi import description
from serving.outcomes import MOMENT
from serving.settings import Settings
from tests.conftest import MODEL_CACHE, RUN_ID

ASKED = int(os.environ.get("SCHEMATHESIS_CASES", "0"))
SEED = int(os.environ.get("SCHEMATHESIS_SEED", "1"))
# Shared by what has a body: three operations, with keys and without. The others have little to vary.
EXAMPLES = max(50, -(-ASKED // 6))
KEY = "k3y"
KEY_HASH = "a49b1287870c10a76f1f46552aca4431842ced5dedf0ee3f28ffa12855a4e86a"
FILES = {"/docs/<path:name>", "/static/<path:filename>"}  # parts of the pages
TRIED: Counter = Counter()
# Schemathesis makes tests of running services, so they run before there is a fixture.
FOLDER = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
hypothesis.configuration.set_hypothesis_home_dir(FOLDER.name)


def _app(folder, **settings):
    outbox = Path(folder) / "outbox"
    return create_app(
        Settings(run_id=RUN_ID, model_cache=MODEL_CACHE, outbox_dir=outbox, web_concurrency=1, **settings)
    )


def _may_be_ahead(written):
    return isinstance(written, str) and re.fullmatch(MOMENT, written) and written[:4] >= str(datetime.now(UTC).year)


def _described(app, name, refusals, **configured):
    """What a service says of itself, as Schemathesis reads it, all its checks on."""
    config = configured | {
        "seed": SEED,
        # The address in the description is relative; Schemathesis would ask for `predict` rather than `/predict`.
        "base-url": "http://localhost",
        "generation": {"max-examples": EXAMPLES, "database": ":memory:"},
        # Just what this service should answer, which is less than by default, but for 413.
        "checks": {
            "positive_data_acceptance": {"expected-statuses": [200]},
            "negative_data_rejection": {"expected-statuses": refusals},
        },
    }
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, config=schemathesis.Config.from_dict(config))

    # No pattern can say what time it is: times that may be ahead of it become others, of years with as many days.
    @schema.hook
    def map_body(_context, body):
        for one in body if isinstance(body, list) else [body]:
            if isinstance(one, dict) and _may_be_ahead(one.get("OccurredAt")):
                year, rest = one["OccurredAt"][:4], one["OccurredAt"][4:]
                one["OccurredAt"] = f"{1600 + int(year) % 400}{rest}"
        return body

    @schema.hook
    def after_call(_context, case, _response):
        TRIED[f"{case.operation.label}, {name}, {case.meta.generation.mode.value}"] += 1

    return schema


OPEN = _described(_app(f"{FOLDER.name}/open"), "for everyone", [400, 413, 422])
CLOSED = _described(
    _app(f"{FOLDER.name}/closed", api_keys=SecretStr(KEY_HASH)),
    "with a key",
    [400, 401, 413, 422],
    auth={"openapi": {"key": {"bearer": KEY}}},
)


@pytest.fixture(name="_count", scope="module", autouse=True)
def _count_cases(request):
    TRIED.clear()
    yield
    listed = "\n".join(f"{count:7,} {what}" for what, count in sorted(TRIED.items()))
    print(f"\n{TRIED.total():7,} cases tried, of seed {SEED}:\n{listed}")
    assert TRIED.total() >= ASKED or request.session.testsfailed


def _shows_nothing_of_the_inside(_context, response, case):
    """A check in addition to Schemathesis's own. What the client has sent may come back in errors and warnings."""
    sent = repr((case.path_parameters, case.query, case.headers, case.cookies, case.body))
    inside = ("Traceback", "site-packages", "serving/")
    assert not [word for word in inside if word in response.text and word not in sent]


@schemathesis.pytest.parametrize(open=OPEN, closed=CLOSED)
def test_what_is_described_is_accepted_and_nothing_else(case):
    case.call_and_validate(additional_checks=[_shows_nothing_of_the_inside])


def test_what_was_predicted_can_be_followed_by_what_happened(tmp_path):
    machine = _described(_app(tmp_path), "one after the other", [400, 413, 422]).as_state_machine()
    settings = hypothesis.settings(max_examples=EXAMPLES // 10, stateful_step_count=10, deadline=None, database=None)
    hypothesis.seed(SEED)(machine).run(settings=settings)
    predicted, happened = (
        set(re.findall(rb"[0-9a-f-]{36}", b"".join(path.read_bytes() for path in (tmp_path / "outbox").glob(segments))))
        for segments in ("*.features", "*.outcomes")
    )
    assert predicted & happened


def test_the_description_is_valid():
    OPEN.validate()
    CLOSED.validate()


def test_every_address_is_described(client):
    rules = [rule for rule in client.application.url_map.iter_rules() if rule.rule not in FILES]
    served = {(rule.rule, method.lower()) for rule in rules for method in rule.methods - {"HEAD", "OPTIONS"}}
    paths = client.get("/openapi.json").json["paths"]
    assert {(path, method) for path, operations in paths.items() for method in operations} == served


def test_what_is_described_to_need_a_key_does_and_nothing_else(settings):
    client = create_app(settings.model_copy(update={"api_keys": SecretStr(KEY_HASH)})).test_client()
    for path, operations in client.get("/openapi.json").json["paths"].items():
        for method, operation in operations.items():
            refused = client.open(path, method=method).status_code == 401
            assert refused == ("security" in operation) == ("401" in operation["responses"])


def test_without_keys_none_is_described(client):
    document = client.get("/openapi.json").json
    assert not any("security" in operation for path in document["paths"].values() for operation in path.values())


def test_activity_is_described_as_the_contract_has_it(client, model):
    activity = client.get("/openapi.json").json["components"]["schemas"]["Activity"]
    assert activity["required"] == ["UserID", *(feature["name"] for feature in model.contract["features"])]
    for feature in model.contract["features"]:
        described = activity["properties"][feature["name"]]
        is_numerical = feature["kind"] == "numerical"
        assert described["type"] == ([feature["type"], "null"] if is_numerical else feature["type"])
        assert described["examples"] == feature.get("categories", described["examples"])
        for bound in {"minimum", "maximum"} & set(feature):
            assert described[bound] == feature[bound]


def test_another_model_is_described_and_read_by_its_own_contract(model, request_body):
    contract = copy.deepcopy(model.contract)
    contract["student"]["name"] = "Learner"
    (quizzes,) = (feature for feature in contract["features"] if feature["name"] == "NumberOfQuizzesTaken")
    quizzes["maximum"] = 5
    (device,) = (feature for feature in contract["features"] if feature["name"] == "DeviceType")
    device["labels"] = ["mobile", "laptop"]
    quizzes["unit"] = "dozens"
    described = description(contract, needs_key=False)["components"]["schemas"]["Activity"]["properties"]
    assert described["Learner"] and "UserID" not in described
    assert described["NumberOfQuizzesTaken"]["maximum"] == 5
    assert described["DeviceType"]["description"].endswith("the answer has a warning. 0: mobile, 1: laptop")
    assert described["CourseCategory"]["description"].endswith("the answer has a warning.")
    assert described["NumberOfQuizzesTaken"]["description"] == "In dozens. Null where it is not known."
    assert described["NumberOfVideosWatched"]["description"] == "Null where it is not known."
    body = {**request_body, "Learner": 1, "NumberOfQuizzesTaken": 6}
    with pytest.raises(ValidationError, match="less than or equal to 5"):
        ActivityReader(contract).read(json.dumps(body).encode())
