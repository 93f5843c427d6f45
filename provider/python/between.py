"""The ways from this node to libvirt on another one: as each of several users, until one is let in."""

# Needs: let_in
import re

# Whom a node lets another one in as: root, unless the cluster was hardened.
BETWEEN_NODES = ("root", "libvirtadmin")
# What a login ends with that was refused, at ssh or at libvirt's socket. Nothing else is tried twice: it takes its time.
LOGIN_REFUSED = re.compile(
    "permission denied|host key verification failed|authentication fail|account is not available", re.IGNORECASE
)
# How virsh ends where it got no connection: nothing was done. A device that QEMU may not open is denied as well, and is not this.
NOT_CONNECTED = "failed to connect"
ROOT_AT = re.compile(r"qemu\+ssh://root@([^/]+)/")


def users_between(node, user):
    """Whom to go to a node as, one after the other, without those that it is known to refuse."""
    return [
        each
        for each in [user] + [other for other in BETWEEN_NODES if other != user]
        if each != "root" or root_is_let_in(node)
    ]


def through(uris, act):
    """What comes of `act` at the first address where the login is taken. @raises Failure closed, where it is at none."""
    refused = []
    for uri in uris:
        root_at = ROOT_AT.match(uri)
        if root_at and not root_is_let_in(root_at.group(1)):
            refused.append("%s: %s" % (uri, ROOT_CLOSED))
            continue
        try:
            return act(uri)
        except Failure as failure:
            words = str(failure)
            if NOT_CONNECTED not in words or not LOGIN_REFUSED.search(words):
                raise
            refused.append("%s: %s" % (uri, words))
    raise Failure("closed", "; ".join(refused)[:900])
