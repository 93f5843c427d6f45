"""The key of Pacemaker Remote on this node alone, for nodes that admit no other node: checked, read, and stored."""
# Needs: on_node, authkey_at


def authkey_here(request):
    """The state of this node, or only its name if the request is for another one."""
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
