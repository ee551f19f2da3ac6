# @summary Zuul's account on its host, and the key by which Gerrit knows it.
#
# @param gerrit_key
#   Zuul's private SSH key.
class profile::zuul (
  Sensitive[String[1]] $gerrit_key,
) {
  $home = '/var/lib/zuul'

  user { 'zuul':
    ensure => present,
    system => true,
    home   => $home,
    shell  => '/usr/sbin/nologin',
  }

  file { $home:
    ensure => directory,
    owner  => 'zuul',
    group  => 'zuul',
    mode   => '0750',
  }

  file { "${home}/.ssh":
    ensure => directory,
    owner  => 'zuul',
    group  => 'zuul',
    mode   => '0700',
  }

  file { "${home}/.ssh/gerrit":
    ensure    => file,
    owner     => 'zuul',
    group     => 'zuul',
    mode      => '0600',
    content   => $gerrit_key,
    show_diff => false,
    backup    => false,
  }
}
