"""The key of Pacemaker Remote, /etc/pacemaker/authkey: looked at on every node, and made or completed where it is asked
for. The nodes are reached by root's ssh, which alone may read it; one that lets root in from nowhere is asked by a link of
its own for itself. The key goes through pipes alone."""
# Needs: on_node
import hashlib
import os
import socket
from concurrent.futures import ThreadPoolExecutor

LOOK = "if [ -e /etc/pacemaker/authkey ]; then sha256sum </etc/pacemaker/authkey; else echo absent; fi"
READ = "cat /etc/pacemaker/authkey"
# The link appears whole or not at all, and never in the place of a key that came first.
PUT = """set -e; umask 077; [ -d /etc/pacemaker ] || install -d -m 750 -g haclient /etc/pacemaker; new=/etc/pacemaker/.authkey.$$; trap 'rm -f $new' EXIT
cat >$new; chgrp haclient $new; chmod 640 $new; ln $new /etc/pacemaker/authkey"""


def on(node, script, stdin=b""):
    """Runs a fixed script on a node; what it prints is never part of an error."""
    done = run_on_node(node, LOCAL, script, stdin)
    if done.returncode != 0:
        raise Failure("unreachable", "%s: %s" % (node, last_words(done)))
    return done.stdout


LOCAL = None


def look(node):
    """The hash of a node's key, None where it has none, or why that is not known."""
    try:
        said = on(node, LOOK).decode().split()[0]
        return node, None if said == "absent" else said, None
    except (Failure, subprocess.TimeoutExpired) as error:
        return node, None, str(error)


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
        raise Failure("mismatch", "/etc/pacemaker/authkey is not the same on all nodes: %s have different ones" % groups)
    if hashlib.sha256(b"").hexdigest() in by_key:
        raise Failure("mismatch", "/etc/pacemaker/authkey is empty on %s" % ", ".join(*by_key.values()))
    return hashes, unseen


def put(node, key):
    """Gives a node a key. One that it has got meanwhile stays: whether it is the same shows when all are looked at again."""
    try:
        on(node, PUT, key)
    except Failure:
        if look(node)[1] is None:
            raise


def complete(nodes, hashes, unseen):
    """Puts the key where it is missing; one is made when no node has one. Every node has to be seen for that."""
    missing = [node for node in nodes if hashes.get(node) is None and node not in unseen]
    if not missing:
        return []
    if unseen:
        raise Failure("unreachable", "; ".join(unseen.values()))
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


def of_itself(request):
    """The key of this node, by a link of its own; with `give` it is put there if there is none: that one in base64, or a new one.
    One that came first stays."""
    if request["only"] != LOCAL:
        return "elsewhere"
    if "give" in request and look(LOCAL)[1:] == (None, None):
        put(LOCAL, base64.b64decode(request["give"]) or os.urandom(4096))
    hashes, unseen = survey([LOCAL])
    if unseen:
        raise Failure("unreachable", unseen[LOCAL])
    return {"key": base64.b64encode(on(LOCAL, READ) if hashes[LOCAL] else b"").decode()}


def authkey(request):
    global LOCAL
    LOCAL = command(["crm_node", "--name"]).strip() or socket.gethostname()
    if "only" in request:
        return of_itself(request)
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
