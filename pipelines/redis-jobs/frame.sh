# What a run says when it ends, and what is checked before it begins. Sourced by run, behind lib.sh.

last_word() {
  local code=$1
  [ $finished = false ] || exit "$code"
  # Not a tool's code, but that of a command that could not do its work: jq, mv, a full disk.
  case $code in 2 | 3) ;; *) [ "$code" -ge 128 ] || code=3 ;; esac
  case $code in
    2) echo "redis-jobs: $command could not begin; the message above says why" ;;
    *) echo "redis-jobs: $command stopped early (exit code $code). The journals in $WORK are whole: run $command again and it goes on" ;;
  esac >&2
  exit $code
}
trap 'last_word $?' EXIT
# The tool that is running has been told as well, finishes what is in flight, and says so by its exit code.
trap 'exit 130' INT
trap 'exit 143' TERM

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
