# What run asks of records. Each of them only reads; ids are those of copy-apply --resume.

def id: [.store, .toStore, .key, .key64, .to, .to64] | tojson;
def name: .to // .to64;
def starts($prefix): (.key // (.key64 | @base64d)) | startswith($prefix);
def plural($one; $many): if . == 1 then "1 \($one)" else "\(.) \($many)" end;

# A look has shown that source and destination are not the same. A line that is no record differs from nothing.
def differs: .verified == false and (.key // .key64) != null;
# This run has made the destination. Of what is unknown it has noted that it was absent.
def is_own: .outcome == "done" and .reason == null;
def created: is_own or .outcome == "unknown";

def bare: del(.reason, .error, .verified, .proof, .digest, .toDigest, .differs);
def as_done: bare | .outcome = "done";
def own: if created then .own = true else . end;
def reopened: bare | del(.outcome, .tries, .ms, .at);
def adopted: (if .own then del(.reason) else . end) | del(.own);

def last_proofs($ids):
  (reduce $ids[] as $id ({}; .[$id] = true)) as $wanted
  | reduce (inputs | select(.verified == true and is_own) | select($wanted[id])) as $r ({}; .[$r | id] = $r)
  | .[];

# What undo hands to delete-apply. A copy that differs by now is recognised by its last proof, as long as the original
# is still there; a destination that is missing or has expired is none to remove.
def removable($proofs):
  (reduce $proofs[] as $r ({}; .[$r | id] = $r)) as $proof
  | inputs
  | (.differs // []) as $differs
  | select(.reason != "gone" and ($differs | index("missing") | not))
  | if .verified == true or ($differs | index("source-missing")) then . else $proof[id] // . end;

# What an undo has not removed, and of that what it was proven to be, for the next undo to recognise it by.
def stays: .deleted == null and .reason != "gone" and .outcome != "planned";
def leftover: select(stays) | as_done;
def leftover_proof: select(stays and .verified == true) | del(.reason, .error) | .outcome = "done";

def bar: "=" * 60;
# Words and how often each came, the most frequent first.
def by_count: to_entries | sort_by(-.value, .key)[];

def summary:
  reduce inputs as $r ({}; .[$r.outcome] += 1 | .total += 1
    | if $r.outcome == "skipped" then .why[$r.reason] += 1 else . end
    | if $r.outcome == $migrated and $r.reason != null then .how[$r.reason] += 1 else . end
    | if $r.error then .codes[$r.error.code] += 1 else . end)
  | ((.why.exists // 0) + (.why["not-newer"] // 0)) as $exists
  | (.why.gone // 0) as $gone
  | ((.skipped // 0) - $exists - $gone) as $other
  | ((.failed // 0) + (.unknown // 0)) as $errors
  | ((.how // {}) | del(.["dry-run"]) | [by_count | "\(.value) \(.key)"] | join(", ")) as $how
  | bar, "Migration Summary", bar,
    "Total keys found:        \(.total // 0)",
    "Successfully migrated:   \(.[$migrated] // 0)\(
      if $migrated == "planned" then " (dry run: would be)" elif $how != "" then " (\($how))" else "" end)",
    "Skipped (already exist): \($exists)",
    "Skipped (gone since):    \($gone)",
    (if $other == 0 then empty else "Skipped (other):         \($other)" end),
    "Errors:                  \($errors)\(
      if $errors == 0 then "" else " (\([.codes | by_count | "\(.value) \(.key)"] | join(", "))); copy --retry takes up what can pass" end)",
    "Duration:                \($seconds)s",
    bar;

def outcomes:
  reduce inputs as $r ({}; ([$r.outcome, $r.reason // $r.error.code // empty] | join(": ")) as $word
    | .[if $r.deleted then "deleted" else $word end] += 1)
  | "\($what): \(add // 0)", (by_count | "  \(.value) \(.key)");

# The differences that verify has found, and what can be done about them.
def report($work):
  def examples($which): limit(3; .[] | select(.outcome == $which))
    | "  \(name): \(.differs // [.error.message] | join(", "))";
  [inputs]
  | (map(select(.outcome == "skipped")) | length) as $stale
  | (length - $stale) as $changed
  | (if $stale == 0 then empty else
      "\($stale | plural("key was"; "keys were")) there before and \(if $stale == 1 then "differs from its original" else "differ from their originals" end): stale dual-written steps, or",
      "collections that exist in part. They are in \($work)/stale.ndjson; copy --if-exists newest and --if-exists merge deal with them:",
      examples("skipped") end),
    (if $changed == 0 then empty else
      "\($changed | plural("copy differs"; "copies differ")) from \(if $changed == 1 then "its original" else "their originals" end), which the application may have changed since.",
      "All that differs is in \($work)/differ.ndjson; copy --if-exists newest brings hashes up to date:",
      examples("done") end);

# Keys by kind and type, old and new. job:{id}:progress is no job; job:{id} may have ":" in its id.
def counts:
  def kind: sub("^(job|step)"; "") | if startswith(":") then if endswith(":progress") then ":{id}:progress" else ":{id}" end
    elif startswith("s:active:") then "s:active:{worker}" else . end;
  def pad($n): tostring | " " * ([$n - length, 0] | max) + .;
  def row($old; $new; $kind): "\($old | pad(9))  \($new | pad(9))  \($kind)";
  reduce (inputs | .text = (.key // (.key64 | @base64d))) as $r ({};
    .["\($r.text | kind) (\($r.type))"][if $r.text | startswith("job") then "old" else "new" end] += 1)
  | row("job"; "step"; "kind"),
    (to_entries | sort_by(.key)[] | row(.value.old // 0; .value.new // 0; "…\(.key)")),
    row(map(.old) | add // 0; map(.new) | add // 0; "total");
