# @summary Zuul, which takes events from Gerrit and starts jobs, behind the host's web server.
#
# @param settings
#   zuul.conf: section → key → value.
# @param gerrit_key
#   Zuul's private SSH key.
# @param log_token_key
#   The key that the token of each build, for its folder on the log server, is made with.
# @param gerrit_host
#   Gerrit's DNS name.
# @param gerrit_port
#   Gerrit's SSH port.
# @param gerrit_host_keys
#   Gerrit's SSH host keys, each as in 'ssh-ed25519 AAAA…'.
# @param log_levels
#   Logger → level, for the log files.
# @param statsd
#   The statsd server that gets metrics, as host:port.
# @param together
#   Project → the projects that it is built with → their branch.
# @param groups
#   Group → the projects whose changes may be checked together.
class profile::zuul (
  Hash[String[1], Hash[String[1], Variant[String[1], Integer, Boolean]]] $settings,
  Sensitive[String[1]]                                                   $gerrit_key,
  Sensitive[String[1]]                                                   $log_token_key,
  Optional[Stdlib::Host]                                                 $gerrit_host      = undef,
  Stdlib::Port                                                           $gerrit_port      = 29418,
  Array[String[1]]                                                       $gerrit_host_keys = [],
  Hash[String[1], Enum['DEBUG', 'INFO', 'WARNING', 'ERROR']]             $log_levels       = {},
  Optional[String[1]]                                                    $statsd           = undef,
  Hash[String[1], Hash[String[1], Optional[String[1]]]]                  $together         = {},
  Hash[String[1], Array[String[1]]]                                      $groups           = {},
) {
  require profile::firewall
  require profile::ca_certificate

  packet_filter::needed_by { 'zuul-server':
    before => Class['zuul'],
  }

  class { 'zuul':
    settings         => $settings,
    gerrit_host      => $gerrit_host,
    gerrit_port      => $gerrit_port,
    gerrit_host_keys => $gerrit_host_keys,
    gerrit_key       => $gerrit_key,
    log_token_key    => $log_token_key,
    log_levels       => $log_levels,
    statsd           => $statsd,
    together         => $together,
    groups           => $groups,
  }
  contain zuul

  profile::web::locations { 'zuul':
    content => epp('zuul/apache.conf.epp', { 'webapp_port' => $settings['webapp']['port'] }),
    modules => ['proxy', 'proxy_http', 'cgid', 'rewrite'],
    require => Class['zuul'],
  }
}
