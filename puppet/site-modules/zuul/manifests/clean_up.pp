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

  systemd_unit::timer { 'clear-zuul-refs':
    text     => 'Clear the repositories of Zuul\'s merger, once a day',
    calendar => 'daily',
    delay    => '1h',
    service  => systemd_unit::work({
        'text'    => 'Remove the references of tests that are long over from the repositories of Zuul\'s merger',
        'command' => [
          "/usr/bin/python3 ${program} --repositories ${zuul::git}",
          "--seen ${zuul::home}/refs-seen.json --days ${zuul::ref_days}",
        ].join(' '),
        'user'    => 'zuul',
        'writes'  => [$zuul::home],
    }),
    require  => File[$program],
  }
}
