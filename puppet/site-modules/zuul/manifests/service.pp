# @summary The units of the scheduler and the merger. A new layout or logging configuration is loaded without a restart.
class zuul::service {
  assert_private()

  $programs = {
    'zuul-server' => { 'description' => 'Zuul scheduler', 'umask' => '0027', 'reload' => true },
    # The web server reads the repositories that it makes.
    'zuul-merger' => { 'description' => 'Zuul merger', 'umask' => '0022', 'reload' => false },
  }

  $programs.each |$program, $about| {
    file { "/etc/systemd/system/${program}.service":
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => epp('zuul/zuul.service.epp', $about + {
          'program' => $program,
          'path'    => $zuul::path,
          'home'    => $zuul::home,
          'logs'    => $zuul::logs,
          'statsd'  => $zuul::statsd,
      }),
      notify  => Service[$program],
    }

    service { $program:
      ensure    => running,
      enable    => true,
      subscribe => [
        Python_venv::Environment[$zuul::path],
        File["${zuul::library}/zuul_py3", "${zuul::etc}/zuul.conf", "${zuul::home}/.ssh/known_hosts", "${zuul::home}/.ssh/gerrit"],
      ],
    }
  }
}
