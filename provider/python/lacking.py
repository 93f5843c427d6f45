"""Which of the things that a domain names this node lacks: network devices, and files. Only whether they are there is looked
at, and nothing is opened."""

import os
import socket

NET = "/sys/class/net"


def is_lacking_file(path):
    """A path that may not be looked at is one of which nothing is known."""
    try:
        os.stat(path)
        return False
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False


def is_lacking_device(name):
    """A bridge of Open vSwitch is a network device as well: its own port has its name."""
    return name in ("", ".", "..") or "/" in name or "\0" in name or not os.path.lexists(os.path.join(NET, name))


LOOKS = {"net": is_lacking_device, "file": is_lacking_file}


def lacked(needs):
    """@param needs [kind, names]: one of the names is enough
    @returns the places in the list of what is not there"""
    return [at for at, (kind, names) in enumerate(needs) if all(LOOKS[kind](name) for name in names)]


def lacking(request):
    return {"node": socket.gethostname(), "lacks": lacked(request["needs"])}


def main(encoded):
    run(lacking, encoded)
