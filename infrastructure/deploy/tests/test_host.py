"""The tracking host is told which images to run; the AWS CLI has a stand-in, since Systems Manager is not here."""

import json

import pytest

import host
import outputs
from commands import DeployError

IMAGES = {name: f"registry/{name}@sha256:{'a' * 64}" for name in ("web", "mlpipeline", "monitoring")}
AWS = """
import json, sys
from pathlib import Path
folder = Path(__file__).parent
words = sys.argv[1:]
with (folder / "calls").open("a") as calls:
    calls.write(" ".join(words[words.index("ssm") + 1:]) + "\\n")
if "send-command" in words:
    print(json.dumps({"Command": {"CommandId": "command-1"}}))
elif "list-command-invocations" in words:
    left = json.loads((folder / "answers.json").read_text())
    (folder / "answers.json").write_text(json.dumps(left[1:]))
    print(json.dumps({"CommandInvocations": left[0]}))
"""


@pytest.fixture(name="release")
def _release(programs, stand_in, known):
    """Tells the host, which answers so, and says what was called."""
    stand_in("aws", AWS)

    def release(*answers: list) -> list[str]:
        (programs / "answers.json").write_text(json.dumps(answers), encoding="utf-8")
        host.release(outputs.Outputs(**known), IMAGES, pause=0)
        return (programs / "calls").read_text(encoding="utf-8").splitlines()

    return release


def test_the_host_is_told_and_waited_for(release):
    calls = release([], [{"Status": "InProgress"}], [{"Status": "Success"}])
    assert calls[:3] == [
        f"put-parameter --overwrite --name /online-course/images/mlpipeline --value {IMAGES['mlpipeline']}",
        f"put-parameter --overwrite --name /online-course/images/monitoring --value {IMAGES['monitoring']}",
        "send-command --instance-ids i-0123456789abcdef0 --document-name online-course-release",
    ]
    assert len(calls) == 6


def test_what_the_host_said_is_shown(release):
    with pytest.raises(DeployError, match=r"(?s)says Failed:.*no such image"):
        release([{"Status": "Failed", "CommandPlugins": [{"Output": "pulling\nno such image"}]}])


@pytest.mark.parametrize("text", ["{}", "no JSON", '{"region": {"value": "eu-central-1"}}'])
def test_outputs_of_a_stack_that_is_not_there(text, tmp_path):
    file = tmp_path / "outputs.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DeployError, match="is not what `terraform output -json` prints"):
        outputs.read(file)


def test_outputs_are_read(outputs_file, known):
    assert outputs.read(outputs_file) == outputs.Outputs(**known)
