require 'fileutils'
require 'puppet/util/execution'
require_relative 'ledger'

# How a thing that leaves is found, and how it is made to leave.
module PuppetX::Pkgci::Leftovers
  UNITS = '/etc/systemd/system/'.freeze
  NO_SHELL = '/usr/sbin/nologin'.freeze
  # Accounts with a smaller number are the distribution's (Debian Policy, "UID and GID classes"): they never leave.
  FIRST_OWN = 100
  # The day on which a locked account ended: the second of 1970.
  LOCKED = '1'.freeze

  # :present, :absent, or of an account :locked.
  def self.state(entry)
    case entry.kind
    when 'service' then service_state(entry.name)
    when 'account' then account_state(entry.name)
    when 'line' then lines(entry).include?(entry.detail) ? :present : :absent
    # One that holds something does not leave.
    when 'folder' then File.directory?(entry.name) && !File.symlink?(entry.name) && Dir.empty?(entry.name) ? :present : :absent
    when 'trace' then Dir.glob(entry.name).empty? ? :absent : :present
    else File.symlink?(entry.name) || File.exist?(entry.name) ? :present : :absent
    end
  end

  # Whether anything of it is there. A folder that holds something is, though it does not leave.
  def self.there?(entry)
    entry.kind == 'folder' ? File.directory?(entry.name) : state(entry) != :absent
  end

  def self.make(state, entry)
    case entry.kind
    when 'service' then retire(entry.name)
    when 'account' then account(state, entry.name)
    when 'line' then without_line(entry)
    when 'folder' then Dir.rmdir(entry.name)
    when 'trace' then remove(*Dir.glob(entry.name))
    else remove(entry.name)
    end
  end

  def self.run(*command)
    Puppet::Util::Execution.execute(command, failonfail: true, combine: true)
  end

  def self.ask(*command)
    Puppet::Util::Execution.execute(command, failonfail: false, combine: false).to_s.strip
  end

  def self.service_state(name)
    active = ask('systemctl', 'is-active', name)
    enabled = ask('systemctl', 'is-enabled', name)
    ['active', 'activating', 'reloading', 'deactivating', 'failed'].include?(active) || enabled.start_with?('enabled') ? :present : :absent
  end

  def self.retire(name)
    # What a timer or a socket starts is stopped after it.
    both = [name, name.sub(/\.(timer|socket)\z/, '.service')].uniq
    both.each { |unit| run('systemctl', 'stop', unit) unless ask('systemctl', 'is-active', unit) == 'inactive' }
    run('systemctl', 'disable', name) if ask('systemctl', 'is-enabled', name).start_with?('enabled')
    run('systemctl', 'reset-failed', *both) if both.any? { |unit| ask('systemctl', 'is-active', unit) == 'failed' }
  end

  def self.account_state(name)
    number = ask('getent', 'passwd', name).split(':')[2]
    return :absent if number.nil? || number.to_i < FIRST_OWN
    ask('getent', 'shadow', name).split(':')[7] == LOCKED ? :locked : :present
  end

  def self.account(state, name)
    return run('usermod', '--expiredate', '', name) if state == :open
    # What it has running would go on, and could come back by itself.
    FileUtils.rm_f(["/var/lib/systemd/linger/#{name}", "/var/spool/cron/crontabs/#{name}"])
    run('usermod', '--lock', '--expiredate', LOCKED, '--shell', NO_SHELL, '--groups', '', name)
    end_processes(name)
    run('userdel', name) if state == :absent
  end

  # Its own programs, and those of the identities that its user namespaces have.
  def self.end_processes(name)
    number = Integer(ask('id', '-u', name))
    # Its own systemd, where it has one.
    ask('systemctl', 'stop', "user@#{number}.service")
    ranges = [number..number] + subordinate(name)
    20.times do
      running = processes(ranges)
      return if running.empty?
      running.each { |pid| end_process(pid) }
      sleep 0.1
    end
    raise Puppet::Error, "programs of #{name} do not end"
  end

  def self.end_process(pid)
    Process.kill('KILL', pid)
  rescue Errno::ESRCH
    nil
  end

  def self.subordinate(name)
    return [] unless File.exist?('/etc/subuid')
    rows = File.readlines('/etc/subuid', chomp: true).map { |line| line.split(':') }
    rows.select { |row| row[0] == name && row.length == 3 }.map { |row| row[1].to_i..(row[1].to_i + row[2].to_i - 1) }
  end

  def self.processes(ranges)
    Dir.glob('/proc/[0-9]*/status').map { |file|
      begin
        text = File.read(file)
        user = text[/^Uid:\s+(\d+)/, 1].to_i
        File.basename(File.dirname(file)).to_i if text !~ /^State:\s+Z/ && ranges.any? { |range| range.cover?(user) }
      rescue SystemCallError
        nil
      end
    }.compact
  end

  def self.lines(entry)
    path = entry.name.split("\n").first
    File.exist?(path) ? File.readlines(path, chomp: true) : []
  end

  def self.without_line(entry)
    path = entry.name.split("\n").first
    status = File.stat(path)
    Puppet::Util.replace_file(path, status.mode & 0o7777) do |file|
      (lines(entry) - [entry.detail]).each { |line| file.puts(line) }
    end
  end

  def self.remove(*paths)
    run('rm', '-rf', '--one-file-system', '--', *paths) unless paths.empty?
    run('systemctl', 'daemon-reload') if paths.any? { |path| path.start_with?(UNITS) }
  end
  private_class_method :run, :ask, :service_state, :retire, :account_state, :account, :end_processes, :end_process,
                       :subordinate, :processes, :lines, :without_line, :remove
end
