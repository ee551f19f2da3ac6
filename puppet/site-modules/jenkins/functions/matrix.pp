# @summary Who may do what: administrators everything, everybody else read what the world may read.
#
# @param administrators
#   The administrators' accounts.
# @return
#   The value of `jenkins.authorizationStrategy`.
function jenkins::matrix(Array[String[1], 1] $administrators) >> Hash {
  $read    = ['Overall/Read', 'Job/Read', 'View/Read']
  $readers = [
    { 'user' => { 'name' => 'anonymous', 'permissions' => $read } },
    { 'group' => { 'name' => 'authenticated', 'permissions' => $read } },
  ]
  $all     = $administrators.map |$name| {
    $entry = { 'user' => { 'name' => jenkins::literal($name), 'permissions' => ['Overall/Administer'] } }
    $entry
  }
  $result  = { 'globalMatrix' => { 'entries' => $readers + $all } }
  $result
}
