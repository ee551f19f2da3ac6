# @summary zuul.conf, what is logged where, and a layout to begin with.
class zuul::config {
  assert_private()

  $own = {
    'gearman_server' => { 'start' => false },
    'zuul'           => {
      'layout_config' => "${zuul::etc}/layout.yaml",
      'state_dir'     => $zuul::home,
      'log_config'    => "${zuul::etc}/server-logging.conf",
    },
    'merger'         => {
      'git_dir'    => $zuul::git,
      'log_config' => "${zuul::etc}/merger-logging.conf",
    },
  }

  file { $zuul::etc:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  # A connection's section may hold a password.
  file { "${zuul::etc}/zuul.conf":
    ensure    => file,
    owner     => 'root',
    group     => 'zuul',
    mode      => '0640',
    content   => epp('zuul/zuul.conf.epp', { 'settings' => deep_merge($own, $zuul::settings) }),
    show_diff => false,
    backup    => false,
  }

  # Zuul reads it for each job that it starts (zuul_py3/log_token.py).
  file { "${zuul::etc}/log_token.key":
    ensure    => file,
    owner     => 'zuul',
    group     => 'root',
    mode      => '0600',
    content   => $zuul::log_token_key,
    show_diff => false,
    backup    => false,
  }

  ['server', 'merger'].each |$program| {
    file { "${zuul::etc}/${program}-logging.conf":
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => epp('zuul/logging.conf.epp', {
          'file'   => "${zuul::logs}/${program}.log",
          'levels' => { 'zuul' => 'DEBUG', 'gerrit' => 'DEBUG', 'gear' => 'WARNING' } + $zuul::log_levels,
      }),
    }
  }

  # For git's program behind the web server, which runs as another user than the one that owns the repositories.
  file { "${zuul::etc}/git-http.conf":
    ensure => file,
    owner  => 'root',
    group  => 'root',
    mode   => '0644',
    source => 'puppet:///modules/zuul/git-http.conf',
  }

  file { '/etc/logrotate.d/zuul':
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => epp('zuul/logrotate.epp', { 'logs' => $zuul::logs, 'days' => $zuul::log_days }),
  }

  # The merger reads it at each merge (zuul_py3/together.py): nothing is to be started again.
  file { "${zuul::etc}/together.json":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => package_steps::to_json($zuul::together),
  }

  # Zuul reads it for each change that has such a topic (zuul_py3/grouping.py).
  file { "${zuul::etc}/groups.json":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => package_steps::to_json($zuul::groups),
  }

  # Seeded once: whoever deploys layouts replaces them.
  file { "${zuul::etc}/layout.yaml":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    replace => false,
    source  => 'puppet:///modules/zuul/layout.yaml',
  }

  file { "${zuul::etc}/functions.py":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    replace => false,
    source  => 'puppet:///modules/zuul/functions.py',
  }
}
