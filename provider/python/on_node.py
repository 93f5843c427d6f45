"""Runs a fixed script on a node: on this one, or on another by root's ssh, as live migration connects."""
# Needs: let_in

ON_NODE_SECONDS = 30


def run_on_node(node, local, script, stdin=b""):
    argv = ["sh", "-c", script]
    if node != local:
        if not root_is_let_in(node):
            return subprocess.CompletedProcess([], 255, b"", ROOT_CLOSED.encode())
        argv = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=8", "--", checked_node(node), script]
    return subprocess.run(argv, input=stdin, capture_output=True, timeout=ON_NODE_SECONDS)


def last_words(done):
    """The reason of the failure, if it gave one."""
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return said[-1] if said else "exit %d" % done.returncode
