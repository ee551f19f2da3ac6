# @summary A machine on which Jenkins runs builds: how it is reached over SSH, and what it is for.
type Jenkins::Node = Struct[{
    host       => Stdlib::Host,
    port       => Stdlib::Port,
    user       => Pattern[/\A[a-z_][a-z0-9_-]*\z/],
    credential => Jenkins::File_name,
    host_key   => Pattern[/\A[a-z0-9@.-]+ [A-Za-z0-9+\/]+=*\z/],
    labels     => Array[Pattern[/\A[\w.-]+\z/], 1],
    executors  => Integer[1, 1000],
    home       => Stdlib::Absolutepath,
}]
