# @summary One permitted connection: `networks` may reach `port`, and `comment` says why.
type Packet_filter::Rule = Struct[{
    networks => Array[Stdlib::IP::Address, 1],
    protocol => Enum['tcp', 'udp'],
    port     => Stdlib::Port,
    comment  => Pattern[/\A[^"\\\n]{1,120}\z/],
}]
