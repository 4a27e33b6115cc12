// The layout of ABI 1.0, number by number. What stands here may never change; later fields are added below.
#include <wshub/abi.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <string>
#include <vector>

extern "C" std::size_t c_sizes(std::size_t* out);
extern "C" const wshub_note* c_note(void);

#define AT(type, field, offset) static_assert(offsetof(type, field) == (offset), #type "." #field)

AT(wshub_event, session, 8);
AT(wshub_event, ack, 16);
AT(wshub_event, nsp, 24);
AT(wshub_event, name, 40);
AT(wshub_event, args, 56);
AT(wshub_event, bins, 72);
AT(wshub_event, n_bins, 80);
AT(wshub_connect, session, 8);
AT(wshub_connect, nsp, 16);
AT(wshub_connect, auth, 32);
AT(wshub_closed, reason, 32);
AT(wshub_member, room, 32);
AT(wshub_tick, missed, 4);
AT(wshub_tick, timer, 8);
AT(wshub_tick, cookie, 16);
AT(wshub_reply, status, 4);
AT(wshub_reply, cookie, 16);
AT(wshub_reply, args, 24);
AT(wshub_http, request, 8);
AT(wshub_http, remote, 96);
AT(wshub_emit, nsp, 8);
AT(wshub_emit, event, 24);
AT(wshub_emit, args, 40);
AT(wshub_emit, bins, 56);
AT(wshub_emit, sessions, 72);
AT(wshub_emit, rooms, 88);
AT(wshub_emit, room_flags, 96);
AT(wshub_emit, n_rooms, 104);
AT(wshub_emit, except_sessions, 112);
AT(wshub_emit, except_rooms, 128);
AT(wshub_emit, except_room_flags, 136);
AT(wshub_emit, reply_slot, 152);
AT(wshub_emit, reply_timeout_ms, 156);
AT(wshub_emit, reply_cookie, 160);
AT(wshub_setting, key, 8);
AT(wshub_setting, help, 72);
AT(wshub_query, nsp, 8);
AT(wshub_query, flags, 40);
AT(wshub_query, session, 48);
AT(wshub_host_v1, abi_major, 4);
AT(wshub_host_v1, on, 8);
AT(wshub_host_v1, now_ms, 64);
AT(wshub_host_v1, refuse, 96);
AT(wshub_host_v1, hold, 104);
AT(wshub_host_v1, decide, 112);
AT(wshub_host_v1, ack, 120);
AT(wshub_host_v1, emit, 152);
AT(wshub_host_v1, var_set, 256);
AT(wshub_host_v1, has_role, 264);
AT(wshub_host_v1, server_str, 272);
AT(wshub_host_v1, channel, 280);
AT(wshub_host_v1, channel_send, 288);
AT(wshub_host_v1, channel_close, 296);
AT(wshub_host_v1, channel_str, 304);
AT(wshub_host_v1, control, 312);
static_assert(sizeof(wshub_host_v1) == 320);
AT(wshub_channel_event, op, 4);
AT(wshub_channel_event, session, 8);
AT(wshub_channel_event, path, 16);
AT(wshub_channel_event, data, 32);
AT(wshub_channel_event, binary, 48);
AT(wshub_channel_event, reason, 56);
static_assert(sizeof(wshub_channel_event) == 72);
AT(wshub_answer, status, 4);
AT(wshub_answer, cookie, 8);
AT(wshub_answer, result, 16);
AT(wshub_answer, code, 32);
AT(wshub_answer, message, 48);
static_assert(sizeof(wshub_answer) == 64);
static_assert(WSHUB_ON_CHANNEL == 11 && WSHUB_ON_ANSWER == 12 && WSHUB_BLOCKING == 0x100 && WSHUB_F_PATH == 13);
static_assert(WSHUB_CHANNEL_ENGINE_IO == 1 && WSHUB_CHANNEL_WEBSOCKET == 2);
static_assert(WSHUB_CHANNEL_OPEN == 1 && WSHUB_CHANNEL_MESSAGE == 2 && WSHUB_CHANNEL_CLOSE == 3);
static_assert(WSHUB_F_FOLLOWING == 11 && WSHUB_F_ROLES == 12 && WSHUB_VISIT_FOLLOWERS == 8);
static_assert(WSHUB_S_VERSION == 1 && WSHUB_S_URL == 2 && WSHUB_S_STATE_DIRECTORY == 3 && WSHUB_S_PATH == 4);
AT(wshub_plugin_v1, create, 8);
AT(wshub_plugin_v1, call, 40);
AT(wshub_plugin_v1, save, 48);
AT(wshub_plugin_v1, restore, 56);
AT(wshub_plugin_v1, state_version, 64);
static_assert(sizeof(wshub_plugin_v1) == 72);
AT(wshub_desc, abi_major, 4);
AT(wshub_desc, flags, 12);
AT(wshub_desc, name, 16);
AT(wshub_desc, version, 64);
AT(wshub_desc, sdk, 88);
AT(wshub_desc, build, 104);
AT(wshub_desc, requires_, 216);
AT(wshub_note, desc, 20);

TEST_CASE("C and C++ agree on the size of everything that crosses the wall", "[abi]") {
    std::vector<std::size_t> from_c(32);
    from_c.resize(c_sizes(from_c.data()));
    CHECK(from_c == std::vector<std::size_t>{
                        sizeof(wshub_event), sizeof(wshub_connect), sizeof(wshub_closed), sizeof(wshub_member),
                        sizeof(wshub_tick), sizeof(wshub_reply), sizeof(wshub_http), sizeof(wshub_emit),
                        sizeof(wshub_setting), sizeof(wshub_query), sizeof(wshub_host_v1), sizeof(wshub_plugin_v1),
                        sizeof(wshub_desc), sizeof(wshub_note), sizeof(wshub_channel_event), sizeof(wshub_answer)});
}

TEST_CASE("the descriptor says what the compiler knows", "[abi]") {
    const wshub_note& note = *c_note();
    CHECK(note.namesz == 6);
    CHECK(std::string(note.name) == "wshub");
    CHECK(note.descsz == sizeof(wshub_desc));
    CHECK(note.desc.size == sizeof(wshub_desc));
    CHECK(std::string(note.desc.name) == "c99");
    CHECK(std::string(note.desc.requires_) == "good>=1.0");
    CHECK((note.desc.flags & WSHUB_PF_SERIAL) != 0);
    CHECK((note.desc.flags & (WSHUB_PF_ASAN | WSHUB_PF_TSAN)) == std::uint32_t{WSHUB_SANITIZER_FLAG});
}
