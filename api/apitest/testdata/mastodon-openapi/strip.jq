# Keeps of the schema what answers are checked against: no prose and no examples.
# Names of properties are kept, whatever they are.
def strip($names):
  if type == "object" then
    with_entries(
      .key as $key
      | select($names
          or ((["example", "examples", "externalDocs", "tags"] | index($key) | not)
            and ((["description", "summary"] | index($key) | not) or (.value | type) != "string")))
      | .value |= strip(($names | not) and $key == "properties"))
  elif type == "array" then map(strip(false))
  else . end;
strip(false)
