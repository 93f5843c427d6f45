"""libvirt on this node: through its own Python module, or through virsh if python3-libvirt is missing."""

import os
import re
import xml.etree.ElementTree as ElementTree


def virsh(words, stdin=None):
    """virsh's output, in English. Its errors are libvirt's, after a line of its own and the word "error"."""
    argv, english = ["virsh", "--connect", LOCAL_URI] + words, dict(os.environ, LC_ALL="C.UTF-8")
    try:
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=60, env=english)
    except FileNotFoundError as error:
        raise Failure("missing", "neither python3-libvirt nor the command virsh is installed here") from error
    if done.returncode != 0:
        told = re.sub(r"\Aerror: Failed to define domain from .*\n", "", done.stderr)
        told = re.sub(r"\Aerror: ", "", told).strip()
        raise Failure("libvirtError", told or "virsh failed (exit %d)" % done.returncode)
    return done.stdout


def read_libvirt():
    """The uuid of the secret that libvirt opens images with, and the names of the domains on this node."""
    try:
        import libvirt
    except ImportError:
        rows = re.findall(r"^\s*([0-9a-f-]{36})\s+\w+\s+(.*?)\s*$", virsh(["secret-list"]), re.MULTILINE)
        secrets = {usage: uuid for uuid, usage in rows}
        return {
            "secret": secrets.get("client.libvirt secret"),
            "domains": virsh(["list", "--all", "--name"]).split(),
        }
    connection = libvirt.open(LOCAL_URI)
    try:
        secrets = {secret.usageID(): secret.UUIDString() for secret in connection.listAllSecrets()}
        domains = [domain.name() for domain in connection.listAllDomains()]
        return {"secret": secrets.get("client.libvirt secret"), "domains": domains}
    finally:
        connection.close()


# The names that this program may define, and so undefine.
PROBE = re.compile(r"seapath-check-[0-9a-z-]{1,64}")
# Files that libvirt deletes or empties with a domain, whoever owns them.
WITH_THE_DOMAIN = ("os/nvram", "os/varstore", "devices/tpm/backend/source")


def name_of_probe(xml):
    """The name of a domain that is defined only to be undefined at once: a reserved name, without files that would go
    with it. The provider prepares the XML this way; the check is here, where the harm would be done.
    """
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError as error:
        raise Failure("libvirtError", "the domain is no XML: %s" % error) from error
    found = [each for each in WITH_THE_DOMAIN if root.find(each) is not None]
    if found:
        raise Failure("probe", "a check of a domain must not hold %s" % ", ".join(found))
    name = root.findtext("name") or ""
    if not PROBE.fullmatch(name):
        raise Failure("probe", "a check of a domain must have a name of its own")
    return name


def define_and_undefine(xml):
    """@raises Failure libvirtError, with libvirt's words, if it rejects the domain."""
    name = name_of_probe(xml)
    try:
        import libvirt
    except ImportError:
        virsh(["define", "--validate", "/dev/stdin"], xml)
        virsh(["undefine", "--keep-nvram", name])
        return
    libvirt.registerErrorHandler(lambda context, error: None, None)
    connection = libvirt.open(LOCAL_URI)
    try:
        try:
            domain = connection.defineXMLFlags(xml, libvirt.VIR_DOMAIN_DEFINE_VALIDATE)
        except libvirt.libvirtError as error:
            raise Failure("libvirtError", error.get_error_message().strip()) from error
        # libvirt assigns an EFI guest a variables file in its own folder, which only a start would create: delete
        # nothing.
        domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM)
    finally:
        connection.close()
