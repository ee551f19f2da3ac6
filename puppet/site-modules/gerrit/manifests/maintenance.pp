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
    file { "/etc/systemd/system/gerrit-${name}.service":
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => epp('gerrit/maintain.service.epp', {
          'text'    => $about['text'],
          'command' => "${program} ${name} --site ${gerrit::site} --port ${gerrit::ssh_port}",
          'site'    => $gerrit::site,
          'user'    => $gerrit::user,
      }),
    }

    file { "/etc/systemd/system/gerrit-${name}.timer":
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => epp('gerrit/maintain.timer.epp', { 'text' => $about['text'], 'calendar' => $about['calendar'] }),
    }

    service { "gerrit-${name}.timer":
      ensure    => running,
      enable    => true,
      subscribe => File["/etc/systemd/system/gerrit-${name}.timer"],
      require   => File[$program, "/etc/systemd/system/gerrit-${name}.service"],
    }
  }
}
