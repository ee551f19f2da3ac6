# @summary The SSH server's access rules: keys only, and for the accounts that Puppet looks after only the keys it gives.
#
# The keys stand in a folder that only root writes. An account in the group `pkgci-keys` has no others: what runs as that
# user cannot let anybody in. The port is not set here: pkgci came in through the one that sshd listens on.
#
# @param permit_root
#   Whether root may log in with a key.
class ssh_access (
  Boolean $permit_root,
) {
  $keys   = '/etc/ssh/authorized_keys.d'
  $config = '/etc/ssh/sshd_config.d/00-pkgci.conf'

  package { 'openssh-server':
    ensure => installed,
  }

  group { 'pkgci-keys':
    ensure => present,
    system => true,
  }

  # Whoever is no longer named here has no key any more.
  file { $keys:
    ensure  => directory,
    owner   => 'root',
    group   => 'root',
    mode    => '0755',
    recurse => true,
    purge   => true,
    require => Package['openssh-server'],
  }

  file { $config:
    ensure       => file,
    owner        => 'root',
    group        => 'root',
    mode         => '0644',
    content      => epp('ssh_access/sshd.conf.epp', { 'permit_root' => $permit_root, 'keys' => $keys }),
    validate_cmd => '/usr/sbin/sshd -t -f %',
    require      => Package['openssh-server'],
  }

  # Reloaded only when the whole configuration is sound: a server that does not come back locks everybody out.
  service { 'ssh':
    ensure    => running,
    restart   => '/usr/sbin/sshd -t && systemctl reload ssh',
    subscribe => File[$config],
    tag       => 'stays',
  }

  # A main configuration without the Include line, or with something before it, would make the file above idle.
  exec { 'sshd takes no passwords':
    command  => 'echo "sshd still takes passwords: does /etc/ssh/sshd_config begin with its Include?" >&2; false',
    unless   => "sshd -T -C user=root,host=localhost,addr=127.0.0.1 | grep -qx 'passwordauthentication no'",
    provider => shell,
    path     => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    require  => Service['ssh'],
  }
}
