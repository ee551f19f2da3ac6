# @summary The right time, from the distribution's time servers.
class profile::time {
  package { 'systemd-timesyncd':
    ensure => installed,
  }

  # A container has its machine's clock, and systemd does not start the service in one.
  service { 'systemd-timesyncd':
    ensure  => running,
    enable  => true,
    status  => 'systemctl is-active --quiet systemd-timesyncd || systemd-detect-virt --container --quiet',
    require => Package['systemd-timesyncd'],
    tag     => 'stays',
  }
}
