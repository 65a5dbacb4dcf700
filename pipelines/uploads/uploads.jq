# What run asks of consumers and uploads. Each of them only reads.

# Customers that are left out: $skip names them, or what stands before a ":" in them.
def is_left_out:
  . as $customer
  | any($skip | splits(" +") | select(. != ""); . as $left_out | $customer == $left_out or ($customer | startswith("\($left_out):")));

# From the rows of consumers, {space, customer}: the first customer of each space, of those that $customers names.
# A space that two customers share has so one outcome for each of its uploads, on one instance.
def owners:
  (reduce ($ARGS.named.customers // [])[] as $r ({}; .[$r.key] = true)) as $wanted
  | reduce (inputs.value | select(.consumer and .customer)) as $row ({};
      [$row.insertedAt // "~", $row.customer] as $since
      | if .[$row.consumer] == null or $since < .[$row.consumer] then .[$row.consumer] = $since else . end)
  | to_entries | sort_by(.key)[] | {space: .key, customer: .value[1]}
  | select((.customer | is_left_out | not) and ($ARGS.named.customers == null or $wanted[.customer]));

# From $owners and $counts, what uniq -c has printed: {key, customer, uploads} for each space that has uploads, of customers
# that have $least uploads together.
def counted:
  (reduce ($counts | splits("\n") | capture("^ *(?<uploads>[0-9]+) (?<space>.*)$")) as $line ({}; .[$line.space | fromjson] = ($line.uploads | tonumber))) as $by_space
  | [$owners[] | {key: .space, customer, uploads: ($by_space[.space] // 0)} | select(.uploads > 0)]
  | (reduce .[] as $r ({}; .[$r.customer] += $r.uploads)) as $by_customer
  | .[] | select($by_customer[.customer] >= $least);

# From a part of what is counted, the file of an instance, its customers with the most uploads first.
def customers_file:
  [inputs] as $spaces
  | (reduce $spaces[] as $r ({}; .[$r.customer] += $r.uploads)) as $by_customer
  | {
      instanceId: $instance,
      environment: $environment,
      totalCustomers: ($by_customer | length),
      estimatedUploads: ($by_customer | add // 0),
      estimatedSpaces: ($spaces | length),
      customers: ($by_customer | to_entries | sort_by(-.value, .key) | map(.key)),
      createdAt: (now | todate)
    };

# Listed uploads with customer and space, of those whose space is one of $owners.
def owned:
  (reduce $owners[] as $r ({}; .[$r.space] = $r.customer)) as $customers
  | inputs | . as $upload | (.key | fromjson.space) as $space
  | $customers[$space] | values | $upload + {customer: ., space: $space};
