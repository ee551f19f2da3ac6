# @summary Lets in what the site's flows permit, and nothing else.
#
# @param rules
#   The connections to this host that the site permits.
# @param ssh_port
#   The port on which pkgci reaches this host. A set of rules that would cut it off is refused.
# @param management
#   The networks from which pkgci reaches this host, also where the rules cannot be loaded.
# @param kept
#   User → TCP ports of this host that the user's programs do not reach from inside.
class profile::firewall (
  Array[Packet_filter::Rule]             $rules,
  Stdlib::Port                           $ssh_port,
  Array[Stdlib::IP::Address, 1]          $management,
  Hash[String[1], Array[Stdlib::Port, 1]] $kept     = {},
) {
  unless $rules.any |$rule| { $rule['protocol'] == 'tcp' and $rule['port'] == $ssh_port } {
    fail("no firewall rule lets anybody reach SSH on port ${ssh_port}: this would cut the operator off")
  }

  class { 'packet_filter':
    rules   => $rules,
    way_in  => [{ networks => $management, protocol => 'tcp', port => $ssh_port, comment => 'management' }],
    kept    => $kept,
    require => File['/etc/pkgci'],
  }
  contain packet_filter
}
