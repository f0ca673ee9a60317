"""The rendered manifests, once for all tests."""

import shutil

import pytest

import manifests


@pytest.fixture(name="overlays")
def _overlays(tmp_path):
    """The folder of the overlays, in a copy that a test may change."""
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed, and only it renders the manifests")
    return manifests.copy_to(tmp_path)


@pytest.fixture(name="texts", scope="session")
def _texts(tmp_path_factory):
    """What kubectl renders, by overlay and components."""
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed, and only it renders the manifests")
    copy = manifests.copy_to(tmp_path_factory.mktemp("rendered"))
    return {
        (overlay, components): manifests.render(copy / overlay, components)
        for overlay, components in manifests.combined()
    }


@pytest.fixture(name="rendered", scope="session")
def _rendered(texts):
    """The same, read."""
    return {key: manifests.parse(text) for key, text in texts.items()}


@pytest.fixture(name="local")
def _local(rendered):
    return rendered["k8s-local", ()]


@pytest.fixture(name="remote")
def _remote(rendered):
    return rendered["k8s-remote", ()]
