/**
 * A node program for a Python without the bindings of Ceph and libvirt: -I takes no modules from elsewhere, so the
 * program hides them itself.
 */
export const withoutBindings = (program: string): string =>
  `import sys; sys.modules.update(dict.fromkeys(("rados", "rbd", "libvirt", "libvirt_qemu")))\n${program}`;
