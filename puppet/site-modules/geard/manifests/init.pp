# @summary gear's Gearman server, in a virtual environment and under a user of its own.
#
# @param port
#   Where it listens, on every address.
# @param path
#   The folder of its virtual environment.
class geard (
  Stdlib::Port         $port = 4730,
  Stdlib::Absolutepath $path = '/opt/geard',
) {
  $logging = '/etc/geard-logging.conf'

  user { 'geard':
    ensure => present,
    system => true,
    home   => '/nonexistent',
    shell  => '/usr/sbin/nologin',
  }

  python_venv::environment { $path:
    requirements => file('geard/requirements.txt'),
    notify       => Service['geard'],
  }

  file { $logging:
    ensure => file,
    owner  => 'root',
    group  => 'root',
    mode   => '0644',
    source => 'puppet:///modules/geard/logging.conf',
    notify => Service['geard'],
  }

  systemd_unit { 'geard.service':
    content => epp('geard/geard.service.epp', { 'path' => $path, 'port' => $port, 'logging' => $logging }),
    notify  => Service['geard'],
  }

  service { 'geard':
    ensure  => running,
    enable  => true,
    require => User['geard'],
  }
}
