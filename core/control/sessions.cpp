// Operations that list sockets and rooms. First what is compared is read of every socket, under the locks of the
// shards; then the rows of one page are looked at on their loops.
#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>
#include <variant>

#include "base/ascii.h"
#include "control/operations.h"

namespace wshub::control {
namespace {

constexpr std::size_t kMostRows = 200, kRows = 50;
constexpr std::size_t kAnywhere = std::numeric_limits<std::size_t>::max() / 4;

struct Page {
    std::size_t offset, limit;

    explicit Page(Arguments& arguments)
        : offset(arguments.count("offset", 0, 0, kAnywhere)), limit(arguments.count("limit", kRows, 1, kMostRows)) {}

    // Those of the sorted list that are on the page. Puts no more in order than needed.
    template <class Item, class Before>
    std::span<Item> of(std::vector<Item>& items, Before before) const {
        const std::size_t from = std::min(offset, items.size()), to = std::min(from + limit, items.size());
        const auto end = items.begin() + static_cast<std::ptrdiff_t>(to);
        std::partial_sort(items.begin(), end, items.end(), before);
        return std::span(items).subspan(from, to - from);
    }
};

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = base::lower_ascii(c);
    return out;
}

// `needle` is in lower case.
bool contains(std::string_view text, std::string_view needle) {
    const auto same = [](char a, char b) { return base::lower_ascii(a) == b; };
    return std::search(text.begin(), text.end(), needle.begin(), needle.end(), same) != text.end();
}

bool is_descending(Arguments& arguments) {
    constexpr std::array<std::string_view, 2> kOrders{"asc", "desc"};
    return arguments.choice("order", kOrders, "asc") == "desc";
}

void check_namespace(const hub::Hub& hub, const std::string& nsp) {
    const auto all = hub.namespaces();
    const bool known = std::any_of(all.begin(), all.end(), [&](const auto& each) { return each.first == nsp; });
    if (!known) throw Refused::not_found("there is no namespace " + nsp);
}

hub::RoomRef client_room(std::string_view name) {
    return {hub::RoomSpace::kClient, name};
}

// ---- rows

std::optional<double> milliseconds_of(const std::optional<std::chrono::microseconds>& time) {
    if (!time) return std::nullopt;
    return static_cast<double>(time->count()) / 1000;
}

Object row_of(const hub::SocketView& view) {
    Object row;
    row.add("sid", view.sid)
        .add("namespace", view.nsp)
        .add("username", or_null(view.username))
        .add("address", view.handshake->remote)
        .add("transport", session::transport_name(view.transport))
        .add("connected", view.connected_at)
        .add("rooms", view.rooms)
        .add("events_in", view.events_in)
        .add("events_out", view.events_out)
        .add("queued_bytes", view.figures.queued_bytes)
        .add("latency_ms", milliseconds_of(view.figures.latency));
    return row;
}

Json rows_of(const std::vector<hub::SocketView>& views) {
    Array rows;
    for (const hub::SocketView& view : views) rows.add(row_of(view).done());
    return rows.done();
}

// Clients decide how long their headers are.
std::optional<std::string_view> cut(std::optional<std::string_view> text) {
    constexpr std::size_t kMost = 512;
    return text ? std::optional(text->substr(0, kMost)) : std::nullopt;
}

// The value of the first header of that name.
std::optional<std::string_view> header_of(const session::Handshake& handshake, std::string_view name) {
    std::string_view rest = handshake.head;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find("\r\n"));
        rest.remove_prefix(std::min(line.size() + 2, rest.size()));
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || !base::equals_ignoring_case(line.substr(0, colon), name)) continue;
        return base::trim_blanks(line.substr(colon + 1));
    }
    return std::nullopt;
}

Json story_of(const hub::SocketView& view) {
    Array story;
    for (const hub::Story::Item& item : view.story) {
        story.add(Object()
                      .add("time", view.connected_at + item.since_begin)
                      .add("what", hub::happening_name(item.what))
                      .add("detail", or_null(item.detail))
                      .done());
    }
    return story.done();
}

// ---- choosing and sorting

struct Filter {
    std::string search;  // in lower case
    std::optional<std::string> nsp, transport, room;
    bool named;  // only those that have a username

    explicit Filter(Arguments& arguments)
        : search(lower(arguments.text("search").value_or(""))),
          nsp(arguments.text("namespace")),
          transport(arguments.text("transport")),
          room(arguments.text("room")),
          named(arguments.yes_or_no("named", false)) {
        if (transport && transport != "websocket" && transport != "polling") {
            throw Refused::format("transport: expected websocket or polling");
        }
    }

    bool matches(const hub::SocketRecord& record) const {
        if (transport && *transport != session::transport_name(record.transport)) return false;
        if (named && record.username.empty()) return false;
        return search.empty() || contains(record.username, search) || contains(record.sid, search) ||
               contains(record.handshake->remote, search);
    }
};

enum class SortBy : std::uint8_t { kUsername, kConnected, kAddress, kTransport, kEventsIn, kQueuedBytes, kLatency };
constexpr std::array<std::string_view, 7> kSorts{"username",  "connected",    "address", "transport",
                                                 "events_in", "queued_bytes", "latency"};

SortBy sort_of(Arguments& arguments) {
    const std::string name = arguments.choice("sort", kSorts, "connected");
    return static_cast<SortBy>(std::find(kSorts.begin(), kSorts.end(), name) - kSorts.begin());
}

struct Candidate {
    hub::SocketHandle socket;
    // What it is sorted by; nothing: it has no such thing, and comes last in both orders.
    std::variant<std::monostate, std::int64_t, std::string> key;
};

decltype(Candidate::key) key_of(const hub::SocketRecord& record, SortBy by) {
    switch (by) {
        case SortBy::kUsername:
            if (record.username.empty()) return {};
            return lower(record.username);
        case SortBy::kConnected: return std::int64_t{record.connected_at.time_since_epoch().count()};
        case SortBy::kAddress: return record.handshake->remote;
        case SortBy::kTransport: return std::string(session::transport_name(record.transport));
        case SortBy::kEventsIn: return static_cast<std::int64_t>(std::uint64_t{record.events_in});
        case SortBy::kQueuedBytes:
        case SortBy::kLatency: return {};  // only its loop knows
    }
    return {};
}

decltype(Candidate::key) key_of(const hub::SocketView& view, SortBy by) {
    if (by == SortBy::kQueuedBytes) return static_cast<std::int64_t>(view.figures.queued_bytes);
    if (!view.figures.latency) return {};
    return std::int64_t{view.figures.latency->count()};
}

// Sockets of the same key stay in one order, so that pages neither repeat nor leave out one.
auto before(bool descending) {
    return [descending](const Candidate& a, const Candidate& b) {
        const bool a_has = a.key.index() != 0, b_has = b.key.index() != 0;
        if (a_has != b_has) return a_has;
        if (a.key != b.key) return descending ? b.key < a.key : a.key < b.key;
        return a.socket < b.socket;
    };
}

std::vector<hub::SocketHandle> all_that_may(const hub::Hub& hub, const Filter& filter) {
    if (filter.nsp) check_namespace(hub, *filter.nsp);
    if (!filter.room) return hub.sockets(filter.nsp.value_or(""));
    if (filter.nsp) return hub.members(*filter.nsp, client_room(*filter.room));
    std::vector<hub::SocketHandle> all;
    for (const auto& [nsp, count] : hub.namespaces()) {
        const auto members = hub.members(nsp, client_room(*filter.room));
        all.insert(all.end(), members.begin(), members.end());
    }
    return all;
}

std::vector<Candidate> candidates_of(const hub::Hub& hub, const std::vector<hub::SocketHandle>& sockets,
                                     const Filter& filter, SortBy by) {
    std::vector<Candidate> candidates;
    for (const hub::SocketHandle socket : sockets) {
        hub.read(socket, [&](const hub::SocketRecord& record) {
            if (filter.matches(record)) candidates.push_back({socket, key_of(record, by)});
        });
    }
    if (by != SortBy::kQueuedBytes && by != SortBy::kLatency) return candidates;
    std::vector<hub::SocketHandle> chosen;
    for (const Candidate& candidate : candidates) chosen.push_back(candidate.socket);
    candidates.clear();
    for (const hub::SocketView& view : look_at(hub, chosen, hub::Look::kLoad)) {
        candidates.push_back({view.handle, key_of(view, by)});
    }
    return candidates;
}

std::vector<hub::SocketView> page_of(const hub::Hub& hub, std::vector<Candidate>& candidates, const Page& page,
                                     bool descending) {
    std::vector<hub::SocketHandle> shown;
    for (const Candidate& candidate : page.of(candidates, before(descending))) shown.push_back(candidate.socket);
    return look_at(hub, shown, hub::Look::kRow);
}

struct RoomRow {
    std::string nsp, name;
    std::size_t members;
};

}  // namespace

std::optional<Json> sessions(Request& request) {
    const hub::Hub& hub = request.context.on.hub;
    const Filter filter(request.arguments);
    const SortBy by = sort_of(request.arguments);
    const bool descending = is_descending(request.arguments);
    const Page page(request.arguments);
    request.arguments.end();

    std::vector<Candidate> candidates = candidates_of(hub, all_that_may(hub, filter), filter, by);
    const auto rows = page_of(hub, candidates, page, descending);
    return Object()
        .add("total", hub.socket_count(""))
        .add("matched", candidates.size())
        .add("items", rows_of(rows))
        .done();
}

std::optional<Json> session(Request& request) {
    const hub::Hub& hub = request.context.on.hub;
    const std::string sid = request.arguments.needed_text("sid");
    request.arguments.end();
    const hub::SocketHandle socket = hub.find(sid);
    const auto found =
        socket == 0 ? std::vector<hub::SocketView>() : look_at(hub, std::span(&socket, 1), hub::Look::kStory);
    if (found.empty()) throw Refused::not_found("there is no such session");

    const hub::SocketView& view = found.front();
    const session::Handshake& handshake = *view.handshake;
    constexpr std::size_t kShownOfSid = 8;  // who knows all of it can act for the client
    return row_of(view)
        .add("user_agent", cut(handshake.has_user_agent ? std::optional(handshake.user_agent) : std::nullopt))
        .add("origin", cut(header_of(handshake, "origin")))
        .add("secure", handshake.secure)
        .add("roles", array_of(view.roles))
        .add("room_names", array_of(view.room_names))
        .add("engine_sid", view.engine_sid.substr(0, kShownOfSid))
        .add("opened", handshake.opened_at)
        .add("upgraded", view.figures.upgraded_at)
        .add("last_event_in", view.last_in)
        .add("last_event_out", view.last_out)
        .add("refusals", Object()
                             .add("rate_limit", view.refusals.rate_limit)
                             .add("payload_too_large", view.refusals.payload_too_large)
                             .add("errors", view.refusals.errors)
                             .done())
        .add("story", story_of(view))
        .done();
}

std::optional<Json> rooms(Request& request) {
    const hub::Hub& hub = request.context.on.hub;
    constexpr std::array<std::string_view, 2> kRoomSorts{"name", "members"};
    const std::string search = lower(request.arguments.text("search").value_or(""));
    const auto nsp = request.arguments.text("namespace");
    const bool by_members = request.arguments.choice("sort", kRoomSorts, "name") == "members";
    const bool descending = is_descending(request.arguments);
    const Page page(request.arguments);
    request.arguments.end();
    if (nsp) check_namespace(hub, *nsp);

    std::size_t total = 0;
    std::vector<RoomRow> found;
    for (const auto& [name, count] : hub.namespaces()) {
        if (nsp && *nsp != name) continue;
        for (auto& [room, members] : hub.rooms(name)) {
            ++total;
            if (contains(room, search)) found.push_back({name, std::move(room), members});
        }
    }
    const auto by_name = [](const RoomRow& a, const RoomRow& b) {
        return std::tie(a.name, a.nsp) < std::tie(b.name, b.nsp);
    };
    const auto order = [&](const RoomRow& a, const RoomRow& b) {
        if (by_members && a.members != b.members) return (a.members < b.members) != descending;
        return !by_members && descending ? by_name(b, a) : by_name(a, b);
    };
    Array items;
    for (const RoomRow& row : page.of(found, order)) {
        items.add(Object().add("namespace", row.nsp).add("name", row.name).add("members", row.members).done());
    }
    return Object().add("total", total).add("matched", found.size()).add("items", items.done()).done();
}

std::optional<Json> room(Request& request) {
    const hub::Hub& hub = request.context.on.hub;
    const std::string name = request.arguments.needed_text("name");
    const std::string nsp = request.arguments.text("namespace").value_or("/");
    const Page page(request.arguments);
    request.arguments.end();
    check_namespace(hub, nsp);

    std::vector<Candidate> members;
    for (const hub::SocketHandle socket : hub.members(nsp, client_room(name))) {
        hub.read(socket, [&](const hub::SocketRecord& record) {
            members.push_back({socket, key_of(record, SortBy::kConnected)});
        });
    }
    if (members.empty()) throw Refused::not_found("there is no such room");
    const auto rows = page_of(hub, members, page, false);
    return Object().add("members", members.size()).add("items", rows_of(rows)).done();
}

}  // namespace wshub::control
