"""Whom nodes let in from each other. sshd (from 9.8 on) holds each login that it refuses against the address that it came from, and after
a few lets nobody in from there for a while, a live migration neither: what is known to be refused is not tried."""

import socket

ROOT_CLOSED = "sshd lets no root in (PermitRootLogin no)"
ROOT_LET_IN = {}


def root_is_let_in(node):
    """Whether root may get to a node, as far as the settings of this one's sshd say: those of a cluster are set up alike, so that each lets
    in from the other whom the other lets in from it. Where they do not say, it may."""
    if node not in ROOT_LET_IN:
        try:
            address = socket.gethostbyname(checked_node(node))
            said = command(["/usr/sbin/sshd", "-T", "-C", "user=root,host=%s,addr=%s" % (node, address)], timeout=10)
            ROOT_LET_IN[node] = "permitrootlogin no" not in said.splitlines()
        except (Failure, OSError, subprocess.TimeoutExpired):
            ROOT_LET_IN[node] = True
    return ROOT_LET_IN[node]
