"""The resource agent's file for a deleted VM, on this node alone: for nodes that admit no other node."""
# Needs: config_files


def config_here(request):
    """The result here, or nothing if the request is for another node."""
    local = command(["crm_node", "--name"]).strip()
    if local not in request["nodes"]:
        return {"gone": [], "stays": {}}
    stays = remove_config_files(request["vm"], [local])
    return {"gone": [] if stays else [local], "stays": stays}


def main(encoded):
    run(config_here, encoded)
