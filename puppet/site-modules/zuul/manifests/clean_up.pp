# @summary Removes what the merger made for tests that are long over, once a day. Zuul removes none of it.
class zuul::clean_up {
  assert_private()

  $program = "${zuul::library}/zuul_refs.py"

  file { $program:
    ensure => file,
    owner  => 'root',
    group  => 'root',
    mode   => '0644',
    source => 'puppet:///modules/zuul/zuul_refs.py',
  }

  ['service', 'timer'].each |String $kind| {
    file { "/etc/systemd/system/clear-zuul-refs.${kind}":
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => epp("zuul/clear-zuul-refs.${kind}.epp", $kind ? {
          'timer' => {},
          default => {
            'program'      => $program,
            'repositories' => $zuul::git,
            'home'         => $zuul::home,
            'days'         => $zuul::ref_days,
          },
      }),
      before  => Service['clear-zuul-refs.timer'],
    }
  }

  service { 'clear-zuul-refs.timer':
    ensure    => running,
    enable    => true,
    subscribe => File['/etc/systemd/system/clear-zuul-refs.timer'],
    require   => File[$program],
  }
}
