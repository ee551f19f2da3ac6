# @summary A packet filter of its own, made with nftables: what is not permitted is dropped, in IPv4 and in IPv6.
#
# It owns the table `inet pkgci` and touches no other, so that Docker's, libvirt's or an administrator's rules stay as
# they are. There is no forward chain: a drop in any table is final, and would cut off the containers and virtual machines
# behind those other rules.
#
# The file is checked before it replaces the old one, and loaded in one transaction: there is no moment without a filter.
# A run compares the filter in the kernel with the file, and loads it again where somebody changed it by hand. Where it
# cannot be loaded, at boot or later, the last one that could be is; and without that, all is shut but the operator's SSH.
#
# @param rules
#   What is permitted.
# @param way_in
#   What is permitted where the rules cannot be loaded.
# @param jobs
#   Whose programs may be anybody's, and what these may reach, inside this host and outside.
class packet_filter (
  Array[Packet_filter::Rule]    $rules,
  Array[Packet_filter::Rule]    $way_in,
  Optional[Packet_filter::Jobs] $jobs   = undef,
) {
  $file    = '/etc/pkgci/firewall.nft'
  $unit    = 'pkgci-firewall.service'
  $program = '/usr/local/sbin/pkgci-firewall'
  $library = '/usr/local/lib/pkgci-firewall'
  $state   = '/var/lib/pkgci-firewall'

  package { 'nftables':
    ensure => installed,
  }

  file { $library:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  file { $state:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0700',
  }

  file { "${library}/closed.nft":
    ensure       => file,
    owner        => 'root',
    group        => 'root',
    mode         => '0644',
    content      => epp('packet_filter/firewall.nft.epp', { 'rules' => $way_in, 'jobs' => undef }),
    validate_cmd => '/usr/sbin/nft -c -f %',
    require      => Package['nftables'],
  }

  file { $program:
    ensure => file,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
    source => 'puppet:///modules/packet_filter/pkgci-firewall',
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

  systemd_unit { $unit:
    content => epp('packet_filter/firewall.service.epp', {
        'program' => $program,
        'mounts'  => [$file, $program, $library, $state],
    }),
  }

  # What needs it is started anew with it, and so it never is: all that can change it takes while it runs.
  service { $unit:
    ensure  => running,
    enable  => true,
    require => [File[$file, $program, "${library}/closed.nft", $state], Systemd_unit[$unit]],
  }

  # The file, loaded into a network namespace that has nothing else, must read back as what the kernel has now. (Without
  # the last part a host that has no nft yet would end with 127, which Puppet takes for a mistake of ours.)
  $list   = 'nft --stateless list table inet pkgci'
  $wanted = "unshare --net sh -c 'nft -f ${file} && ${list}'"
  $same   = "test ! -e ${state}/degraded && live=$(${list}) && test \"\$live\" = \"$(${wanted})\""
  exec { 'load the packet filter':
    command  => "systemctl reload-or-restart ${unit}",
    unless   => "${same} || exit 1",
    provider => shell,
    path     => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    require  => Service[$unit],
  }
}
