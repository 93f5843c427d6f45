"""The key of Pacemaker Remote, /etc/pacemaker/authkey: looked at on every node, and made or completed where it is asked
for. The nodes are reached by root's ssh; where that lets nobody in, the other side goes to each (authkey_here). The key goes through
pipes alone."""

# Needs: on_node, authkey_at
import hashlib
import os
import socket
from concurrent.futures import ThreadPoolExecutor


def survey(nodes):
    with ThreadPoolExecutor(len(nodes)) as pool:
        seen = list(pool.map(look, nodes))
    unseen = {node: reason for node, _, reason in seen if reason}
    hashes = {node: found for node, found, reason in seen if not reason}
    by_key = {}
    for node, found in hashes.items():
        if found:
            by_key.setdefault(found, []).append(node)
    if len(by_key) > 1:
        groups = " and ".join(", ".join(group) for group in by_key.values())
        raise Failure(
            "mismatch", "/etc/pacemaker/authkey is not the same on all nodes: %s have different ones" % groups
        )
    if hashlib.sha256(b"").hexdigest() in by_key:
        raise Failure("mismatch", "/etc/pacemaker/authkey is empty on %s" % ", ".join(*by_key.values()))
    return hashes, unseen


def complete(nodes, hashes, unseen):
    """Puts the key where it is missing; one is made when no node has one. Every node has to be seen for that: else nothing is done."""
    missing = [node for node in nodes if hashes.get(node) is None]
    if unseen or not missing:
        return []
    has = [node for node in nodes if hashes[node]]
    if has:
        key = on(has[0], READ)
    else:
        # The first node decides: of two programs that make a key at once, one is refused there and takes the other's.
        put(missing[0], os.urandom(4096))
        key = on(missing[0], READ)
        missing = missing[1:]
    for node in missing:
        put(node, key)
    return [node for node in nodes if hashes[node] is None]


def authkey(request):
    global LOCAL
    LOCAL = command(["crm_node", "--name"]).strip() or socket.gethostname()
    nodes = sorted(request["nodes"])
    hashes, unseen = survey(nodes)
    given = []
    if request["make"]:
        given = complete(nodes, hashes, unseen)
        if given:
            hashes, unseen = survey(nodes)
    has = [node for node in nodes if hashes.get(node)]
    key = on(LOCAL if LOCAL in has else has[0], READ) if has else b""
    missing = [node for node in nodes if node not in has and node not in unseen]
    return {"key": base64.b64encode(key).decode(), "put": given, "missing": missing, "unseen": unseen}


def main(encoded):
    run(authkey, encoded)
