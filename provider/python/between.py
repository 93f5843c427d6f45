"""Access from this node to libvirt on another one: tries several users until one is admitted."""

# Needs: let_in
import re

# The users as which nodes admit each other: root, unless the cluster was hardened.
BETWEEN_NODES = ("root", "libvirtadmin")
# How a refused login ends, at ssh or at libvirt's socket. Only such a login is tried as the next user, since each try
# takes time.
LOGIN_REFUSED = re.compile(
    "permission denied|host key verification failed|authentication fail|account is not available", re.IGNORECASE
)
# How virsh ends if it got no connection, so that nothing was done. A device that QEMU may not open gives "denied" too,
# but is not this case.
NOT_CONNECTED = "failed to connect"
ROOT_AT = re.compile(r"qemu\+ssh://root@([^/]+)/")


def users_between(node, user):
    """The users to try on a node, in order, without those that it is known to refuse."""
    return [
        each
        for each in [user] + [other for other in BETWEEN_NODES if other != user]
        if each != "root" or root_is_let_in(node)
    ]


def through(uris, act):
    """The result of `act` at the first address that accepts the login. @raises Failure closed, if none does."""
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
