"""The key of Pacemaker Remote on this node alone, for nodes that let no other one in: looked at, read, and given."""
# Needs: on_node, authkey_at


def authkey_here(request):
    """What this node has, or only its name where another one is meant."""
    global LOCAL
    LOCAL = command(["crm_node", "--name"]).strip()
    if LOCAL not in request["nodes"]:
        return {"node": LOCAL, "meant": False}
    if request.get("give"):
        put(LOCAL, base64.b64decode(request["give"]))
    _, found, reason = look(LOCAL)
    if reason:
        raise Failure("unreachable", reason)
    key = on(LOCAL, READ) if request.get("read") and found else b""
    return {"node": LOCAL, "meant": True, "sum": found or "", "key": base64.b64encode(key).decode()}


def main(encoded):
    run(authkey_here, encoded)
