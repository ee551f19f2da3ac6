# @summary The SSH credentials that nodes are started with, one for each key and user. Each key is a secret of that name.
#
# @param nodes
#   The nodes.
# @return
#   The value of `credentials` in Jenkins' configuration.
function jenkins::credentials(Array[Jenkins::Node] $nodes) >> Hash {
  $entries = Hash($nodes.map |$node| { [jenkins::credential_id($node), $node] }).map |$id, $node| {
    $entry = {
      'basicSSHUserPrivateKey' => {
        'scope'            => 'SYSTEM',
        'id'               => $id,
        'username'         => $node['user'],
        'privateKeySource' => {
          'directEntry' => { 'privateKey' => jenkins::secret($node['credential']) },
        },
      },
    }
    $entry
  }
  $result = { 'system' => { 'domainCredentials' => [{ 'credentials' => $entries }] } }
  $result
}
