"""How kubectl reaches the cluster."""

from urllib.parse import urlsplit

from commands import run
from outputs import Outputs


def configure(known: Outputs, port: int | None) -> None:
    """Writes kubectl's configuration.

    Args:
        port: Where the API, which has no public address, is reached on this machine; its certificate is checked for its
            own name all the same.
    """
    run("aws", "eks", "update-kubeconfig", "--region", known.region, "--name", known.cluster_name)
    if port:
        name = run("kubectl", "config", "view", "--minify", "--output", "jsonpath={.contexts[0].context.cluster}")
        host = urlsplit(known.cluster_endpoint).hostname.lower()
        server = (f"--server=https://127.0.0.1:{port}", f"--tls-server-name={host}")
        run("kubectl", "config", "set-cluster", name, *server)
