/**
 * The digest of canonical.ts inside the server, as Lua that other scripts begin with. It is made so that one call never
 * holds the server for long: a key whose content is large is left to the client, and a call stops when it has read enough.
 */

/** From this many elements on, or this many bytes of a string, the digest is made by the client, in ranges. */
export const LONG_ELEMENTS = 10_000
export const LONG_STRING_BYTES = 1_048_576

/** How much one call of a script reads, in elements; a hundred bytes of a string count as one. */
const BUDGET = 20_000

/** Hashes of up to so many fields are asked for the fields of the last one: HMGET looks for each from the beginning. Larger ones are read whole. */
const NAMED_FIELDS = 128

/** After so many hashes in a row with other fields than expected, nothing is expected any more of that number of fields. */
const MISTAKES = 4

/**
 * Defines `digest(key)`: the digest; `nil` for a key that is absent; `'long'` with the type for one that is left to the
 * client; `'later'` when this call has read enough. Lua's own order of strings is that of the server's locale, so it
 * is used only where that agrees with the order of bytes.
 */
export const DIGEST_LUA = `
local call, pack, sha1hex = redis.call, cmsgpack.pack, redis.sha1hex
local size_command = {string = 'STRLEN', hash = 'HLEN', list = 'LLEN', set = 'SCARD', zset = 'ZCARD', stream = 'XLEN'}
local spent = 0

local function less(a, b)
  for at = 1, math.min(#a, #b) do
    local x, y = a:byte(at), b:byte(at)
    if x ~= y then return x < y end
  end
  return #a < #b
end
local probe = {'!', '0', '9', 'A', 'Z', '[', '_', 'a', 'z', '~', '\\127', '\\128', '\\195\\169', '\\254', '\\255'}
for at = 2, #probe do
  if not (probe[at - 1] < probe[at]) then probe = nil break end
end
local function sort(list)
  if probe then table.sort(list) else table.sort(list, less) end
end

-- Hashes of one kind have the same fields: those of the last one, sorted, by their number. Asked for just these, the
-- next one gives its values in the order of the form; as many fields and each of them there are all there are.
local kinds, mistakes = {}, {}
local function learn(key)
  local flat = call('HGETALL', key)
  local names, values, value_of, form = {}, {}, {}, {}
  for at = 1, #flat, 2 do
    names[#names + 1] = flat[at]
    value_of[flat[at]] = flat[at + 1]
  end
  sort(names)
  local size = #names
  for at = 1, size do
    values[at] = value_of[names[at]]
    form[2 * at - 1] = names[at]
    form[2 * at] = ''
  end
  form[2 * size + 1] = 'hash'
  kinds[size] = {size = size, names = names, form = form}
  return kinds[size], values
end
-- The values of a hash that is too large for HMGET, each put where its field stands in the order of the kind.
local function placed(kind, key)
  if not kind.places then
    kind.places = {}
    for at = 1, kind.size do kind.places[kind.names[at]] = at end
  end
  local flat, values = call('HGETALL', key), {}
  for at = 1, #flat, 2 do
    local place = kind.places[flat[at]]
    if not place then return {} end
    values[place] = flat[at + 1]
  end
  return values
end
local function kind_and_values(key, size)
  local kind, wrong = kinds[size], mistakes[size] or 0
  if not kind or wrong >= ${MISTAKES} then return learn(key) end
  local values = size > ${NAMED_FIELDS} and placed(kind, key) or call('HMGET', key, unpack(kind.names))
  for at = 1, size do
    if not values[at] then
      mistakes[size] = wrong + 1
      return learn(key)
    end
  end
  mistakes[size] = 0
  return kind, values
end

-- A copy that comes behind its source has the same values, and needs no digest of its own.
local last_kind, last_values, last_digest
local function hash_digest(key, size)
  local kind, values = kind_and_values(key, size)
  local form, same = kind.form, kind == last_kind
  for at = 1, kind.size do
    local value = values[at]
    same = same and last_values[at] == value
    form[2 * at] = value
  end
  if not same then last_kind, last_values, last_digest = kind, values, sha1hex(pack(form)) end
  return last_digest
end

local function field(flat, name, other)
  for at = 1, #flat, 2 do
    if flat[at] == name or flat[at] == other then return flat[at + 1] end
  end
end
local function stream_form(key)
  local stream = call('XINFO', 'STREAM', key, 'FULL', 'COUNT', '0')
  local groups = {}
  for g, group in ipairs(field(stream, 'groups')) do
    local consumers, pending = {}, {}
    for c, consumer in ipairs(field(group, 'consumers')) do consumers[c] = field(consumer, 'name') end
    for p, one in ipairs(field(group, 'pending', 'pel')) do pending[p] = {one[1], one[2], string.format('%.0f', one[4])} end
    groups[g] = {field(group, 'name'), field(group, 'last-delivered-id'), consumers, pending}
  end
  return {field(stream, 'last-generated-id'), field(stream, 'entries'), groups, 'stream'}
end

local function zset_form(key)
  local flat = call('ZRANGE', key, '0', '-1', 'WITHSCORES')
  for at = 2, #flat, 2 do
    local score = tonumber(flat[at])
    if score == 0 then score = 0 end
    flat[at] = struct.pack('>d', score)
  end
  flat[#flat + 1] = 'zset'
  return flat
end

local function form_of(kind, key)
  if kind == 'string' then return {call('GET', key), 'string'} end
  if kind == 'zset' then return zset_form(key) end
  if kind == 'stream' then return stream_form(key) end
  local list
  if kind == 'set' then
    list = call('SMEMBERS', key)
    sort(list)
  elseif kind == 'list' then
    list = call('LRANGE', key, '0', '-1')
  else
    list = {call('DUMP', key):sub(1, -11)}
  end
  list[#list + 1] = kind
  return list
end

-- Keys of one kind come together: what the last one was is asked first. HLEN is 0 for a key that is absent.
local guess
local function measure(key)
  if guess == 'hash' then
    local size = redis.pcall('HLEN', key)
    if type(size) == 'number' then return size > 0 and 'hash' or 'none', size end
  end
  local kind = call('TYPE', key).ok
  local ask = size_command[kind]
  guess = kind
  return kind, ask and kind ~= 'none' and call(ask, key) or 1
end

local function digest(key)
  local kind, size = measure(key)
  if kind == 'none' then return nil end
  if kind == 'string' then
    if size >= ${LONG_STRING_BYTES} then return 'long', kind end
    size = size / 100
  elseif size >= ${LONG_ELEMENTS} then
    return 'long', kind
  end
  if spent > 0 and spent + size > ${BUDGET} then return 'later' end
  spent = spent + size + 1
  if kind == 'hash' then return hash_digest(key, size) end
  return sha1hex(pack(form_of(kind, key)))
end
`
