# @summary Work that is done again and again: a unit that does it once, and its timer.
#
# @param text
#   What is done, as people read it.
# @param calendar
#   When, as in systemd.time(7).
# @param delay
#   By how much the beginning is put off, at random: hosts do not all begin at once.
# @param service
#   The unit that does it; `systemd_unit::work` makes one.
# @param unit_name
#   What both are called.
define systemd_unit::timer (
  String[1]            $text,
  String[1]            $calendar,
  String[1]            $delay,
  String[1]            $service,
  Pattern[/\A[\w@-]+\z/] $unit_name = $title,
) {
  systemd_unit { "${unit_name}.service":
    content => $service,
  }

  systemd_unit { "${unit_name}.timer":
    content => epp('systemd_unit/timer.epp', { 'text' => $text, 'calendar' => $calendar, 'delay' => $delay }),
  }

  service { "${unit_name}.timer":
    ensure    => running,
    enable    => true,
    require   => Systemd_unit["${unit_name}.service"],
    subscribe => Systemd_unit["${unit_name}.timer"],
  }
}
