# The steps of the migration. Sourced by run, behind lib.sh.
#
#   STATE/distribution-ENV/    spaces.ndjson: each space with its customer and how many uploads it has; parts/: as divided
#   STATE/instance-N-customers-ENV.json   what instance N is to move
#   STATE/instance-N-ENV/      plan.ndjson: each upload of its customers; run.ndjson: what became of each, the checkpoint
#                              begun.ndjson: what was about to be written; proven.ndjson: the last verdict on each

enter_distribution() {
  [ -n "$instances" ] || refuse 'distribute needs --instances N'
  WORK=$STATE/distribution-$ENVIRONMENT
  enter tables "$CONSUMER_TABLE $UPLOAD_TABLE" 'set STATE to another directory'
}

enter_instance() {
  know_file
  WORK=$STATE/instance-$instance-$ENVIRONMENT
  enter tables "$CONSUMER_TABLE $UPLOAD_TABLE" 'set STATE to another directory'
}

# owners [--slurpfile customers FILE]: one customer for each space, the first that has subscribed.
owners() {
  list-keys -q --values "dynamodb://$CONSUMER_TABLE" > "$WORK/consumers.part" || settle $?
  jq -L "$here" -cn --arg skip "$SKIP" "$@" 'include "uploads"; owners' "$WORK/consumers.part"
}

# A distribution is made once: with another one, customers would change their instance half way.
distribute() {
  [ ! -e "$WORK/complete" ] || refuse "the customers are distributed already. For another distribution take away $WORK"
  owners > "$WORK/owners.part"
  list-keys -q "dynamodb://$UPLOAD_TABLE" | jq -c '.key | fromjson.space' | LC_ALL=C sort | LC_ALL=C uniq -c > "$WORK/counts.part" ||
    settle "${PIPESTATUS[@]}"
  jq -L "$here" -cn --slurpfile owners "$WORK/owners.part" --argjson least "$least" 'include "uploads"; counted' \
    --rawfile counts "$WORK/counts.part" > "$WORK/spaces.part"
  mv "$WORK/spaces.part" "$WORK/spaces.ndjson"
  rm -rf "$WORK/parts"
  shard-keys -q --parts "$instances" --by customer --weight uploads --out "$WORK/parts" "$WORK/spaces.ndjson" || settle $?
  write_customers_files
  touch "$WORK/complete"
}

write_customers_files() {
  local number part path
  for ((number = 1; number <= instances; number++)); do
    part=$(printf '%s/parts/part-%04d.ndjson' "$WORK" $((number - 1)))
    path=$STATE/instance-$number-customers-$ENVIRONMENT.json
    jq -L "$here" -n --argjson instance "$number" --arg environment "$ENVIRONMENT" 'include "uploads"; customers_file' "$part" > "$WORK/file.part"
    mv "$WORK/file.part" "$path"
    jq -r --arg path "$path" '"\($path): \(.totalCustomers) customers, \(.estimatedSpaces) spaces, \(.estimatedUploads) uploads"' "$path"
  done
}

# The spaces of a few are asked for one by one; the spaces of many are picked from the whole table.
ONE_BY_ONE=20

plan() {
  [ ! -e "$WORK/run.ndjson" ] || mend
  list-keys -q "json:$file" > "$WORK/customers.part" || settle $?
  owners --slurpfile customers "$WORK/customers.part" > "$WORK/owners.part"
  [ -s "$WORK/owners.part" ] || echo "uploads: no customer in $file has a space in $CONSUMER_TABLE" >&2
  uploads | jq -L "$here" -cn --slurpfile owners "$WORK/owners.part" 'include "uploads"; owned' | rewritten > "$WORK/plan.part" ||
    settle "${PIPESTATUS[@]}"
  take_up_returned "$WORK/plan.part"
  customers_digest > "$WORK/planned-for"
  echo "$to" > "$WORK/planned-to"
  mv "$WORK/plan.part" "$WORK/plan.ndjson"
  echo "The plan: $(wc -l < "$WORK/plan.ndjson") uploads of $(wc -l < "$WORK/owners.part") spaces"
}

customers_digest() { sha256sum < "${file%%#*}"; }

# The plan that is there is of these customers and this table.
same_plan() {
  local planned_to
  [ "$(cat "$WORK/planned-for")" = "$(customers_digest)" ] || refuse "$file has changed since the plan: run plan again"
  planned_to=$(cat "$WORK/planned-to")
  [ -z "$to" ] || [ "$to" = "$planned_to" ] || refuse "the plan is for ${planned_to:-a COMMAND} and not for $to: run plan --to $to"
  [ -n "$planned_to" ] || [ ${#apply[@]} -gt 0 ] || refuse 'the plan names no table: run plan --to TABLE, or give a COMMAND behind --'
}

uploads() {
  local one
  if [ "$(wc -l < "$WORK/owners.part")" -gt $ONE_BY_ONE ]; then
    list-keys -q "${values[@]}" "dynamodb://$UPLOAD_TABLE"
    return
  fi
  while IFS= read -r -d '' one; do
    list-keys -q "${values[@]}" "dynamodb://$UPLOAD_TABLE" --partition="$one" < /dev/null || return
  done < <(jq -j '.space, "\u0000"' "$WORK/owners.part")
}

rewritten() {
  if [ -n "$to" ]; then rewrite-keys -q --prove --to-store "dynamodb://$to"; else cat; fi
}

migrate() {
  list-keys -q "dynamodb://$PROGRESS_TABLE" --limit 1 > "$WORK/rows.part" || refuse "$PROGRESS_TABLE cannot be read. Where it is missing, run table makes it"
  if [ -e "$WORK/plan.ndjson" ]; then
    same_plan
  else
    [ -n "$to" ] || [ ${#apply[@]} -gt 0 ] || refuse 'what is to be done? Give --to TABLE, or a COMMAND behind --'
    plan
  fi
  touch "$WORK/run.ndjson"
  mend
  make_pending
  jq -c 'select(.outcome != null)' "$WORK/pending.part" > "$WORK/settled.part"
  jq -cn --arg space "$space" --argjson limit "$limit" \
    'limit($limit // infinite; inputs | select(.outcome == null and ($space == "" or .space == $space)))' \
    "$WORK/pending.part" > "$WORK/open.part"
  { cat "$WORK/settled.part" && carry_out; } | track --resume "$WORK/run.ndjson" >> "$WORK/run.ndjson" || settle "${PIPESTATUS[@]}"
  tell
}

# The journal is what copy-apply has written; a command that was killed is given again what it has not told of.
carry_out() {
  if [ ${#apply[@]} -gt 0 ]; then
    "${apply[@]}" < "$WORK/open.part" | node "$here/outcomes.js"
  else
    copy-apply --resume "$WORK/run.ndjson" --intents "$WORK/begun.ndjson" "${pace[@]}" "$WORK/open.part"
  fi
}

track() {
  track-progress -q --by customer,space --plan "$WORK/plan.ndjson" --instance "$instance" "$@" "dynamodb://$PROGRESS_TABLE"
}

# What is in the plan and has no outcome in the journal.
make_pending() {
  jq -cR 'fromjson? | select(.outcome != null) | {store, key}' "$WORK/run.ndjson" > "$WORK/told.part"
  subtract-keys -q --done "$WORK/told.part" "$WORK/plan.ndjson" > "$WORK/pending.part"
}

retry() {
  need run.ndjson 'run migrate first'
  mend
  reopen
  migrate
}

check() {
  need run.ndjson 'run migrate first'
  mend
  verify "$WORK/run.ndjson" > "$WORK/proven.part" || settle $?
  mv "$WORK/proven.part" "$WORK/proven.ndjson"
  jq -r 'select(.verified == false) | "  \(.key): \(.differs // [] | join(", "))"' "$WORK/proven.ndjson"
}

tell() {
  make_pending
  jq -rn --argjson open "$(wc -l < "$WORK/pending.part")" 'reduce inputs as $r ({}; .[[$r.outcome // "no outcome", $r.reason // $r.error.code // empty] | join(": ")] += 1)
    | "Uploads: \(add // 0) settled, \($open) to do", (to_entries | sort_by(-.value, .key)[] | "  \(.value) \(.key)")' "$WORK/run.ndjson"
}

prove() {
  need plan.ndjson 'run plan first'
  touch "$WORK/run.ndjson"
  mend
  tell
  local planned told open
  planned=$(wc -l < "$WORK/plan.ndjson")
  told=$(jq -c 'select(.outcome != null)' "$WORK/run.ndjson" | wc -l)
  open=$(wc -l < "$WORK/pending.part")
  if [ "$open" -gt 0 ] || [ "$told" != "$planned" ]; then
    echo "not proven: $open uploads of the plan have no outcome, and the journal has $told outcomes for $planned" >&2
    finished=true
    exit 3
  fi
  echo "proven: each of $planned uploads has one outcome"
  ! jq -en 'first(inputs | select(.outcome == "failed" or .outcome == "unknown")) | true' "$WORK/run.ndjson" > "$WORK/bad.part" || status=1
}
