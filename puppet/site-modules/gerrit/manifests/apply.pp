# @summary Makes what is wanted so, or leaves Gerrit as it was.
class gerrit::apply {
  assert_private()

  $library = '/usr/local/lib/gerrit-apply'
  $program = '/usr/local/sbin/gerrit-apply'

  file { $library:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  # A module of an older release goes with it.
  file { "${library}/gerrit_apply":
    ensure  => directory,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    source  => 'puppet:///modules/gerrit/gerrit_apply',
    recurse => true,
    purge   => true,
    force   => true,
  }

  file { $program:
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0755',
    content => epp('gerrit/program.epp', { 'library' => $library }),
    require => File["${library}/gerrit_apply"],
  }

  file { "${gerrit::etc}/apply.conf":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => epp('gerrit/apply.conf.epp', {
        'settings' => {
          'site'   => $gerrit::site,
          'user'   => $gerrit::user,
          'wanted' => $gerrit::etc,
          'state'  => $gerrit::state,
          'war'    => $gerrit::archive,
          'java'   => "${gerrit::runtime}/bin/java",
          'heap'   => String($gerrit::heap),
          'port'   => String($gerrit::port),
          'ssh'    => String($gerrit::ssh_port),
        },
    }),
  }

  # The index of a large Gerrit takes hours to make anew. What is said is shown: why an upgrade was undone, above all.
  exec { $program:
    unless    => "${program} --check",
    provider  => shell,
    path      => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    logoutput => true,
    timeout   => 0,
    require   => File[$program, "${gerrit::etc}/apply.conf"],
  }
}
