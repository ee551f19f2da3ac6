# @summary Gerrit's account, and the folders that are its own.
class gerrit::account {
  assert_private()

  group { $gerrit::user:
    ensure => present,
    system => true,
  }

  user { $gerrit::user:
    ensure => present,
    system => true,
    gid    => $gerrit::user,
    home   => $gerrit::home,
    shell  => '/usr/sbin/nologin',
  }

  # Everything that a backup needs is in the site's folder.
  file { [$gerrit::home, $gerrit::site]:
    ensure => directory,
    owner  => $gerrit::user,
    group  => $gerrit::user,
    mode   => '0750',
  }

  $first_key = $gerrit::first_key ? {
    undef   => 'absent',
    default => 'file',
  }

  file { "${gerrit::home}/.ssh":
    ensure => directory,
    owner  => $gerrit::user,
    group  => $gerrit::user,
    mode   => '0700',
  }

  # Where `init` looks for it, whatever kind of key it is.
  file { "${gerrit::home}/.ssh/id_rsa.pub":
    ensure  => $first_key,
    owner   => $gerrit::user,
    group   => $gerrit::user,
    mode    => '0644',
    content => "${gerrit::first_key}\n",
  }
}
