"""What the workflow that deploys does, step by step, for people too: `python infrastructure/deploy --help`."""

import argparse
import sys
from pathlib import Path

import champion
import cluster
import commands
import host
import images
import outputs
import plan
import web


def parser() -> argparse.ArgumentParser:
    """The commands, and what each needs."""
    every = argparse.ArgumentParser(prog="deploy", description="Releases the system to AWS, one step a command.")
    steps = every.add_subparsers(dest="step", required=True)
    step = steps.add_parser("plan", help="print what a saved plan changes, as Markdown")
    step.add_argument("file", type=Path)
    step = steps.add_parser("images", help="build, push and sign the images of a commit; prints them as JSON")
    step.add_argument("--commit", required=True)
    step.add_argument("--identity", help="who signs, as cosign verifies it; without, nothing is signed")
    step = steps.add_parser("host", help="have the tracking host run images")
    step.add_argument("images", type=Path, help="what `images` has printed")
    step = steps.add_parser("champion", help="print the RUN_ID of the champion")
    step.add_argument("--tracking-uri", required=True)
    step = steps.add_parser("cluster", help="have kubectl reach the cluster, by a port that tunnel.sh forwards")
    step.add_argument("--port", type=int, help="the port; without, the cluster is reached as it is")
    step = steps.add_parser("web", help="have the cluster serve a model with an image, or go back")
    step.add_argument("--images", type=Path, help="what `images` has printed; without, the image that runs stays")
    step.add_argument("--run-id", required=True)
    step = steps.add_parser("rollback", help="have the cluster go back to an earlier release")
    step.add_argument("--revision", type=int, default=0, help="which; without, the one before")
    for name in ("images", "host", "cluster", "web"):
        steps.choices[name].add_argument("--outputs", type=Path, required=True, help="`terraform output -json`")
    return every


def main() -> None:
    """Does one step."""
    given = parser().parse_args()
    known = outputs.read(given.outputs) if "outputs" in given else None
    match given.step:
        case "plan":
            print(plan.markdown(commands.run("terraform", "show", "-no-color", given.file.name, cwd=given.file.parent)))
        case "images":
            print(images.dumps(images.push(known.ecr_repository_urls, given.commit, given.identity)))
        case "host":
            host.release(known, images.load(given.images))
        case "champion":
            print(champion.run_id(given.tracking_uri))
        case "cluster":
            cluster.configure(known, given.port)
        case "web":
            web.release(known, images.load(given.images)["web"] if given.images else web.running(), given.run_id)
        case "rollback":
            web.roll_back(given.revision)


if __name__ == "__main__":
    try:
        main()
    except commands.DeployError as error:
        sys.exit(f"deploy: {error}")
