"""The file that the resource agent made for a VM that is gone, on this node alone: for nodes that let no other one in."""
# Needs: config_files


def config_here(request):
    """What became of it here, or nothing where another node is meant."""
    local = command(["crm_node", "--name"]).strip()
    if local not in request["nodes"]:
        return {"gone": [], "stays": {}}
    stays = remove_config_files(request["vm"], [local])
    return {"gone": [] if stays else [local], "stays": stays}


def main(encoded):
    run(config_here, encoded)
