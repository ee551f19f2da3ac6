# frozen_string_literal: true

require 'yaml'

# @summary Data as YAML. The standard library's function is called otherwise in each of its major versions.
Puppet::Functions.create_function(:'jenkins::to_yaml') do
  dispatch :to_yaml do
    param 'Any', :data
    return_type 'String'
  end

  def to_yaml(data)
    data.to_yaml
  end
end
