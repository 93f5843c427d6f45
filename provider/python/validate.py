"""Asks libvirt whether it accepts a domain, by defining it with validation under a name of its own and undefining it
again; also checks what this node lacks of the domains' needs."""
# Needs: libvirt_node, lacking, machines


def validate(request):
    """@param request `xml`, whose rejection is the program's failure; or `xmls`, each with its own answer, and their
    `needs`"""
    if "xmls" in request:
        answer = {
            "domains": [attempt(lambda: define_and_undefine(xml)) for xml in request["xmls"]],
            "lacks": lacked(request["needs"]),
        }
        # libvirt's error about an unknown machine type does not list the known ones.
        if any("error" in each for each in answer["domains"]):
            answer["machines"] = attempt(known_machines)
        return answer
    return define_and_undefine(request["xml"])


def main(encoded):
    run(validate, encoded)
