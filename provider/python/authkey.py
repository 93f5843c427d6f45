"""The key of Pacemaker Remote, /etc/pacemaker/authkey: checked on every node, and created or completed on request.
Root's ssh reaches the nodes; if a node refuses it, the provider connects to that node itself (authkey_here). The key
travels through pipes only."""

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
    """Stores the key where it is missing, and creates one if no node has one. Does nothing unless every node is
    visible."""
    missing = [node for node in nodes if hashes.get(node) is None]
    if unseen or not missing:
        return []
    has = [node for node in nodes if hashes[node]]
    if has:
        key = on(has[0], READ)
    else:
        # The first node decides: if two programs create a key at once, one is refused there and takes the other's.
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
