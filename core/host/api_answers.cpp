// Host functions that answer clients: acknowledgements, errors, refusals, HTTP.
#include <boost/container/small_vector.hpp>
#include <cctype>

#include "host/abi_text.h"
#include "host/host_api.h"
#include "host/http_routes.h"
#include "protocol/json_scan.h"
#include "protocol/socket_packet.h"
#include "protocol/utf8.h"

namespace wshub::host {
namespace {

std::int32_t refuse(Instance&, wshub_str message, wshub_str data) {
    const CallScope* const scope = current_call();
    if (!scope || !scope->verdict) return WSHUB_ESTATE;
    const bool data_fits = data.n == 0 || protocol::scan_document(view(data)).has_value();
    if (!protocol::is_utf8(view(message)) || !data_fits) return WSHUB_EINVAL;
    *scope->verdict = {false, std::string(view(message)), std::string(view(data))};
    return WSHUB_OK;
}

std::int32_t ack(Instance& instance, wshub_ack ack, wshub_str args, const wshub_bytes* bins, std::size_t count) {
    if (count > 0 && !bins) return WSHUB_EINVAL;
    boost::container::small_vector<std::string_view, protocol::kMaxAttachments> attachments;
    for (std::size_t i = 0; i < count; ++i) attachments.push_back(view(bins[i]));
    const std::string_view text = args.n == 0 ? std::string_view("[]") : view(args);
    return code_of(instance.services().hub.ack(ack, text, {attachments.data(), attachments.size()}));
}

std::int32_t keep_ack(Instance& instance, wshub_ack ack) {
    if (!current_call()) return WSHUB_ESTATE;
    return code_of(instance.services().hub.keep_ack(ack));
}

std::int32_t fail(Instance& instance, wshub_session session, wshub_ack ack, wshub_str code, wshub_str message,
                  wshub_str ack_args) {
    return code_of(instance.services().hub.fail(session, ack, view(code), view(message), view(ack_args)));
}

bool is_token(std::string_view text) {
    return !text.empty() && text.find_first_not_of(
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "!#$%&'*+-.^_`|~") == std::string_view::npos;
}

// Headers that belong to the framing of the answer, which is ours.
bool is_framing(std::string_view name) {
    std::string lower(name);
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return lower == "content-length" || lower == "transfer-encoding" || lower == "connection" || lower == "date";
}

bool read_headers(std::string_view text, net::HttpResponse& response) {
    while (!text.empty()) {
        const std::size_t end = text.find("\r\n");
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return false;
        std::string_view value = line.substr(colon + 1);
        while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
        if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) return false;
        if (!is_framing(line.substr(0, colon))) response.headers.emplace_back(line.substr(0, colon), value);
    }
    return true;
}

std::int32_t http_reply(Instance& instance, wshub_request request, std::int32_t status, wshub_str headers,
                        wshub_str body) {
    net::HttpResponse response;
    if (status < 200 || status > 599 || !read_headers(view(headers), response)) return WSHUB_EINVAL;
    response.status = status;
    response.body = view(body);
    return instance.services().http.reply(instance, request, std::move(response));
}

}  // namespace

void add_answers(wshub_host_v1& table) {
    table.refuse = guarded<refuse>;
    table.ack = acting<ack>;
    table.keep_ack = acting<keep_ack>;
    table.fail = acting<fail>;
    table.http_reply = acting<http_reply>;
}

}  // namespace wshub::host
