# @summary An account of Jenkins: its name, and the name of the secret that is its password.
type Jenkins::Account = Struct[{
    user   => String[1],
    secret => Jenkins::File_name,
}]
