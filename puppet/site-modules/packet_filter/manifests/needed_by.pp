# @summary A service that everybody could reach if there were no packet filter: it does not run without.
#
# @param service
#   Its unit, without the suffix.
define packet_filter::needed_by (
  Pattern[/\A[\w@-]+\z/] $service = $title,
) {
  $unit = 'pkgci-firewall.service'

  systemd_unit { "${service}.service.d/pkgci-firewall.conf":
    content => "# Written by pkgci.\n[Unit]\nRequires=${unit}\nAfter=${unit}\n",
  }
}
