"""Asks libvirt whether it takes a domain: defined with validation under a name of its own, and undefined again; and looks at
what this node lacks of what domains name."""
# Needs: libvirt_node, lacking, machines


def validate(request):
    """@param request `xml`, whose refusal is the program's; or `xmls`, each with an answer of its own, and `needs` of theirs"""
    if "xmls" in request:
        answer = {
            "domains": [attempt(lambda: define_and_undefine(xml)) for xml in request["xmls"]],
            "lacks": lacked(request["needs"]),
        }
        # libvirt's words about a machine that it has not do not say which it has.
        if any("error" in each for each in answer["domains"]):
            answer["machines"] = attempt(known_machines)
        return answer
    return define_and_undefine(request["xml"])


def main(encoded):
    run(validate, encoded)
