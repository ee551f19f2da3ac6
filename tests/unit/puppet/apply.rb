# Applies manifests as `puppet apply` would, many in one process (one start of Puppet takes seconds).
#
# Reads a JSON object a line from standard input, {"manifest", "environment", "noop", "facts", "modules"}: `environment` is laid
# over the process' own. Answers each with a JSON list of what Puppet logged.
require 'json'
require 'puppet'

base = ARGV.fetch(0)
Puppet.initialize_settings(["--vardir=#{base}/var", "--confdir=#{base}/conf", '--strict=error'])
Puppet::Resource::Catalog.indirection.terminus_class = :compiler
Puppet::Node.indirection.terminus_class = :plain
Puppet::Util::Log.level = :notice
LOGS = []
Puppet::Util::Log.newdesttype(:list) do
  match(Array)
  def initialize(list)
    @list = list
  end

  def handle(message)
    @list << "#{message.level}: #{message.source}: #{message.message}"
  end
end
Puppet::Util::Log.newdestination(LOGS)

def apply(task)
  ENV.update(task['environment'])
  Puppet[:noop] = task['noop']
  Puppet[:code] = task['manifest']
  environment = Puppet::Node::Environment.create(:test, task['modules'])
  Puppet.override(current_environment: environment, environments: Puppet::Environments::Static.new(environment)) do
    facts = Puppet::Node::Facts.new('test', task['facts'].merge('clientversion' => Puppet.version))
    node = Puppet::Node.new('test', environment: environment, facts: facts)
    node.merge(facts.values)
    catalog = Puppet::Resource::Catalog.indirection.find('test', use_node: node).to_ral
    catalog.finalize
    catalog.apply
  end
rescue Puppet::Error => e
  LOGS << "err: #{e.message}"
end

$stdin.each_line do |line|
  LOGS.clear
  apply(JSON.parse(line))
  $stdout.puts(JSON.generate(LOGS))
  $stdout.flush
end
