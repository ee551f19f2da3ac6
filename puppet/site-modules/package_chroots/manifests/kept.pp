# @summary A kind of roots that this host keeps fresh, every night, for all targets.
#
# @param purpose
#   What they are for, as pkgci_steps/chroots/purpose.py names it.
define package_chroots::kept (
  Enum['build', 'test', 'system'] $purpose = $title,
) {
  include package_chroots

  systemd_unit::timer { "pkgci-chroots@${purpose}":
    text     => "Make the chroots for ${purpose} anew, every night",
    calendar => '*-*-* 00:30',
    delay    => '90min',
    service  => epp('package_chroots/chroots.service.epp', {
        'purpose' => $purpose,
        'user'    => $package_chroots::user,
    }),
    require  => Package_steps::Program['chroots'],
  }
}
