# @summary Removes old logs, once an hour.
class logs::clean_up {
  assert_private()

  systemd_unit::timer { 'prune-logs':
    text     => 'Remove old logs, once an hour',
    calendar => 'hourly',
    delay    => '10min',
    service  => systemd_unit::work({
        'text'    => 'Remove old logs',
        'command' => [
          "${logs::library}/prune ${logs::folder} ${logs::state}",
          "--days ${logs::days} --disk ${logs::disk}",
        ].join(' '),
        'user'    => 'logs',
        'writes'  => [$logs::folder, $logs::state],
    }),
    require  => Class['logs::programs'],
  }
}
