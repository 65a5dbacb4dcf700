# The steps of the migration. Sourced by run, behind lib.sh.
#
#   backup.ndjson, backup.proven.ndjson   what was backed up, with the headers and tags that files cannot hold
#   plan.ndjson      every key below the prefix and what is to become of it
#   run.ndjson       what became of each copy; begun.ndjson: what was about to be written
#   proven.ndjson    the last verdict on each; differ.ndjson: what differs
#   deleting.ndjson  what delete is about; deleted.ndjson: what it has done

prepare() {
  need_jq
  local given=$LOCATION
  [ -n "$LOCATION" ] || refuse 'which bucket? Give --location s3://BUCKET'
  case ${LOCATION%/} in
    s3://*/*) refuse "--location is a whole bucket, not '$LOCATION'; --prefix says which keys" ;;
    s3://*) LOCATION=${LOCATION%/} ;;
    # By its whole path: a backup and a plan of one directory are none of another that has its name elsewhere.
    *) LOCATION=$(cd -- "${LOCATION#file:}" 2> /dev/null && pwd) || refuse "there is no directory $given" ;;
  esac
  case $PREFIX in */) ;; *) refuse "a prefix ends in /, not '$PREFIX'" ;; esac
  enter location "$LOCATION $PREFIX" 'give --work another directory'
  BACKUP=${BACKUP:-$WORK/backup}
}

# A migrated index has keys too: where there are none, it is somewhere else.
populated() { [ -s "$1" ] || refuse "there is nothing below $PREFIX in $LOCATION: look at --location, and at --prefix or --campaign"; }

glob() { printf '%s' "$1" | sed 's/[][*?\\]/\\&/g'; }

list() { list-keys -q "$@"; }

# Liveness is the time of the heartbeat object, not what stands in it. Below any environment: the whole bucket is listed.
writers() {
  local alive
  list "$LOCATION" --match '*status/*.json' > "$WORK/heartbeats.part" || settle $?
  alive=$(jq -r 'select(.key // "" | test("(^|/)status/[^/]+$"))
    | (now - (.mtime | sub("\\.[0-9]+Z$"; "Z") | fromdateiso8601) | floor) as $age | select($age < 300)
    | "\(.key | split("/")[-1] | rtrimstr(".json")) is alive: \(.key) was written \($age) s ago"' "$WORK/heartbeats.part")
  [ -z "$alive" ] && return
  printf '%s\n' "$alive" >&2
  [ $busy = true ] || refuse 'stop the cluster, wait 300 s, and begin again (or --ignore-writers)'
}

preflight() {
  writers
  protected
}

protected() {
  [ $unsaved = true ] || [ -e "$WORK/backup.complete" ] || [ "$(versioning)" = Enabled ] ||
    refuse 'there is neither a proven backup nor versioning: run backup first (or --no-backup)'
}

versioning() {
  case $LOCATION in s3://*) node "$here/versioning.js" "$LOCATION" || true ;; esac
}

# Before the first copy, and never after: it is a backup of the old state, in which nobody writes any more.
make_backup() {
  if [ -e "$WORK/run.ndjson" ] && [ -e "$WORK/backup.complete" ]; then
    echo "The backup in $BACKUP is from before the copy, and stays"
    return
  fi
  # What it has of originals that are gone would be struck out of it, for nothing proves it any more.
  if [ -s "$WORK/backup.ndjson" ] && { [ -s "$WORK/deleted.ndjson" ] || [ -e "$WORK/deleting.ndjson" ]; }; then
    status=1
    echo "Originals have been deleted: the backup in $BACKUP is not whole, and stays as it is" >&2
    return
  fi
  writers
  local before=$status
  mkdir -p "$BACKUP"
  rm -f "$WORK/backup.complete"
  touch "$WORK/backup.ndjson"
  [ ! -e "$WORK/backup.proven.ndjson" ] ||
    { jq -c 'select(.verified)' "$WORK/backup.proven.ndjson" > "$WORK/backup.part" && mv "$WORK/backup.part" "$WORK/backup.ndjson" && rm "$WORK/backup.proven.ndjson"; }
  list "$LOCATION" --match "$(glob "$PREFIX")*" | rewrite-keys -q --prove --sub 's|/$|/.folder|' --to-store "$BACKUP" > "$WORK/backup.plan.part" ||
    settle "${PIPESTATUS[@]}"
  populated "$WORK/backup.plan.part"
  status=0
  copy-apply --if-exists overwrite --resume "$WORK/backup.ndjson" "$WORK/backup.plan.part" >> "$WORK/backup.ndjson" || settle $?
  verify "$WORK/backup.ndjson" > "$WORK/backup.part" || settle $?
  mv "$WORK/backup.part" "$WORK/backup.proven.ndjson"
  if [ $status = 0 ]; then
    touch "$WORK/backup.complete"
  else
    echo 'The backup is not whole; mend what it lacks, and run backup again:' >&2
    failures "$WORK/backup.proven.ndjson" >&2
  fi
  [ $before = 0 ] || status=1
}

plan() {
  local rule=slugdotify braced=${PREFIX//'{'/'{{'}
  [ $altered != keep ] || rule=lower
  [ ! -e "$WORK/run.ndjson" ] || mend
  list --values "$LOCATION" --match "$(glob "$PREFIX")*" | { node "$here/domains.js" "$PREFIX" $heuristic $altered || exit 3; } |
    rewrite-keys -q --prove --on-collision $collision --template "${braced//'}'/'}}'}{domain|$rule}.json" > "$WORK/plan.part" ||
    settle "${PIPESTATUS[@]}"
  populated "$WORK/plan.part"
  take_up_returned "$WORK/plan.part"
  mv "$WORK/plan.part" "$WORK/plan.ndjson"
  outcomes 'The plan' "$WORK/plan.ndjson"
  failures "$WORK/plan.ndjson"
}

failures() {
  jq -rn --arg file "${1##*/}" '[limit(11; inputs | select(.outcome == "failed" or .outcome == "unknown" or .verified == false)
      | "  \(.key // .key64): \(.error.message // (.differs // [] | join(", ")))")]
    | .[:10][], (select(length > 10) | "  … and more, in \($file)")' "$1"
}

outcomes() {
  jq -rn --arg what "$1" 'reduce inputs as $r ({}; .[if $r.deleted then "deleted" else [$r.outcome // "to be moved", $r.reason // $r.error.code // empty] | join(": ") end] += 1)
    | "\($what): \(add // 0)", (to_entries | sort_by(-.value, .key)[] | "  \(.value) \(.key)")' "$2"
}

# What the plan has refused or left alone is no work for copy, and is looked at again by the next plan.
copy() {
  need plan.ndjson 'run plan first'
  writers
  touch "$WORK/run.ndjson"
  [ $retry = false ] || { mend && reopen; }
  jq -c 'select(.outcome == null or .reason == "collision")' "$WORK/plan.ndjson" > "$WORK/open.part"
  copy-apply --resume "$WORK/run.ndjson" --intents "$WORK/begun.ndjson" "$WORK/open.part" >> "$WORK/run.ndjson" || settle $?
  outcomes 'Copies' "$WORK/run.ndjson"
  if jq -ne 'any(inputs; .outcome == "failed" or .outcome == "unknown")' "$WORK/run.ndjson" > "$WORK/failed.part"; then
    status=1
    failures "$WORK/run.ndjson"
    echo 'Failed and unknown copies are taken up again by --retry, when what has stopped them has passed'
  fi
}

check() {
  need run.ndjson 'run copy first'
  mend
  remaining | verify > "$WORK/proven.part" || settle "${PIPESTATUS[@]}"
  mv "$WORK/proven.part" "$WORK/proven.ndjson"
  jq -c 'select(.verified == false)' "$WORK/proven.ndjson" > "$WORK/differ.ndjson"
  jq -r '"  \(.to) differs from \(.key): \(.differs // [] | join(", "))"' "$WORK/differ.ndjson"
}

delete() {
  preflight
  check
  # A copy that lacks headers or tags of its original has the same content, and is not the same.
  jq -c 'select(.verified and ((.lost // []) - ["mode"] | length) == 0)' "$WORK/proven.ndjson" > "$WORK/deletable.part"
  if jq -ne 'any(inputs; .verified and ((.lost // []) - ["mode"] | length) > 0)' "$WORK/proven.ndjson" > "$WORK/lacking.part"; then
    status=1
    echo 'Some originals stay: the server has not kept their headers or tags (lost, in proven.ndjson)'
  fi
  delete_proven "$WORK/deletable.part"
  outcomes 'Originals deleted so far' "$WORK/deleted.ndjson"
}

# Takes back only what this run has created, while its original is there. An S3 original that was restored has a new time.
# A copy that is not there was taken by an undo that was killed, or by somebody else: nothing of it stays.
undo() {
  need run.ndjson 'there is nothing to undo'
  mend
  unhide
  created | case $LOCATION in s3:*) jq -c 'del(.mtime)' ;; *) cat ;; esac | verify -q > "$WORK/examined.part" || allow_differences "${PIPESTATUS[@]}"
  jq -c 'if .differs == ["missing"] then .outcome = "skipped" | .reason = "gone" | del(.verified, .differs) else . end' \
    "$WORK/examined.part" > "$WORK/created.part"
  delete-apply --side dest "$WORK/created.part" > "$WORK/undone.ndjson" || settle $?
  outcomes 'Copies of this run' "$WORK/undone.ndjson"
  if jq -ne 'any(inputs; .deleted == null and .reason != "gone")' "$WORK/undone.ndjson" > "$WORK/left.part"; then
    status=1
    echo "Some stay, because their originals are gone or they have changed: $WORK/undone.ndjson. After a delete, restore first"
    return
  fi
  local journal
  for journal in run begun proven deleted; do
    [ ! -e "$WORK/$journal.ndjson" ] || mv "$WORK/$journal.ndjson" "$WORK/$journal.undone.ndjson"
  done
}

# Takes away the delete markers that delete has named, and those that it has made and, killed, not named.
unhide() {
  if [ -s "$WORK/deleted.ndjson" ]; then
    jq -cR 'fromjson? | select(.deleted and .marker)' "$WORK/deleted.ndjson" > "$WORK/hidden.part"
    [ ! -s "$WORK/hidden.part" ] || delete-apply --undo "$WORK/hidden.part" > "$WORK/unhidden.ndjson" || settle $?
  fi
  [ "$(versioning)" = Enabled ] || return 0
  jq -c 'select(.outcome == "done" or .reason == "exists")' "$WORK/run.ndjson" | verify -q > "$WORK/examined.part" ||
    allow_differences "${PIPESTATUS[@]}"
  # Of an original that is gone delete-apply deletes nothing, and names the marker that hides it.
  jq -c 'select(.differs == ["source-missing"]) | .verified = true | del(.differs)' "$WORK/examined.part" |
    delete-apply -q | jq -c 'select(.marker)' > "$WORK/hidden.part" || settle "${PIPESTATUS[@]}"
  [ ! -s "$WORK/hidden.part" ] || delete-apply --undo "$WORK/hidden.part" >> "$WORK/unhidden.ndjson" || settle $?
}

# Also what was begun and of which nobody has told the end: the run was killed, or no answer came. Copies that an earlier undo
# has taken are no more there.
created() {
  jq -c 'select(.outcome == "done" and .reason == null)' "$WORK/run.ndjson"
  [ -s "$WORK/begun.ndjson" ] || return 0
  jq -cR 'fromjson?' "$WORK/begun.ndjson" > "$WORK/begun.part"
  jq -c 'select(.outcome != "unknown")' "$WORK/run.ndjson" > "$WORK/told.part"
  without "$WORK/told.part" "$WORK/begun.part" |
    jq -c 'select(.reason == "exists") | del(.reason) | .outcome = "done"'
}

# The backup turned round, as far as it is proven. What is there stays as it is.
restore() {
  need backup.proven.ndjson 'there is no proven backup'
  if [ ! -e "$WORK/backup.complete" ]; then
    status=1
    echo 'The backup is not whole: what is proven of it is put back' >&2
  fi
  jq -c 'select(.verified) | {store: .toStore, key: .to, toStore: .store, to: .key, headers, tags} | with_entries(select(.value != null))' \
    "$WORK/backup.proven.ndjson" > "$WORK/restore.part"
  copy-apply "$WORK/restore.part" > "$WORK/restored.ndjson" || settle $?
  verify "$WORK/restored.ndjson" > "$WORK/restored.proven.ndjson" || settle $?
  outcomes 'Restored' "$WORK/restored.ndjson"
}
