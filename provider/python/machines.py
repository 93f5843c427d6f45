"""The machines that QEMU on this node has, by libvirt's own account."""

# Needs: libvirt_node
import xml.etree.ElementTree as ElementTree


def known_machines():
    """By the processor's architecture, the name of each machine and what it is short for, if for anything."""
    try:
        import libvirt
    except ImportError:
        text = virsh(["capabilities"])
    else:
        connection = libvirt.open(LOCAL_URI)
        try:
            text = connection.getCapabilities()
        except libvirt.libvirtError as error:
            raise Failure("libvirtError", error.get_error_message().strip()) from error
        finally:
            connection.close()
    found = {}
    for arch in ElementTree.fromstring(text).iterfind("guest[os_type='hvm']/arch"):
        names = found.setdefault(arch.get("name"), {})
        for machine in arch.iter("machine"):
            names[machine.text] = machine.get("canonical")
    return found
