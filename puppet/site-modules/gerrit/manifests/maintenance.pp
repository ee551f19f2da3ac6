# @summary What keeps Gerrit quick and right over the years: its repositories are packed, its index is looked through.
class gerrit::maintenance {
  assert_private()

  $program = '/usr/local/sbin/gerrit-maintain'
  $timers  = {
    'gc'    => { 'calendar' => 'Sat 02:00', 'text' => 'Pack Gerrit\'s repositories' },
    'index' => { 'calendar' => 'Sun 02:00', 'text' => 'Bring Gerrit\'s index of changes in line with its repositories' },
  }

  file { $program:
    ensure => file,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
    source => 'puppet:///modules/gerrit/gerrit_maintain.py',
  }

  $timers.each |String $name, Hash $about| {
    systemd_unit::timer { "gerrit-${name}":
      text     => "${about['text']}, once a week",
      calendar => $about['calendar'],
      delay    => '1h',
      service  => systemd_unit::work({
          'text'    => $about['text'],
          'command' => "${program} ${name} --site ${gerrit::site} --port ${gerrit::ssh_port}",
          'user'    => $gerrit::user,
          'writes'  => [$gerrit::site],
          # It asks Gerrit itself.
          'network' => 'local',
          'umask'   => '0027',
      }),
      require  => File[$program],
    }
  }
}
