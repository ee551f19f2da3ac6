# @summary A file to download, by address and SHA-256 checksum: over HTTP, or one that is on the host already.
type Download::Archive = Struct[{
    url    => Pattern[/\A(https?:\/\/|file:\/\/\/)[^\s'"\\$`]+\z/],
    sha256 => Pattern[/\A[0-9a-f]{64}\z/],
}]
