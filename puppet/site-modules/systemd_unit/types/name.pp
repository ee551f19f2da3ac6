# @summary A unit, or a drop-in of one: what its file is called in /etc/systemd/system.
type Systemd_unit::Name = Pattern[/\A[\w@.-]+\.(service|socket|timer)(\.d\/[\w-]+\.conf)?\z/]
