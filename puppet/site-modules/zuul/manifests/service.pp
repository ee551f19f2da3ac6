# @summary The units of the scheduler and the merger. A new layout or logging configuration is loaded without a restart.
class zuul::service {
  assert_private()

  $programs = {
    'zuul-server' => { 'description' => 'Zuul scheduler', 'umask' => '0027', 'reload' => true },
    # The web server reads the repositories that it makes.
    'zuul-merger' => { 'description' => 'Zuul merger', 'umask' => '0022', 'reload' => false },
  }

  $programs.each |$program, $about| {
    systemd_unit { "${program}.service":
      content => epp('zuul/zuul.service.epp', $about + {
          'command' => "${zuul::path}/bin/${program} -d",
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

  systemd_unit { 'zuul-queue.service':
    content => epp('zuul/zuul.service.epp', {
        'description' => 'Keeper of what is in Zuul\'s pipelines',
        'command'     => "${zuul::path}/bin/python ${zuul::library}/zuul_queue.py --status http://127.0.0.1:${zuul::settings['webapp']['port']}/status.json",
        'umask'       => '0077',
        'reload'      => false,
        'home'        => $zuul::home,
        'logs'        => $zuul::logs,
        'statsd'      => undef,
    }),
    notify  => Service['zuul-queue'],
  }

  service { 'zuul-queue':
    ensure    => running,
    enable    => true,
    subscribe => [Python_venv::Environment[$zuul::path], File["${zuul::library}/zuul_queue.py"]],
  }
}
