# @summary Security updates install themselves. Nothing reboots by itself.
#
# @param mail
#   Who hears of an update that failed.
class profile::upgrades (
  Optional[String[1]] $mail = undef,
) {
  package { 'unattended-upgrades':
    ensure          => installed,
    install_options => ['--no-install-recommends'],
  }

  file { '/etc/apt/apt.conf.d/52pkgci-upgrades':
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => epp('profile/upgrades.epp', { 'mail' => $mail }),
    require => Package['unattended-upgrades'],
  }

  service { ['apt-daily.timer', 'apt-daily-upgrade.timer']:
    ensure => running,
    enable => true,
    tag    => 'stays',
  }
}
