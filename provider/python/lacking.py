"""Which requirements of domains this node lacks: network devices and files. It only checks that they exist, and opens
nothing."""

import os
import socket

NET = "/sys/class/net"


def is_lacking_file(path):
    """A path that may not be looked at is unknown, not lacking."""
    try:
        os.stat(path)
        return False
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False


def is_lacking_device(name):
    """A bridge of Open vSwitch is a network device as well: its internal port has the same name."""
    return name in ("", ".", "..") or "/" in name or "\0" in name or not os.path.lexists(os.path.join(NET, name))


LOOKS = {"net": is_lacking_device, "file": is_lacking_file}


def lacked(needs):
    """@param needs [kind, names]: one of the names suffices
    @returns the indexes of the missing ones"""
    return [at for at, (kind, names) in enumerate(needs) if all(LOOKS[kind](name) for name in names)]


def lacking(request):
    return {"node": socket.gethostname(), "lacks": lacked(request["needs"])}


def main(encoded):
    run(lacking, encoded)
