"""Asks libvirt whether it takes a domain: defined with validation under a name of its own, and undefined again."""


def validate(request):
    import libvirt

    libvirt.registerErrorHandler(lambda context, error: None, None)
    connection = libvirt.open("qemu:///system")
    try:
        try:
            domain = connection.defineXMLFlags(request["xml"], libvirt.VIR_DOMAIN_DEFINE_VALIDATE)
        except libvirt.libvirtError as error:
            raise Failure("libvirtError", error.get_error_message()) from error
        domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE)
    finally:
        connection.close()


def main(encoded):
    run(validate, encoded)
