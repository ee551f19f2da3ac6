# @summary How Zuul (paramiko; git over ssh) and its merger reach Gerrit: with one key, and only where the host keys are the pinned ones.
class zuul::ssh {
  assert_private()

  $folder = "${zuul::home}/.ssh"
  $known  = $zuul::gerrit_port ? {
    22      => $zuul::gerrit_host,
    default => "[${zuul::gerrit_host}]:${zuul::gerrit_port}",
  }

  # Root's: a program that goes wrong cannot make Zuul trust another host.
  file { $folder:
    ensure => directory,
    owner  => 'root',
    group  => 'zuul',
    mode   => '0750',
  }

  file { "${folder}/gerrit":
    ensure    => file,
    owner     => 'zuul',
    group     => 'zuul',
    mode      => '0600',
    content   => $zuul::gerrit_key,
    show_diff => false,
    backup    => false,
  }

  # Without Gerrit's host keys there is no Gerrit that Zuul may trust.
  file { "${folder}/known_hosts":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => $zuul::gerrit_host_keys.map |$key| { "${known} ${key}\n" }.join,
  }

  file { "${folder}/config":
    ensure => file,
    owner  => 'root',
    group  => 'root',
    mode   => '0644',
    source => 'puppet:///modules/zuul/ssh_config',
  }
}
