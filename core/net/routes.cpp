#include <utility>

#include "net/http_server.h"

namespace wshub::net {

std::optional<HttpResponse> ExchangeHandler::refuse_body(const protocol::HttpHead& /*head*/) {
    return std::nullopt;
}

void Routes::add_asset(std::string path, Asset asset) {
    assets_.emplace_back(std::move(path), std::move(asset));
}

void Routes::add_page(std::string path, Page page) {
    pages_.emplace_back(std::move(path), std::move(page));
}

void Routes::add_prefix(std::string prefix, ExchangeHandler& handler) {
    prefixes_.emplace_back(std::move(prefix), &handler);
}

void Routes::add_owner(std::function<bool(std::string_view)> owns, ExchangeHandler& handler) {
    owners_.emplace_back(std::move(owns), &handler);
}

const Asset* Routes::find_asset(std::string_view path) const {
    for (const auto& [known, asset] : assets_)
        if (known == path) return &asset;
    return nullptr;
}

const Page* Routes::find_page(std::string_view path) const {
    for (const auto& [known, page] : pages_)
        if (known == path) return &page;
    return nullptr;
}

ExchangeHandler* Routes::find_handler(std::string_view path) const {
    for (const auto& [owns, handler] : owners_)
        if (owns(path)) return handler;
    for (const auto& [prefix, handler] : prefixes_)
        if (path.starts_with(prefix)) return handler;
    return nullptr;
}

}  // namespace wshub::net
