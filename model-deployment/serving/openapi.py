"""Describes the service as OpenAPI 3.1, for the model it serves."""

from serving.activity import BOUNDS, LIMITS, MAX_ROWS
from serving.outcomes import MOMENT, UUID
from serving.problems import CONTENT_TYPE

EXAMPLES: dict[str, object] = {"string": "other", "integer": 1, "number": 42.238989}
PROBLEMS = {
    "400": "The body is no JSON, nested more than 200 levels deep, or was cut off",
    "401": "No API key, or one that is not known",
    "413": f"More than 8 MiB, or more than {MAX_ROWS} rows",
    "422": "A field is missing or wrong; all of them are named",
    "503": "It could not be recorded, so it was not carried out",
}
REQUEST_ID = {
    "name": "X-Request-ID",
    "in": "header",
    "required": False,
    "description": "Comes back in the answer and in the log if it is 1 to 64 letters, digits, dots, underscores or "
    "hyphens. A new one is made where it is not.",
    "schema": {"type": "string"},
}
HEADERS = {"X-Request-ID": {"required": True, "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}}}
MORE_HEADERS = {
    "401": {"WWW-Authenticate": {"required": True, "schema": {"type": "string", "const": "Bearer"}}},
    "503": {"Retry-After": {"description": "Seconds", "schema": {"type": "integer", "minimum": 0}}},
}
STUDENT = {"minimum": 0, "maximum": 2**63 - 1, "examples": [6001]}


def description(contract: dict, needs_key: bool) -> dict:
    """The document of /openapi.json."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Online course completion prediction",
            "version": "1",
            "description": "Predicts whether a student will complete a course. Every answer is recorded.",
        },
        "servers": [{"url": "."}],
        "paths": {
            "/predict": {"post": _predict(needs_key)},
            "/outcomes": {"post": _outcomes(needs_key)},
            "/model": {"get": _get("The model that is served", "Its run, version, features and metrics", MODEL)},
            "/health/live": {"get": _get("Whether the process answers", "It does", LIVE)},
            "/health/ready": {"get": _ready("Whether predictions can be asked for")},
            "/health": {"get": _ready("As /health/ready, for older clients")},
            "/metrics": {"get": _get("Metrics for Prometheus", "Counts of all processes", TEXT, "text/plain")},
            "/openapi.json": {"get": _get("This description", "An OpenAPI document", {"type": "object"})},
            "/docs": {"get": _get("This description, to read and try out", "A page", TEXT, "text/html")},
            "/": {
                "get": _get("A form to predict with", "A page", TEXT, "text/html"),
                "post": _predict(needs_key)
                | {"summary": "As /predict, for older clients", "operationId": "predict_at_root"},
            },
        },
        "components": {
            "schemas": {
                "Activity": _activity(contract),
                "Prediction": _prediction(contract),
                "Outcome": OUTCOME,
                "Problem": PROBLEM,
            },
            **({"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}} if needs_key else {}),
        },
    }


def _predict(needs_key: bool) -> dict:
    described = _post(
        "Predict for one student, or for many", "predict", "Activity", _one_or_many("Prediction"), needs_key
    )
    described["responses"]["200"]["links"] = {
        "outcome": {
            "operationId": "outcomes",
            "requestBody": {"PredictionID": "$response.body#/PredictionID"},
            "description": "What became of the student, once that is known.",
        }
    }
    return described


def _outcomes(needs_key: bool) -> dict:
    recorded = _object(Recorded={"type": "integer", "minimum": 1})
    return _post("Tell what really happened to one student, or to many", "outcomes", "Outcome", recorded, needs_key)


def _post(summary: str, operation: str, taken: str, given: dict, needs_key: bool) -> dict:
    return {
        "summary": summary,
        "operationId": operation,
        "parameters": [REQUEST_ID],
        "requestBody": {
            "required": True,
            "description": "JSON in UTF-8, whatever its Content-Type says.",
            "content": {"application/json": {"schema": _one_or_many(taken)}},
        },
        "responses": {
            "200": _answer("Done", given),
            **{status: _problem(status, said) for status, said in PROBLEMS.items() if needs_key or status != "401"},
        },
        **({"security": [{"key": []}]} if needs_key else {}),
    }


def _get(summary: str, success: str, given: dict, content_type: str = "application/json") -> dict:
    return {"summary": summary, "responses": {"200": _answer(success, given, content_type)}}


def _ready(summary: str) -> dict:
    described = _get(summary, "They can", READY)
    described["responses"]["503"] = _problem("503", "They cannot")
    return described


def _answer(said: str, given: dict, content_type: str = "application/json") -> dict:
    return {"description": said, "headers": HEADERS, "content": {content_type: {"schema": given}}}


def _problem(status: str, said: str) -> dict:
    described = _answer(said, _reference("Problem"), CONTENT_TYPE)
    return described | {"headers": HEADERS | MORE_HEADERS.get(status, {})}


def _reference(name: str) -> dict:
    return {"$ref": f"#/components/schemas/{name}"}


def _one_or_many(name: str) -> dict:
    many = {"type": "array", "items": _reference(name), "minItems": 1, "maxItems": MAX_ROWS}
    return {"oneOf": [_reference(name), many]}


def _activity(contract: dict) -> dict:
    student = contract["student"]["name"]
    features = {feature["name"]: _field(feature) for feature in contract["features"]}
    return _object(**{student: {"type": "integer"} | STUDENT}, **features)


def _field(feature: dict) -> dict:
    is_numerical = feature["kind"] == "numerical"
    kind = feature["type"]
    limits = LIMITS[kind]
    described: dict = {"type": [kind, "null"] if is_numerical else kind}
    if kind == "string":
        described |= {"minLength": 1, "maxLength": limits["max_length"], "pattern": "^[^\\u0000]*$"}
    for limit, name in BOUNDS.items():
        if (bound := feature.get(name, limits.get(limit))) is not None:
            described[name] = bound
    if known := feature.get("categories"):
        described["examples"] = known
        meanings = [f"{value}: {label}" for value, label in zip(known, feature.get("labels", []))]
        said = ["One of the examples; another value is scored too, and the answer has a warning.", ", ".join(meanings)]
        described["description"] = " ".join(filter(None, said))
    else:
        described["examples"] = [EXAMPLES[kind]]
    if is_numerical:
        unit = f"In {feature['unit']}. " if "unit" in feature else ""
        described["description"] = f"{unit}Null where it is not known."
    return described


def _prediction(contract: dict) -> dict:
    fields = {
        contract["target"]: {"type": "integer", "enum": [0, 1], "examples": [1]},
        "CompletionProbability": {"type": "number", "minimum": 0, "maximum": 1, "examples": [0.767345]},
        "PredictionID": {"type": "string", "format": "uuid"},
        "RUN_ID": RUN,
    }
    described = _object(**fields)
    described["properties"]["Warnings"] = {"type": "array", "items": _object(field=TEXT, value={}, message=TEXT)}
    return described


def _object(**fields: dict) -> dict:
    return {"type": "object", "required": list(fields), "properties": fields}


TEXT = {"type": "string"}
OPTIONAL_TEXT = {"type": ["string", "null"]}
RUN = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
LIVE = _object(status={"const": "ok"})
READY = _object(status={"const": "ok"}, RUN_ID=RUN)
MODEL = _object(
    RUN_ID=RUN,
    model_name=OPTIONAL_TEXT,
    version=OPTIONAL_TEXT,
    pinned={"type": "boolean", "description": "Whether it stays, whichever run is the champion."},
    since={"type": "string", "format": "date-time"},
    refused_champion=OPTIONAL_TEXT | {"description": "The run of a champion that cannot be served."},
    needs_api_key={"type": "boolean"},
    target=TEXT,
    threshold={"type": "number", "minimum": 0, "maximum": 1},
    student=TEXT,
    features={"type": "array", "items": {"type": "object", "required": ["name", "kind", "type"]}},
    metrics={"type": "object"},
)
NAMED = {
    "UserID": {"type": ["integer", "null"]} | STUDENT,
    "PredictionID": {"type": ["string", "null"], "format": "uuid", "pattern": UUID},
}
OUTCOME = {
    "type": "object",
    "description": "Names the student, the prediction, or both. Posting the same outcome again adds nothing.",
    "required": ["CourseCompletion", "OccurredAt"],
    "anyOf": [{"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in NAMED],
    "properties": NAMED
    | {
        "CourseCompletion": {"type": "integer", "enum": [0, 1]},
        "OccurredAt": {
            "type": "string",
            "format": "date-time",
            "pattern": MOMENT,
            "description": "With its offset from UTC, of the years 1000 to 2999, and not more than a day ahead.",
            "examples": ["2026-01-31T12:00:00Z"],
        },
    },
}
PROBLEM = _object(type=TEXT, title=TEXT, status={"type": "integer"}, detail=TEXT)
PROBLEM["properties"]["errors"] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["field", "message"],
        "properties": {"field": TEXT, "value": {}, "message": TEXT},
    },
}
