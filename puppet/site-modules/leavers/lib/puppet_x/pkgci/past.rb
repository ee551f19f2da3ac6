require 'etc'
require_relative 'ledger'

# What an older pkgci has brought, which kept no ledger: read from the reports of its runs, as far as they tell.
module PuppetX::Pkgci::Past
  Entry = PuppetX::Pkgci::Entry

  RESOURCE = /\A  (Service|User|File|Concat_file)\[(.+)\]:/.freeze
  # What programs of that pkgci made, and no report tells of.
  TRACES = [
    '/srv/publisher/gnupg*', '/var/lib/jenkins/secrets', '/var/lib/jenkins/users', '/var/lib/jenkins/*.key*',
    '/var/lib/jenkins/credentials.xml', '/var/lib/jenkins-apply', '/etc/systemd/system/gerrit.service',
    '/srv/gerrit/etc/secure.config', '/srv/gerrit/etc/ssh_host_*'
  ].freeze

  def self.entries(state)
    found = Dir.glob("#{state}/runs/*/report.yaml").select { |report| meant?(File.dirname(report)) }.flat_map { |report| told(report) }
    return [] if found.empty?
    found.uniq(&:key) + TRACES.map { |path| Entry.new('trace', path) }
  end

  # A noop run brought nothing.
  def self.meant?(run)
    File.readlines("#{run}/holder", chomp: true).include?('noop no')
  rescue SystemCallError
    false
  end

  def self.told(report)
    File.foreach(report).flat_map do |line|
      type, title = line.match(RESOURCE)&.captures
      case type
      when 'Service' then [Entry.new('service', title.delete_suffix('.service'))]
      when 'User' then account(title)
      when 'File', 'Concat_file' then [Entry.new(File.directory?(title) ? 'folder' : 'file', title)]
      else []
      end
    end
  end

  # People keep what they have; what an account of ours has is data.
  def self.account(name)
    home = Etc.getpwnam(name).dir
    return [] if home.start_with?('/home/')
    [Entry.new('account', name, home)] + (home.count('/') > 1 && File.directory?(home) ? [Entry.new('data', home)] : [])
  rescue ArgumentError
    []
  end
  private_class_method :meant?, :told, :account
end
