# @summary A permanent node of Jenkins' configuration: started over SSH, its host key pinned, for builds that name its label.
#
# @param name
#   The node's name.
# @param node
#   What it is.
# @return
#   The entry for `jenkins.nodes`.
function jenkins::node(Jenkins::Node_name $name, Jenkins::Node $node) >> Hash {
  $result = {
    'permanent' => {
      'name'         => $name,
      'remoteFS'     => $node['home'],
      'labelString'  => $node['labels'].join(' '),
      'mode'         => 'EXCLUSIVE',
      'numExecutors' => $node['executors'],
      'launcher'     => {
        'ssh' => {
          'host'                           => $node['host'],
          'port'                           => $node['port'],
          'credentialsId'                  => jenkins::credential_id($node),
          'sshHostKeyVerificationStrategy' => {
            'manuallyProvidedKeyVerificationStrategy' => {
              'key' => $node['host_key'],
            },
          },
        },
      },
    },
  }
  $result
}
