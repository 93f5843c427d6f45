"""Which users nodes admit from each other. Since 9.8, sshd counts each refused login against the source address, and
after a few it refuses all logins from there for a while, live migration included. So logins known to be refused are not
tried."""

import socket

ROOT_CLOSED = "sshd lets no root in (PermitRootLogin no)"
ROOT_LET_IN = {}


def root_is_let_in(node):
    """Whether root may log in to a node, judging by this node's sshd settings: a cluster's nodes are set up alike, so
    each admits the others as they admit it. If the settings do not say, it may."""
    if node not in ROOT_LET_IN:
        try:
            address = socket.gethostbyname(checked_node(node))
            said = command(["/usr/sbin/sshd", "-T", "-C", "user=root,host=%s,addr=%s" % (node, address)], timeout=10)
            ROOT_LET_IN[node] = "permitrootlogin no" not in said.splitlines()
        except (Failure, OSError, subprocess.TimeoutExpired):
            ROOT_LET_IN[node] = True
    return ROOT_LET_IN[node]
