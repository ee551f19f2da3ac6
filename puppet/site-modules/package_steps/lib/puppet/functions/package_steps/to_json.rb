# frozen_string_literal: true

require 'json'

# @summary Data as JSON, for people to read, too. The standard library's function is called otherwise in each release.
Puppet::Functions.create_function(:'package_steps::to_json') do
  dispatch :to_json do
    param 'Any', :data
    return_type 'String'
  end

  def to_json(data)
    "#{JSON.pretty_generate(data)}\n"
  end
end
