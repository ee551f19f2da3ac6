# @summary A machine on which a Jenkins master starts its agent over SSH: Java, the account, its work directory.
#
# @param user
#   The account that the agent, and with it every job, runs as.
# @param home
#   Its home, which is the agent's work directory (remoteFS) too.
# @param groups
#   Further groups of the account.
class jenkins_agent (
  Pattern[/\A[a-z_][a-z0-9_-]*\z/] $user,
  Stdlib::Absolutepath             $home,
  Array[String[1]]                 $groups = [],
) {
  include java

  user { $user:
    ensure => present,
    system => true,
    home   => $home,
    shell  => '/bin/bash',
    groups => $groups,
  }

  file { $home:
    ensure => directory,
    owner  => $user,
    group  => $user,
    mode   => '0750',
  }

  leavers::data { $home: }

  contain jenkins_agent::clean_up
}
