"""Asks libvirt whether it takes a domain: defined with validation under a name of its own, and undefined again."""
# Needs: libvirt_node


def validate(request):
    define_and_undefine(request["xml"])


def main(encoded):
    run(validate, encoded)
