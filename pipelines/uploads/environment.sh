# Which environment a run is for, and that nothing it is given belongs to the other one. Sourced by run, behind lib.sh.

number() { [[ $2 =~ ^[1-9][0-9]*$ ]] || refuse "$1 is a number from 1, not '$2'"; }

# same_environment NAME: what --env says is not to differ from STORACHA_ENV.
same_environment() {
  [ "${STORACHA_ENV:-$1}" = "$1" ] || refuse "--env says $1, and STORACHA_ENV says $STORACHA_ENV: which is it?"
}

know_environment() {
  case $ENVIRONMENT in
    staging | prod) ;;
    '') refuse 'which environment? Give --env staging or --env prod; none is assumed' ;;
    *) refuse "the environment is staging or prod, not '$ENVIRONMENT'" ;;
  esac
  UPLOAD_TABLE=${UPLOAD_TABLE:-$ENVIRONMENT-w3infra-upload}
  CONSUMER_TABLE=${CONSUMER_TABLE:-$ENVIRONMENT-w3infra-consumer}
  PROGRESS_TABLE=${PROGRESS_TABLE:-$ENVIRONMENT-migration-progress}
  of_environment UPLOAD_TABLE "$UPLOAD_TABLE"
  of_environment CONSUMER_TABLE "$CONSUMER_TABLE"
  of_environment PROGRESS_TABLE "$PROGRESS_TABLE"
  [ -z "$to" ] || of_environment --to "$to"
  [ "$to" != "$UPLOAD_TABLE" ] || refuse "--to $to is the table that uploads come from"
}

of_environment() {
  case $2 in "$ENVIRONMENT"-*) ;; *) refuse "$1 is $2, which does not begin with $ENVIRONMENT-: environments are not mixed" ;; esac
}

# What a customers file says of itself, where it is an object, and what it is called.
know_file() {
  [ -n "$file" ] || refuse "$command needs --customers-file FILE; run distribute writes them"
  local path=${file%%#*} said
  [ -r "$path" ] || refuse "cannot read $path"
  said=$(member environment "$path")
  [ -n "$said" ] || said=$(sed -nE 's/.*-(staging|prod)\.[a-z]+$/\1/p' <<< "$path")
  [ "${said:-$ENVIRONMENT}" = "$ENVIRONMENT" ] || refuse "$path is for $said, and this run is for $ENVIRONMENT"
  [ -n "$instance" ] || instance=$(member instanceId "$path")
  [ -n "$instance" ] || instance=$(sed -nE 's/.*instance-([[:alnum:]_]+)-customers.*/\1/p' <<< "$path")
  [ -n "$instance" ] || refuse "which instance is $path for? Give --instance NAME"
  [[ $instance =~ ^[[:alnum:]_.-]+$ ]] || refuse "an instance is named by letters, digits and _.-, not '$instance'"
}

# member NAME FILE: the text or number that the object in FILE has under NAME; nothing where it is anything else.
member() {
  jq -rn --stream --arg name "$1" 'first(inputs | select(.[0] == [$name] and (.[1] | type) != "object") | .[1])' "$2" 2> /dev/null || true
}
