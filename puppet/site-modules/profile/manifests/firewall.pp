# @summary Lets in what the site's flows permit, and nothing else.
#
# @param rules
#   The connections to this host that the site permits.
# @param ssh_port
#   The port on which pkgci reaches this host. A set of rules that would cut it off is refused.
# @param management
#   The networks from which pkgci reaches this host, also where the rules cannot be loaded.
# @param jobs
#   What jobs may reach from this host, whoever wrote what runs in them. `roots`, the ids of their namespaces, are those
#   that their account has (package_chroots::first_id).
class profile::firewall (
  Array[Packet_filter::Rule]             $rules,
  Stdlib::Port                           $ssh_port,
  Array[Stdlib::IP::Address, 1]          $management,
  Optional[Hash[String[1], Any]]         $jobs     = undef,
) {
  unless $rules.any |$rule| { $rule['protocol'] == 'tcp' and $rule['port'] == $ssh_port } {
    fail("no firewall rule lets anybody reach SSH on port ${ssh_port}: this would cut the operator off")
  }

  class { 'packet_filter':
    rules   => $rules,
    way_in  => [{ networks => $management, protocol => 'tcp', port => $ssh_port, comment => 'management' }],
    jobs    => $jobs,
    require => File['/etc/pkgci'],
  }
  contain packet_filter
}
