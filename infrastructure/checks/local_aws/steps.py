"""What is done with the root, one step after the other."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import terraform
from local_aws import look
from local_aws.imitation import REGION, Imitation

STATE_BUCKET = "online-course-terraform-123456789012"
STATE_KEY = "online-course/terraform.tfstate"
ADMIN = "arn:aws:iam::123456789012:role/admin"
VARIABLES = {
    "github_repository": "owner/repository",
    "state_bucket": STATE_BUCKET,
    "cluster_admin_arns": [ADMIN],
    "grafana_cloud": True,
    "grafana_agent_image": f"docker.io/grafana/pdc-agent@sha256:{'0' * 64}",
    "kubernetes_version": "1.34",
}


class Failed(Exception):
    """A step did not come out as it should; the message says how."""


class Run:
    """The production root in the imitation, with the real backend for its state."""

    def __init__(self, folder: Path, imitation: Imitation):
        self._imitation = imitation
        self._variables = folder / "local.tfvars.json"
        self._planned = folder / "next.tfplan"
        self._environment = imitation.instead_of_aws(terraform.environment(folder))
        self._times: list[tuple[str, float, str]] = []
        self._now = dict(VARIABLES)

    def all(self) -> None:
        """Every step; the first that fails ends it."""
        for name, step in {
            "the bucket of the state, and terraform init": self._init,
            "apply": self._apply,
            "plan again": self._nothing_to_do,
            "look at it": self._look,
            "a newer Kubernetes": self._upgrade,
            "what somebody changed by hand": self._drift,
            "destroy": self._destroy,
        }.items():
            self._step(name, step)

    def summary(self) -> None:
        """A line for each step that was begun."""
        print(f"\n{'step':<46}{'seconds':>8}  result")
        for name, seconds, result in self._times:
            print(f"{name:<46}{seconds:>8.1f}  {result}")
        print(f"{'in all':<46}{sum(seconds for _, seconds, _ in self._times):>8.1f}")

    def _step(self, name: str, step: Callable[[], str]) -> None:
        print(f"{name} ...", flush=True)
        begun = time.monotonic()
        result = "failed"
        try:
            result = step()
        finally:
            self._times.append((name, time.monotonic() - begun, result))
        print(f"  {result}", flush=True)

    def _terraform(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        self._variables.write_text(json.dumps(self._now), encoding="utf-8")
        done = terraform.run(*arguments, cwd=terraform.ROOT, env=self._environment, timeout=600)
        if done.returncode not in codes:
            raise Failed(
                f"terraform {arguments[0]} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-6000:]}"
            )
        return done.stdout

    def _plan(self) -> dict[str, list[str]]:
        """What would be done to which resource; `_change` does it."""
        options = ("-input=false", f"-var-file={self._variables}", f"-out={self._planned}", "-detailed-exitcode")
        self._terraform("plan", *options, codes=(0, 2))
        found = json.loads(self._terraform("show", "-json", str(self._planned))).get("resource_changes", [])
        changes = {one["address"]: one["change"]["actions"] for one in found}
        return {address: actions for address, actions in changes.items() if actions not in (["no-op"], ["read"])}

    def _change(self) -> None:
        """Does what `_plan` has planned."""
        self._terraform("apply", "-input=false", str(self._planned))

    def _init(self) -> str:
        s3 = self._imitation.client("s3")
        s3.create_bucket(Bucket=STATE_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        # The only difference from production: S3 is found by path, since a bucket has no name of its own on 127.0.0.1.
        settings = {"bucket": STATE_BUCKET, "region": REGION, "use_path_style": "true"}
        options = [f"-backend-config={name}={value}" for name, value in settings.items()]
        terraform.initialise(terraform.ROOT, self._environment, *options)
        return "the backend of production, with its lock"

    def _apply(self) -> str:
        self._plan()
        self._change()
        state = self._state()
        count = sum(len(one["instances"]) for one in state["resources"] if one["mode"] == "managed")
        return f"{count} resources"

    def _state(self) -> dict:
        return json.load(self._imitation.client("s3").get_object(Bucket=STATE_BUCKET, Key=STATE_KEY)["Body"])

    def _nothing_to_do(self) -> str:
        if changes := self._plan():
            raise Failed(f"a second plan would change something: {changes}")
        return "no change"

    def _look(self) -> str:
        wrong = look.at_everything(self._imitation.client, self._state())
        if wrong:
            raise Failed("\n".join(wrong))
        print("\n".join(f"  - {check.__name__.replace('_', ' ')}" for check in look.CHECKS))
        return f"{len(look.CHECKS)} checks with boto3"

    def _upgrade(self) -> str:
        self._now["kubernetes_version"] = "1.35"
        changes = self._plan()
        replaced = [address for address, actions in changes.items() if "delete" in actions]
        if replaced or "module.eks.aws_eks_cluster.this" not in changes:
            raise Failed(f"an upgrade would replace {replaced}, of {changes}")
        self._change()
        eks = self._imitation.client("eks")
        nodes = eks.describe_nodegroup(clusterName="online-course", nodegroupName="online-course-nodes")["nodegroup"]
        versions = {eks.describe_cluster(name="online-course")["cluster"]["version"], nodes["version"]}
        if versions != {"1.35"}:
            raise Failed(f"after the upgrade, control plane and nodes are of {versions}")
        self._nothing_to_do()
        return f"{len(changes)} changes in place, and none after them"

    def _drift(self) -> str:
        """What somebody does in a hurry: the database is opened to the world, and the bucket loses its block."""
        look.open_the_database_to_the_world(self._imitation.client)
        self._imitation.client("s3").delete_public_access_block(Bucket=look.ARTIFACTS)
        if not look.who_reaches_the_database(self._imitation.client, self._state()):
            raise Failed("the look at the database does not notice that the world may reach it")
        found = sorted(self._plan())
        expected = ["module.rds.aws_security_group.this", "module.storage.aws_s3_bucket_public_access_block.artifacts"]
        if found != expected:
            raise Failed(f"the plan should notice {expected}, and notices {found}")
        self._change()
        self._nothing_to_do()
        if wrong := look.at_everything(self._imitation.client, self._state()):
            raise Failed("\n".join(wrong))
        return "noticed and put right: " + ", ".join(found)

    def _destroy(self) -> str:
        """Takes the database's protection off first, and past Terraform, which would wait a minute for it."""
        self._imitation.client("rds").modify_db_instance(DBInstanceIdentifier=look.NAME, DeletionProtection=False)
        options = ("-input=false", "-auto-approve", "-refresh=false", f"-var-file={self._variables}")
        self._terraform("destroy", *options)
        if left := look.what_is_left(self._imitation.client):
            raise Failed(f"left behind: {left}")
        snapshots = self._imitation.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
        if (names := [one["DBSnapshotIdentifier"] for one in snapshots]) != [f"{look.NAME}-final"]:
            raise Failed(f"of the database, these snapshots are left: {names}")
        return "left are the state's bucket, the database's last snapshot, and a key that waits for its deletion"
