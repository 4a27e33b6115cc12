// Host functions that answer clients: acknowledgements, errors, verdicts on CONNECT, HTTP.
#include <boost/container/small_vector.hpp>
#include <cctype>
#include <utility>

#include "base/ascii.h"
#include "host/abi_text.h"
#include "host/host_api.h"
#include "host/http_routes.h"
#include "protocol/json_scan.h"
#include "protocol/socket_packet.h"
#include "protocol/utf8.h"

namespace wshub::host {
namespace {

bool is_refusal(wshub_str message, wshub_str data) {
    const bool data_fits = data.n == 0 || protocol::scan_document(view(data)).has_value();
    return data_fits && protocol::is_utf8(view(message));
}

hub::ConnectVerdict refusal(wshub_str message, wshub_str data) {
    return hub::ConnectVerdict::refusal(std::string(view(message)), std::string(view(data)));
}

// Also of what the same handler has held before.
std::int32_t refuse(Instance&, wshub_str message, wshub_str data) {
    const CallScope* const scope = current_call();
    if (!scope || !scope->verdict) return WSHUB_ESTATE;
    if (!is_refusal(message, data)) return WSHUB_EINVAL;
    *scope->verdict = refusal(message, data);
    return WSHUB_OK;
}

std::int32_t hold(Instance& instance, wshub_session session) {
    using Answer = hub::ConnectVerdict::Answer;
    const CallScope* const scope = current_call();
    if (!scope || !scope->verdict || scope->asked.owner != instance.number()) return WSHUB_ESTATE;
    if (scope->socket != session) return WSHUB_EINVAL;
    if (scope->verdict->answer == Answer::kHold) return WSHUB_EEXIST;
    if (scope->verdict->answer == Answer::kRefuse) return WSHUB_ESTATE;
    const std::int32_t code = code_of(instance.services().hub.hold(session, scope->asked));
    if (code == WSHUB_OK) scope->verdict->answer = Answer::kHold;
    return code;
}

std::int32_t decide(Instance& instance, wshub_session session, std::uint32_t accept, wshub_str message,
                    wshub_str data) {
    hub::ConnectVerdict verdict;
    if (accept == 0) {
        if (!is_refusal(message, data)) return WSHUB_EINVAL;
        verdict = refusal(message, data);
    }
    return code_of(instance.services().hub.decide(session, instance.number(), std::move(verdict)));
}

// What was done about an event of that session and with that ack, if it is the one being handled.
void note_taken(hub::SocketHandle socket, wshub_ack ack, std::int32_t code) {
    const CallScope* const scope = current_call();
    if (scope && scope->taken && scope->socket == socket && scope->ack == ack && code >= 0) *scope->taken = true;
}
void note_taken(wshub_ack ack, std::int32_t code) {
    const CallScope* const scope = current_call();
    if (scope && ack != 0) note_taken(scope->socket, ack, code);
}

std::int32_t ack(Instance& instance, wshub_ack ack, wshub_str args, const wshub_bytes* bins, std::size_t count) {
    if (count > 0 && !bins) return WSHUB_EINVAL;
    boost::container::small_vector<std::string_view, protocol::kMaxAttachments> attachments;
    for (std::size_t i = 0; i < count; ++i) attachments.push_back(view(bins[i]));
    const std::string_view text = args.n == 0 ? std::string_view("[]") : view(args);
    const std::int32_t code = code_of(instance.services().hub.ack(ack, text, {attachments.data(), attachments.size()}));
    note_taken(ack, code);
    return code;
}

std::int32_t keep_ack(Instance& instance, wshub_ack ack) {
    const CallScope* const scope = current_call();
    if (!scope) return WSHUB_ESTATE;
    const bool its_own = ack != 0 && ack == scope->ack;
    // On a worker the event, and with it its answer, is held already.
    const std::int32_t code = its_own && scope->blocking ? WSHUB_OK : code_of(instance.services().hub.keep_ack(ack));
    if (code == WSHUB_OK && its_own && scope->kept) *scope->kept = true;
    note_taken(ack, code);
    return code;
}

std::int32_t fail(Instance& instance, wshub_session session, wshub_ack ack, wshub_str code, wshub_str message,
                  wshub_str ack_args) {
    const std::int32_t done =
        code_of(instance.services().hub.fail(session, ack, view(code), view(message), view(ack_args)));
    note_taken(session, ack, done);
    return done;
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
        if (colon == std::string_view::npos || !base::is_token(line.substr(0, colon))) return false;
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
    table.hold = acting<hold>;
    table.decide = acting<decide>;
    table.ack = acting<ack>;
    table.keep_ack = acting<keep_ack>;
    table.fail = acting<fail>;
    table.http_reply = acting<http_reply>;
}

}  // namespace wshub::host
