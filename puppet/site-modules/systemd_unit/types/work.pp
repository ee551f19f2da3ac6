# @summary What a unit does once, and what it needs for that: what it is not given here, it does not have.
type Systemd_unit::Work = Struct[{
  text                  => String[1],
  command               => String[1],
  user                  => String[1],
  writes                => Array[Stdlib::Absolutepath, 1],
  Optional[environment] => Hash[String[1], String[1]],
  Optional[network]     => Enum['local'],
  Optional[umask]       => Pattern[/\A0[0-7]{3}\z/],
}]
