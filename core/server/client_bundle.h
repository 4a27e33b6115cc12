// The JavaScript client, built into the program and served under the path of the hub as Node's server does it.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "net/http_server.h"

namespace wshub::server {

struct ClientFile {
    std::string_view name;  // "socket.io.min.js"
    std::string_view identity, gzip, brotli;
};

// Made at build time by embed_client.mjs; without the client (WSHUB_CLIENT=OFF) not there.
inline constexpr std::size_t kClientFiles = 8;
extern const std::array<ClientFile, kClientFiles> kClientFileTable;
extern const std::string_view kClientVersion;  // of npm's socket.io-client

// Whether the program was built with the client.
bool has_client_bundle();

// Adds every file as PATH + name. Does nothing if there is no client in the program.
void add_client_bundle(net::Routes& routes, std::string_view path);

}  // namespace wshub::server
