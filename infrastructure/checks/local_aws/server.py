"""moto with its gaps filled, as a server: `python -m local_aws.server PORT`."""

import sys

from moto.server import main

from local_aws import gaps

if __name__ == "__main__":
    gaps.fill()
    main(["-H", "127.0.0.1", "-p", sys.argv[1]])
