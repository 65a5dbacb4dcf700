# The journals of a run and what is known from them. Sourced by run.
#
#   run.ndjson      what became of every key; only added to by copy
#   begun.ndjson    what was about to be created: tells what a kill has cut short
#   proven.ndjson   the last verdict on each
#   earlier.ndjson  the last proof of copies that differ by now, by which undo recognises them
#   deleting.ndjson what delete is about; deleted.ndjson: what it has done

# adopt JOURNAL: what a later pass has done takes the place of what the journal said. Own copies stay own copies.
adopt() {
  jq -L "$here" -c 'include "journal"; select(.outcome == "done") | adopted' "$1" > "$WORK/adopted.part"
  if [ -s "$WORK/adopted.part" ]; then
    without "$WORK/adopted.part" "$WORK/run.ndjson" > "$WORK/run.part"
    cat "$WORK/adopted.part" >> "$WORK/run.part"
    mv "$WORK/run.part" "$WORK/run.ndjson"
  fi
}

# Verifies, and keeps the earlier proofs of what differs now.
prove() {
  remaining | verify "${times[@]}" > "$WORK/proven.part" || settle "${PIPESTATUS[@]}"
  proofs_for "$WORK/proven.part" > "$WORK/earlier.part"
  mv "$WORK/earlier.part" "$WORK/earlier.ndjson"
  mv "$WORK/proven.part" "$WORK/proven.ndjson"
}

# proofs_for VERDICTS: the last proof of each own copy that differs now.
proofs_for() {
  touch "$WORK/earlier.ndjson" "$WORK/proven.ndjson"
  jq -L "$here" -c 'include "journal"; select(.outcome == "done" and differs) | id' "$1" > "$WORK/ids.part"
  [ -s "$WORK/ids.part" ] || return 0
  jq -L "$here" -nc --slurpfile ids "$WORK/ids.part" 'include "journal"; last_proofs($ids)' \
    "$WORK/earlier.ndjson" "$WORK/proven.ndjson"
}

# The records of what this run has created, as far as delete has not made them the only ones: an original that has been
# written anew since then does not hold what the copy does.
created() {
  undeleted deleted_originals | jq -L "$here" -c 'include "journal"; select(created) | as_done'
  in_doubt
}

# What a killed run had begun and did not tell the end of, where the destination is there by now.
in_doubt() {
  [ -s "$WORK/begun.ndjson" ] || return 0
  jq -cR 'fromjson?' "$WORK/begun.ndjson" > "$WORK/begun.part" || return
  without "$WORK/run.ndjson" "$WORK/begun.part" |
    jq -L "$here" -c 'include "journal"; select(.reason == "exists") | as_done'
}

# After an undo: the journals go aside, and what could not be removed begins the next one, with its proofs.
set_aside() {
  local journal
  jq -L "$here" -c 'include "journal"; leftover' "$WORK/undone.ndjson" > "$WORK/leftover.part"
  jq -L "$here" -c 'include "journal"; leftover_proof' "$WORK/undone.ndjson" > "$WORK/proofs.part"
  cp "$WORK/run.ndjson" "$WORK/run.undone.ndjson"
  cp "$WORK/earlier.ndjson" "$WORK/earlier.undone.ndjson"
  mv "$WORK/proofs.part" "$WORK/earlier.ndjson"
  for journal in begun proven deleted; do
    [ ! -e "$WORK/$journal.ndjson" ] || mv "$WORK/$journal.ndjson" "$WORK/$journal.undone.ndjson"
  done
  mv "$WORK/leftover.part" "$WORK/run.ndjson"
  [ -s "$WORK/run.ndjson" ] || rm "$WORK/run.ndjson" "$WORK/earlier.ndjson"
}
