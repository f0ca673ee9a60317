"""Images of a commit: docker, cosign and the AWS CLI have stand-ins, since here is neither a registry nor an engine."""

import json

import pytest

import images
from commands import DeployError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
IDENTITY = "https://github.com/owner/repository/.github/workflows/cd.yaml@refs/heads/main"
DIGESTS = {name: "sha256:" + letter * 64 for name, letter in (("web", "a"), ("mlpipeline", "b"), ("monitoring", "c"))}

AWS = """
import json, sys
from pathlib import Path
there = json.loads((Path(__file__).parent / "there.json").read_text())
if "get-login-password" in sys.argv:
    print("the password")
else:
    name = sys.argv[sys.argv.index("--repository-name") + 1].split("/")[1]
    assert "0123456789abcdef0123456789abcdef01234567" in sys.argv[sys.argv.index("--query") + 1]
    print(there.get(name, ""))
"""
DOCKER = """
import json, sys
from pathlib import Path
folder = Path(__file__).parent
words = sys.argv[1:]
if words[0] == "login":
    assert sys.stdin.read().strip() == "the password" and "the password" not in words
    sys.exit()
with (folder / "built").open("a") as built:
    built.write(" ".join(words) + "\\n")
digests = json.loads((folder / "digests.json").read_text())
name = words[words.index("--tag") + 1].split("/")[-1].split(":")[0]
Path(words[words.index("--metadata-file") + 1]).write_text(json.dumps({"containerimage.digest": digests[name]}))
"""
COSIGN = """
import sys
from pathlib import Path
signed = Path(__file__).parent / "signed"
signed.touch()
if sys.argv[1] == "verify":
    sys.exit(sys.argv[-1] not in signed.read_text().split())
signed.write_text(signed.read_text() + sys.argv[-1] + "\\n")
"""


@pytest.fixture(name="registry")
def _registry(programs, stand_in):
    """An empty registry."""
    for name, code in (("aws", AWS), ("docker", DOCKER), ("cosign", COSIGN)):
        stand_in(name, code)
    (programs / "there.json").write_text("{}", encoding="utf-8")
    (programs / "digests.json").write_text(json.dumps(DIGESTS), encoding="utf-8")
    return programs


def test_images_are_built_pushed_and_signed_by_digest(registry, known, tmp_path):
    repositories = known["ecr_repository_urls"]
    pushed = images.push(repositories, COMMIT, IDENTITY)
    assert pushed == {name: f"{repositories[name]}@{digest}" for name, digest in DIGESTS.items()}
    built = (registry / "built").read_text(encoding="utf-8").splitlines()
    assert len(built) == 3 and all("--push --provenance mode=max --sbom true" in line for line in built)
    assert (registry / "signed").read_text(encoding="utf-8").split() == list(pushed.values())
    file = tmp_path / "images.json"
    file.write_text(images.dumps(pushed), encoding="utf-8")
    assert images.load(file) == pushed


def test_what_is_there_is_neither_built_nor_signed_again(registry, known):
    repositories = known["ecr_repository_urls"]
    (registry / "there.json").write_text(json.dumps({"web": DIGESTS["web"]}), encoding="utf-8")
    (registry / "signed").write_text(f"{repositories['web']}@{DIGESTS['web']}\n", encoding="utf-8")
    images.push(repositories, COMMIT, IDENTITY)
    assert len((registry / "built").read_text(encoding="utf-8").splitlines()) == 2
    assert len((registry / "signed").read_text(encoding="utf-8").splitlines()) == 3


def test_an_image_that_was_pushed_and_not_signed_is_signed(registry, known):
    (registry / "there.json").write_text(json.dumps(DIGESTS), encoding="utf-8")
    images.push(known["ecr_repository_urls"], COMMIT, IDENTITY)
    assert not (registry / "built").exists()
    assert len((registry / "signed").read_text(encoding="utf-8").splitlines()) == 3


@pytest.mark.parametrize("text", ["{}", "no JSON", '{"web": "web:latest", "mlpipeline": "a", "monitoring": "b"}'])
def test_images_without_digests_are_refused(text, tmp_path):
    file = tmp_path / "images.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DeployError, match="does not name the images by digest"):
        images.load(file)
