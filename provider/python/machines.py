"""The machine types of this node's QEMU, as libvirt reports them."""

# Needs: libvirt_node
import xml.etree.ElementTree as ElementTree


def known_machines():
    """By processor architecture, the name of each machine type, and the one it is an alias of, if any."""
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
