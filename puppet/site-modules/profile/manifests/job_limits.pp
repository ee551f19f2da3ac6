# @summary Lets jobs put what they run into control groups, within the site's limits: they ask root for one, through sudo.
#
# Whoever runs jobs has no say in the limits, and may leave no group that it was put into.
class profile::job_limits {
  require profile::slave

  # By it root asks systemd.
  ensure_resource('package', 'dbus', { 'ensure' => 'installed', 'install_options' => ['--no-install-recommends'] })

  package_steps::program { 'scope':
    module => 'scope.keeper',
  }

  file { '/etc/sudoers.d/pkgci-scope':
    ensure       => file,
    owner        => 'root',
    group        => 'root',
    mode         => '0440',
    content      => epp('profile/sudoers-scope.epp', { 'user' => $profile::slave::user }),
    validate_cmd => '/usr/sbin/visudo -c -q -f %',
    require      => [Package['sudo'], Package_steps::Program['scope']],
  }
}
