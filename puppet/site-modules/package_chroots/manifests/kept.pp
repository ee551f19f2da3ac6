# @summary A kind of roots that this host keeps fresh, every night, for all targets.
#
# @param purpose
#   What they are for, as pkgci_steps/chroots/purpose.py names it.
define package_chroots::kept (
  Enum['build', 'test', 'system'] $purpose = $title,
) {
  include package_chroots

  service { "pkgci-chroots@${purpose}.timer":
    ensure    => running,
    enable    => true,
    subscribe => File['/etc/systemd/system/pkgci-chroots@.timer'],
    require   => [
      File['/etc/systemd/system/pkgci-chroots@.service'],
      Package_steps::Program['chroots'],
    ],
  }
}
