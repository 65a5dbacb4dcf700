# A command for run-parts: REDIS WORKER RATE. Notes in Redis who it works for, then copies. Where an order to stop lies
# there for the worker, it stops its run-parts, as SIGSTOP from anybody does, and copies so slowly that it would still be
# at it long after the lease.
note() { LD_PRELOAD= redis-cli -u "$redis" RPUSH notes "$1 $REKEY_PART $REKEY_TOKEN $worker $PPID $$" > /dev/null || exit; }
redis=$1 worker=$2 rate=$3
note start
if [ "$(LD_PRELOAD= redis-cli -u "$redis" LPOP "orders:$worker")" = stop ]; then
  rate=10
  kill -STOP $PPID
  note stop
fi
exec copy-apply --quiet --rate "$rate"
