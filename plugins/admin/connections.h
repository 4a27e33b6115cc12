// What admins are told of connections, and everybody of their number, as the event contract has it. Knows no server.
#pragma once

#include <wshub/json.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace admin {

// What does not change while a connection lasts.
struct Facts {
    std::string sid;
    std::int64_t connected_at_ms = 0;
    std::optional<std::string> user_agent;
    std::string remote;
    std::optional<std::string> auth;  // JSON, as the client sent it
};

// A connection as text, but for its rooms. Secrets are not in it. So that no client can make what admins are sent
// large, a user agent of more than 512 bytes is cut, and of rooms no more are shown than those that begin within 8 KB.
class Card {
public:
    explicit Card(const Facts& facts);

    // Of the rooms' names, those that begin within the first `most` bytes.
    void put(std::string& out, const std::vector<std::string>& rooms, std::size_t most = kRoomsOfOne) const;
    wshub::json::Raw with_rooms(const std::vector<std::string>& rooms, std::size_t most = kRoomsOfOne) const;

    static constexpr std::size_t kRoomsOfOne = 32'768;
    // In updates about one room, of which a client can cause many.
    static constexpr std::size_t kRoomsInUpdate = 8192;
    static constexpr std::size_t kRoomsOfLeaver = 1024;

private:
    std::string text_;
    std::size_t rooms_at_;
};

// A session that leaves all its rooms, in this order, one after the other.
class Leaver {
public:
    explicit Leaver(std::vector<std::string> rooms) : rooms_(std::move(rooms)) {}
    // The first of those that it is still in when it has just left this one: as many as an update shows.
    std::vector<std::string> left(std::string_view room);

private:
    std::vector<std::string> rooms_;
    std::size_t next_ = 0;
};

wshub::json::Raw connection_update(std::string_view type, const wshub::json::Raw& connection, std::uint64_t total);
wshub::json::Raw room_update(std::string_view type, std::string_view sid, std::string_view room,
                             const wshub::json::Raw& connection);
// The answer to a request for all connections. It may have megabytes, so it is written once, where it stays.
class ListAnswer {
public:
    enum class To : std::uint8_t { admin_subscribe, admin_get_connections };

    ListAnswer(To request, std::size_t expected_bytes);
    void add(const Card& card, const std::vector<std::string>& rooms);
    std::size_t bytes() const { return args_.size(); }
    // The arguments of the acknowledgement.
    std::string finish() &&;

private:
    std::string args_;
    std::uint64_t total_ = 0;
};

wshub::json::Raw stats(std::uint64_t active, std::uint64_t total, std::string_view timestamp);

}  // namespace admin
