# @summary The log server's programs, and what its pages are made of.
class logs::programs {
  assert_private()

  $web = $logs::web

  file { $logs::library:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  # A program of an older release goes with it.
  file { "${logs::library}/pkgci_logs":
    ensure  => directory,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    source  => 'puppet:///modules/logs/pkgci_logs',
    recurse => true,
    purge   => true,
    force   => true,
  }

  ['receive', 'prune'].each |String $program| {
    file { "${logs::library}/${program}":
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0755',
      content => epp('logs/program.epp', { 'library' => $logs::library, 'module' => $program }),
      require => File["${logs::library}/pkgci_logs"],
    }
  }

  file { "${web}/build.html":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => epp('logs/build.html.epp', { 'path' => $logs::path, 'links' => $logs::links }),
  }

  file { $web:
    ensure  => directory,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    source  => 'puppet:///modules/logs/web',
    recurse => true,
    purge   => true,
    force   => true,
  }
}
