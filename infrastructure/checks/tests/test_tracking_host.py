"""The tracking host's files: systemd takes the units, the scripts do what they say; Docker and AWS are stand-ins."""

import gzip
import json
import os
import re
import shutil
import subprocess

import pytest

from manifests import ROOT

BOOT = ROOT / "infrastructure/modules/tracking/boot"
SCRIPTS = sorted((BOOT / "bin").iterdir())
UNITS = sorted((BOOT / "systemd").iterdir())
IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/online-course/{}@sha256:" + "0123456789abcdef" * 4
# Each writes down how it was called; `aws` gives what a file of the parameter's name holds.
STAND_INS = {
    "docker": 'echo "docker $*" >> {folder}/calls; '
    'case "$1 $2" in "image inspect") exit 1 ;; login*) cat > /dev/null ;; esac',
    "systemctl": 'echo "systemctl $*" >> {folder}/calls; [ "$*" != "is-active --quiet $(cat {folder}/broken)" ]',
    "journalctl": 'echo "the last words of $2"',
    "aws": 'case "$1 $2" in "ssm get-parameter") cat "{folder}/${{4##*/}}" ;; *) echo secret ;; esac',
}


@pytest.fixture(name="host")
def _host(tmp_path):
    """A folder in place of the host's root, with the files of boot in it, and stand-ins before other programs."""
    for folder in ("bin", "run", "etc/online-course", "opt/online-course"):
        (tmp_path / folder).mkdir(parents=True)
    for name, text in STAND_INS.items():
        file = tmp_path / "bin" / name
        file.write_text("#!/bin/sh\n" + text.format(folder=tmp_path) + "\n", encoding="utf-8")
        file.chmod(0o755)
    for script in SCRIPTS:
        placed = tmp_path / "opt/online-course" / script.name
        placed.write_text(_placed(script.read_text(encoding="utf-8"), tmp_path), encoding="utf-8")
        placed.chmod(0o755)
    given = {
        "image_parameters.mlpipeline": "/x/images/mlpipeline",
        "image_parameters.monitoring": "/x/images/monitoring",
    }
    lines = (BOOT / "online-course.env.tftpl").read_text(encoding="utf-8").partition("%{")[0]
    environment = re.sub(r"\$\{([\w.]+)\}", lambda found: given.get(found[1], "example"), lines)
    (tmp_path / "etc/online-course.env").write_text(environment + "DATA_SOURCE=a file, & more\n", encoding="utf-8")
    (tmp_path / "broken").write_text("none", encoding="utf-8")
    (tmp_path / "calls").touch()
    return tmp_path


def _placed(text, folder):
    return re.sub(r"(?<![\w.])/(etc|run|opt)/online-course", rf"{folder}/\1/online-course", text)


def _name(host, mlpipeline, monitoring):
    (host / "mlpipeline").write_text(mlpipeline + "\n", encoding="utf-8")
    (host / "monitoring").write_text(monitoring + "\n", encoding="utf-8")


def _run(host, script, *arguments, **environment):
    return subprocess.run(
        [host / "opt/online-course" / script, *arguments],
        env={"PATH": f"{host / 'bin'}:{os.environ['PATH']}"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _calls(host):
    calls = (host / "calls").read_text(encoding="utf-8").splitlines()
    (host / "calls").write_text("", encoding="utf-8")
    return calls


def test_systemd_takes_the_units(host):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    for unit in UNITS:
        text = _placed(unit.read_text(encoding="utf-8"), host).replace("/usr/bin/docker", "/bin/true")
        (host / unit.name).write_text(text, encoding="utf-8")
    (host / "docker.service").write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", *(host / unit.name for unit in UNITS)],
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{host}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_target_wants_every_service_but_those_of_boot():
    target = (BOOT / "systemd/online-course.target").read_text(encoding="utf-8")
    services = {unit.name for unit in UNITS if "PartOf=online-course.target" in unit.read_text(encoding="utf-8")}
    assert set(re.findall(r"^Wants=(.*)$", target, re.MULTILINE)) == services and len(services) == 8


def test_what_boots_the_host_is_small_enough():
    files = [{"path": str(file), "content": file.read_text(encoding="utf-8")} for file in (*SCRIPTS, *UNITS)]
    # Terraform's test measures what it makes of them; this leaves room for what it adds.
    assert len(gzip.compress(json.dumps(files).encode())) < 12_000


def test_containers_can_do_no_more_than_they_need(host):
    at = {"PGPASSFILE": "/run/example/passfile", "PGSSLROOTCERT": "/etc/example.pem"}
    assert _run(host, "run", "mlflow", "image", "mlflow", "server", **at).returncode == 0
    removed, started = _calls(host)
    assert removed == "docker rm --force mlflow" and started.endswith(" image mlflow server")
    for option in (
        "--read-only",
        "--cap-drop ALL",
        "--security-opt no-new-privileges",
        "--tmpfs /tmp",
        "--network host",
    ):
        assert f" {option} " in started
    # Of the file's folder, since a file is replaced by another one.
    assert re.findall(r"--mount (\S+)", started) == [
        "type=bind,src=/run/example,dst=/run/example,readonly",
        "type=bind,src=/etc/example.pem,dst=/etc/example.pem,readonly",
    ]


def test_it_waits_for_images_to_be_named(host):
    _name(host, IMAGE.format("mlpipeline"), "none")
    done = _run(host, "release")
    assert done.returncode == 0 and done.stdout.startswith("No image yet") and not _calls(host)


@pytest.mark.parametrize("image", ["online-course:latest", IMAGE.format("x") + " --privileged", "--privileged", ""])
def test_it_runs_nothing_but_images_by_digest(host, image):
    _name(host, IMAGE.format("mlpipeline"), image)
    done = _run(host, "release")
    assert done.returncode == 1 and "Not an image" in done.stderr and not _calls(host)


def test_new_images_are_pulled_and_take_the_place_of_the_old(host):
    _name(host, IMAGE.format("mlpipeline"), IMAGE.format("monitoring"))
    done = _run(host, "release")
    assert done.returncode == 0, done.stderr
    calls = _calls(host)
    changed = [call for call in calls if not re.match("docker (image inspect|login)|systemctl is-active", call)]
    assert changed == [
        f"docker pull --quiet {IMAGE.format('mlpipeline')}",
        f"docker pull --quiet {IMAGE.format('monitoring')}",
        "systemctl stop online-course.target",
        "systemctl reset-failed online-course-*",
        "systemctl start online-course.target",
        "docker image prune --all --force",
    ]
    assert "docker login --username AWS --password-stdin 123456789012.dkr.ecr.eu-central-1.amazonaws.com" in calls
    assert (host / "etc/online-course/images.env").read_text(encoding="utf-8").splitlines() == [
        f"MLPIPELINE_IMAGE={IMAGE.format('mlpipeline')}",
        f"MONITORING_IMAGE={IMAGE.format('monitoring')}",
    ]
    assert "secret" not in done.stdout + done.stderr
    assert _run(host, "release").returncode == 0
    assert "systemctl stop online-course.target" not in _calls(host)  # what runs is not disturbed


def test_a_release_that_does_not_run_is_no_success(host):
    _name(host, IMAGE.format("mlpipeline"), IMAGE.format("monitoring"))
    (host / "broken").write_text("online-course-prefect.service", encoding="utf-8")
    done = _run(host, "release")
    assert done.returncode == 1 and "the last words of online-course-prefect.service" in done.stderr
    assert "docker image prune --all --force" not in _calls(host)  # there is something to go back to
