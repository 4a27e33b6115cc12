#include "server/client_bundle.h"

#include <string>

namespace wshub::server {

#if WSHUB_CLIENT

bool has_client_bundle() {
    return true;
}

void add_client_bundle(net::Routes& routes, std::string_view path) {
    for (const ClientFile& file : kClientFileTable) {
        const bool is_map = file.name.substr(file.name.rfind('.')) == ".map";
        net::Asset asset;
        asset.content_type = is_map ? "application/json; charset=utf-8" : "application/javascript; charset=utf-8";
        asset.etag = "\"" + std::string(kClientVersion) + "\"";
        asset.identity = file.identity;
        asset.gzip = file.gzip;
        asset.brotli = file.brotli;
        routes.add_asset(std::string(path) + std::string(file.name), std::move(asset));
    }
}

#else

bool has_client_bundle() {
    return false;
}

void add_client_bundle(net::Routes&, std::string_view) {}

#endif

}  // namespace wshub::server
