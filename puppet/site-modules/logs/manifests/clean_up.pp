# @summary Removes old logs, once an hour.
class logs::clean_up {
  assert_private()

  ['service', 'timer'].each |String $kind| {
    file { "/etc/systemd/system/prune-logs.${kind}":
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => epp("logs/prune-logs.${kind}.epp", $kind ? {
          'timer' => {},
          default => {
            'program' => "${logs::library}/prune",
            'folder'  => $logs::folder,
            'state'   => $logs::state,
            'days'    => $logs::days,
            'disk'    => $logs::disk,
          },
      }),
      before  => Service['prune-logs.timer'],
    }
  }

  service { 'prune-logs.timer':
    ensure    => running,
    enable    => true,
    subscribe => File['/etc/systemd/system/prune-logs.timer'],
    require   => Class['logs::programs'],
  }
}
