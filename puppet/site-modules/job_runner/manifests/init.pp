# @summary `pkgci-job STEP PROJECT [TARGET]`, which Jenkins jobs call: it does a step of a package's way, and hands its log to a log server.
#
# @param log_host
#   The log server's address or DNS name.
# @param log_host_keys
#   The log server's SSH host keys, each as in 'ssh-ed25519 AAAA…'. No other host is given a log.
# @param upload_key
#   The file with the private SSH key that may add logs.
# @param log_port
#   The log server's SSH port.
# @param log_user
#   The account on the log server that takes logs in.
class job_runner (
  Stdlib::Host                              $log_host,
  Array[Pattern[/\A(ssh|ecdsa)-\S+ \S+\z/]] $log_host_keys,
  Stdlib::Absolutepath                      $upload_key,
  Stdlib::Port                              $log_port = 22,
  Pattern[/\A[a-z_][a-z0-9_-]*\z/]          $log_user = 'logs',
) {
  $known_hosts = '/etc/pkgci/log_server.known_hosts'
  $lines       = $log_host_keys.map |$key| { "log-server ${key}" }
  # Where a program that runs as another account leaves its results for the job: each job makes a folder of its own.
  $results     = '/srv/pkgci/results'

  ensure_resource('package', ['git'], { 'ensure' => 'installed', 'install_options' => ['--no-install-recommends'] })

  package_steps::program { 'job':
    module => 'job.main',
  }

  file { $known_hosts:
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => "# Written by pkgci.\n${lines.join("\n")}\n",
  }

  file { '/etc/pkgci/job.json':
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => epp('job_runner/job.json.epp', {
        'host'        => $log_host,
        'port'        => $log_port,
        'user'        => $log_user,
        'key'         => $upload_key,
        'known_hosts' => $known_hosts,
    }),
  }

  file { $results:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '1777',
  }

  leavers::data { $results: }

  # A job that was killed leaves its folder behind; no job takes two days.
  file { '/etc/tmpfiles.d/pkgci-results.conf':
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => "# Written by pkgci.\nd ${results} 1777 root root 2d\n",
  }
}
