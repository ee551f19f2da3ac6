# @summary The credential that starts a node: its key, and who logs in with it where that is not `jenkins`.
#
# @param node
#   The node.
# @return
#   The credential's id.
function jenkins::credential_id(Jenkins::Node $node) >> String {
  $node['user'] ? {
    'jenkins' => $node['credential'],
    default   => "${node['credential']}-${node['user']}",
  }
}
