# @summary Jenkins' account, as its package makes it, and also where there was one of that name: its home is Jenkins' own.
class jenkins::account {
  group { 'jenkins':
    ensure => present,
    system => true,
  }

  user { 'jenkins':
    ensure => present,
    system => true,
    gid    => 'jenkins',
    home   => $jenkins::home,
    shell  => '/bin/bash',
  }
}
