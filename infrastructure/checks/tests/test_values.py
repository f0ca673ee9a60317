"""Each setting is given, in one place, and comes to where it is read; secrets stay where they belong."""

import hashlib
import json
import re
import subprocess

import pytest

import manifests
import services
from manifests import DEPLOYMENT, GRAFANA, SECRET, VALUES, containers, environment, one, pod, render, set_values

OF_AWS = {"AWS_DEFAULT_REGION"}  # which boto3 reads, and not the service
HASH = hashlib.sha256(b"a key").hexdigest()


def _web_environment(found):
    (container,) = pod(one(found, "Deployment", "web"))["spec"]["containers"]
    return environment(found, container)


def _pairs(file):
    lines = file.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_local_overlay_gives_every_setting_of_the_service_and_no_other(local):
    assert set(_web_environment(local)) == services.settings("model-deployment")


def test_the_remote_overlay_gives_every_setting_but_a_password(remote):
    assert set(_web_environment(remote)) - OF_AWS == services.settings("model-deployment") - {"DB_PASSWORD"}


def test_the_service_takes_the_settings_of_both_overlays(local, remote, tmp_path):
    (tmp_path / "boto3.py").touch()  # it only has to be there
    secrets = {"API_KEYS": HASH, "DB_PASSWORD": SECRET}
    for found in (local, remote):
        given = _web_environment(found)
        taken = {name: secrets[name] if value is None else value for name, value in given.items()}
        assert services.complaint_of_serving(taken, tmp_path) == ""


def test_production_is_told_so_and_checks_whom_it_talks_to(remote):
    given = _web_environment(remote)
    assert given["ENVIRONMENT"] == "production"
    assert (given["DB_AUTH"], given["DB_SSLMODE"]) == ("iam", "verify-full")
    (container,) = pod(one(remote, "Deployment", "web"))["spec"]["containers"]
    (mounted,) = [mount for mount in container["volumeMounts"] if mount["name"] == "rds-ca"]
    (certificate,) = one(remote, "ConfigMap", "rds-ca")["data"]
    assert given["DB_SSLROOTCERT"] == f"{mounted['mountPath']}/{certificate}"


def test_a_setting_is_in_one_file():
    for overlay in ("k8s-local", "k8s-remote"):
        files = [DEPLOYMENT / "k8s-base/web.env", *(DEPLOYMENT / overlay).glob("*.env")]
        names = [name for file in files for name, value in _pairs(file).items() if value != "IN_VALUES_ENV"]
        assert len(names) == len(set(names))


def test_values_come_to_where_they_are_read(texts, remote):
    assert not any(word in text for text in texts.values() for word in ("REPLACE_ME", "IN_VALUES_ENV"))
    given = _web_environment(remote)
    for name in ("TRACKING_URI", "RUN_ID", "DB_HOST"):
        assert given[name] == VALUES[name]
    assert given["AWS_DEFAULT_REGION"] == VALUES["AWS_REGION"]
    assert pod(one(remote, "Deployment", "web"))["spec"]["containers"][0]["image"] == VALUES["WEB_IMAGE"]
    assert VALUES["CERTIFICATE_ARN"] in texts["k8s-remote", ("tls-load-balancer",)]


@pytest.mark.parametrize(("overlay", "components"), manifests.combined())
def test_no_secret_is_rendered_but_as_a_secret_of_the_local_overlay(rendered, overlay, components):
    for each in rendered[overlay, components]:
        assert (each["kind"] == "Secret") <= (overlay == "k8s-local")
        if each["kind"] == "ConfigMap":
            assert not any("PASSWORD" in name or "KEYS" in name for name in each["data"])
        if each["kind"] != "Secret":
            assert SECRET not in json.dumps(each)


def test_the_example_of_secrets_has_no_value():
    assert set(_pairs(DEPLOYMENT / "k8s-local/secrets.env.example").values()) == {""}


@pytest.mark.parametrize("components", [(), ("durable-outbox",)])
def test_another_run_makes_another_pod_and_the_old_settings_stay(overlays, components):
    found = []
    for run_id in ("1" * 32, "2" * 32):
        set_values(overlays, {"RUN_ID": run_id})
        found.append(manifests.parse(render(overlays / "k8s-remote", components)))
    kind = "StatefulSet" if components else "Deployment"
    names = [one(each, "ConfigMap", "web")["metadata"]["name"] for each in found]
    sources = [pod(one(each, kind, "web"))["spec"]["containers"][0]["envFrom"] for each in found]
    assert names[0] != names[1]
    assert [source[0]["configMapRef"]["name"] for source in sources] == names


def test_another_secret_makes_another_pod(overlays, local):
    secrets = overlays / "k8s-local/secrets.env"
    secrets.write_text(secrets.read_text(encoding="utf-8").replace(SECRET, "another"), encoding="utf-8")
    changed = manifests.parse(render(overlays / "k8s-local"))
    for name in ("web", "grafana"):
        assert pod(one(changed, "Deployment", name)) != pod(one(local, "Deployment", name))


def _render_sh(overlays):
    script = overlays / "k8s-remote/render.sh"
    return subprocess.run(["sh", script], capture_output=True, text=True, check=False)


def test_render_prints_what_kubectl_makes_of_the_overlay(overlays, texts):
    done = _render_sh(overlays)
    assert (done.returncode, done.stdout) == (0, texts["k8s-remote", ()])
    set_values(overlays, {"RUN_ID": ""})
    assert _render_sh(overlays).returncode == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "REPLACE_ME") for name in VALUES if name != "CERTIFICATE_ARN"),
        *((name, "") for name in VALUES if name not in ("CERTIFICATE_ARN", "RUN_ID")),
        ("WEB_IMAGE", "registry.example.com/online-course-web:latest"),
    ],
)
def test_render_prints_nothing_while_a_value_is_missing(overlays, name, value):
    set_values(overlays, {name: value})
    done = _render_sh(overlays)
    assert done.returncode == 1 and not done.stdout and name in done.stderr


def test_nothing_is_rendered_without_the_certificates_of_rds_or_the_secrets(overlays):
    (overlays / "k8s-remote/rds-ca.pem").unlink()
    (overlays / "k8s-local/secrets.env").unlink()
    for overlay in ("k8s-remote", "k8s-local"):
        with pytest.raises(AssertionError):
            render(overlays / overlay)


def test_grafana_is_given_the_files_of_the_repository_byte_for_byte(local):
    found = [each["data"] for each in local if each["kind"] == "ConfigMap"]
    given = [
        (name, text.encode()) for data in found for name, text in data.items() if name.endswith((".yaml", ".json"))
    ]
    files = [*GRAFANA.glob("dashboards/*"), *GRAFANA.glob("provisioning/*/*")]
    assert sorted(given) == sorted((file.name, file.read_bytes()) for file in files)


def test_what_grafana_provisions_from_is_mounted_where_it_looks(local):
    template = pod(one(local, "Deployment", "grafana"))
    (grafana,) = template["spec"]["containers"]
    volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
    places = {}
    for mount in grafana["volumeMounts"]:
        volume = volumes[mount["name"]]
        sources = [each["configMap"] for each in volume.get("projected", {}).get("sources", [])]
        for source in sources or filter(None, [volume.get("configMap")]):
            for name in one(local, "ConfigMap", source["name"])["data"]:
                places[f"{mount['mountPath']}/{name}"] = name
    dashboards = environment(local, grafana)["GRAFANA_DASHBOARDS"]
    assert set(places) == {
        *(f"/etc/grafana/{file.relative_to(GRAFANA)}" for file in GRAFANA.glob("provisioning/*/*")),
        *(f"{dashboards}/{file.name}" for file in GRAFANA.glob("dashboards/*")),
    }


def test_grafana_and_its_reader_have_every_variable_that_they_read(local):
    reader, grafana = containers(pod(one(local, "Deployment", "grafana")))
    text = "".join(file.read_text(encoding="utf-8") for file in GRAFANA.glob("provisioning/*/*.yaml"))
    used = {name for name in re.findall(r"\$([A-Z][A-Z_]+)", text) if not name.startswith("GRAFANA_DASH")}
    assert len(used) > 5 and used <= set(environment(local, grafana))
    given = environment(local, reader)
    assert {"GRAFANA_DB_USER", "GRAFANA_DB_PASSWORD"} <= set(given)
    assert {name for name in services.settings("monitoring") if name.startswith("DB_")} <= set(given)


def test_a_configmap_is_small_enough_for_kubectl_apply(rendered):
    for found in rendered.values():
        for each in found:
            assert len(json.dumps(each)) < 200 * 1024, each["metadata"]["name"]


def test_all_is_at_one_host_and_the_service_below_web(local):
    ingresses = [each for each in local if each["kind"] == "Ingress"]
    assert {rule["host"] for each in ingresses for rule in each["spec"]["rules"]} == {"model.pred.com"}
    assert {each["spec"]["ingressClassName"] for each in ingresses} == {"nginx"}
    paths = [path["path"] for each in ingresses for path in each["spec"]["rules"][0]["http"]["paths"]]
    assert sorted(paths) == ["/adminer", "/grafana", "/web$", "/web/(.*)"]
    redirect = one(local, "Ingress", "web-slash")["metadata"]["annotations"]
    assert redirect["nginx.ingress.kubernetes.io/permanent-redirect"] == "http://model.pred.com/web/"
    assert one(local, "ConfigMap", "grafana")["data"]["GF_SERVER_ROOT_URL"] == "http://model.pred.com/grafana/"


def test_the_pages_of_the_service_link_relatively_so_that_they_work_below_a_prefix():
    pages = [*(DEPLOYMENT / "serving/templates").glob("*"), *(DEPLOYMENT / "serving/static").glob("*.js")]
    text = "".join(file.read_text(encoding="utf-8") for file in pages)
    links = re.findall(r"""(?:href=|src=|url: |fetch\()["']([^"']+)["']""", text)
    assert len(links) > 8
    assert not [link for link in links if link.startswith("/") or ":" in link]
    assert '"servers": [{"url": "."}]' in (DEPLOYMENT / "serving/openapi.py").read_text(encoding="utf-8")
