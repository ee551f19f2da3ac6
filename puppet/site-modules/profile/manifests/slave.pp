# @summary A machine on which the Jenkins master runs jobs: the master's way in, the account, and what a job calls.
#
# @param masters
#   The addresses that the Jenkins master connects from.
# @param authorized_keys
#   Role → the master's public key for slaves of that role. Every slave role of the host adds its own.
# @param user
#   The account that runs jobs.
# @param home
#   Its home, where jobs work.
# @param log_host
#   The log server's address.
# @param log_port
#   Its SSH port.
# @param log_host_keys
#   Its SSH host keys. Without any, no log can be sent, and no job passes.
class profile::slave (
  Array[Stdlib::IP::Address::Nosubnet, 1] $masters,
  Hash[String[1], String[1], 1]           $authorized_keys,
  String[1]                               $user,
  Stdlib::Absolutepath                    $home,
  Stdlib::IP::Address::Nosubnet           $log_host,
  Stdlib::Port                            $log_port,
  Array[String[1]]                        $log_host_keys,
) {
  # What a job fetches comes over TLS, from a host that the site's own authority vouches for.
  require profile::ca_certificate
  include profile::log_upload
  include profile::repository_keys
  include package_steps

  class { 'jenkins_agent':
    user   => $user,
    home   => $home,
    groups => ['pkgci-keys'],
  }
  contain jenkins_agent

  class { 'job_runner':
    log_host      => $log_host,
    log_port      => $log_port,
    log_host_keys => $log_host_keys,
    upload_key    => $profile::log_upload::file,
  }
  contain job_runner

  ssh_access::keys { $user:
    keys    => $authorized_keys.values,
    from    => $masters,
    options => ['restrict'],
  }

  # Jenkins may vanish without a word: sshd asks, and after two minutes without an answer the connection is over, and
  # with it what runs for Jenkins. Its own patience with an agent is longer.
  file { '/etc/ssh/sshd_config.d/10-jenkins-agent.conf':
    ensure       => file,
    owner        => 'root',
    group        => 'root',
    mode         => '0644',
    content      => epp('profile/sshd-agent.epp', { 'user' => $user }),
    validate_cmd => '/usr/sbin/sshd -t -f %',
    require      => Package['openssh-server'],
    notify       => Service['ssh'],
  }
}
