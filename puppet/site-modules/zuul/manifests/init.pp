# @summary Zuul 2.6.0, which starts Jenkins jobs over Gearman, on the distribution's Python, 3.10 to 3.13.
#
# The scheduler and the merger run in a virtual environment, under a user of their own. The layout is seeded with an empty
# one and belongs to whoever deploys layouts from then on.
#
# @param settings
#   zuul.conf: section → key → value. What the component itself decides (folders, log files) is added.
# @param gerrit_key
#   Zuul's own private SSH key.
# @param log_token_key
#   The key that the token of each build, for its folder on the log server, is made with.
# @param gerrit_host
#   Gerrit's name, as zuul.conf has it. Without one Zuul listens to no Gerrit.
# @param gerrit_port
#   Gerrit's SSH port.
# @param gerrit_host_keys
#   Gerrit's SSH host keys, each as in 'ssh-ed25519 AAAA…'. Zuul and its merger connect to no other.
# @param log_levels
#   Logger → level, for the log files. The journal has everything from INFO upwards.
# @param log_days
#   For how many days log files are kept.
# @param ref_days
#   For how many days what the merger made for a test of a change can be fetched. A job's test needs it for hours.
# @param statsd
#   The statsd server that gets metrics, as host:port. Without it none are made.
# @param together
#   Project → the projects that it is built with → their branch; without one that of the change's name, or the main one.
# @param groups
#   Group → the projects whose changes with the topic group/NAME are checked together.
# @param path
#   The folder of its virtual environment.
class zuul (
  Hash[String[1], Hash[String[1], Variant[String[1], Integer, Boolean]]] $settings,
  Sensitive[String[1]]                                                   $gerrit_key,
  Sensitive[String[1]]                                                   $log_token_key,
  Optional[Stdlib::Host]                                                 $gerrit_host      = undef,
  Stdlib::Port                                                           $gerrit_port      = 29418,
  Array[Pattern[/\A[\w@.-]+ [\w+\/=]+\z/]]                               $gerrit_host_keys = [],
  Hash[String[1], Enum['DEBUG', 'INFO', 'WARNING', 'ERROR']]             $log_levels       = {},
  Integer[1]                                                             $log_days         = 30,
  Integer[1]                                                             $ref_days         = 30,
  Optional[Pattern[/\A[^:\s]+:\d+\z/]]                                  $statsd           = undef,
  Hash[String[1], Hash[String[1], Optional[String[1]]]]                  $together         = {},
  Hash[String[1], Array[String[1]]]                                      $groups           = {},
  Stdlib::Absolutepath                                                   $path             = '/opt/zuul',
) {
  $home    = '/var/lib/zuul'
  $git     = "${home}/git"
  $vouched = "${home}/vouched"
  $logs    = '/var/log/zuul'
  $etc     = '/etc/zuul'
  $library = '/usr/local/lib/zuul'
  $share   = '/usr/local/share/zuul'

  contain zuul::install
  contain zuul::config
  contain zuul::ssh
  contain zuul::service
  contain zuul::clean_up

  Class['zuul::install'] -> Class['zuul::config'] -> Class['zuul::ssh'] -> Class['zuul::service'] -> Class['zuul::clean_up']
}
