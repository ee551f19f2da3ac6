# @summary Prometheus, which collects the metrics of every host. It answers on this host only.
#
# @param targets
#   Host → where its metrics are, address:port.
# @param interval
#   Seconds between two collections.
class profile::monitoring (
  Hash[String[1], String[1]] $targets,
  Integer[1]                 $interval = 60,
) {
  require profile::firewall

  packet_filter::needed_by { 'prometheus':
    before => Package['prometheus'],
  }

  package { 'prometheus':
    ensure          => installed,
    install_options => ['--no-install-recommends'],
  }

  file { '/etc/default/prometheus':
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => "# Written by pkgci.\nARGS=\"--web.listen-address=127.0.0.1:9090\"\n",
    require => Package['prometheus'],
    notify  => Service['prometheus'],
  }

  file { '/etc/prometheus/prometheus.yml':
    ensure       => file,
    owner        => 'root',
    group        => 'root',
    mode         => '0644',
    content      => epp('profile/prometheus.yml.epp', { 'targets' => $targets, 'interval' => $interval }),
    validate_cmd => '/usr/bin/promtool check config %',
    require      => Package['prometheus'],
    notify       => Service['prometheus'],
  }

  leavers::data { '/var/lib/prometheus': }

  service { 'prometheus':
    ensure => running,
    enable => true,
  }
}
