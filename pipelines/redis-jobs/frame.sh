# What a run says when it ends, and what is checked before it begins. Sourced by run.

# 1 once some record has failed or differs: the run goes on and ends with it.
status=0
# whether the exit code is the run's own, and not that of a command that broke it off
finished=false

# settle CODE...: the exit codes of a pipeline. 1 is kept for the end; anything worse ends the run.
settle() {
  local code worst=0
  for code; do [ "$code" -le $worst ] || worst=$code; done
  if [ $worst -gt 1 ]; then exit $worst; fi
  [ $worst = 0 ] || status=1
}

# allow_differences CODE...: as settle, for a look whose findings are no errors yet.
allow_differences() {
  local before=$status
  settle "$@"
  status=$before
}

refuse() {
  printf 'redis-jobs: %s\n' "$*" >&2
  finished=true
  exit 2
}

need() { [ -e "$WORK/$1" ] || refuse "there is no $WORK/$1: $2"; }

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
  command -v jq > /dev/null || refuse 'jq is needed and is not on the PATH. On Debian: sudo apt-get install jq'
  case $DRY_RUN in true | false) ;; *) refuse "DRY_RUN is true or false, not '$DRY_RUN'" ;; esac
  case $VALIDATE_COPIES in true | false) ;; *) refuse "VALIDATE_COPIES is true or false, not '$VALIDATE_COPIES'" ;; esac
  [[ $BATCH_SIZE =~ ^([1-9][0-9]*|auto)$ ]] || refuse "BATCH_SIZE is a number of keys or auto, not '$BATCH_SIZE'"
  mkdir -p "$WORK" || refuse "cannot make the directory $WORK"
  exec 9>> "$WORK/lock"
  # Held by the tools too, so that one that outlives a killed run keeps the next from its journal until it has ended.
  if command -v flock > /dev/null && ! flock -w 10 9; then refuse "another run is at work in $WORK"; fi
  one_database
}

# A directory belongs to one database, so that no plan is carried out somewhere else. Credentials are left out.
one_database() {
  local here_now=${REDIS_URL/'//'*@/'//'} before
  here_now=${here_now%/} here_now=${here_now%/0}
  if [ -s "$WORK/database" ]; then
    before=$(cat "$WORK/database")
    [ "$before" = "$here_now" ] || refuse "$WORK belongs to $before and REDIS_URL names $here_now: set WORK to another directory"
  else
    printf '%s\n' "$here_now" > "$WORK/database"
  fi
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
