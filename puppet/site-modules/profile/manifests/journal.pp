# @summary Bounds for the journal, so that a chatty service does not fill the disk.
#
# @param size
#   The most that the journal takes on disk, in systemd's notation.
# @param keep
#   How long entries are kept, in systemd's notation.
class profile::journal (
  Pattern[/\A\d+[KMGT]?\z/] $size = '1G',
  Pattern[/\A\d+\w*\z/]     $keep = '30day',
) {
  file { '/etc/systemd/journald.conf.d':
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  file { '/etc/systemd/journald.conf.d/pkgci.conf':
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => "# Written by pkgci.\n[Journal]\nSystemMaxUse=${size}\nMaxRetentionSec=${keep}\n",
    notify  => Service['systemd-journald'],
  }

  service { 'systemd-journald':
    ensure => running,
    tag    => 'stays',
  }
}
