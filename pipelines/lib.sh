# What every pipeline needs around its tools. Sourced by its run, which sets `name` (of the pipeline), WORK and `command`,
# and `finished` before it ends with a code of its own.

# 1 once some record has failed or differs: the run goes on and ends with it.
status=0
# whether the exit code is the run's own, and not that of a command that broke it off
finished=false
# the exit code of a tool that has ended the run
settled=0

last_word() {
  local code=$1
  [ $finished = false ] || exit "$code"
  # Not a tool's code, but that of a command that could not do its work: jq, mv, a full disk.
  [ "$code" -ge 128 ] || [ "$code$settled" = 22 ] || code=3
  case $code in
    2) echo "$name: $command could not begin; the message above says why" ;;
    *) echo "$name: $command stopped early (exit code $code). The journals in $WORK are whole: run $command again and it goes on" ;;
  esac >&2
  exit $code
}
trap 'last_word $?' EXIT
# The tool that is running has been told as well, finishes what is in flight, and says so by its exit code.
trap 'exit 130' INT
trap 'exit 143' TERM

# settle CODE...: the exit codes of a pipeline. 1 is kept for the end; anything worse ends the run.
settle() {
  local code worst=0
  for code; do [ "$code" -le $worst ] || worst=$code; done
  if [ $worst -gt 1 ]; then settled=$worst && exit $worst; fi
  [ $worst = 0 ] || status=1
}

# allow_differences CODE...: as settle, for a look whose findings are no errors yet.
allow_differences() {
  local before=$status
  settle "$@"
  status=$before
}

refuse() {
  printf '%s: %s\n' "$name" "$*" >&2
  finished=true
  exit 2
}

need() { [ -e "$WORK/$1" ] || refuse "there is no $WORK/$1: $2"; }

need_jq() { command -v jq > /dev/null || refuse 'jq is needed and is not on the PATH. On Debian: sudo apt-get install jq'; }

# enter WHAT WHICH ADVICE: makes WORK and holds it, for this WHICH alone, which the file WHAT in it names: no plan is
# carried out somewhere else. The tools hold it too: one that outlives a killed run keeps the next from its journal.
enter() {
  local what=$1 which=$2 advice=$3
  mkdir -p "$WORK" || refuse "cannot make the directory $WORK"
  { : >> "$WORK/lock"; } 2> /dev/null || refuse "cannot write in the directory $WORK: whose is it, and is there room?"
  exec 9>> "$WORK/lock"
  if command -v flock > /dev/null && ! flock -w 10 9; then refuse "another run is at work in $WORK"; fi
  [ -s "$WORK/$what" ] || printf '%s\n' "$which" > "$WORK/$what"
  [ "$(cat "$WORK/$what")" = "$which" ] || refuse "$WORK belongs to $(cat "$WORK/$what") and not to $which: $advice"
}

# Puts right what a kill has left: a torn last line of run.ndjson, and deletions that nobody has told of.
mend() {
  if [ -n "$(tail -c 1 "$WORK/run.ndjson")" ]; then
    copy-apply -q --resume "$WORK/run.ndjson" < /dev/null >> "$WORK/run.ndjson" || settle $?
  fi
  account_for_deletions
}

# Which record it is, as copy-apply --resume tells them apart.
id='[.store, .toStore, .key, .key64, .to, .to64] | tojson'

# Failed and unknown records are taken out of the journal, so that they are done again. Behind mend.
reopen() {
  jq -c "select(.outcome == \"failed\") | $id" "$WORK/run.ndjson" > "$WORK/ids.part"
  forget_intents
  jq -c 'select(.outcome != "failed" and .outcome != "unknown")' "$WORK/run.ndjson" > "$WORK/run.part"
  mv "$WORK/run.part" "$WORK/run.ndjson"
}

# A write that was answered with a failure, or had nothing to copy, has made nothing: the intents of ids.part go too, or what
# others write there meanwhile would be taken for ours.
forget_intents() {
  [ -s "$WORK/ids.part" ] && [ -s "$WORK/begun.ndjson" ] || return 0
  for_ids begun 'select($wanted | not)'
}

# for_ids JOURNAL FILTER: does this to each record, $wanted where ids.part names it.
for_ids() {
  jq -ncR --slurpfile ids "$WORK/ids.part" "(reduce \$ids[] as \$id ({}; .[\$id] = true)) as \$all
    | inputs | fromjson? | \$all[$id] as \$wanted | $2" "$WORK/$1.ndjson" > "$WORK/$1.part"
  mv "$WORK/$1.part" "$WORK/$1.ndjson"
}

# take_up_returned PLAN: what the journal has as gone, and this newer plan lists, is there again, such as a queue that was
# empty for a moment. It is copied then, and an original that was deleted is held against its copy again. Behind mend.
take_up_returned() {
  [ -e "$WORK/run.ndjson" ] || return 0
  jq -c 'select(.reason == "gone")' "$WORK/run.ndjson" > "$WORK/gone.part"
  returned "$1"
  if [ -s "$WORK/ids.part" ]; then
    forget_intents
    for_ids run 'select(($wanted and .reason == "gone") | not)'
  fi
  [ -s "$WORK/deleted.ndjson" ] || return 0
  gone_originals
  returned "$1"
  [ ! -s "$WORK/ids.part" ] || for_ids deleted 'if $wanted then .returned = true else . end'
}

# returned PLAN: names in ids.part what is in gone.part and in PLAN.
returned() {
  : > "$WORK/ids.part"
  [ -s "$WORK/gone.part" ] || return 0
  jq -c 'select(.outcome == null) | .outcome = "done"' "$1" > "$WORK/listed.part"
  without "$WORK/gone.part" "$WORK/listed.part" > "$WORK/fresh.part"
  without "$WORK/fresh.part" "$WORK/listed.part" | jq -c "$id" > "$WORK/ids.part"
}

# without SETTLED JOURNAL: the records of JOURNAL that are not in SETTLED, 16 bytes of memory each.
without() { copy-apply -q --dry-run --resume "$1" "$2" || allow_differences $?; }

# The journal without the records whose originals delete has removed, or found gone.
remaining() { undeleted gone_originals; }

# undeleted WHICH: the journal without what WHICH has put into gone.part.
undeleted() {
  if [ -s "$WORK/deleted.ndjson" ]; then
    $1
    without "$WORK/gone.part" "$WORK/run.ndjson"
  else
    cat "$WORK/run.ndjson"
  fi
}

deleted_originals() { jq -cR 'fromjson? | select(.deleted or .reason == "gone")' "$WORK/deleted.ndjson" > "$WORK/gone.part"; }

gone_originals() { jq -cR 'fromjson? | select((.deleted or .reason == "gone") and (.returned | not))' "$WORK/deleted.ndjson" > "$WORK/gone.part"; }

# delete_proven VERDICTS: deletes the originals. What it is about stands in deleting.ndjson until all of it is told.
delete_proven() {
  cp "$1" "$WORK/deleting.part"
  touch "$WORK/deleted.ndjson"
  mv "$WORK/deleting.part" "$WORK/deleting.ndjson"
  delete-apply "$WORK/deleting.ndjson" >> "$WORK/deleted.ndjson" || settle $?
  rm "$WORK/deleting.ndjson"
}

# Of what a killed delete was about and has not told the end of, the originals that are missing are gone. Deletes nothing.
account_for_deletions() {
  [ -e "$WORK/deleting.ndjson" ] || return 0
  [ -z "$(tail -c 1 "$WORK/deleted.ndjson")" ] || echo >> "$WORK/deleted.ndjson"
  gone_originals
  without "$WORK/gone.part" "$WORK/deleting.ndjson" | verify -q > "$WORK/untold.part" || allow_differences "${PIPESTATUS[@]}"
  jq -c 'select(.differs // [] | index("source-missing")) | .outcome = "skipped" | .reason = "gone"
    | del(.verified, .proof, .digest, .toDigest, .differs)' "$WORK/untold.part" >> "$WORK/deleted.ndjson"
  rm "$WORK/deleting.ndjson"
}
