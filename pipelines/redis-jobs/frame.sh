# What is checked before a run begins, and what it says of its outcomes. Sourced by run, behind lib.sh.

prepare() {
  need_jq
  case $DRY_RUN in true | false) ;; *) refuse "DRY_RUN is true or false, not '$DRY_RUN'" ;; esac
  case $VALIDATE_COPIES in true | false) ;; *) refuse "VALIDATE_COPIES is true or false, not '$VALIDATE_COPIES'" ;; esac
  [[ $BATCH_SIZE =~ ^([1-9][0-9]*|auto)$ ]] || refuse "BATCH_SIZE is a number of keys or auto, not '$BATCH_SIZE'"
  # Without credentials. Of a text of another form nobody knows where they stand: it is neither kept nor shown.
  local database=${REDIS_URL/'//'*@/'//'}
  [[ ${database,,} =~ ^rediss?(\+cluster)?://(\[[0-9a-f:.]+\]|[^][/:?#@]+)(:[0-9]+)?(/[0-9]*/?)?$ ]] ||
    refuse 'REDIS_URL is not one of Redis: write redis://HOST:PORT/DATABASE, with special characters of a password as %XX'
  database=${database%/} database=${database%/0}
  enter database "$database" 'set WORK to another directory'
}

# summary JOURNAL OUTCOME-OF-A-MIGRATED-KEY STARTED: ends with status 1 when there are errors.
summary() {
  local seconds text
  seconds=$(awk -v a="${3/,/.}" -v b="${EPOCHREALTIME/,/.}" 'BEGIN { printf "%.2f", b - a }')
  text=$(jq -L "$here" -rn --arg migrated "$2" --arg seconds "$seconds" 'include "journal"; summary' "$1")
  printf '%s\n' "$text"
  [[ $text =~ Errors:\ +0 ]] || status=1
}

# outcomes WHAT JOURNAL: one line an outcome.
outcomes() {
  jq -L "$here" -rn --arg what "$1" 'include "journal"; outcomes' "$2"
}
