#!/usr/bin/env python3
"""Runs a command on a ROS domain of its own that no other machine sees.

    scripts/isolated.py COMMAND [ARGUMENT ...]

So neither the demo nor a test ever meets a robot, or another demo. SEGNET_DOMAIN_ID names the
domain where one wants to look on, with RViz for instance.
"""

import os
import socket
import sys

# Those of ROS's domain_coordinator, so that the two respect each other: whoever holds the port
# PORT_BASE + n has domain n.
PORT_BASE = 32768
DOMAINS = range(1, 101)


def reserve_domain() -> int:
    """Take a domain that is free, for as long as this process runs, even as another program."""
    for domain in DOMAINS:
        holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            holder.bind(("", PORT_BASE + domain))
        except OSError:
            holder.close()
        else:
            os.set_inheritable(holder.detach(), True)
            return domain
    sys.exit(f"isolated.py: the ROS domains {DOMAINS[0]} to {DOMAINS[-1]} are all taken")


def main() -> None:
    """Become the command."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    domain = os.environ.get("SEGNET_DOMAIN_ID") or str(reserve_domain())
    os.environ["ROS_DOMAIN_ID"] = domain
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    if os.environ.get("ROS_DISTRO") == "humble":
        os.environ["ROS_LOCALHOST_ONLY"] = "1"
    print(f"ROS domain {domain}, this machine only", flush=True)
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
