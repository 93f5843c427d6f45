"""Asks libvirt whether it takes a domain: defined with validation under a name of its own, and undefined again."""
# Needs: libvirt_node


def validate(request):
    """@param request `xml`, whose refusal is the program's; or `xmls`, each with an answer of its own"""
    if "xmls" in request:
        return [attempt(lambda: define_and_undefine(xml)) for xml in request["xmls"]]
    return define_and_undefine(request["xml"])


def main(encoded):
    run(validate, encoded)
