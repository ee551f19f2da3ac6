# @summary Removes workspaces that nobody uses, once an hour.
#
# Jenkins takes a node out of service when less than 1 GiB is free in its work directory (the default of its node monitor
# "Free Disk Space"). The clean-up begins far earlier, so that builds that run meanwhile do not get there.
#
# @param days
#   Workspaces that were not used for so many days go.
# @param free_bytes
#   With less than this free, others go too, those first that were used longest ago.
# @param free_percent
#   The same, in percent of the file system. What asks for more counts.
# @param idle_minutes
#   However full the disk is, a workspace that was used within so many minutes stays.
class jenkins_agent::clean_up (
  Integer[1]          $days         = 14,
  Integer[2147483648] $free_bytes   = 5368709120,
  Integer[0, 90]      $free_percent = 10,
  Integer[1]          $idle_minutes = 30,
) {
  assert_private()

  $program = '/usr/local/lib/jenkins-agent/clean-workspaces'

  file { '/usr/local/lib/jenkins-agent':
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  file { $program:
    ensure => file,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
    source => 'puppet:///modules/jenkins_agent/clean_workspaces.py',
  }

  systemd_unit::timer { 'clean-workspaces':
    text     => 'Remove Jenkins workspaces that nobody uses, once an hour',
    calendar => 'hourly',
    delay    => '10min',
    service  => systemd_unit::work({
        'text'    => 'Remove Jenkins workspaces that nobody uses',
        'command' => [
          "${program} --folder ${jenkins_agent::home}/workspace --days ${days} --free-bytes ${free_bytes}",
          "--free-percent ${free_percent} --idle-minutes ${idle_minutes}",
        ].join(' '),
        'user'    => $jenkins_agent::user,
        'writes'  => [$jenkins_agent::home],
    }),
    require  => File[$program],
  }
}
