# @summary The accounts that run jobs, and what they may reach: name servers, the rules, and `ports` anywhere but at `refused`.
#
# `agent` runs jobs. `roots` are the ids of its user namespaces, in which chroots and roots of tests are. `fetcher` fetches
# for builds.
type Packet_filter::Jobs = Struct[{
    agent    => Pattern[/\A[a-z_][a-z0-9_-]*\z/],
    fetcher  => Optional[Pattern[/\A[a-z_][a-z0-9_-]*\z/]],
    roots    => Tuple[Integer[1], Integer[1]],
    of_agent => Array[Packet_filter::Rule],
    of_roots => Array[Packet_filter::Rule],
    ports    => Array[Stdlib::Port, 1],
    refused  => Array[Stdlib::IP::Address],
}]
