# @summary The file of a unit, or of a drop-in to one: systemd has read it before anything that comes after.
#
# A run that was cut short between the file and systemd is made good by the next: systemd itself says what it has not read.
# What the unit runs is started anew by who declares it, with `notify => Service[…]`. A timer takes its new times at once.
#
# @param content
#   The file.
# @param unit_name
#   What it is called, as in 'geard.service' or 'apache2.service.d/firewall.conf'.
define systemd_unit (
  String[1]          $content,
  Systemd_unit::Name $unit_name = $title,
) {
  $folder = '/etc/systemd/system'
  $unit   = $unit_name.regsubst('\.d/.*', '')

  if $unit != $unit_name {
    ensure_resource('file', "${folder}/${unit}.d", {
        'ensure' => 'directory',
        'owner'  => 'root',
        'group'  => 'root',
        'mode'   => '0755',
    })
  }

  file { "${folder}/${unit_name}":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => $content,
  }

  exec { "have systemd read ${unit_name}":
    command  => 'systemctl daemon-reload',
    onlyif   => "systemctl show --property=NeedDaemonReload --value ${unit} | grep --quiet yes",
    provider => shell,
    path     => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    require  => File["${folder}/${unit_name}"],
  }
}
