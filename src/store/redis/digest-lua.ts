/**
 * The digest of canonical.ts inside the server, as Lua that other scripts begin with. It is made so that one call never
 * holds the server for long: a key whose content is large is left to the client, and a call stops when it has read enough.
 */

/** From this many elements on, or this many bytes of a string, the digest is made by the client, in ranges. */
export const LONG_ELEMENTS = 10_000
export const LONG_STRING_BYTES = 1_048_576

/** How much one call of a script reads, in elements; a hundred bytes of a string count as one. */
const BUDGET = 20_000

/** Hashes of one kind come in a few orders: packed in the order of their making, spread by size and age of their tables. */
const ORDERS = 8

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

-- Orders of fields that were found, and the places at which the sorted fields stand in each.
local orders, learned = {}, 0
local function learn(flat, size)
  local fields, sorted, places, place_of = {}, {}, {}, {}
  for at = 1, size, 2 do
    fields[at] = flat[at]
    sorted[#sorted + 1] = flat[at]
    place_of[flat[at]] = at
  end
  sort(sorted)
  for at = 1, #sorted do places[at] = place_of[sorted[at]] end
  local order = {size = size, fields = fields, places = places}
  orders[learned % ${ORDERS} + 1] = order
  learned = learned + 1
  return order
end
local function order_of(flat, size)
  for nth = 1, #orders do
    local order = orders[nth]
    if order.size == size then
      local fields, at = order.fields, 1
      while at < size and fields[at] == flat[at] do at = at + 2 end
      if at > size then return order end
    end
  end
  return learn(flat, size)
end

-- A copy that comes behind its source has the same form, and needs no digest of its own.
local form, last_form, last_size, last_digest = {}, {}, -1, nil
local function hash_digest(key)
  local flat = call('HGETALL', key)
  local size = #flat
  local places = order_of(flat, size).places
  if #form ~= size + 1 then form = {} end
  local to, same = 1, size == last_size
  for at = 1, #places do
    local from = places[at]
    local name, value = flat[from], flat[from + 1]
    form[to] = name
    form[to + 1] = value
    same = same and last_form[to] == name and last_form[to + 1] == value
    to = to + 2
  end
  if not same then
    form[to] = 'hash'
    last_digest = sha1hex(pack(form))
    form, last_form, last_size = last_form, form, size
  end
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
  if kind == 'hash' then return hash_digest(key) end
  return sha1hex(pack(form_of(kind, key)))
end
`
