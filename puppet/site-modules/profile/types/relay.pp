# @summary A mail server that takes in what a service sends, and who it is from.
type Profile::Relay = Struct[{
  host       => Stdlib::Host,
  port       => Stdlib::Port,
  encryption => String[1],
  sender     => String[1],
  user       => Optional[String[1]],
}]
