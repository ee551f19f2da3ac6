# @summary A packet filter of its own, made with nftables: what is not permitted is dropped, in IPv4 and in IPv6.
#
# It owns the table `inet pkgci` and touches no other, so that Docker's, libvirt's or an administrator's rules stay as
# they are. There is no forward chain: a drop in any table is final, and would cut off the containers and virtual machines
# behind those other rules.
#
# The file is checked before it replaces the old one, and loaded in one transaction: there is no moment without a filter.
# A run compares the filter in the kernel with the file, and loads it again where somebody changed it by hand.
#
# @param rules
#   What is permitted.
# @param jobs
#   Whose programs may be anybody's, and what these may reach, inside this host and outside.
class packet_filter (
  Array[Packet_filter::Rule]    $rules,
  Optional[Packet_filter::Jobs] $jobs  = undef,
) {
  $file = '/etc/pkgci/firewall.nft'
  $unit = 'pkgci-firewall.service'

  package { 'nftables':
    ensure => installed,
  }

  file { $file:
    ensure       => file,
    owner        => 'root',
    group        => 'root',
    mode         => '0644',
    content      => epp('packet_filter/firewall.nft.epp', { 'rules' => $rules, 'jobs' => $jobs }),
    validate_cmd => '/usr/sbin/nft -c -f %',
    require      => Package['nftables'],
  }

  # The kernel knows users by number.
  if $jobs {
    [$jobs['agent'], $jobs['fetcher']].filter |$user| { $user }.each |$user| {
      User <| title == $user |> -> File[$file]
    }
  }

  file { "/etc/systemd/system/${unit}":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => epp('packet_filter/firewall.service.epp', { 'file' => $file }),
  }

  service { $unit:
    ensure    => running,
    enable    => true,
    require   => File[$file],
    subscribe => File["/etc/systemd/system/${unit}"],
  }

  # The file, loaded into a network namespace that has nothing else, must read back as what the kernel has now. (Without
  # the last part a host that has no nft yet would end with 127, which Puppet takes for a mistake of ours.)
  $list   = 'nft --stateless list table inet pkgci'
  $wanted = "unshare --net sh -c 'nft -f ${file} && ${list}'"
  exec { 'load the packet filter':
    command  => "systemctl restart ${unit}",
    unless   => "live=$(${list}) && test \"\$live\" = \"$(${wanted})\" || exit 1",
    provider => shell,
    path     => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    require  => Service[$unit],
  }
}
