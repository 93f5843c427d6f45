"""The versions of the tools on a node, as each reports itself."""

import re


def version_in(text):
    match = re.search(r"\d+(?:\.\d+)+", text)
    return match.group(0) if match else ""


def first_number(*argv):
    return version_in(command(list(argv)))


def libvirt_versions():
    """`virsh version` says "Using library: libvirt 9.0.0" and "Running hypervisor: QEMU 7.2.22"."""
    told = command(["env", "LC_ALL=C.UTF-8", "virsh", "--connect", LOCAL_URI, "version"], timeout=20)
    found = {
        name: re.search(words + r" (\S+)", told)
        for name, words in (("libvirt", "Using library: libvirt"), ("qemu", "hypervisor: QEMU"))
    }
    return {name: match.group(1) if match else "" for name, match in found.items()}


# Tools with a single version number, and the command that prints it.
VERSION_COMMANDS = {
    "pacemaker": ("crmadmin", "--version"),
    "corosync": ("corosync", "-v"),
    "ceph": ("ceph", "--version"),
}
